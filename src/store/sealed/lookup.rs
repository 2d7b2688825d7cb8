//! How a sealed block finds what it holds by the hash of an id: an index of places, and a filter that nearly always says
//! from one word that there is nothing to find.

use bytes::Bytes;

use super::image::{Damaged, ImageBuilder, ImageReader, item_u32, item_u64};
use crate::store::index::{ENTRY_MASK, tag};

/// Open addressing with linear probing in slots as those of [`crate::store::index::Index`], but for their number: three for
/// two entries.
#[derive(Debug, Default)]
pub(in crate::store) struct SealedIndex(Bytes);

/// Returns a place among `count` that follows from half a hash.
#[inline]
fn place(half: u32, count: usize) -> usize {
    ((u64::from(half) * count as u64) >> 32) as usize
}

impl SealedIndex {
    /// Writes entries, each with its hash.
    pub(super) fn write(entries: impl ExactSizeIterator<Item = (u64, u32)>, image: &mut ImageBuilder) {
        let mut slots = vec![0_u32; if entries.len() == 0 { 0 } else { entries.len() * 3 / 2 + 1 }];
        for (hash, entry) in entries {
            let mut at = place(hash as u32, slots.len());
            while slots[at] != 0 {
                at = (at + 1) % slots.len();
            }
            slots[at] = tag(hash) | (entry + 1);
        }
        image.section_of(slots.iter().map(|slot| slot.to_le_bytes()));
    }

    pub(super) fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        Ok(Self(image.section()?))
    }

    /// Returns the entry under `hash` for which `is_it` holds.
    #[inline]
    pub(in crate::store) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let slots = self.0.len() / size_of::<u32>();
        let mut at = place(hash as u32, slots);
        // Bounded, as a damaged index may have no free slot.
        for _ in 0..slots {
            let slot = item_u32(&self.0, at)?;
            let entry = (slot & ENTRY_MASK).checked_sub(1)?;
            if slot & !ENTRY_MASK == tag(hash) && is_it(entry) {
                return Some(entry);
            }
            at = if at + 1 == slots { 0 } else { at + 1 };
        }
        None
    }
}

/// A Bloom filter whose bits for one hash lie in one word.
#[derive(Debug, Default)]
pub(in crate::store) struct Filter(Bytes);

/// Three words for eight entries: with five bits set for each, one of some thousand others passes.
const WORDS: (usize, usize) = (3, 8);
const BITS_SET: u32 = 5;
/// Bits of the hash that choose one bit of a word.
const CHOICE: u32 = 6;

impl Filter {
    pub(super) fn write(hashes: impl ExactSizeIterator<Item = u64>, image: &mut ImageBuilder) {
        let mut words = vec![0_u64; hashes.len() * WORDS.0 / WORDS.1 + 1];
        for hash in hashes {
            let at = place((hash >> 32) as u32, words.len());
            words[at] |= bits(hash);
        }
        image.section_of(words.iter().map(|word| word.to_le_bytes()));
    }

    pub(super) fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        Ok(Self(image.section()?))
    }

    /// Returns whether there may be an entry under `hash`.
    #[inline]
    pub(in crate::store) fn may_have(&self, hash: u64) -> bool {
        let words = self.0.len() / size_of::<u64>();
        let bits = bits(hash);
        item_u64(&self.0, place((hash >> 32) as u32, words)).is_some_and(|word| word & bits == bits)
    }
}

#[inline]
fn bits(hash: u64) -> u64 {
    (0..BITS_SET).fold(0, |bits, choice| bits | 1 << (hash >> (choice * CHOICE) & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ids::id_hash;

    fn written<T>(write: impl FnOnce(&mut ImageBuilder), read: fn(&mut ImageReader) -> Result<T, Damaged>) -> T {
        let mut builder = ImageBuilder::default();
        write(&mut builder);
        read(&mut builder.finish().reader()).unwrap()
    }

    #[test]
    fn entries_are_found_also_where_hashes_collide() {
        for count in [0, 1, 2, 100, 5_000] {
            let hash = |entry: u32| id_hash(u128::from(entry % 1_000));
            let entries = (0..count).map(|entry| (hash(entry), entry)).collect::<Vec<_>>();
            let index = written(|image| SealedIndex::write(entries.iter().copied(), image), SealedIndex::read);
            for entry in 0..count {
                assert_eq!(index.find(hash(entry), |found| found == entry), Some(entry));
            }
            assert_eq!(index.find(hash(1), |_| false), None);
        }
    }

    #[test]
    fn an_index_without_a_free_slot_ends() {
        let full = SealedIndex(vec![0xff; 400].into());
        assert_eq!(full.find(u64::MAX, |_| false), None);
    }

    #[test]
    fn a_filter_passes_what_is_there_and_little_else() {
        let hashes: Vec<u64> = (0..10_000).map(id_hash).collect();
        let filter = written(|image| Filter::write(hashes.iter().copied(), image), Filter::read);
        assert!(hashes.iter().all(|&hash| filter.may_have(hash)));
        let others = (10_000..110_000).filter(|&id| filter.may_have(id_hash(id))).count();
        assert!(others < 400, "{others} of 100,000 others");
    }
}

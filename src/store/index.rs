//! A hash index from ids to places in a block: filled by the block's writer, read by anyone without a lock.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Names are chosen by whoever sends them, so the seed is drawn anew by each process: nobody can prepare collisions.
static SEED: LazyLock<foldhash::quality::RandomState> = LazyLock::new(foldhash::quality::RandomState::default);

/// Hashes a name.
#[inline]
pub(super) fn hash<T: std::hash::Hash>(key: T) -> u64 {
    SEED.hash_one(key)
}

/// How many bits of a slot hold the entry plus one; 0 means that the slot is free.
const ENTRY_BITS: u32 = 17;
pub(super) const ENTRY_MASK: u32 = (1 << ENTRY_BITS) - 1;

/// Open addressing with linear probing over at least twice as many slots as entries. The bits of a slot that an entry
/// leaves hold bits of its hash, so that others are told apart without looking them up.
#[derive(Debug)]
pub(super) struct Index {
    slots: Box<[AtomicU32]>,
}

impl Index {
    /// Returns an index for up to `capacity` entries.
    pub(super) fn with_capacity(capacity: u32) -> Self {
        let slots = Self::slots(capacity);
        Self { slots: std::iter::repeat_with(AtomicU32::default).take(slots).collect() }
    }

    /// Returns the bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<AtomicU32>()
    }

    /// Forgets every entry.
    pub(super) fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| *slot.get_mut() = 0);
    }

    fn slots(capacity: u32) -> usize {
        (capacity as usize * 2).next_power_of_two().max(16)
    }

    /// Looks at where an entry under `hash` is or would be, so that it is in the cache soon: the processor looks at many
    /// such places at once, but at those of [`Index::find`] one after the other.
    #[inline]
    pub(super) fn touch(&self, hash: u64) {
        black_box(self.slots[hash as usize & (self.slots.len() - 1)].load(Ordering::Relaxed));
    }

    /// Returns the entry under `hash` for which `is_it` holds.
    #[inline]
    pub(super) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at].load(Ordering::Acquire);
            if slot == 0 {
                return None;
            }
            let entry = (slot & ENTRY_MASK) - 1;
            if slot & !ENTRY_MASK == tag(hash) && is_it(entry) {
                return Some(entry);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds an entry that is not in the index yet. Only the block's writer calls this.
    #[inline]
    pub(super) fn insert(&self, hash: u64, entry: u32) {
        debug_assert!(entry < ENTRY_MASK, "a block holds at most 65,536 of anything");
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].load(Ordering::Relaxed) != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at].store(tag(hash) | (entry + 1), Ordering::Release);
    }
}

/// The highest bits of a hash; the lowest ones choose the slot.
pub(super) fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 & !ENTRY_MASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_also_where_hashes_collide() {
        let index = Index::with_capacity(100);
        for entry in 0..100_u32 {
            index.insert(u64::from(entry % 3), entry);
        }
        assert!((0..100).all(|entry| index.find(u64::from(entry % 3), |found| found == entry) == Some(entry)));
        assert_eq!(index.find(1, |_| false), None);
    }
}

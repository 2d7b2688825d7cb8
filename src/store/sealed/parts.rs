//! What a sealed block holds of each trace: its rows lie side by side, in order of arrival.

use std::ops::Range;

use bytes::Bytes;

use super::image::{Damaged, ImageBuilder, ImageReader, item, u32_at};
use super::lookup::{Filter, SealedIndex};
use super::packed::Packed;
use crate::store::ids::IdKeys;
use crate::store::open::PartRef;
use crate::store::scan::Bits;
use crate::store::sums::PartSums;

/// Columns of parts.
#[derive(Debug)]
pub(in crate::store) struct Parts {
    len: u32,
    /// The rows of the block.
    rows: u32,
    keys: IdKeys,
    pub(super) trace_ids: Bytes,
    /// The row after the last one of each part.
    pub(super) ends: Packed,
    index: SealedIndex,
    filter: Filter,
    /// Parts that have one in an older block, in order: part, block, part there.
    older: Bytes,
    start_ns: Packed,
    duration_ns: Packed,
    errors: Packed,
    roots: Packed,
    /// The row of the root that names the trace counted from the part's first one, plus one; 0 where there is none.
    root: Packed,
    services: Packed,
    /// The end of each part's services among all.
    services_ends: Packed,
}

/// What is written of parts, a value for each.
#[derive(Debug, Default)]
pub(super) struct PartColumns {
    pub(super) trace_ids: Vec<u128>,
    pub(super) ends: Vec<u64>,
    pub(super) older: Vec<(u32, PartRef)>,
    pub(super) sums: Vec<PartSums>,
    pub(super) roots: Vec<u64>,
    pub(super) services: Vec<u64>,
    pub(super) services_ends: Vec<u64>,
}

impl PartColumns {
    pub(super) fn write(&self, keys: IdKeys, image: &mut ImageBuilder) {
        let column = |value: fn(&PartSums) -> u64| self.sums.iter().map(value).collect::<Vec<_>>();
        let hashes = || self.trace_ids.iter().map(|&id| keys.trace(id));
        image.number(self.trace_ids.len() as u64);
        image.section_of(self.trace_ids.iter().map(|id| id.to_le_bytes()));
        Packed::write(&self.ends, image);
        let hashes_and_parts: Vec<(u64, u32)> = hashes().zip(0..).collect();
        SealedIndex::write(hashes_and_parts.into_iter(), image);
        Filter::write(hashes(), image);
        image.section_of(self.older.iter().map(|&(part, older)| {
            let mut entry = [0; OLDER];
            for (bytes, number) in entry.as_chunks_mut::<4>().0.iter_mut().zip([part, older.block, older.part]) {
                *bytes = number.to_le_bytes();
            }
            entry
        }));
        Packed::write(&column(|sums| sums.start_ns), image);
        Packed::write(&column(PartSums::duration_ns), image);
        Packed::write(&column(|sums| u64::from(sums.errors)), image);
        Packed::write(&column(|sums| u64::from(sums.roots)), image);
        Packed::write(&self.roots, image);
        Packed::write(&self.services, image);
        Packed::write(&self.services_ends, image);
    }
}

/// The bytes of an entry of `older`.
const OLDER: usize = 12;

impl Parts {
    /// Reads what [`PartColumns::write`] wrote, of a block of so many rows.
    pub(super) fn read(rows: u32, keys: IdKeys, image: &mut ImageReader) -> Result<Self, Damaged> {
        let len = image.small()?;
        let parts = Self {
            len,
            rows,
            keys,
            trace_ids: image.section()?,
            ends: Packed::read(image)?,
            index: SealedIndex::read(image)?,
            filter: Filter::read(image)?,
            older: image.section()?,
            start_ns: Packed::read(image)?,
            duration_ns: Packed::read(image)?,
            errors: Packed::read(image)?,
            roots: Packed::read(image)?,
            root: Packed::read(image)?,
            services: Packed::read(image)?,
            services_ends: Packed::read(image)?,
        };
        let is_whole = parts.trace_ids.len() == len as usize * size_of::<u128>() && len <= rows;
        is_whole.then_some(parts).ok_or(Damaged)
    }

    pub(in crate::store) fn len(&self) -> u32 {
        self.len
    }

    pub(in crate::store) fn trace_id(&self, part: u32) -> Option<u128> {
        item(&self.trace_ids, part as usize).map(|bytes| u128::from_le_bytes(*bytes))
    }

    pub(in crate::store) fn rows(&self, part: u32) -> Range<u32> {
        between(&self.ends, part, self.rows)
    }

    /// Returns the part that a row belongs to.
    pub(in crate::store) fn of_row(&self, row: u32) -> u32 {
        self.of_row_between(row, 0, self.len())
    }

    fn of_row_between(&self, row: u32, mut low: u32, mut high: u32) -> u32 {
        while low < high {
            let middle = low.midpoint(high);
            if self.ends.get(middle) <= u64::from(row) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Returns the parts that have a row in a set.
    pub(in crate::store) fn of_rows(&self, rows: &Bits) -> Bits {
        let mut parts = Bits::none(self.len());
        let mut from = 0;
        let mut next = rows.next_from(0);
        while let Some(row) = next
            && from < self.len()
        {
            let part = self.of_row_after(row, from);
            parts.insert(part);
            // A damaged file may have ends in any order.
            next = rows.next_from(self.rows(part).end.max(row.saturating_add(1)));
            from = part.saturating_add(1);
        }
        parts
    }

    /// Returns the part that a row belongs to, which is none before `from`: most likely one soon after it.
    fn of_row_after(&self, row: u32, from: u32) -> u32 {
        let (mut low, mut step) = (from, 1);
        loop {
            let high = low.saturating_add(step).min(self.len());
            if high == self.len() || self.ends.get(high - 1) > u64::from(row) {
                return self.of_row_between(row, low, high);
            }
            (low, step) = (high, step * 2);
        }
    }

    /// Returns the part of a trace; `hash` is that of its id by the keys of this process.
    #[inline]
    pub(in crate::store) fn find(&self, trace_id: u128, hash: u64) -> Option<u32> {
        let hash = if self.keys == IdKeys::ours() { hash } else { self.keys.trace(trace_id) };
        if !self.filter.may_have(hash) {
            return None;
        }
        self.index.find(hash, |part| self.trace_id(part) == Some(trace_id))
    }

    pub(in crate::store) fn older(&self, part: u32) -> Option<PartRef> {
        let (mut low, mut high) = (0, self.older.len() / OLDER);
        while low < high {
            let middle = low.midpoint(high);
            let (found, older) = self.older_at(middle)?;
            match found.cmp(&part) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(older),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Returns the parts that have one in an older block, each with that.
    pub(in crate::store) fn with_older(&self) -> impl Iterator<Item = (u32, PartRef)> {
        (0..self.older.len() / OLDER).filter_map(|place| self.older_at(place))
    }

    fn older_at(&self, place: usize) -> Option<(u32, PartRef)> {
        let entry: &[u8; OLDER] = item(&self.older, place)?;
        Some((u32_at(entry, 0), PartRef { block: u32_at(entry, 4), part: u32_at(entry, 8) }))
    }

    pub(in crate::store) fn sums(&self, part: u32) -> PartSums {
        let start_ns = self.start_ns.get(part);
        PartSums {
            start_ns,
            end_ns: start_ns.saturating_add(self.duration_ns.get(part)),
            spans: self.rows(part).len() as u32,
            errors: self.errors.get(part) as u32,
            roots: self.roots.get(part) as u32,
        }
    }

    pub(in crate::store) fn errors(&self, part: u32) -> u32 {
        self.errors.get(part) as u32
    }

    /// Returns the row of the root that names the trace.
    pub(in crate::store) fn root(&self, part: u32) -> Option<u32> {
        let from_first = (self.root.get(part) as u32).checked_sub(1)?;
        self.rows(part).start.checked_add(from_first).filter(|&row| row < self.rows)
    }

    /// Returns the names of the part's services.
    pub(in crate::store) fn services(&self, part: u32) -> impl Iterator<Item = u32> {
        // A service is that of a row.
        let most = self.rows(part).len() as u32;
        let services = between(&self.services_ends, part, u32::MAX);
        services.take(most as usize).map(|at| self.services.get(at) as u32)
    }
}

/// Returns the stretch of a list that belongs to `part`, by the ends of all, which are at most `most`.
fn between(ends: &Packed, part: u32, most: u32) -> Range<u32> {
    let end = |part: u32| u32::try_from(ends.get(part)).unwrap_or(u32::MAX).min(most);
    let start = part.checked_sub(1).map_or(0, end);
    start..end(part).max(start)
}

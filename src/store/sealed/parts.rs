//! What a sealed block holds of each trace: its rows lie side by side, in order of arrival.

use std::ops::Range;

use super::packed::Packed;
use crate::store::index::Index;
use crate::store::open::{NewerLink, PartRef};
use crate::store::sums::PartSums;

/// Columns of parts.
#[derive(Debug)]
pub(in crate::store) struct Parts {
    pub(super) trace_ids: Box<[u128]>,
    /// The row after the last one of each part.
    pub(super) ends: Packed,
    pub(super) index: Index,
    /// Parts that have one in an older block, in order.
    pub(super) older: Box<[(u32, PartRef)]>,
    pub(super) newer: Box<[NewerLink]>,
    pub(super) start_ns: Packed,
    pub(super) duration_ns: Packed,
    pub(super) errors: Packed,
    pub(super) roots: Packed,
    /// The row of the root that names the trace counted from the part's first one, plus one; 0 where there is none.
    pub(super) root: Packed,
    pub(super) services: Packed,
    /// The end of each part's services among all.
    pub(super) services_ends: Packed,
}

impl Parts {
    pub(in crate::store) fn len(&self) -> u32 {
        self.trace_ids.len() as u32
    }

    pub(in crate::store) fn trace_id(&self, part: u32) -> Option<u128> {
        self.trace_ids.get(part as usize).copied()
    }

    pub(in crate::store) fn rows(&self, part: u32) -> Range<u32> {
        between(&self.ends, part)
    }

    /// Returns the part that a row belongs to.
    pub(super) fn of_row(&self, row: u32) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.ends.get(middle) <= u64::from(row) { low = middle + 1 } else { high = middle }
        }
        low
    }

    pub(in crate::store) fn find(&self, trace_id: u128, hash: u64) -> Option<u32> {
        self.index.find(hash, |part| self.trace_id(part) == Some(trace_id))
    }

    pub(in crate::store) fn older(&self, part: u32) -> Option<PartRef> {
        let found = self.older.binary_search_by_key(&part, |&(part, _)| part);
        found.ok().and_then(|at| self.older.get(at)).map(|&(_, older)| older)
    }

    /// Returns the parts that have one in an older block.
    pub(in crate::store) fn with_older(&self) -> impl Iterator<Item = u32> {
        self.older.iter().map(|&(part, _)| part)
    }

    /// Returns the earliest and the latest start of a part.
    pub(super) fn starts_ns(&self) -> (u64, u64) {
        let starts = || (0..self.len()).map(|part| self.start_ns.get(part));
        (starts().min().unwrap_or_default(), starts().max().unwrap_or_default())
    }

    pub(in crate::store) fn newer(&self, part: u32) -> Option<&NewerLink> {
        self.newer.get(part as usize)
    }

    pub(in crate::store) fn sums(&self, part: u32) -> PartSums {
        let start_ns = self.start_ns.get(part);
        PartSums {
            start_ns,
            end_ns: start_ns + self.duration_ns.get(part),
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
        Some(self.rows(part).start + from_first)
    }

    /// Returns the names of the part's services.
    pub(in crate::store) fn services(&self, part: u32) -> impl Iterator<Item = u32> {
        between(&self.services_ends, part).map(|at| self.services.get(at) as u32)
    }

    pub(super) fn bytes(&self) -> usize {
        let packed = [
            &self.ends,
            &self.start_ns,
            &self.duration_ns,
            &self.errors,
            &self.roots,
            &self.root,
            &self.services,
            &self.services_ends,
        ];
        packed.iter().map(|column| column.bytes()).sum::<usize>()
            + self.trace_ids.len() * (size_of::<u128>() + size_of::<NewerLink>())
            + self.older.len() * size_of::<(u32, PartRef)>()
            + self.index.bytes()
    }
}

/// Returns the stretch of a list that belongs to `part`, by the ends of all.
fn between(ends: &Packed, part: u32) -> Range<u32> {
    let start = part.checked_sub(1).map_or(0, |before| ends.get(before) as u32);
    start..ends.get(part) as u32
}

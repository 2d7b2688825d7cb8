//! Sums over what an open block holds of each trace, made by readers as it grows.

use super::OpenBlock;
use crate::store::row::{NONE, Row};
use crate::store::sums::{PartSums, RootRow};

/// The sums of a block's parts over its first rows; each row is looked at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenSums {
    rows: u32,
    parts: Vec<OpenPartSums>,
}

/// What is known of one part.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct OpenPartSums {
    pub(in crate::store) sums: PartSums,
    pub(in crate::store) root: Option<RootRow>,
    /// The names of its services, in order.
    pub(in crate::store) services: Vec<u32>,
}

impl OpenSums {
    /// Returns how many rows are summed up.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    pub(in crate::store) fn parts(&self) -> &[OpenPartSums] {
        &self.parts
    }

    pub(super) fn extend_to(&mut self, block: &OpenBlock, len: u32) {
        for index in self.rows..len {
            let part = block.rows.place(index).part;
            debug_assert_ne!(part, NONE, "a published row belongs to a trace");
            if part as usize >= self.parts.len() {
                self.parts.resize(part as usize + 1, OpenPartSums::default());
            }
            self.parts[part as usize].add(block.sequence, index, &block.rows.get(index));
        }
        self.rows = self.rows.max(len);
    }
}

impl OpenPartSums {
    fn add(&mut self, block: u32, index: u32, row: &Row) {
        self.sums.add(row);
        if row.parent_id == 0 {
            let root = RootRow { start_ns: row.start_ns, span_id: row.span_id, block, row: index };
            self.root = Some(self.root.map_or(root, |other| other.min(root)));
        }
        if let Err(place) = self.services.binary_search(&row.service) {
            self.services.insert(place, row.service);
        }
    }
}

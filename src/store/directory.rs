//! The trace directory: for each held trace its newest part. Only the writer has it; readers follow the links that the
//! writer leaves in the parts.

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use super::block::{Block, PartRef};

/// Trace id → newest part. Seeded at random by each process, as ids are chosen by whoever sends them.
#[derive(Debug, Default)]
pub(super) struct Directory {
    newest: HashMap<u128, PartRef, RandomState>,
}

impl Directory {
    pub(super) fn len(&self) -> usize {
        self.newest.len()
    }

    /// Returns the bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.newest.allocation_size()
    }

    pub(super) fn newest_part(&self, trace_id: u128) -> Option<PartRef> {
        self.newest.get(&trace_id).copied()
    }

    pub(super) fn set(&mut self, trace_id: u128, part: PartRef) {
        self.newest.insert(trace_id, part);
    }

    /// Forgets the traces whose newest part is in this block, which is on its way out.
    pub(super) fn forget(&mut self, block: &Block) {
        for (index, part) in block.parts.iter().enumerate() {
            let gone = PartRef { block: block.sequence, part: index as u32 };
            if let hashbrown::hash_map::Entry::Occupied(entry) = self.newest.entry(part.trace_id)
                && *entry.get() == gone
            {
                entry.remove();
            }
        }
        if self.newest.capacity() > 4 * self.newest.len() + 1_024 {
            self.newest.shrink_to(self.newest.len() * 2);
        }
    }
}

//! The trace directory: for each trace with a span in memory its newest part there. Only the writer has it; readers follow
//! the links that the writer leaves in the parts. What is on disk only is found by the filters of its blocks.

use hashbrown::HashTable;

use super::ids::id_hash;
use super::open::PartRef;
use super::view::Block;

/// Trace id → newest part. An entry is 12 bytes: the id stands in the block that it names.
#[derive(Debug, Default)]
pub(super) struct Directory {
    traces: HashTable<Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// Tells nearly all traces apart, so that the block is seldom looked at in vain.
    hash: u32,
    newest: PartRef,
}

/// The low half of an id's hash, which places it, and again as the high half, of which a table of this size keeps bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl Directory {
    pub(super) fn len(&self) -> usize {
        self.traces.len()
    }

    /// Returns the bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.traces.allocation_size()
    }

    /// Returns the newest part of the trace whose id has this hash and for which `is_it` holds.
    pub(super) fn newest_part(&self, id_hash: u64, is_it: impl Fn(PartRef) -> bool) -> Option<PartRef> {
        let hash = id_hash as u32;
        self.traces.find(spread(hash), |known| known.hash == hash && is_it(known.newest)).map(|known| known.newest)
    }

    /// Notes the first part of a trace that is not in memory.
    pub(super) fn add(&mut self, id_hash: u64, newest: PartRef) {
        let known = Known { hash: id_hash as u32, newest };
        self.traces.insert_unique(spread(known.hash), known, |known| spread(known.hash));
    }

    /// Notes a newer part of a trace.
    pub(super) fn set(&mut self, id_hash: u64, before: PartRef, newest: PartRef) {
        let hash = id_hash as u32;
        if let Some(known) = self.traces.find_mut(spread(hash), |known| known.newest == before) {
            known.newest = newest;
        }
    }

    /// Forgets the traces of which the newest part is in this block, which leaves memory.
    pub(super) fn forget(&mut self, block: &Block) {
        for (part, trace_id) in (0..).zip(block.trace_ids()) {
            let gone = PartRef { block: block.sequence(), part };
            let found = self.traces.find_entry(spread(id_hash(trace_id) as u32), |known| known.newest == gone);
            if let Ok(entry) = found {
                entry.remove();
            }
        }
        if self.traces.capacity() > 4 * self.traces.len() + 1_024 {
            self.traces.shrink_to(self.traces.len() * 2, |known| spread(known.hash));
        }
    }
}

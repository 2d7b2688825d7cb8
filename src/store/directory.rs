//! The trace directory: for each held trace its newest part. Only the writer has it; readers follow the links that the
//! writer leaves in the parts.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::index::id_hash;
use super::open::PartRef;
use super::view::Block;

/// Trace id → newest part. An entry is 16 bytes: the id stands in the block that it names.
#[derive(Debug, Default)]
pub(super) struct Directory {
    traces: HashTable<Known>,
    with_errors: usize,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// Tells nearly all traces apart, so that the block is seldom looked at in vain.
    hash: u32,
    newest: PartRef,
    /// How many held parts have an error.
    parts_with_errors: u32,
}

/// The low half of an id's hash, which places it, and again as the high half, of which a table of this size keeps bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

impl Directory {
    pub(super) fn len(&self) -> usize {
        self.traces.len()
    }

    /// Returns how many traces have an error in a span held.
    pub(super) fn with_errors(&self) -> usize {
        self.with_errors
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

    /// Notes the first part of a trace that is not held.
    pub(super) fn add(&mut self, id_hash: u64, newest: PartRef) {
        let known = Known { hash: id_hash as u32, newest, parts_with_errors: 0 };
        self.traces.insert_unique(spread(known.hash), known, |known| spread(known.hash));
    }

    /// Notes a newer part of a trace.
    pub(super) fn set(&mut self, id_hash: u64, before: PartRef, newest: PartRef) {
        let hash = id_hash as u32;
        if let Some(known) = self.traces.find_mut(spread(hash), |known| known.newest == before) {
            known.newest = newest;
        }
    }

    /// Notes that the newest part of a trace has an error, for the first time.
    pub(super) fn add_error(&mut self, id_hash: u64, newest: PartRef) {
        if let Some(known) = self.traces.find_mut(spread(id_hash as u32), |known| known.newest == newest) {
            known.parts_with_errors += 1;
            self.with_errors += usize::from(known.parts_with_errors == 1);
        }
    }

    /// Forgets the parts in this block, which is on its way out, and the traces of which nothing else is held. `is_it`
    /// tells whether a part is one of a trace.
    pub(super) fn forget(&mut self, block: &Block, is_it: impl Fn(PartRef, u128) -> bool) {
        for (part, (trace_id, has_error)) in block.traces().enumerate() {
            let gone = PartRef { block: block.sequence(), part: part as u32 };
            let hash = id_hash(trace_id) as u32;
            let is_known =
                |known: &Known| known.hash == hash && (known.newest == gone || is_it(known.newest, trace_id));
            let Entry::Occupied(mut entry) = self.traces.entry(spread(hash), is_known, |known| spread(known.hash))
            else {
                continue;
            };
            let known = entry.get_mut();
            if has_error {
                known.parts_with_errors = known.parts_with_errors.saturating_sub(1);
                self.with_errors -= usize::from(known.parts_with_errors == 0);
            }
            if known.newest == gone {
                entry.remove();
            }
        }
        if self.traces.capacity() > 4 * self.traces.len() + 1_024 {
            self.traces.shrink_to(self.traces.len() * 2, |known| spread(known.hash));
        }
    }
}

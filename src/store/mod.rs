//! The store: a ring of blocks. The newest is open, the others never change, so readers share them without a lock and
//! never wait for the writer or make it wait. Knows no clock, no network, no screen; plain synchronous Rust.

mod calls;
mod counters;
mod directory;
mod ids;
mod index;
mod limits;
mod links;
mod open;
mod opening;
mod past;
mod request;
mod ring;
mod row;
mod scan;
mod sealed;
pub mod segment;
mod settling;
mod sums;
mod tally;
mod view;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

pub use counters::Counters;
pub use limits::Limits;
pub use opening::{Losses, Opened, Opener, open};
pub use past::{PAST_FILE, Past, PastError, PastMinute, Sum};
pub use request::Requests;
pub use ring::{Sealed, Segments, Unsealed, Unverified, Unwritten};
pub use sealed::{Salvage, Sealer, Verified};
pub use settling::{Settled, settle};
pub use writer::{Expiring, Limit, Outcome, Writer};

pub(crate) use calls::{CallTallies, Callee, Calls, Edge, Side, edge_kind, target};
pub(crate) use open::PartRef;
pub(crate) use row::{Facts as RowFacts, Row};
pub(crate) use scan::{Bits, Column, FingerprintOf, Test, fingerprint};
pub(crate) use sums::{PartSums, RootRow};
pub(crate) use tally::{CLASSES, Call, MINUTE_NS, Minute, Tallies, Tally, Timing, class, least_of, middle_of};
pub(crate) use view::{Reader, Sums, View};

use crate::model::{Timestamp, TraceId};
use view::Block;

/// What readers share with the one [`Writer`].
#[derive(Debug, Default)]
pub struct Store {
    held: ArcSwap<Held>,
    facts: ArcSwap<Facts>,
    revision: AtomicU64,
}

/// What is held, and what is known of what is gone: at one stroke, so that nothing is in both or in neither.
#[derive(Debug, Default)]
struct Held {
    /// Oldest first; the last one is open.
    blocks: Vec<Block>,
    past: Past,
}

/// Figures of the whole store, published together with what they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub counters: Counters,
    /// Traces with a span held.
    pub traces: u64,
    /// Those of them with an error in a span held.
    pub traces_with_errors: u64,
    /// Bytes of everything held.
    pub bytes: u64,
    pub budget_bytes: u64,
    /// Traces with a span in memory.
    pub memory_traces: u64,
    /// The files of sealed blocks.
    pub segments: Segments,
    /// The earliest arrival that may still be held.
    pub oldest_arrival: Option<Timestamp>,
    frontier: Frontier,
}

/// How far readers may look: so many rows of this block. Earlier blocks are seen whole, later ones not at all, so that a
/// request becomes visible at one stroke wherever it lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Frontier {
    block: u32,
    rows: u32,
}

impl Store {
    /// Returns a number that grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Returns the store as it is now. Whole requests are in it or not, never half of one.
    pub fn snapshot(&self) -> Snapshot {
        loop {
            // The frontier first: the list is then at least as new, and holds all that it allows to be seen.
            let facts = self.facts.load_full();
            let held = self.held.load_full();
            let blocks = &held.blocks;
            let frontier = facts.frontier;
            let seen = blocks.partition_point(|block| block.sequence() <= frontier.block);
            // A sealed block has its rows in another order. Where the last one that may be seen was sealed meanwhile, the
            // writer has filled a whole block since the frontier was read: there is a newer one.
            let last = seen.checked_sub(1).and_then(|last| blocks.get(last));
            if !matches!(last, Some(Block::Sealed(block)) if block.facts.sequence == frontier.block) {
                return Snapshot { held, seen, facts };
            }
        }
    }
}

/// The blocks as far as they were published at one moment. They stay as they are while it is held.
#[derive(Clone, Debug)]
pub struct Snapshot {
    held: Arc<Held>,
    /// How many of its blocks can be seen.
    seen: usize,
    facts: Arc<Facts>,
}

impl Snapshot {
    /// Returns the figures of the whole store.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Returns what is known of spans that are gone.
    pub fn past(&self) -> &Past {
        &self.held.past
    }

    /// Returns whether a span of a trace can be seen.
    pub fn holds(&self, trace: TraceId) -> bool {
        self.newest_part(trace.0).is_some()
    }

    /// Returns the blocks, oldest first.
    pub(crate) fn views(&self) -> impl DoubleEndedIterator<Item = View<'_>> + ExactSizeIterator {
        self.held.blocks[..self.seen].iter().map(|block| self.view_of(block))
    }

    /// Returns a block by its place among [`Snapshot::views`].
    ///
    /// # Panics
    /// When there is none at this place: places come from [`Snapshot::position`] and [`Snapshot::parts`].
    pub(crate) fn view(&self, position: usize) -> View<'_> {
        self.view_of(&self.held.blocks[..self.seen][position])
    }

    fn view_of<'a>(&self, block: &'a Block) -> View<'a> {
        let Frontier { block: last, rows } = self.facts.frontier;
        View::of(block, if block.sequence() == last { rows } else { block.written() })
    }

    /// Returns the place among [`Snapshot::views`] of a block, none where it is not held or not yet seen.
    pub(crate) fn position(&self, sequence: u32) -> Option<usize> {
        let blocks = &self.held.blocks[..self.seen];
        let guess = sequence.checked_sub(blocks.first()?.sequence())? as usize;
        if blocks.get(guess).is_some_and(|block| block.sequence() == sequence) {
            return Some(guess);
        }
        // Some between may be gone.
        blocks.binary_search_by_key(&sequence, Block::sequence).ok()
    }

    /// Returns the newest part of a trace that can be seen.
    pub(crate) fn newest_part(&self, trace_id: u128) -> Option<PartRef> {
        let hash = View::hash(trace_id);
        self.views().rev().find_map(|view| {
            let part = view.find_part(trace_id, hash)?;
            Some(PartRef { block: view.sequence(), part })
        })
    }

    /// Returns whether a newer part of the same trace can be seen, so that this one is not the trace's first place.
    pub(crate) fn is_superseded(&self, view: &View, part: u32) -> bool {
        let newer = view.newer(part);
        newer.is_some_and(|newer| self.position(newer.block).is_some_and(|at| self.view(at).has_part(newer.part)))
    }

    /// Returns the newest part that can be seen of the trace of a part.
    pub(crate) fn newest_after(&self, position: usize, part: u32) -> PartRef {
        let (mut view, mut newest) = (self.view(position), PartRef { block: self.view(position).sequence(), part });
        while let Some(newer) = view.newer(newest.part).filter(|newer| newer.block > newest.block) {
            let Some(at) = self.position(newer.block).filter(|&at| self.view(at).has_part(newer.part)) else { break };
            (view, newest) = (self.view(at), newer);
        }
        newest
    }

    /// Returns the parts of a trace as (place among the views, part), newest first, and whether older ones are gone.
    pub(crate) fn parts(&self, newest: PartRef) -> (Vec<(usize, u32)>, bool) {
        let mut parts: Vec<(usize, u32)> = Vec::new();
        let mut partial = false;
        let mut next = Some(newest);
        while let Some(at) = next {
            let Some(position) = self.position(at.block) else {
                next = self.part_before(at.block, parts.last().copied());
                partial = true;
                continue;
            };
            let view = self.view(position);
            if !view.has_part(at.part) {
                break;
            }
            parts.push((position, at.part));
            next = view.older(at.part);
        }
        (parts, partial)
    }

    /// Returns the part of a trace before a block that is gone, none where everything before that is gone as well.
    fn part_before(&self, gone: u32, newer: Option<(usize, u32)>) -> Option<PartRef> {
        self.held.blocks.first().filter(|oldest| oldest.sequence() < gone)?;
        let trace_id = newer.and_then(|(position, part)| self.view(position).trace_id(part))?;
        let hash = View::hash(trace_id);
        self.views().rev().filter(|view| view.sequence() < gone).find_map(|view| {
            let part = view.find_part(trace_id, hash)?;
            Some(PartRef { block: view.sequence(), part })
        })
    }
}

#[cfg(test)]
mod copy_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod disk_tests;
#[cfg(test)]
mod tests;

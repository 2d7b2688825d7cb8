//! The store: a ring of blocks. The newest is open, the others never change, so readers share them without a lock and
//! never wait for the writer or make it wait. Knows no clock, no network, no screen; plain synchronous Rust.

mod appended;
mod block;
mod counters;
mod directory;
mod index;
mod limits;
mod names;
mod parts;
mod rows;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;

pub use counters::Counters;
pub use limits::Limits;
pub use writer::{Outcome, Writer};

pub(crate) use block::{PartRef, View};
pub(crate) use parts::{PartSummary, RootRow};
pub(crate) use rows::Row;

use crate::model::Timestamp;
use block::Block;

/// What readers share with the one [`Writer`].
#[derive(Debug, Default)]
pub struct Store {
    /// Oldest first; the last one is open.
    blocks: ArcSwap<Vec<Arc<Block>>>,
    /// How far readers may look: the sequence of a block in the high half, a number of its rows in the low one. Earlier
    /// blocks are seen whole, later ones not at all, so a request becomes visible at one stroke wherever it lies.
    frontier: AtomicU64,
    facts: ArcSwap<Facts>,
    revision: AtomicU64,
}

/// Figures of the whole store, published together with what they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub counters: Counters,
    /// Traces with a span held.
    pub traces: u64,
    /// Bytes of everything held.
    pub bytes: u64,
    pub budget_bytes: u64,
    /// The earliest arrival that may still be held.
    pub oldest_arrival: Option<Timestamp>,
}

impl Store {
    /// Returns a number that grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Returns the store as it is now. Whole requests are in it or not, never half of one.
    pub fn snapshot(&self) -> Snapshot {
        // The frontier first: the list is then at least as new, and holds all that it allows to be seen.
        let frontier = self.frontier.load(Ordering::Acquire);
        let (last, rows) = ((frontier >> 32) as u32, frontier as u32);
        let facts = **self.facts.load();
        let view = |block: &Arc<Block>| match block.sequence.cmp(&last) {
            std::cmp::Ordering::Less => Some(View::of(block, block.written())),
            std::cmp::Ordering::Equal => Some(View::of(block, rows)),
            std::cmp::Ordering::Greater => None,
        };
        Snapshot { views: self.blocks.load().iter().filter_map(view).collect(), facts }
    }
}

/// The blocks as far as they were published at one moment. They stay as they are while it is held.
#[derive(Clone, Debug)]
pub struct Snapshot {
    views: Vec<View>,
    facts: Facts,
}

impl Snapshot {
    /// Returns the figures of the whole store.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Returns the blocks, oldest first.
    pub(crate) fn views(&self) -> &[View] {
        &self.views
    }

    /// Returns the place among [`Snapshot::views`] of a block, none where it is not held or not yet seen.
    pub(crate) fn position(&self, sequence: u32) -> Option<usize> {
        let first = self.views.first()?.sequence();
        let position = sequence.checked_sub(first)? as usize;
        (position < self.views.len()).then_some(position)
    }

    /// Returns the newest part of a trace that can be seen.
    pub(crate) fn newest_part(&self, trace_id: u128) -> Option<PartRef> {
        self.views.iter().rev().find_map(|view| {
            let part = view.find_part(trace_id)?;
            Some(PartRef { block: view.sequence(), part })
        })
    }

    /// Returns whether a newer part of the same trace can be seen, so that this one is not the trace's first place.
    pub(crate) fn is_superseded(&self, view: &View, part: u32) -> bool {
        let newer = view.part(part).and_then(block::Part::newer);
        newer.is_some_and(|n| self.position(n.block).is_some_and(|at| self.views[at].part(n.part).is_some()))
    }

    /// Returns the parts of a trace as (place among the views, part), newest first, and whether older ones are gone.
    pub(crate) fn parts(&self, newest: PartRef) -> (Vec<(usize, u32)>, bool) {
        let mut parts = Vec::new();
        let mut next = Some(newest);
        while let Some(at) = next {
            let Some(position) = self.position(at.block) else { return (parts, true) };
            let Some(part) = self.views[position].part(at.part) else { break };
            parts.push((position, at.part));
            next = part.older;
        }
        (parts, false)
    }
}

#[cfg(test)]
mod tests;

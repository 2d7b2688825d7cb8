//! The blocks of a flame graph: spans in time, or those of one path put together.

use std::sync::Arc;

use foldhash::HashMap;

use crate::analysis::compare::{Comparison, Step};
use crate::model::{SpanId, Trace};

/// A block: a stretch in a lane.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    /// 0 at the top.
    pub(super) lane: u32,
    /// In nanoseconds since the beginning; of merged blocks only their length says something.
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) parent: Option<u32>,
    pub(super) service: Arc<str>,
    pub(super) operation: Arc<str>,
    /// How many spans it stands for, and how many of them have an error.
    pub(super) count: u64,
    pub(super) errors: u64,
    pub(super) own_ns: u64,
    /// The span, where it is one.
    pub(super) span: Option<SpanId>,
}

/// See the module. Parents come before their children.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Blocks {
    pub(super) all: Vec<Block>,
    pub(super) lanes: u32,
    /// The blocks of each lane, from the left.
    by_lane: Vec<Vec<u32>>,
}

/// Deeper lanes are not drawn: what belongs there lies over what is in the last one.
const MOST_LANES: u32 = 500;

impl Blocks {
    /// Returns the spans of a trace in time. A span lies below its parent, and further below where something else is there already:
    /// spans that run at the same time never hide one another.
    pub(super) fn in_time(trace: &Trace, own_ns: &[u64]) -> Self {
        let mut order: Vec<u32> = (0..trace.spans.len() as u32).collect();
        order.sort_by_key(|at| {
            let span = &trace.spans[*at as usize];
            (span.start, std::cmp::Reverse(span.duration_ns), *at)
        });
        let mut parents = vec![None; trace.spans.len()];
        for node in &trace.tree.nodes {
            parents[node.span as usize] = node.parent.map(|parent| trace.tree.nodes[parent as usize].span);
        }
        let mut place_of: Vec<Option<u32>> = vec![None; trace.spans.len()];
        let mut ends: Vec<u64> = Vec::new();
        let mut all: Vec<Block> = Vec::with_capacity(trace.spans.len());
        for at in order {
            let span = &trace.spans[at as usize];
            let parent = parents[at as usize].and_then(|parent| place_of[parent as usize]);
            let mut lane = parent.map_or(0, |parent| all[parent as usize].lane + 1).min(MOST_LANES - 1);
            let from = span.start.since(trace.summary.start);
            let to = from.saturating_add(span.duration_ns);
            while lane + 1 < MOST_LANES && ends.get(lane as usize).is_some_and(|end| *end > from) {
                lane += 1;
            }
            if ends.len() <= lane as usize {
                ends.resize(lane as usize + 1, 0);
            }
            ends[lane as usize] = ends[lane as usize].max(to).max(from + 1);
            place_of[at as usize] = Some(all.len() as u32);
            all.push(Block {
                lane,
                from,
                to,
                parent,
                service: Arc::clone(&span.service),
                operation: Arc::clone(&span.operation),
                count: 1,
                errors: span.is_error().into(),
                own_ns: own_ns.get(at as usize).copied().unwrap_or_default(),
                span: Some(span.id),
            });
        }
        Self::of(all)
    }

    /// Returns the spans of side a of a comparison, those with the same path as one block: as wide as its self time and what is below
    /// it together.
    pub(super) fn merged(comparison: &Comparison) -> Self {
        let mut rows: Vec<_> = comparison.rows.iter().filter_map(|row| Some((&row.path[..], row.a?))).collect();
        // Paths above come before those below.
        rows.sort_by(|a, b| a.0.cmp(b.0));
        let mut place_of: HashMap<&[Step], u32> = HashMap::default();
        let mut all: Vec<Block> = Vec::with_capacity(rows.len());
        for (path, side) in rows {
            let Some((last, above)) = path.split_last() else { continue };
            let parent = place_of.get(above).copied();
            place_of.insert(path, all.len() as u32);
            all.push(Block {
                lane: above.len() as u32,
                from: 0,
                to: side.self_ns,
                parent,
                service: Arc::clone(&last.service),
                operation: Arc::clone(&last.operation),
                count: side.count,
                errors: side.errors,
                own_ns: side.self_ns,
                span: None,
            });
        }
        // From below: what is wider goes up. Then from above: children beside one another, the widest first.
        for at in (0..all.len()).rev() {
            if let Some(parent) = all[at].parent {
                all[parent as usize].to = all[parent as usize].to.saturating_add(all[at].to);
            }
        }
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); all.len() + 1];
        for (at, block) in (0..).zip(&all) {
            children[block.parent.map_or(0, |parent| parent as usize + 1)].push(at);
        }
        let mut next = vec![0_u64; all.len() + 1];
        for parent in 0..=all.len() {
            next[parent] = parent.checked_sub(1).map_or(0, |parent| all[parent].from);
            children[parent].sort_by_key(|at| std::cmp::Reverse(all[*at as usize].to));
            for at in std::mem::take(&mut children[parent]) {
                let width = all[at as usize].to;
                all[at as usize].from = next[parent];
                all[at as usize].to = next[parent].saturating_add(width);
                next[parent] = all[at as usize].to;
            }
        }
        Self::of(all)
    }

    fn of(all: Vec<Block>) -> Self {
        let lanes = all.iter().map(|block| block.lane + 1).max().unwrap_or(0);
        let mut by_lane: Vec<Vec<u32>> = vec![Vec::new(); lanes as usize];
        for (at, block) in (0..).zip(&all) {
            by_lane[block.lane as usize].push(at);
        }
        for lane in &mut by_lane {
            lane.sort_by_key(|at| all[*at as usize].from);
        }
        Self { all, lanes, by_lane }
    }

    pub(super) fn lane(&self, lane: u32) -> &[u32] {
        self.by_lane.get(lane as usize).map_or(&[], |blocks| &blocks[..])
    }

    /// Returns from where to where they reach.
    pub(super) fn range(&self) -> (u64, u64) {
        let from = self.all.iter().map(|block| block.from).min().unwrap_or(0);
        (from, self.all.iter().map(|block| block.to).max().unwrap_or(0).max(from + 1))
    }

    pub(super) fn of_span(&self, span: SpanId) -> Option<u32> {
        self.all.iter().position(|block| block.span == Some(span)).map(|at| at as u32)
    }

    /// Returns the block to the left or to the right in the same lane.
    pub(super) fn beside(&self, at: u32, to_the_right: bool) -> Option<u32> {
        let lane = self.lane(self.all.get(at as usize)?.lane);
        let place = lane.iter().position(|other| *other == at)?;
        let place = if to_the_right { place + 1 } else { place.checked_sub(1)? };
        lane.get(place).copied()
    }

    /// Returns the widest block below one.
    pub(super) fn below(&self, at: u32) -> Option<u32> {
        let children = (0..).zip(&self.all).filter(|(_, block)| block.parent == Some(at));
        children.max_by_key(|(child, block)| (block.to - block.from, std::cmp::Reverse(*child))).map(|(child, _)| child)
    }

    /// Returns the block of a lane that is there at a time, or the narrow one next to it.
    pub(super) fn at(&self, lane: u32, (from, to): (u64, u64)) -> Option<u32> {
        let lane = self.lane(lane).iter().copied();
        let mut there = lane.filter(|at| {
            let block = &self.all[*at as usize];
            block.from < to && block.to.max(block.from + 1) > from
        });
        there.next()
    }
}

//! Which block lies where.

use std::sync::Arc;

use proptest::prelude::*;

use super::blocks::{Block, Blocks};
use crate::analysis::compare::Collecting;
use crate::analysis::critical_path::self_times;
use crate::model::{Span, Trace};
use crate::tui::testing::fake;

/// Spans of `(parent, start, duration)`, in microseconds; the ids are their places from 1.
fn trace(spans: &[(u64, u64, u64)]) -> Trace {
    let span = |(id, &(parent, start, took)): (u64, &(u64, u64, u64))| Span {
        service: Arc::from("web"),
        ..fake::span(id, parent, (start, took), "web", &format!("op {}", id % 3))
    };
    fake::trace(1, (1..).zip(spans).map(span).collect())
}

fn in_time(trace: &Trace) -> Blocks {
    Blocks::in_time(trace, &self_times(trace))
}

fn merged(trace: &Trace) -> Blocks {
    let mut collecting = Collecting::default();
    collecting.add(0, trace);
    Blocks::merged(&collecting.finish())
}

#[test]
fn what_runs_at_the_same_time_lies_in_lanes_of_its_own() {
    let blocks = in_time(&trace(&[(0, 0, 100), (1, 10, 30), (1, 20, 30), (1, 60, 10), (3, 25, 5)]));
    let lanes: Vec<(u64, u32)> = blocks.all.iter().map(|block| (block.span.unwrap().0, block.lane)).collect();
    assert_eq!(lanes, [(1, 0), (2, 1), (3, 2), (5, 3), (4, 1)]);
}

#[test]
fn merged_blocks_are_as_wide_as_all_that_is_below() {
    // Twice the same call, once with something below it, and something else.
    let spans = [(0, 0, 100), (1, 10, 20), (1, 40, 30), (3, 45, 10), (1, 80, 5)];
    let blocks = merged(&trace(&spans));
    let told: Vec<(&str, u32, u64, u64, u64)> = blocks
        .all
        .iter()
        .map(|block| (&*block.operation, block.lane, block.from / 1_000, block.to / 1_000, block.count))
        .collect();
    assert_eq!(told, [("op 1", 0, 0, 100, 1), ("op 0", 1, 0, 30, 1), ("op 1", 2, 0, 10, 1), ("op 2", 1, 30, 55, 2)]);
}

proptest! {
    #[test]
    fn blocks_of_a_lane_never_overlap(
        spans in prop::collection::vec((0..8_u64, 0..60_u64, 0..40_u64), 1..12),
    ) {
        let trace = trace(&spans);
        let times = in_time(&trace);
        prop_assert_eq!(times.all.len(), spans.len());
        let merged = merged(&trace);
        for blocks in [&times, &merged] {
            for lane in 0..blocks.lanes {
                for pair in blocks.lane(lane).windows(2) {
                    let [left, right] = [pair[0], pair[1]].map(|at| &blocks.all[at as usize]);
                    prop_assert!(left.to <= right.from, "{left:?} {right:?}");
                }
            }
            let below = |block: &Block| block.parent.is_none_or(|parent| blocks.all[parent as usize].lane < block.lane);
            prop_assert!(blocks.all.iter().all(below));
        }
        // Merged, a child lies within its parent, and all are as wide as all self times.
        for block in &merged.all {
            if let Some(parent) = block.parent.map(|parent| &merged.all[parent as usize]) {
                prop_assert!(parent.from <= block.from && block.to <= parent.to);
            }
        }
        let (from, to) = merged.range();
        let own: u64 = self_times(&trace).iter().sum();
        prop_assert!(own == 0 || to - from == own, "{} of {own}", to - from);
    }
}

#[test]
fn a_hundred_thousand_spans_at_the_same_time_are_laid_out() {
    let spans: Vec<(u64, u64, u64)> = (0..100_000).map(|id| (u64::from(id > 0), id % 50, 1_000)).collect();
    let blocks = in_time(&trace(&spans));
    assert_eq!((blocks.all.len(), blocks.lanes), (100_000, 500));
    let deep: Vec<(u64, u64, u64)> = (0..100_000).map(|id| (id, 0, 1_000)).collect();
    assert_eq!(in_time(&trace(&deep)).lanes, 500);
    assert_eq!(merged(&trace(&deep)).lanes, 100);
}

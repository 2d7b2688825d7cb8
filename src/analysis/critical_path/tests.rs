//! Traces whose paths and self times were found by hand, and what holds for any trace.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::analysis::{Lasting, SelfTimes};
use crate::model::{SpanId, StatusCode, Timestamp, TraceId};

const BEGIN: u64 = 1_000_000;

/// Reads spans from lines of `name parent start-end kind`, with `-` for no parent, and the kind left out where it is of no matter. A parent
/// that has no line is not held.
fn trace(lines: &str) -> (Trace, Vec<&str>) {
    let lines: Vec<Vec<&str>> = lines.split(';').map(|line| line.split_whitespace().collect()).collect();
    let names: Vec<&str> = lines.iter().map(|words| words[0]).collect();
    let number = |name: &str| names.iter().position(|other| *other == name).map_or(999, |at| at as u64 + 1);
    let span = |words: &Vec<&str>| {
        let (start, end) = words[2].split_once('-').unwrap();
        let (start, end): (u64, u64) = (start.parse().unwrap(), end.parse().unwrap());
        let kind = match words.get(3).copied() {
            Some("producer") => Kind::Producer,
            Some("consumer") => Kind::Consumer,
            _ => Kind::Internal,
        };
        Span { kind, ..span(number(words[0]), (words[1] != "-").then(|| number(words[1])), (start, end)) }
    };
    (Trace::of(TraceId(1), lines.iter().map(span).collect(), false), names)
}

fn span(id: u64, parent: Option<u64>, (start, end): (u64, u64)) -> Span {
    Span {
        id: SpanId(id),
        parent: parent.map(SpanId),
        start: Timestamp(BEGIN + start),
        duration_ns: end.saturating_sub(start),
        kind: Kind::Internal,
        status: StatusCode::Unset,
        service: Arc::from("shop"),
        operation: Arc::from("work"),
        event_times: Vec::new(),
        event_count: 0,
        link_count: 0,
        ends_before_start: end < start,
    }
}

/// Checks the path, as `name from-to` for each segment, and the self times in order of the spans.
#[track_caller]
fn check(lines: &str, path: &str, own: &[u64]) {
    let (trace, names) = trace(lines);
    let found = CriticalPath::of(&trace);
    let segment = |segment: &Segment| {
        format!("{} {}-{}", names[segment.span as usize], segment.from_ns - BEGIN, segment.to_ns - BEGIN)
    };
    let told: Vec<String> = found.segments.iter().map(segment).collect();
    assert_eq!(told.join("; "), path);
    assert_eq!(self_times(&trace), own);
}

#[test]
fn a_span_alone_is_its_path() {
    check("a - 0-100", "a 0-100", &[100]);
}

#[test]
fn calls_one_after_the_other_are_all_on_it() {
    check("a - 0-100; b a 10-40; c a 50-90", "a 0-10; b 10-40; a 40-50; c 50-90; a 90-100", &[30, 30, 40]);
}

#[test]
fn a_chain_of_calls_goes_down_and_up_again() {
    check("a - 0-100; b a 10-90; c b 20-80", "a 0-10; b 10-20; c 20-80; b 80-90; a 90-100", &[20, 20, 60]);
}

#[test]
fn of_parallel_calls_the_last_to_finish_counts() {
    check("a - 0-100; b a 10-40; c a 10-90; d a 10-60", "a 0-10; c 10-90; a 90-100", &[20, 30, 80, 50]);
}

#[test]
fn of_calls_that_overlap_the_earlier_has_the_time_before_the_later() {
    check("a - 0-100; b a 0-60; c a 50-100", "b 0-50; c 50-100", &[0, 60, 50]);
}

#[test]
fn calls_below_one_that_overlaps_count_up_to_the_later_one() {
    // What d does after 50 nobody waited for.
    check("a - 0-100; b a 0-60; c a 50-100; d b 40-58", "b 0-40; d 40-50; c 50-100", &[0, 42, 50, 18]);
}

#[test]
fn a_consumer_does_not_keep_its_producer_waiting() {
    check("a - 0-50; b a 10-20 producer; c b 15-45 consumer; d c 20-40", "a 0-10; b 10-20; a 20-50", &[40, 5, 10, 20]);
}

#[test]
fn a_consumer_that_ends_after_the_root_is_not_on_it() {
    check("a - 0-50 producer; b a 30-500 consumer", "a 0-50", &[30, 470]);
}

#[test]
fn messages_that_a_consumer_handles_are_waited_for() {
    check(
        "a - 0-90 consumer; b a 10-40 consumer; c a 40-80 consumer",
        "a 0-10; b 10-40; c 40-80; a 80-90",
        &[20, 30, 40],
    );
}

#[test]
fn children_are_clipped_to_their_parents() {
    // One begins before it, the other ends after it.
    check("a - 100-200; b a 50-120; c a 190-300", "b 100-120; a 120-190; c 190-200", &[70, 70, 110]);
}

#[test]
fn grandchildren_are_clipped_to_what_is_left_of_their_parents() {
    check(
        "a - 100-200; b a 150-300; c b 140-180; d b 190-290",
        "a 100-150; c 150-180; b 180-190; d 190-200",
        &[50, 20, 40, 100],
    );
}

#[test]
fn a_child_that_lies_elsewhere_by_a_clock_that_is_wrong_is_left_out() {
    check("a - 100-200; b a 300-400; c a 0-50; d a 120-130", "a 100-120; d 120-130; a 130-200", &[90, 100, 50, 10]);
}

#[test]
fn of_orphans_and_roots_the_earliest_root_counts() {
    check(
        "a gone 0-900; b - 100-200; c - 150-800; d b 110-160",
        "b 100-110; d 110-160; b 160-200",
        &[900, 50, 650, 50],
    );
}

#[test]
fn without_a_root_the_earliest_orphan_counts() {
    check("a gone 50-90; b gone 10-60; c b 20-30", "b 10-20; c 20-30; b 30-60", &[40, 40, 10]);
}

#[test]
fn a_cycle_is_cut_where_the_tree_cuts_it() {
    check("a b 0-100; b a 10-40", "a 0-10; b 10-40; a 40-100", &[70, 30]);
}

#[test]
fn spans_without_duration_take_no_time() {
    check("a - 0-100; b a 50-50; c a 100-100; d a 0-0", "a 0-100", &[100, 0, 0, 0]);
    check("a - 70-70; b a 70-90", "", &[0, 20]);
    check("a - 0-100; b a 60-40; c a 30-50", "a 0-30; c 30-50; a 50-100", &[80, 0, 20]);
}

#[test]
fn of_calls_that_end_together_the_longest_counts() {
    check("a - 0-100; b a 40-80; c a 10-80; d a 10-80", "a 0-10; c 10-80; a 80-100", &[30, 40, 70, 70]);
}

#[test]
fn calls_that_touch_leave_no_gap() {
    check("a - 0-30; b a 0-10; c a 10-20; d a 20-30", "b 0-10; c 10-20; d 20-30", &[0, 10, 10, 10]);
}

#[test]
fn retries_and_waiting_between_them_are_told_apart() {
    check(
        "a - 0-1000; b a 0-300; c a 400-700; d a 900-990; e d 910-980",
        "b 0-300; a 300-400; c 400-700; a 700-900; d 900-910; e 910-980; d 980-990; a 990-1000",
        &[310, 300, 300, 20, 70],
    );
}

#[test]
fn very_deep_and_very_wide_traces_have_one() {
    let deep = |at: u64| span(at + 1, (at > 0).then_some(at), (at, 1_000_000 - at));
    let found = CriticalPath::of(&Trace::of(TraceId(1), (0..100_000).map(deep).collect(), false));
    assert_eq!(found.segments.len(), 2 * 100_000 - 1);
    let wide =
        |at: u64| span(at + 1, (at > 0).then_some(1), if at == 0 { (0, 1_000_000) } else { (at * 10 - 5, at * 10) });
    let found = CriticalPath::of(&Trace::of(TraceId(1), (0..100_000).map(wide).collect(), false));
    assert_eq!(found.segments.len(), 2 * 99_999 + 1);
    assert_eq!(found.of_spans[0], 1_000_000 - 99_999 * 5);
}

fn any_spans() -> impl Strategy<Value = Vec<Span>> {
    let one = (1..30_u64, 0..30_u64, 0..100_u64, 0..60_u64, 0..6_i32);
    prop::collection::vec(one, 1..30).prop_map(|all| {
        let mut seen = std::collections::HashSet::new();
        let all = all.into_iter().filter(|(id, ..)| seen.insert(*id));
        let span = |(id, parent, start, duration, kind): (u64, u64, u64, u64, i32)| Span {
            kind: Kind::from_number(kind),
            ..span(id, (parent > 0).then_some(parent), (start, start + duration))
        };
        all.map(span).collect()
    })
}

proptest! {
    #[test]
    fn a_path_covers_its_root_once(spans in any_spans()) {
        let trace = Trace::of(TraceId(1), spans, false);
        let found = CriticalPath::of(&trace);
        let nodes = &trace.tree.nodes;
        let root = nodes.iter().find(|node| node.place == Place::Root).unwrap_or(&nodes[0]);
        let root = &trace.spans[root.span as usize];
        let mut at = root.start.0;
        for segment in &found.segments {
            prop_assert_eq!(segment.from_ns, at);
            prop_assert!(segment.from_ns < segment.to_ns);
            let span = &trace.spans[segment.span as usize];
            prop_assert!(span.start.0 <= segment.from_ns && segment.to_ns <= span.end().0);
            at = segment.to_ns;
        }
        prop_assert_eq!(at, root.end().0);
        prop_assert_eq!(found.of_spans.iter().sum::<u64>(), root.duration_ns);
        if trace.spans.iter().all(|span| span.kind != Kind::Consumer) {
            for (on_path, own) in found.of_spans.iter().zip(self_times(&trace)) {
                prop_assert!(*on_path <= own, "{on_path} of {own}");
            }
        }
    }

    #[test]
    fn self_times_are_those_of_many_traces(spans in any_spans()) {
        let trace = Trace::of(TraceId(1), spans, false);
        let parent = |at: usize| {
            let node = trace.tree.nodes.iter().find(|node| node.span as usize == at)?;
            Some(trace.tree.nodes[node.parent? as usize].span)
        };
        let lasting = |(at, span): (usize, &Span)| Lasting { start_ns: span.start.0, end_ns: span.end().0, parent: parent(at) };
        let all: Vec<Lasting> = trace.spans.iter().enumerate().map(lasting).collect();
        let mut many = SelfTimes::default();
        prop_assert_eq!(self_times(&trace), many.of(&all));
    }

    #[test]
    fn the_order_of_arrival_changes_nothing(spans in any_spans(), by in any::<prop::sample::Index>()) {
        let by_id = |spans: Vec<Span>| {
            let trace = Trace::of(TraceId(1), spans, false);
            let path = CriticalPath::of(&trace);
            let segments = path.segments.iter().map(|one| (trace.spans[one.span as usize].id, one.from_ns, one.to_ns));
            segments.collect::<Vec<_>>()
        };
        let mut other = spans.clone();
        other.rotate_left(by.index(spans.len()));
        other.reverse();
        prop_assert_eq!(by_id(spans), by_id(other));
    }
}

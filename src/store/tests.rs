use proptest::prelude::*;

use super::*;
use crate::otlp::fixture::{TestSpan, batch, span};

const MIB: usize = 1 << 20;

fn limits(max_traces: usize) -> Limits {
    Limits { memory_bytes: 16 * MIB, max_traces, retention_ns: 1_000 }
}

/// Draws every held trace as `trace:spans`, with a sign where a part of it is gone.
fn held(store: &Store) -> String {
    let snapshot = store.snapshot();
    let mut traces = Vec::new();
    for view in snapshot.views() {
        for index in (0..).take_while(|&index| view.part(index).is_some()) {
            if snapshot.is_superseded(view, index) {
                continue;
            }
            let (parts, partial) = snapshot.parts(PartRef { block: view.sequence(), part: index });
            let spans: usize = parts.iter().map(|&(at, part)| snapshot.views()[at].chain(part).count()).sum();
            let id = view.part(index).map_or(0, |part| part.trace_id as u8);
            traces.push(format!("{id}:{spans}{}", if partial { "~" } else { "" }));
        }
    }
    traces.sort();
    traces.join(" ")
}

fn counters(store: &Store) -> Counters {
    let counters = store.snapshot().facts().counters;
    assert!(counters.add_up(), "{counters:?}");
    counters
}

#[test]
fn a_late_span_joins_its_trace() {
    let (store, mut writer) = Writer::new(Limits::default());
    writer.append(&batch(&[span(1, 1, 0, 1), span(2, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(1, 2, 1, 2)]), Timestamp(1));
    assert_eq!(held(&store), "1:2 2:1");
}

#[test]
fn a_late_span_joins_its_trace_across_blocks() {
    let (store, mut writer) = Writer::new(limits(8));
    writer.append(&batch(&[span(1, 1, 0, 1), span(2, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(3, 1, 0, 1), span(1, 2, 1, 1)]), Timestamp(0));
    writer.append(&batch(&[span(4, 1, 0, 1), span(1, 3, 1, 1)]), Timestamp(0));
    assert!(store.snapshot().views().len() > 1, "two traces fill a block here");
    assert_eq!(held(&store), "1:3 2:1 3:1 4:1");
}

#[test]
fn duplicates_are_dropped_and_counted_within_and_across_blocks() {
    let (store, mut writer) = Writer::new(limits(8));
    let first = batch(&[span(1, 1, 0, 1), span(1, 1, 0, 9), span(2, 1, 0, 1)]);
    assert_eq!(writer.append(&first, Timestamp(0)), Outcome { stored: 2, duplicates: 1, rejected: 0 });
    let again = batch(&[span(3, 1, 0, 1), span(1, 1, 0, 1), span(2, 1, 0, 1), span(4, 1, 0, 1)]);
    assert_eq!(writer.append(&again, Timestamp(0)).duplicates, 2);
    assert_eq!(writer.append(&first, Timestamp(0)).stored, 0);
    assert_eq!(held(&store), "1:1 2:1 3:1 4:1");
    assert_eq!(counters(&store).duplicates, 6);
}

#[test]
fn a_request_of_nothing_but_duplicates_keeps_no_bytes() {
    let (store, mut writer) = Writer::new(Limits::default());
    let request = batch(&[span(1, 1, 0, 1), span(2, 1, 0, 1)]);
    writer.append(&request, Timestamp(0));
    let before = store.snapshot().facts().bytes;
    writer.append(&request, Timestamp(0));
    assert_eq!(store.snapshot().facts().bytes, before);
}

#[test]
fn the_limit_on_traces_evicts_the_oldest_blocks() {
    let (store, mut writer) = Writer::new(limits(8));
    for trace in 1..=20 {
        writer.append(&batch(&[span(trace, 1, 0, 1)]), Timestamp(0));
        assert!(store.snapshot().facts().traces <= 8);
    }
    let counters = counters(&store);
    assert_eq!(counters.in_memory, store.snapshot().facts().traces);
    assert!(held(&store).ends_with("20:1"), "the newest are kept: {}", held(&store));
}

#[test]
fn a_trace_that_lost_a_part_stays_one_row_and_is_partial() {
    let (store, mut writer) = Writer::new(limits(4));
    writer.append(&batch(&[span(1, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(2, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(3, 1, 0, 1), span(1, 2, 1, 1), span(4, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(5, 1, 0, 1)]), Timestamp(0));
    assert_eq!(held(&store), "1:1~ 3:1 4:1 5:1");
}

#[test]
fn spans_go_when_their_retention_is_over() {
    let (store, mut writer) = Writer::new(limits(0));
    writer.append(&batch(&[span(1, 1, 0, 1)]), Timestamp(0));
    writer.tick(Timestamp(500));
    writer.append(&batch(&[span(2, 1, 0, 1)]), Timestamp(600));
    writer.tick(Timestamp(1_000));
    assert_eq!(held(&store), "1:1 2:1");
    writer.tick(Timestamp(1_001));
    assert_eq!(held(&store), "2:1");
    writer.tick(Timestamp(5_000));
    assert_eq!(held(&store), "");
    assert_eq!(counters(&store).evicted, 2);
}

#[test]
fn the_byte_budget_is_never_exceeded() {
    let (store, mut writer) = Writer::new(limits(0));
    for round in 0..400_u64 {
        let spans: Vec<TestSpan> =
            (1..=300).map(|id| span((round % 250) as u8 + 1, round * 1_000 + id, 0, id)).collect();
        writer.append(&batch(&spans), Timestamp(round));
        assert!(store.snapshot().facts().bytes <= 16 * MIB as u64);
    }
    let counters = counters(&store);
    assert!(counters.evicted > 0 && counters.in_memory > 40_000, "{counters:?}");
}

#[test]
fn a_request_larger_than_a_block_is_kept_whole() {
    let (store, mut writer) = Writer::new(limits(0));
    let spans: Vec<TestSpan> = (1..=20_000).map(|id| span(1, id, id - 1, id)).collect();
    writer.append(&batch(&spans), Timestamp(0));
    assert!(store.snapshot().views().len() > 1);
    assert_eq!(held(&store), "1:20000");
    assert_eq!(writer.append(&batch(&spans), Timestamp(0)).duplicates, 20_000);
}

#[test]
fn a_limit_on_traces_is_no_limit_on_spans() {
    let (store, mut writer) = Writer::new(limits(4));
    for round in 0..30_u64 {
        let spans: Vec<TestSpan> = (1..=30).map(|i| span(i % 3 + 1, round * 100 + u64::from(i), 0, 1)).collect();
        writer.append(&batch(&spans), Timestamp(round));
    }
    assert_eq!(held(&store), "1:300 2:300 3:300");
    assert!(store.snapshot().views().len() <= 100);
    assert_eq!(counters(&store).evicted, 0);
}

#[test]
fn requests_that_keep_nothing_evict_nothing() {
    let (store, mut writer) = Writer::new(limits(0));
    let mut newest = Vec::new();
    for round in 0..200_u64 {
        newest = (1..=300).map(|id| span((round % 250) as u8 + 1, round * 1_000 + id, 0, id)).collect();
        writer.append(&batch(&newest), Timestamp(round));
    }
    let before = counters(&store);
    assert!(before.evicted > 0, "the store is full");
    (0..100).for_each(|_| assert_eq!(writer.append(&batch(&newest), Timestamp(200)).stored, 0));
    assert_eq!(counters(&store).evicted, before.evicted);
}

#[test]
fn readers_see_whole_requests_while_the_writer_writes() {
    let (store, mut writer) = Writer::new(limits(40));
    let requests: Vec<_> = (0..2_000_u64)
        .map(|round| batch(&(0..7).map(|i| span((round % 250) as u8 + 1, round * 8 + i + 1, 0, 1)).collect::<Vec<_>>()))
        .collect();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while seen < 2_000 * 7 {
                let snapshot = store.snapshot();
                seen = snapshot.facts().counters.stored;
                assert!(snapshot.facts().counters.add_up());
                let seen: u32 = snapshot.views().iter().map(View::len).sum();
                assert_eq!(seen % 7, 0, "half a request is seen");
                for view in snapshot.views() {
                    let spans: u32 = view.summaries().iter().map(|sums| sums.spans).sum();
                    assert_eq!(spans, view.len());
                }
            }
        });
        for request in &requests {
            writer.append(request, Timestamp(0));
        }
        reader.join().unwrap();
    });
}

fn any_span() -> impl Strategy<Value = TestSpan> {
    (1..6_u8, 1..9_u64, 0..9_u64, 1..50_u64, any::<bool>()).prop_map(|(trace, id, parent, start, error)| TestSpan {
        error,
        // One id always means one span, so that the order of arrival cannot matter.
        start: start / 50 + id,
        parent: parent / 9 + id / 2,
        ..span(trace, id, parent, start)
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        spans in prop::collection::vec(any_span(), 1..40),
        shuffled in any::<prop::sample::Index>(),
        max_traces in prop_oneof![Just(0), Just(64)],
    ) {
        let mut other = spans.clone();
        other.rotate_left(shuffled.index(spans.len()));
        let [a, b] = [spans, other].map(|spans| {
            let (store, mut writer) = Writer::new(limits(max_traces));
            for piece in spans.chunks(3) {
                writer.append(&batch(piece), Timestamp(0));
            }
            (held(&store), counters(&store))
        });
        prop_assert_eq!(a, b);
    }
}

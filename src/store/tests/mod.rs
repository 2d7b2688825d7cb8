mod crash;

use proptest::prelude::*;

use super::*;
use crate::otlp::Batch;
use crate::otlp::fixture::{TestSpan, batch, span};

const MIB: usize = 1 << 20;

fn limits(max_traces: usize) -> Limits {
    Limits { memory_bytes: 16 * MIB, max_memory_traces: max_traces, retention_ns: 1_000, ..Limits::default() }
}

/// A writer whose full blocks are sealed after each request.
struct SealingWriter(Writer, Sealer);

impl SealingWriter {
    fn new(limits: Limits) -> (Arc<Store>, Self) {
        let (store, writer) = Writer::new(limits);
        (store, Self(writer, Sealer::default()))
    }

    fn append(&mut self, batch: &Batch, arrived: Timestamp) -> Outcome {
        let outcome = self.0.append(batch, arrived);
        self.seal();
        outcome
    }

    fn tick(&mut self, now: Timestamp) {
        self.0.tick(now);
        self.seal();
    }

    fn seal(&mut self) {
        while let Some(block) = self.0.take_unsealed() {
            self.0.put_sealed(block.seal(&mut self.1));
        }
        assert_eq!(self.0.unsealed(), 0);
    }
}

/// Draws every held trace as `trace:spans`, with a sign where a part of it is gone.
pub(super) fn held(store: &Store) -> String {
    let snapshot = store.snapshot();
    let mut traces = Vec::new();
    for view in snapshot.views() {
        for index in (0..).take_while(|&index| view.has_part(index)) {
            if snapshot.is_superseded(&view, index) {
                continue;
            }
            let (parts, partial) = snapshot.parts(PartRef { block: view.sequence(), part: index });
            let mut rows = Vec::new();
            for (at, part) in parts {
                rows.extend(snapshot.view(at).part_rows(part));
            }
            let (id, spans) = (view.trace_id(index).unwrap() as u8, rows.len());
            traces.push(format!("{id}:{spans}{}", if partial { "~" } else { "" }));
        }
    }
    traces.sort();
    traces.join(" ")
}

pub(super) fn counters(store: &Store) -> Counters {
    let counters = store.snapshot().facts().counters;
    assert!(counters.add_up(), "{counters:?}");
    counters
}

#[test]
fn a_late_span_joins_its_trace() {
    let (store, mut writer) = SealingWriter::new(Limits::default());
    writer.append(&batch(&[span(1, 1, 0, 1), span(2, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(1, 2, 1, 2)]), Timestamp(1));
    assert_eq!(held(&store), "1:2 2:1");
}

#[test]
fn a_late_span_joins_its_trace_across_blocks() {
    let (store, mut writer) = SealingWriter::new(limits(8));
    writer.append(&batch(&[span(1, 1, 0, 1), span(2, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(3, 1, 0, 1), span(1, 2, 1, 1)]), Timestamp(0));
    writer.append(&batch(&[span(4, 1, 0, 1), span(1, 3, 1, 1)]), Timestamp(0));
    assert!(store.snapshot().views().len() > 1, "two traces fill a block here");
    assert_eq!(held(&store), "1:3 2:1 3:1 4:1");
}

#[test]
fn duplicates_are_dropped_and_counted_within_and_across_blocks() {
    let (store, mut writer) = SealingWriter::new(limits(8));
    let first = batch(&[span(1, 1, 0, 1), span(1, 1, 0, 9), span(2, 1, 0, 1)]);
    assert_eq!(
        writer.append(&first, Timestamp(0)),
        Outcome { stored: 2, duplicates: 1, rejected: 0, blocks: Some(0..=0) }
    );
    let again = batch(&[span(3, 1, 0, 1), span(1, 1, 0, 1), span(2, 1, 0, 1), span(4, 1, 0, 1)]);
    assert_eq!(writer.append(&again, Timestamp(0)).duplicates, 2);
    assert_eq!(writer.append(&first, Timestamp(0)).stored, 0);
    assert_eq!(held(&store), "1:1 2:1 3:1 4:1");
    assert_eq!(counters(&store).duplicates, 6);
}

#[test]
fn a_request_of_nothing_but_duplicates_keeps_no_bytes() {
    let (store, mut writer) = SealingWriter::new(Limits::default());
    let request = batch(&[span(1, 1, 0, 1), span(2, 1, 0, 1)]);
    writer.append(&request, Timestamp(0));
    let before = store.snapshot().facts().bytes;
    writer.append(&request, Timestamp(0));
    assert_eq!(store.snapshot().facts().bytes, before);
}

#[test]
fn the_limit_on_traces_evicts_the_oldest_blocks() {
    let (store, mut writer) = SealingWriter::new(limits(8));
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
    let (store, mut writer) = SealingWriter::new(limits(4));
    writer.append(&batch(&[span(1, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(2, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(3, 1, 0, 1), span(1, 2, 1, 1), span(4, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(5, 1, 0, 1)]), Timestamp(0));
    assert_eq!(held(&store), "1:1~ 3:1 4:1 5:1");
}

#[test]
fn what_was_taken_out_of_an_old_file_takes_nothing_new_with_it() {
    let (store, mut writer) = SealingWriter::new(limits(0));
    writer.append(&batch(&[span(1, 1, 0, 1)]), Timestamp(900));
    writer.0.recover(&batch(&[span(2, 1, 0, 1)]), Timestamp(0));
    writer.tick(Timestamp(1_100));
    assert_eq!(held(&store), "1:1 2:1");
    writer.tick(Timestamp(1_901));
    assert_eq!(held(&store), "");
}

#[test]
fn spans_go_when_their_retention_is_over() {
    let (store, mut writer) = SealingWriter::new(limits(0));
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
    let (store, mut writer) = SealingWriter::new(limits(0));
    let spans: Vec<TestSpan> = (1..=20_000).map(|id| span(1, id, id - 1, id)).collect();
    writer.append(&batch(&spans), Timestamp(0));
    assert!(store.snapshot().views().len() > 1);
    assert_eq!(held(&store), "1:20000");
    assert_eq!(writer.append(&batch(&spans), Timestamp(0)).duplicates, 20_000);
}

#[test]
fn a_limit_on_traces_is_no_limit_on_spans() {
    let (store, mut writer) = SealingWriter::new(limits(4));
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
    let (store, mut writer) = SealingWriter::new(limits(40));
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
                let seen: u32 = snapshot.views().map(|view| view.len()).sum();
                assert_eq!(seen % 7, 0, "half a request is seen");
                for view in snapshot.views() {
                    let sums = view.sums();
                    let spans: u32 = (0..sums.len()).map(|part| sums.part(part).spans).sum();
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

pub(super) fn any_span() -> impl Strategy<Value = TestSpan> {
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
            let (store, mut writer) = SealingWriter::new(limits(max_traces));
            for piece in spans.chunks(3) {
                writer.append(&batch(piece), Timestamp(0));
            }
            (held(&store), counters(&store))
        });
        prop_assert_eq!(a, b);
    }
}

#[test]
fn a_late_span_finds_the_duplicates_and_the_newer_part_that_came_while_its_block_was_sealed() {
    let (store, mut writer) = Writer::new(limits(8));
    writer.append(&batch(&[span(1, 1, 0, 1), span(2, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(3, 1, 0, 1)]), Timestamp(0));
    let sealed = writer.take_unsealed().unwrap().seal(&mut Sealer::default());
    writer.append(&batch(&[span(1, 2, 1, 1), span(2, 1, 0, 1)]), Timestamp(0));
    writer.put_sealed(sealed);
    assert_eq!(writer.append(&batch(&[span(1, 1, 0, 1)]), Timestamp(0)).duplicates, 1);
    assert_eq!(held(&store), "1:2 2:1 3:1");
}

#[test]
fn a_block_that_was_evicted_while_it_was_sealed_stays_away() {
    let (store, mut writer) = Writer::new(limits(4));
    writer.append(&batch(&[span(1, 1, 0, 1)]), Timestamp(0));
    writer.append(&batch(&[span(2, 1, 0, 1)]), Timestamp(0));
    let sealed = writer.take_unsealed().unwrap().seal(&mut Sealer::default());
    for trace in 3..=9 {
        writer.append(&batch(&[span(trace, 1, 0, 1)]), Timestamp(0));
    }
    let before = store.snapshot().facts().bytes;
    writer.put_sealed(sealed);
    assert_eq!((held(&store).as_str(), store.snapshot().facts().bytes), ("6:1 7:1 8:1 9:1", before));
}

#[test]
fn traces_with_errors_are_those_with_an_error_in_a_span_held() {
    let with_error = |trace, id| TestSpan { error: true, ..span(trace, id, 0, 1) };
    let (store, mut writer) = SealingWriter::new(limits(8));
    let errors = |store: &Store| store.snapshot().facts().traces_with_errors;
    writer.append(&batch(&[with_error(1, 1), with_error(1, 2), with_error(2, 1)]), Timestamp(0));
    writer.append(&batch(&[with_error(3, 1), span(1, 3, 0, 1), span(4, 1, 0, 1)]), Timestamp(0));
    (5..=8).for_each(|trace| assert_eq!(writer.append(&batch(&[span(trace, 1, 0, 1)]), Timestamp(0)).stored, 1));
    assert_eq!(errors(&store), 3);
    writer.append(&batch(&[span(9, 1, 0, 1)]), Timestamp(0));
    assert_eq!((held(&store).as_str(), errors(&store)), ("1:1~ 3:1 4:1 5:1 6:1 7:1 8:1 9:1", 1));
}

#[test]
fn a_request_that_lies_in_several_blocks_is_counted_once() {
    let (store, mut writer) = Writer::new(limits(0));
    let spans: Vec<TestSpan> = (1..=40_000).map(|id| span(1, id, id - 1, id)).collect();
    let request = batch(&spans);
    assert_eq!(writer.append(&request, Timestamp(0)).stored, 40_000);
    assert_eq!((held(&store).as_str(), counters(&store).evicted), ("1:40000", 0));
    let bytes = store.snapshot().facts().bytes as usize;
    assert!(bytes < request.bytes.len() + 40_000 * 100 + 4 * MIB, "{bytes} of {}", request.bytes.len());
}

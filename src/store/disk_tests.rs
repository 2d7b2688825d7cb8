//! What leaves memory for the disk, what is found there by the next run, and what goes for good.

use proptest::prelude::*;

use super::segment::Shelf;
use super::segment::folder::Folder;
use super::segment::simulated::SimFolder;
use super::tests::{any_span, counters, held};
use super::*;
use crate::otlp::Batch;
use crate::otlp::fixture::{TestSpan, batch, span};

const MIB: usize = 1 << 20;

/// A store on a folder, whose full blocks are sealed and written after each request.
pub(super) struct Kept {
    pub(super) folder: SimFolder,
    pub(super) store: Arc<Store>,
    pub(super) writer: Writer,
    shelf: Shelf,
    sealer: Sealer,
}

impl Kept {
    pub(super) fn open(folder: SimFolder, limits: Limits) -> Self {
        let shelf = Shelf::new(Arc::new(folder.clone()), true);
        let found = shelf.find(|_, _| ()).unwrap();
        let (store, writer) = Writer::with_segments(limits, Some(shelf.clone()), found.segments, found.next);
        Self { folder, store, writer, shelf, sealer: Sealer::default() }
    }

    pub(super) fn append(&mut self, spans: &[TestSpan]) -> Outcome {
        let outcome = self.writer.append(&batch(spans), Timestamp(0));
        self.seal();
        outcome
    }

    fn seal(&mut self) {
        while let Some(block) = self.writer.take_unsealed() {
            let mut sealed = block.seal(&mut self.sealer);
            sealed.write(&self.shelf).unwrap();
            self.writer.put_sealed(sealed);
        }
    }

    /// Ends the open block, as if it had become old.
    pub(super) fn end_block(&mut self, now: u64) {
        self.writer.tick(Timestamp(now));
        self.seal();
    }

    pub(super) fn facts(&self) -> Facts {
        *self.store.snapshot().facts()
    }

    fn files(&self) -> usize {
        self.folder.list().unwrap().len()
    }
}

/// A few traces in memory, all on disk.
fn limits(max_memory_traces: usize) -> Limits {
    Limits { memory_bytes: 16 * MIB, max_memory_traces, retention_ns: 8_000, ..Limits::default() }
}

#[test]
fn what_leaves_memory_is_held_on_disk() {
    let mut kept = Kept::open(SimFolder::new(1), limits(4));
    for trace in 1..=9 {
        kept.append(&[span(trace, 1, 0, 1), span(trace, 2, 1, 2)]);
    }
    assert_eq!(held(&kept.store), "1:2 2:2 3:2 4:2 5:2 6:2 7:2 8:2 9:2");
    let Facts { counters, memory_traces, traces, .. } = kept.facts();
    assert_eq!((counters.in_memory, counters.on_disk, counters.evicted), (8, 10, 0));
    assert_eq!((memory_traces, traces), (4, 9));
    assert!(counters.add_up());
}

#[test]
fn a_late_span_joins_its_trace_on_disk_and_a_duplicate_is_found_there() {
    let mut kept = Kept::open(SimFolder::new(1), limits(4));
    for trace in 1..=9 {
        kept.append(&[span(trace, 1, 0, 1)]);
    }
    let outcome = kept.append(&[span(1, 1, 0, 1), span(1, 2, 1, 5)]);
    assert_eq!((outcome.stored, outcome.duplicates), (1, 1));
    assert_eq!(held(&kept.store), "1:2 2:1 3:1 4:1 5:1 6:1 7:1 8:1 9:1");
    assert_eq!(kept.facts().traces, 9);
}

#[test]
fn the_next_run_finds_what_was_written() {
    let mut kept = Kept::open(SimFolder::new(1), limits(4));
    let error = |trace, id| TestSpan { error: true, ..span(trace, id, 0, 1) };
    for trace in 1..=9 {
        kept.append(&[error(trace, 1), span(1, u64::from(trace) + 50, 1, 1)]);
    }
    kept.end_block(2_000);
    let before = (held(&kept.store), kept.facts().traces, kept.facts().traces_with_errors);
    let mut next = Kept::open(kept.folder.kill(), limits(4));
    assert_eq!((held(&next.store), next.facts().traces, next.facts().traces_with_errors), before);
    let found = counters(&next.store);
    assert_eq!((found.recovered, found.on_disk, found.in_memory), (18, 18, 0));
    assert_eq!(next.append(&[error(3, 1), span(9, 70, 1, 1)]).duplicates, 1);
    assert!(counters(&next.store).add_up());
    assert_eq!(next.facts().traces, 9);
}

#[test]
fn the_oldest_files_go_when_the_disk_budget_is_used_up() {
    let mut kept = Kept::open(SimFolder::new(1), limits(4));
    for trace in 1..=20 {
        kept.append(&[span(trace, 1, 0, 1)]);
    }
    let bytes = kept.facts().segments.bytes / kept.facts().segments.count;
    let mut next = Kept::open(kept.folder.kill(), Limits { disk_bytes: bytes * 6, ..limits(4) });
    assert_eq!((next.facts().segments.count, next.files()), (6, 6));
    for trace in 21..=40 {
        next.append(&[span(trace, 1, 0, 1)]);
    }
    let facts = next.facts();
    assert!(facts.segments.bytes <= bytes * 6 && next.files() as u64 == facts.segments.count);
    assert_eq!(facts.traces, held(&next.store).split(' ').count() as u64);
    assert!(facts.counters.add_up() && facts.counters.evicted > 0);
}

#[test]
fn a_file_that_goes_before_its_block_leaves_that_in_memory() {
    let mut kept = Kept::open(SimFolder::new(1), Limits { disk_bytes: 1, ..limits(4) });
    for trace in 1..=9 {
        kept.append(&[span(trace, 1, 0, 1)]);
    }
    assert_eq!((held(&kept.store).as_str(), kept.files()), ("6:1 7:1 8:1 9:1", 0));
    assert_eq!((counters(&kept.store).evicted, kept.writer.first_without_file()), (5, 8));
}

#[test]
fn no_more_traces_are_held_than_allowed() {
    let mut kept = Kept::open(SimFolder::new(1), Limits { max_traces: 6, ..limits(4) });
    for trace in 1..=20 {
        kept.append(&[span(trace, 1, 0, 1)]);
        assert!(kept.facts().traces <= 6);
    }
    assert_eq!(held(&kept.store), "15:1 16:1 17:1 18:1 19:1 20:1");
}

#[test]
fn what_is_past_its_retention_goes_from_memory_and_disk() {
    let mut kept = Kept::open(SimFolder::new(1), limits(4));
    for trace in 1..=9 {
        kept.append(&[span(trace, 1, 0, 1)]);
    }
    kept.end_block(8_000);
    assert_eq!(kept.facts().traces, 9);
    kept.end_block(8_001);
    assert_eq!((held(&kept.store).as_str(), kept.facts().traces, kept.files()), ("", 0, 0));
    assert!(counters(&kept.store).add_up());
}

#[test]
fn what_is_old_leaves_memory_before_it_has_to() {
    let mut kept = Kept::open(SimFolder::new(1), Limits { memory_max_age_ns: 800, ..limits(0) });
    kept.append(&[span(1, 1, 0, 1)]);
    kept.end_block(500);
    assert_eq!(counters(&kept.store).in_memory, 1);
    kept.end_block(900);
    assert_eq!((counters(&kept.store).in_memory, counters(&kept.store).on_disk), (0, 1));
    assert_eq!(held(&kept.store), "1:1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Requests of any spans, a store in memory, one that keeps few traces there, and one that starts anew now and then.
    #[test]
    fn where_spans_are_kept_makes_no_difference(
        requests in prop::collection::vec((prop::collection::vec(any_span(), 1..12), any::<bool>()), 1..24),
    ) {
        let (store, mut writer) = Writer::new(limits(0));
        let mut kept = Kept::open(SimFolder::new(1), limits(4));
        let mut restarted = Kept::open(SimFolder::new(1), limits(4));
        for (spans, restarts) in &requests {
            let request: Batch = batch(spans);
            writer.append(&request, Timestamp(0));
            kept.append(spans);
            restarted.append(spans);
            if *restarts {
                restarted.end_block(1_001);
                restarted = Kept::open(restarted.folder.kill(), limits(4));
            }
            prop_assert_eq!(held(&kept.store), held(&store));
            prop_assert_eq!(held(&restarted.store), held(&store));
            let expected = *store.snapshot().facts();
            for facts in [kept.facts(), restarted.facts()] {
                prop_assert_eq!(facts.traces, expected.traces);
                prop_assert_eq!(facts.traces_with_errors, expected.traces_with_errors);
                prop_assert!(facts.counters.add_up());
            }
        }
    }
}

/// The names of files and the spans that go by these limits at that time.
fn expiring(kept: &Kept, limits: Limits, now: u64) -> Vec<(String, u64)> {
    let expiring = kept.writer.expiring(&limits, Timestamp(now)).into_iter();
    expiring.map(|expiring| (expiring.file.unwrap_or_default(), expiring.spans)).collect()
}

#[test]
fn what_has_to_go_is_known_before_it_goes() {
    let mut kept = Kept::open(SimFolder::new(1), limits(4));
    for trace in 1..=9 {
        kept.append(&[span(trace, 1, 0, 1), span(trace, 2, 1, 2)]);
    }
    kept.append(&[span(2, 3, 1, 5)]);
    let of = |sequences: std::ops::Range<u64>, spans| {
        sequences.map(|sequence| (format!("block-{sequence:016x}.spb"), spans)).collect::<Vec<_>>()
    };
    assert_eq!(expiring(&kept, limits(4), 1_000), []);
    // Trace 2 goes on in a later block, so that the first three blocks end two traces.
    assert_eq!(expiring(&kept, Limits { max_traces: 7, ..limits(4) }, 1_000), of(0..3, 2));
    let Segments { count, bytes, .. } = kept.facts().segments;
    let half = expiring(&kept, Limits { disk_bytes: bytes / 2, ..limits(4) }, 1_000);
    assert!(half.len() as u64 >= count / 2 && half.iter().all(|(_, spans)| *spans == 2), "{half:?}");
    // Of a block that is in memory only the file goes.
    let all = expiring(&kept, Limits { disk_bytes: 0, ..limits(4) }, 1_000);
    assert_eq!((all.len() as u64, all.last().unwrap().1), (count, 0));
    assert_eq!(expiring(&kept, limits(4), 9_000).len() as u64, count);
}

proptest! {
    #[test]
    fn exactly_what_was_told_goes(
        sizes in prop::collection::vec(1..4_u64, 1..14),
        (max_traces, shares, now) in (1..12_usize, 0..10_u64, 0..12_000_u64),
    ) {
        let mut kept = Kept::open(SimFolder::new(1), limits(4));
        for (trace, spans) in (1..).zip(sizes) {
            let spans: Vec<_> = (1..=spans).map(|id| span(trace % 6, id, 0, u64::from(trace))).collect();
            kept.append(&spans);
        }
        let limits = Limits { max_traces, disk_bytes: kept.facts().segments.bytes * shares / 8, ..limits(4) };
        let before = (kept.facts(), kept.files());
        let told = kept.writer.expiring(&limits, Timestamp(now));
        kept.writer.expire(&told);
        let after = kept.facts();
        let spans: u64 = told.iter().map(|expiring| expiring.spans).sum();
        prop_assert_eq!(after.counters.evicted - before.0.counters.evicted, spans);
        prop_assert_eq!(before.1 - kept.files(), told.iter().filter(|expiring| expiring.file.is_some()).count());
        prop_assert!(told.iter().filter_map(|told| told.file.as_ref()).all(|name| kept.folder.read(name).is_err()));
        prop_assert!(after.counters.add_up());
        prop_assert_eq!(kept.writer.expiring(&limits, Timestamp(now)), []);
    }
}

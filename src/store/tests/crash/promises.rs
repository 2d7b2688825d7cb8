//! What was promised of spans, and what of them is there.

use crate::store::{Snapshot, View};

/// Ids of spans of a trace are below this.
pub(super) const IDS: usize = 64;
/// Ids of traces are below this.
pub(super) const TRACES: usize = 16;

/// A set of spans, a bit for each id of each trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spans([u64; TRACES]);

impl Spans {
    pub(super) fn add(&mut self, trace: u8, id: u64) {
        self.0[usize::from(trace)] |= 1 << id;
    }

    fn has(&self, trace: u8, id: u64) -> bool {
        self.0[usize::from(trace)] >> id & 1 == 1
    }

    pub(super) fn add_all(&mut self, others: &Self) {
        self.0.iter_mut().zip(others.0).for_each(|(ids, others)| *ids |= others);
    }

    pub(super) fn without(&self, others: &Self) -> Self {
        Self(std::array::from_fn(|trace| self.0[trace] & !others.0[trace]))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|&ids| ids == 0)
    }

    pub(super) fn len(&self) -> u32 {
        self.0.iter().map(|ids| ids.count_ones()).sum()
    }

    fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        let ids =
            |(trace, &ids): (usize, &u64)| (0..IDS).filter(move |id| ids >> id & 1 == 1).map(move |id| (trace, id));
        self.0.iter().enumerate().flat_map(ids)
    }
}

/// What a user may rely on.
#[derive(Clone, Debug)]
pub(super) struct Promises {
    /// These are found after the program was killed.
    pub(super) written: Spans,
    /// These after a loss of power, from this time on.
    safe_at: Box<[[u64; IDS]; TRACES]>,
}

impl Default for Promises {
    fn default() -> Self {
        Self { written: Spans::default(), safe_at: Box::new([[u64::MAX; IDS]; TRACES]) }
    }
}

impl Promises {
    /// Notes that senders of these spans were answered; a loss of power from this time on does them no harm.
    pub(super) fn answer(&mut self, spans: Spans, safe_at: Option<u64>) {
        self.written.add_all(&spans);
        let Some(safe_at) = safe_at else { return };
        for (trace, id) in spans.iter() {
            let known = &mut self.safe_at[trace][id];
            *known = safe_at.min(*known);
        }
    }

    /// Gives what is not safe at this time more time.
    pub(super) fn put_off(&mut self, now: u64, safe_at: u64) {
        for time in self.safe_at.iter_mut().flatten().filter(|time| (now + 1..u64::MAX).contains(*time)) {
            *time = safe_at.max(*time);
        }
    }

    /// Returns what has to be found after a loss of power at this time.
    pub(super) fn safe(&self, now: u64) -> Spans {
        let is_safe = |trace: usize, id: usize| u64::from(self.safe_at[trace][id] <= now);
        Spans(std::array::from_fn(|trace| (0..IDS).fold(0, |ids, id| ids | is_safe(trace, id) << id)))
    }
}

/// Returns the spans that a store shows. Asserts that each is there once, in the trace that it belongs to, and that what the
/// store says of them all is so.
pub(super) fn held(snapshot: &Snapshot) -> Spans {
    let (mut spans, mut with_errors) = (Spans::default(), Spans::default());
    let mut rows = 0;
    for view in snapshot.views() {
        for part in (0..).take_while(|&part| view.has_part(part)) {
            let trace = view.trace_id(part).unwrap() as u8;
            for row in view.newest_rows(part) {
                let row = view.row(row);
                assert!(!spans.has(trace, row.span_id), "span {} of trace {trace} is there twice", row.span_id);
                spans.add(trace, row.span_id);
                rows += 1;
                if row.is_error() {
                    with_errors.add(trace, 0);
                }
            }
        }
    }
    let facts = snapshot.facts();
    let traces = spans.0.iter().filter(|&&ids| ids != 0).count() as u64;
    assert_eq!((facts.traces, facts.traces_with_errors), (traces, u64::from(with_errors.len())), "{spans:?}");
    assert!(facts.counters.add_up(), "{:?}", facts.counters);
    assert_eq!(facts.counters.in_memory + facts.counters.on_disk, rows);
    assert_eq!(joined(snapshot), spans, "parts of traces are joined");
    spans
}

/// Returns the spans of a block.
pub(super) fn shown(view: &View) -> Spans {
    let mut spans = Spans::default();
    for part in (0..).take_while(|&part| view.has_part(part)) {
        let trace = view.trace_id(part).unwrap() as u8;
        view.newest_rows(part).for_each(|row| spans.add(trace, view.row(row).span_id));
    }
    spans
}

/// Returns the spans of all traces, as they are found from the newest part of each.
fn joined(snapshot: &Snapshot) -> Spans {
    let mut spans = Spans::default();
    for trace in 1..TRACES as u8 {
        let Some(newest) = snapshot.newest_part(u128::from_be_bytes([trace; 16])) else { continue };
        for (at, part) in snapshot.parts(newest).0 {
            let view = snapshot.view(at);
            assert_eq!(view.trace_id(part).map(|id| id as u8), Some(trace), "a part of another trace");
            view.newest_rows(part).for_each(|row| spans.add(trace, view.row(row).span_id));
        }
    }
    spans
}

/// Reads all that a store shows, whatever that is.
pub(super) fn read(snapshot: &Snapshot) {
    for view in snapshot.views() {
        let mut reader = view.reader();
        for part in (0..).take_while(|&part| view.has_part(part)) {
            view.newest_rows(part).for_each(|row| drop(reader.span(row).to_vec()));
            snapshot.is_superseded(&view, part);
        }
    }
    assert!(snapshot.facts().counters.add_up());
}

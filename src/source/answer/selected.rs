//! The spans that figures are of: those of a window, a service, and of what a query returns.

use std::ops::Range;
use std::panic::resume_unwind;

use super::spans::{Sink, Spans as Found};
use crate::analysis::{Spans, Starts, Totals};
use crate::query::{Ground, Memory, Place};
use crate::source::{Progress, Selection, Window};
use crate::store::{Bits, Snapshot, View};

/// See the module.
pub(super) struct Selected<'a> {
    pub(super) spans: Spans<'a>,
    window: Window,
    /// When the last request arrived.
    arrived: Option<u64>,
}

/// Told how far a look has come; says whether to go on.
pub(super) type Going<'a> = &'a dyn Fn(Progress) -> bool;

impl<'a> Selected<'a> {
    /// Looks for the spans; none where that was ended.
    pub(super) fn new(of: &'a Selection, snapshot: &'a Snapshot, memory: &'a Memory, going: Going) -> Option<Self> {
        let found = if of.query.is_some() { Some(search(of, snapshot, memory, going)?) } else { None };
        let arrived = snapshot.views().filter_map(|view| view.arrivals()).map(|(_, last)| last.0).max();
        Some(Self { spans: Spans::new(snapshot, found, of.service.as_deref()), window: of.window, arrived })
    }

    /// Returns the starts of the spans.
    pub(super) fn starts(&self) -> Starts {
        (self.window.from.map(|from| from.0), self.window.to.map(|to| to.0))
    }

    /// Returns those of the window before, as long, where there is a beginning. A window without an end ends with what
    /// arrived last: clocks of senders may be ahead.
    pub(super) fn before(&self) -> Option<Starts> {
        let (from, to) = self.starts();
        let (from, to) = (from?, to.or(self.arrived)?);
        let width = to.checked_sub(from).filter(|width| *width > 0)?;
        Some((Some(from.saturating_sub(width)), Some(from)))
    }

    /// Returns the ends of the window, and where one is open when the first or the last span began.
    pub(super) fn window(&self, (from, to): Starts) -> (Option<u64>, Option<u64>) {
        let held = if from.is_some() && to.is_some() { None } else { self.spans.starts_ns() };
        let last = held.map(|(_, last)| last.saturating_add(1)).filter(|&last| from.is_none_or(|from| from < last));
        (from.or(held.map(|(first, _)| first)), to.or(last))
    }

    /// Adds up the requests that began then; none where that was ended.
    pub(super) fn requests(&self, starts: Starts, going: Going) -> Option<Totals> {
        let mut totals = Totals::default();
        let mut progress = Progress { searched: 0, ..self.all_searched() };
        for position in (0..self.spans.views.len()).rev() {
            self.spans.add_requests(&mut totals, position, starts);
            progress.searched += u64::from(self.spans.views[position].len());
            if !going(progress) {
                return None;
            }
        }
        Some(totals)
    }

    pub(super) fn all_searched(&self) -> Progress {
        let of = self.spans.views.iter().map(|view| u64::from(view.len())).sum();
        Progress { searched: of, of }
    }
}

/// Returns the rows of each block that a query returns.
fn search(of: &Selection, snapshot: &Snapshot, memory: &Memory, going: Going) -> Option<Vec<Bits>> {
    let query = of.query.as_ref()?;
    let is_in_window = |start| of.window.contains(crate::model::Timestamp(start));
    let ground = Ground::new(query, snapshot, &is_in_window, &|| going(Progress::BEGUN));
    let found = Found::new(&ground, snapshot, memory, (of.window, of.service.as_deref()));
    let mut rows = Rows(found.views.iter().map(|view| Bits::none(view.len())).collect());
    let mut progress = found.nothing_searched();
    for position in (0..found.views.len()).rev() {
        found.in_block(position, &mut rows);
        progress.searched += u64::from(found.views[position].len());
        if !going(progress) {
            return None;
        }
    }
    Some(rows.0)
}

struct Rows(Vec<Bits>);

impl Sink for Rows {
    fn count(&mut self, _: u32) {}

    fn push(&mut self, _: &View, place: Place) {
        self.0[place.position as usize].insert(place.row);
    }
}

/// Has every core do a part of the work, and returns what each made.
pub(super) fn on_all_cores<T: Send>(all: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(all).max(1);
    let part = |core: usize| all * core / cores..all * (core + 1) / cores;
    if cores == 1 {
        return vec![work(0..all)];
    }
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (1..cores).map(|core| scope.spawn(move || work(part(core)))).collect();
        let mut made = vec![work(part(0))];
        // What one could not do the others do not make good.
        made.extend(threads.into_iter().map(|thread| thread.join().unwrap_or_else(|why| resume_unwind(why))));
        made
    })
}

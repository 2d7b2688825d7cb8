//! The spans that a query returns, those that began last first; no more are kept than the page needs.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::model::{SpanId, Timestamp, TraceId};
use crate::query::{Ground, Memory, Place, Query, Search};
use crate::source::answer::Steps;
use crate::source::{FoundSpan, Progress, Reply, SpanList, SpansRequest, Window};
use crate::store::{Bits, Column, PartRef, Snapshot, Test, View};

/// Returns a page of spans.
pub(super) fn list(request: &SpansRequest, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> SpanList {
    let window = request.window;
    let is_wanted = || steps(&|| Reply::Spans(SpanList { progress: Progress::BEGUN, ..SpanList::default() }));
    let is_in_window = |start| window.contains(Timestamp(start));
    let ground = Ground::new(&request.query, snapshot, &is_in_window, &is_wanted);
    let spans = Spans::new(&ground, snapshot, memory, (window, request.service.as_deref()));
    let mut page = Page { most: request.offset.saturating_add(request.limit), total: 0, first: Vec::new(), worst: 0 };
    let finish = |page: &Page, progress| {
        let found = page.first().skip(request.offset).take(request.limit);
        SpanList { total: page.total, rows: found.map(|found| spans.found(found)).collect(), progress }
    };
    let mut progress = spans.nothing_searched();
    for position in (0..spans.views.len()).rev() {
        spans.in_block(position, &mut page);
        progress.searched += u64::from(spans.views[position].len());
        if !steps(&|| Reply::Spans(finish(&page, progress))) {
            break;
        }
    }
    finish(&page, progress)
}

/// Returns the spans of one trace that a query returns, in order of their starts; what is slow is told by all that is held.
pub(super) fn of_trace(id: TraceId, query: &Arc<Query>, snapshot: &Snapshot, memory: &Memory) -> Vec<SpanId> {
    let Some(newest) = snapshot.newest_part(id.0) else { return Vec::new() };
    let ground = Ground::new(query, snapshot, &|_| true, &|| true);
    let search = Search::new(&ground, memory);
    let row = |place: Place| snapshot.view(place.position as usize).row(place.row);
    let mut spans: Vec<(u64, SpanId)> =
        search.spans(newest).into_iter().map(row).map(|row| (row.start_ns, SpanId(row.span_id))).collect();
    spans.sort_unstable();
    spans.into_iter().map(|(_, id)| id).collect()
}

/// The spans that a query returns, block by block.
pub(super) struct Spans<'a> {
    snapshot: &'a Snapshot,
    pub(super) views: Vec<View<'a>>,
    pub(super) search: Search<'a>,
    window: Window,
    service: Option<&'a str>,
}

/// Takes spans in.
pub(super) trait Sink {
    /// Returns a start before which spans need only be counted.
    fn wants_from(&mut self) -> u64 {
        0
    }

    fn count(&mut self, spans: u32);

    fn push(&mut self, view: &View, place: Place);
}

impl<'a> Spans<'a> {
    pub(super) fn new(
        ground: &'a Ground<'a>,
        snapshot: &'a Snapshot,
        memory: &'a Memory,
        (window, service): (Window, Option<&'a str>),
    ) -> Self {
        let views = snapshot.views().collect();
        Self { snapshot, views, search: Search::new(ground, memory), window, service }
    }

    pub(super) fn nothing_searched(&self) -> Progress {
        Progress { searched: 0, of: self.views.iter().map(|view| u64::from(view.len())).sum() }
    }

    /// Hands over the spans of a block, or for queries where whole traces decide, those of the traces that have their newest
    /// part there.
    pub(super) fn in_block(&self, position: usize, sink: &mut impl Sink) {
        self.search.prepare(position);
        match self.search.single(position) {
            Some(rows) => self.rows(position, Bits::clone(&rows), sink),
            None => self.traces(position, sink),
        }
    }

    fn rows(&self, position: usize, mut rows: Bits, sink: &mut impl Sink) {
        let view = &self.views[position];
        self.keep(view, &mut rows);
        sink.count(rows.count());
        let from = sink.wants_from();
        if from > 0 {
            view.keep(Column::Start, &Test::Between(from, u64::MAX), &mut rows);
        }
        rows.iter().for_each(|row| sink.push(view, Place { position: position as u32, row }));
    }

    /// Leaves the rows in the window and of the service.
    fn keep(&self, view: &View, rows: &mut Bits) {
        if self.window != Window::default() {
            let from = self.window.from.map_or(0, |from| from.0);
            match self.window.to.map_or(Some(u64::MAX), |to| to.0.checked_sub(1)) {
                Some(to) => view.keep(Column::Start, &Test::Between(from, to), rows),
                None => *rows = Bits::none(rows.len()),
            }
        }
        if let Some(service) = self.service {
            match view.find_name(service).map(u64::from) {
                Some(name) => view.keep(Column::Service, &Test::Between(name, name), rows),
                None => *rows = Bits::none(rows.len()),
            }
        }
    }

    fn traces(&self, position: usize, sink: &mut impl Sink) {
        let view = &self.views[position];
        let candidates = self.search.candidates(position).unwrap_or_else(|| Bits::all(view.parts()));
        for part in candidates.iter().take_while(|&part| view.has_part(part)) {
            if self.snapshot.is_superseded(view, part) {
                continue;
            }
            for place in self.search.spans(PartRef { block: view.sequence(), part }) {
                let view = &self.views[place.position as usize];
                let row = view.row(place.row);
                let is_of = self.service.is_none_or(|service| view.text(row.service) == service);
                if is_of && self.window.contains(Timestamp(row.start_ns)) {
                    sink.count(1);
                    sink.push(view, place);
                }
            }
        }
    }

    fn found(&self, found: &First) -> FoundSpan {
        let view = &self.views[found.place.position as usize];
        let row = view.row(found.place.row);
        FoundSpan {
            trace: TraceId(found.trace),
            id: SpanId(row.span_id),
            service: view.name(row.service),
            operation: view.name(row.operation),
            kind: row.facts.kind(),
            status: row.facts.status(),
            start: Timestamp(row.start_ns),
            duration_ns: row.duration_ns,
            selected: self.search.selected().iter().map(|field| self.search.value(found.place, field)).collect(),
        }
    }
}

/// A span that may be on the page, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct First {
    start: Reverse<u64>,
    trace: u128,
    span: u64,
    place: Place,
}

/// The spans up to the end of the page.
struct Page {
    most: usize,
    total: usize,
    /// Up to twice as many as there may be, in no order; cut to the first ones in order when it is full.
    first: Vec<First>,
    /// The start before which a span is not among them.
    worst: u64,
}

impl Page {
    fn cut(&mut self) {
        if self.first.len() > self.most {
            self.first.sort_unstable();
            self.first.truncate(self.most);
        }
        if self.first.len() == self.most {
            self.worst = self.first.iter().map(|first| first.start.0).min().unwrap_or(u64::MAX);
        }
    }

    fn first(&self) -> impl Iterator<Item = &First> {
        let mut first: Vec<&First> = self.first.iter().collect();
        first.sort_unstable();
        first.into_iter().take(self.most)
    }
}

impl Sink for Page {
    fn wants_from(&mut self) -> u64 {
        self.cut();
        self.worst
    }

    fn count(&mut self, spans: u32) {
        self.total += spans as usize;
    }

    fn push(&mut self, view: &View, place: Place) {
        let row = view.row(place.row);
        if row.start_ns < self.worst || self.most == 0 {
            return;
        }
        let trace = view.trace_id(view.part_of_row(place.row)).unwrap_or_default();
        self.first.push(First { start: Reverse(row.start_ns), trace, span: row.span_id, place });
        if self.first.len() >= self.most.saturating_mul(2).max(1_024) {
            self.cut();
        }
    }
}

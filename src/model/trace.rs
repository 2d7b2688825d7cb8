//! Traces: the row of a list, and one opened trace with its tree.

use std::sync::Arc;

use foldhash::HashSet;

use super::tree::{Place, Tree};
use super::{Span, SpanId, Timestamp, TraceId};

/// One row per trace, whatever pieces it came in.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    pub id: TraceId,
    /// The root that names the trace; none where no root is held.
    pub root: Option<Root>,
    /// The least start of the held spans.
    pub start: Timestamp,
    /// Greatest end minus least start over the held spans.
    pub duration_ns: u64,
    pub span_count: u32,
    pub error_count: u32,
    /// The services with a span in this trace, sorted by name.
    pub services: Vec<Arc<str>>,
    /// How many spans without a parent id are held.
    pub roots: u32,
    /// How many spans name a parent that is not held.
    pub missing_parents: u32,
    /// Whether a part of the trace was evicted.
    pub partial: bool,
}

impl TraceSummary {
    /// Returns whether the trace has a root and no orphan.
    pub fn is_complete(&self) -> bool {
        self.roots > 0 && self.missing_parents == 0
    }
}

/// The span that names a trace: of its roots the one that starts first, then has the smallest id.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    pub service: Arc<str>,
    pub operation: Arc<str>,
}

/// One trace with every held span and their tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub summary: TraceSummary,
    /// The held spans, in order of arrival.
    pub spans: Vec<Span>,
    pub tree: Tree,
}

/// What someone has of a trace: its first span up to its last one, in order of arrival. Spans are only ever added at the
/// end and taken away at the front, so these two tell what is new, and whether anything is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub first: SpanId,
    pub last: SpanId,
}

impl Trace {
    /// Returns the trace of these spans, which are in order of arrival and hold each id at most once.
    pub fn of(id: TraceId, spans: Vec<Span>, partial: bool) -> Self {
        let summary = TraceSummary {
            id,
            root: None,
            start: spans.first().map_or(Timestamp::default(), |span| span.start),
            duration_ns: 0,
            span_count: 0,
            error_count: 0,
            services: Vec::new(),
            roots: 0,
            missing_parents: 0,
            partial,
        };
        let mut trace = Self { summary, spans: Vec::new(), tree: Tree::default() };
        trace.extend(spans);
        trace
    }

    /// Takes in the spans that came next. The trace is then the one that [`Trace::of`] makes of them all, at the cost of
    /// a pass over the tree.
    pub fn extend(&mut self, newer: Vec<Span>) {
        self.summary.add(&newer);
        if self.spans.is_empty() {
            self.spans = newer;
        } else {
            self.spans.extend(newer);
        }
        self.tree.extend(&self.spans);
        self.summary.missing_parents = self.tree.orphans() as u32;
        self.summary.root = self.root();
    }

    /// Returns what is held of the trace, none where that is nothing.
    pub fn held(&self) -> Option<Held> {
        Some(Held { first: self.spans.first()?.id, last: self.spans.last()?.id })
    }

    fn root(&self) -> Option<Root> {
        // Tops stand in order of start, then id, so the first root among them names the trace.
        let node = self.tree.tops().find(|node| node.place == Place::Root)?;
        let span = &self.spans[node.span as usize];
        Some(Root { service: Arc::clone(&span.service), operation: Arc::clone(&span.operation) })
    }
}

impl TraceSummary {
    /// Adds what single spans tell.
    fn add(&mut self, spans: &[Span]) {
        let end = spans.iter().map(Span::end).fold(self.start.plus(self.duration_ns), Timestamp::max);
        self.start = spans.iter().map(|span| span.start).fold(self.start, Timestamp::min);
        self.duration_ns = end.since(self.start);
        self.span_count += spans.len() as u32;
        self.error_count += spans.iter().filter(|span| span.is_error()).count() as u32;
        self.roots += spans.iter().filter(|span| span.parent.is_none()).count() as u32;
        // The same few names again and again, mostly each at one address.
        let mut seen = HashSet::default();
        let names = spans.iter().map(|span| &span.service).filter(|name| seen.insert(name.as_ptr()));
        self.services.extend(names.map(Arc::clone));
        self.services.sort_unstable();
        self.services.dedup();
    }
}

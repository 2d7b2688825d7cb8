//! Request + store → reply: a file a request. Knows no clock, no network, no screen.

mod span;
mod summary;
mod trace;
mod traces;

use super::{Collected, Reply, Request};
use crate::store::Snapshot;

/// Answers everything that the store alone can answer: all but [`Request::Status`], of which it gives the store's part, and
/// [`Request::Gc`], as looking at a store makes nothing go.
pub fn answer(request: &Request, snapshot: &Snapshot) -> Reply {
    match request {
        Request::Traces(request) => Reply::Traces(traces::list(request, snapshot)),
        Request::Trace(id) => Reply::Trace(trace::open(*id, snapshot)),
        Request::Newer(id, held) => trace::newer(*id, *held, snapshot),
        Request::TraceOtlp(id) => Reply::Otlp(trace::otlp(*id, snapshot)),
        Request::Span(trace, span) => Reply::Span(span::open(*trace, *span, snapshot)),
        Request::Spans(_) => Reply::Spans(crate::source::SpanList::default()),
        Request::Series(_) => Reply::Series(crate::source::Series::default()),
        Request::Matches(..) => Reply::Matches(Vec::new()),
        Request::Facets(_) => Reply::Facets(crate::source::Facets::default()),
        Request::Scatter(_) => Reply::Scatter(crate::source::Scatter::default()),
        Request::Attributes(_) => Reply::Attributes(Vec::new()),
        Request::Status => Reply::Status(Box::new(traces::status(snapshot))),
        Request::Gc { is_dry_run } => Reply::Gc(Collected { is_dry_run: *is_dry_run, removed: Vec::new() }),
    }
}

#[cfg(test)]
mod tests;

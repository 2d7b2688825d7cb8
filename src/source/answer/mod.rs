//! Request + store → reply: a file a request. Knows no clock, no network, no screen.

mod attributes;
mod compare;
mod density;
mod dependencies;
mod each_trace;
mod errors;
mod explain;
mod facets;
mod figures;
mod findings;
mod health;
mod plan;
mod scatter;
mod selected;
mod series;
mod slow;
mod span;
mod spans;
mod summary;
mod trace;
mod traces;
mod trends;

use super::{Collected, Reply, Request};
use crate::analysis::Rules;
use crate::query::Memory;
use crate::store::Snapshot;

/// Called with what was found so far from time to time while an answer takes shape; says whether to go on.
pub(super) type Steps<'a> = &'a dyn Fn(&dyn Fn() -> Reply) -> bool;

/// Answers everything that the store alone can answer: all but [`Request::Status`], of which it gives the store's part, and
/// [`Request::Gc`], as looking at a store makes nothing go.
pub fn answer(request: &Request, snapshot: &Snapshot) -> Reply {
    answer_gradually(request, snapshot, (&Memory::default(), &Rules::default()), &|_| true)
}

/// Answers as [`answer`] does, with what earlier searches left in `memory` and what is chosen for figures, and calls `steps` with what makes a reply of what
/// was found so far, often; where that returns false, the answer ends with what is found.
pub fn answer_gradually(
    request: &Request,
    snapshot: &Snapshot,
    (memory, rules): (&Memory, &Rules),
    steps: Steps,
) -> Reply {
    match request {
        Request::Traces(request) => Reply::Traces(traces::list(request, snapshot, memory, steps)),
        Request::Trace(id) => Reply::Trace(trace::open(*id, snapshot)),
        Request::Newer(id, held) => trace::newer(*id, *held, snapshot),
        Request::TraceOtlp(id) => Reply::Otlp(trace::otlp(*id, snapshot)),
        Request::Span(trace, span) => Reply::Span(span::open(*trace, *span, snapshot)),
        Request::Spans(request) => Reply::Spans(spans::list(request, snapshot, memory, steps)),
        Request::Series(request) => Reply::Series(series::series(request, snapshot, memory, steps)),
        Request::Matches(id, query) => Reply::Matches(spans::of_trace(*id, query, snapshot, memory)),
        Request::Facets(request) => Reply::Facets(facets::facets(request, snapshot, memory, steps)),
        Request::Scatter(request) => Reply::Scatter(scatter::scatter(request, snapshot, memory, steps)),
        Request::Figures(request) => {
            Reply::Figures(Box::new(figures::figures(request, snapshot, (memory, rules), steps)))
        }
        Request::Density(request) => {
            Reply::Density(Box::new(density::density(request, snapshot, (memory, rules), steps)))
        }
        Request::Dependencies(request) => {
            Reply::Dependencies(Box::new(dependencies::dependencies(request, snapshot, (memory, rules), steps)))
        }
        Request::Errors(of) => Reply::Errors(Box::new(errors::errors(of, snapshot, memory, steps))),
        Request::Compare(request) => Reply::Compared(Box::new(compare::compare(request, snapshot, memory, steps))),
        Request::Explain(request) => Reply::Explained(Box::new(explain::explain(request, snapshot, memory, steps))),
        Request::Findings(of) => Reply::Findings(Box::new(findings::findings(of, snapshot, memory, steps))),
        Request::TraceFindings(id) => Reply::TraceFindings(findings::of_trace(*id, snapshot)),
        Request::Slow(request) => Reply::Slow(slow::slow(request, snapshot, (memory, rules), steps)),
        Request::Health(of) => Reply::Health(health::health(of, snapshot, (memory, rules), steps)),
        Request::Trends(of) => Reply::Trends(trends::trends(of, snapshot, (memory, rules), steps)),
        Request::Plan(query) => Reply::Plan(plan::plan(query, snapshot, steps)),
        Request::Attributes(request) => Reply::Attributes(attributes::names(request, snapshot)),
        Request::Status => Reply::Status(Box::new(traces::status(snapshot))),
        Request::Gc { is_dry_run } => Reply::Gc(Collected { is_dry_run: *is_dry_run, removed: Vec::new() }),
    }
}

#[cfg(test)]
mod tests;

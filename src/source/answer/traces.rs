//! The list of traces: merged from the blocks' sums, filtered, sorted as far as the page needs, and only the page's
//! rows looked at span by span.

use std::cmp::Ordering;

use super::summary;
use crate::model::Timestamp;
use crate::source::{Page, SortKey, Status, TraceFilter, TraceList, TraceStatus, TracesRequest};
use crate::store::{PartRef, PartSummary, Snapshot, View};

/// One trace while the list is made.
struct Candidate {
    id: u128,
    newest: PartRef,
    sums: PartSummary,
}

/// Returns a page of the traces that match.
pub(super) fn list(request: &TracesRequest, snapshot: &Snapshot) -> TraceList {
    let (held, candidates) = candidates(&request.filter, snapshot);
    let total = candidates.len();
    let (offset, page) = match request.sort.key {
        SortKey::StartTime => page(candidates, request, |trace| trace.sums.start_ns),
        SortKey::Duration => page(candidates, request, |trace| trace.sums.duration_ns()),
        SortKey::SpanCount => page(candidates, request, |trace| u64::from(trace.sums.spans)),
        SortKey::ErrorCount => page(candidates, request, |trace| u64::from(trace.sums.errors)),
        SortKey::RootService => page(candidates, request, |trace| root(trace, snapshot).map(|root| root.service)),
        SortKey::RootOperation => page(candidates, request, |trace| root(trace, snapshot).map(|root| root.operation)),
    };
    let rows = page.iter().map(|trace| summary::summary(trace.id, trace.newest, &trace.sums, snapshot)).collect();
    TraceList { total, held, offset, rows }
}

/// Returns the store's part of the status.
pub(super) fn status(snapshot: &Snapshot) -> Status {
    let (_, failed) = candidates(&TraceFilter { status: Some(TraceStatus::Error), ..TraceFilter::default() }, snapshot);
    let facts = snapshot.facts();
    Status {
        counters: facts.counters,
        total_traces: facts.traces,
        error_traces: failed.len() as u64,
        memory_traces: facts.traces,
        memory_bytes: facts.bytes,
        memory_budget: facts.budget_bytes,
        blocks: snapshot.views().iter().filter(|view| view.len() > 0).count() as u64,
        oldest: facts.oldest_arrival,
        ..Status::default()
    }
}

fn root(trace: &Candidate, snapshot: &Snapshot) -> Option<crate::model::Root> {
    summary::root(&trace.sums.root?, snapshot)
}

/// Returns how many traces are held, and those that match.
fn candidates(filter: &TraceFilter, snapshot: &Snapshot) -> (usize, Vec<Candidate>) {
    let views = snapshot.views();
    // Oldest to newest, always: readers that lock in one order cannot wait for each other in a circle.
    let sums: Vec<_> = views.iter().map(View::summaries).collect();
    let named: Vec<Option<Vec<bool>>> = views.iter().map(|view| parts_with_names(filter, view)).collect();
    let (mut held, mut found) = (0, Vec::new());
    for (position, view) in views.iter().enumerate() {
        for index in 0..sums[position].len() as u32 {
            let Some(part) = view.part(index) else { break };
            if snapshot.is_superseded(view, index) {
                continue;
            }
            held += 1;
            let newest = PartRef { block: view.sequence(), part: index };
            let mut merged = sums[position][index as usize];
            let mut has_names = named[position].as_ref().is_none_or(|named| named[index as usize]);
            if part.older.is_some() {
                for (at, older) in snapshot.parts(newest).0.into_iter().skip(1) {
                    merged.merge(&sums[at][older as usize]);
                    has_names |= named[at].as_ref().is_some_and(|named| named[older as usize]);
                }
            }
            if has_names && matches(filter, &merged) {
                found.push(Candidate { id: part.trace_id, newest, sums: merged });
            }
        }
    }
    (held, found)
}

fn matches(filter: &TraceFilter, sums: &PartSummary) -> bool {
    let duration = sums.duration_ns();
    filter.window.contains(Timestamp(sums.start_ns))
        && filter.status.is_none_or(|status| (status == TraceStatus::Error) == (sums.errors > 0))
        && filter.min_duration_ns.is_none_or(|min| min <= duration)
        && filter.max_duration_ns.is_none_or(|max| duration <= max)
}

/// Returns for each part of a block whether a span of it has the service and the operation asked for; none where
/// neither is asked for.
fn parts_with_names(filter: &TraceFilter, view: &View) -> Option<Vec<bool>> {
    let wanted = [&filter.service, &filter.operation].map(|name| name.as_ref().map(|name| view.find_name(name)));
    if wanted == [None, None] {
        return None;
    }
    let mut parts = Vec::new();
    let is = |wanted: Option<Option<u32>>, name: u32| wanted.is_none_or(|wanted| wanted == Some(name));
    for row in view.rows() {
        if row.part as usize >= parts.len() {
            parts.resize(row.part as usize + 1, false);
        }
        parts[row.part as usize] |= is(wanted[0], row.service) && is(wanted[1], row.operation);
    }
    Some(parts)
}

/// Sorts no more than the page needs; returns where it begins and its rows.
fn page<K: Ord>(
    candidates: Vec<Candidate>,
    request: &TracesRequest,
    key: impl Fn(&Candidate) -> K,
) -> (usize, Vec<Candidate>) {
    let mut keyed: Vec<(K, Candidate)> = candidates.into_iter().map(|trace| (key(&trace), trace)).collect();
    let descending = request.sort.descending;
    let compare = |a: &(K, Candidate), b: &(K, Candidate)| {
        let by_key = a.0.cmp(&b.0);
        (if descending { by_key.reverse() } else { by_key }).then(a.1.id.cmp(&b.1.id))
    };
    let offset = begin(&keyed, request, compare);
    let end = offset.saturating_add(request.limit).min(keyed.len());
    if end < keyed.len() {
        keyed.select_nth_unstable_by(end, compare);
        keyed.truncate(end);
    }
    if offset > 0 && offset < keyed.len() {
        keyed.select_nth_unstable_by(offset, compare);
    }
    let mut page = keyed.split_off(offset.min(keyed.len()));
    page.sort_unstable_by(compare);
    (offset, page.into_iter().map(|(_, trace)| trace).collect())
}

/// Returns how many rows stand before the page.
fn begin<K>(
    keyed: &[(K, Candidate)],
    request: &TracesRequest,
    compare: impl Fn(&(K, Candidate), &(K, Candidate)) -> Ordering,
) -> usize {
    match request.page {
        Page::At(offset) => offset,
        Page::Around { trace, above, otherwise } => {
            let last_page = keyed.len().saturating_sub(request.limit);
            let anchor = keyed.iter().find(|(_, candidate)| candidate.id == trace.0);
            let offset = anchor.map_or(otherwise, |anchor| {
                let rank = keyed.iter().filter(|other| compare(other, anchor) == Ordering::Less).count();
                rank.saturating_sub(above)
            });
            offset.min(last_page)
        }
    }
}

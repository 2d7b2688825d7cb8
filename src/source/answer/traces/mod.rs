//! The list of traces: merged from the sums of blocks and filtered; of what matches no more is kept than the page needs.

mod page;

use super::summary;
use crate::model::Timestamp;
use crate::source::{
    DiskStatus, Page, Progress, SortKey, Status, TraceFilter, TraceList, TraceStatus, TracesRequest, Window,
};
use crate::store::{PartRef, PartSums, Snapshot, Sums, View};
use page::{Keyed, PageOf};

/// Returns a page of the traces that match.
pub(super) fn list(request: &TracesRequest, snapshot: &Snapshot) -> TraceList {
    let list = List::new(&request.filter, snapshot);
    let all = |_: &mut PageOf<u64>, _| None;
    match request.sort.key {
        SortKey::StartTime if request.sort.descending && is_window(&request.filter) => list.newest(request),
        SortKey::StartTime => list.page(request, |_, sums| sums.start_ns, all),
        SortKey::Duration => list.page(request, |_, sums| sums.duration_ns(), all),
        SortKey::SpanCount => list.page(request, |_, sums| u64::from(sums.spans), all),
        SortKey::ErrorCount => list.page(request, |_, sums| u64::from(sums.errors), all),
        SortKey::RootService => list.page(request, |at, _| list.root_name(at, View::service), |_, _| None),
        SortKey::RootOperation => list.page(request, |at, _| list.root_name(at, View::operation), |_, _| None),
    }
}

/// Returns the store's part of the status.
pub(super) fn status(snapshot: &Snapshot) -> Status {
    let facts = snapshot.facts();
    Status {
        counters: facts.counters,
        total_traces: facts.traces,
        error_traces: facts.traces_with_errors,
        memory_traces: facts.memory_traces,
        memory_bytes: facts.bytes,
        memory_budget: facts.budget_bytes,
        blocks: snapshot.views().filter(|view| view.len() > 0).count() as u64,
        disk: Some(DiskStatus {
            segments: facts.segments.count,
            segment_spans: facts.segments.spans,
            segment_bytes: facts.segments.bytes,
            received_bytes: facts.segments.received_bytes,
            oldest_ns: facts.oldest_arrival.filter(|_| facts.segments.count > 0).map(|time| time.0),
            ..DiskStatus::default()
        }),
        oldest: facts.oldest_arrival,
        ..Status::default()
    }
}

/// What a list is made of.
struct List<'a> {
    snapshot: &'a Snapshot,
    filter: &'a TraceFilter,
    views: Vec<View<'a>>,
    /// The sums of each block.
    blocks: Vec<Sums<'a>>,
    /// For each block which of its parts have a span of the names asked for; empty where none are asked for.
    named: Vec<Vec<bool>>,
}

impl<'a> List<'a> {
    fn new(filter: &'a TraceFilter, snapshot: &'a Snapshot) -> Self {
        let views: Vec<View> = snapshot.views().collect();
        // Oldest to newest, always: readers that lock in one order cannot wait for each other in a circle.
        let blocks = views.iter().map(View::sums).collect();
        let has_names = filter.service.is_some() || filter.operation.is_some();
        let named = views.iter().filter(|_| has_names).map(|view| parts_with_names(filter, view)).collect();
        Self { snapshot, filter, views, blocks, named }
    }

    /// Returns the page of traces sorted by `key`, the newest blocks first. `left_out` may say of a block that none of its
    /// traces can be on the page, and how many match: then they are not looked at.
    fn page<K: Ord>(
        &self,
        request: &TracesRequest,
        key: impl Fn(PartRef, &PartSums) -> K,
        left_out: impl Fn(&mut PageOf<K>, usize) -> Option<usize>,
    ) -> TraceList {
        let keyed = |(id, newest, sums): (u128, PartRef, PartSums)| Keyed { key: key(newest, &sums), id, newest };
        let anchor = match request.page {
            Page::Around { trace, .. } => self.snapshot.newest_part(trace.0).and_then(|newest| self.matching(newest)),
            Page::At(_) => None,
        };
        let mut page = PageOf::new(request.page, request.limit, request.sort.descending, anchor.map(keyed));
        let mut total = 0;
        for position in (0..self.views.len()).rev() {
            if let Some(matching) = left_out(&mut page, position) {
                total += matching;
                continue;
            }
            for found in self.newest_parts(position).filter_map(|newest| self.matching(newest)) {
                total += 1;
                page.push(keyed(found));
            }
        }
        let held = self.snapshot.facts().traces as usize;
        let total = if *self.filter == TraceFilter::default() { held } else { total };
        let (offset, page) = page.finish(total);
        let row = |(id, newest, sums)| summary::summary(id, newest, &sums, (self.snapshot, &self.blocks));
        let rows = page.iter().filter_map(|keyed| self.matching(keyed.newest)).map(row).collect();
        TraceList { total, held, offset, rows, progress: Progress::default() }
    }

    /// Returns the page of the traces in a window, newest first: nearly always the newest block has all of it.
    fn newest(&self, request: &TracesRequest) -> TraceList {
        self.page(
            request,
            |_, sums| sums.start_ns,
            |page, position| {
                let (earliest, latest) = self.views[position].starts_ns()?;
                if page.wants(&latest) { None } else { self.in_window(position, (earliest, latest)) }
            },
        )
    }

    /// Returns how many traces of a block start in the window, none where that cannot be told without looking at each. They
    /// start between these times, or, where they have parts in older blocks, before.
    fn in_window(&self, position: usize, (earliest, latest): (u64, u64)) -> Option<usize> {
        let from = match self.filter.window.from {
            Some(from) if latest >= from.0 => from.0,
            // Without a window all match, and how many are held is known.
            _ => return Some(0),
        };
        let (view, is_newest) = (&self.views[position], |part: &u32| !self.is_superseded(position, *part));
        let began_before = |part: &u32| self.matching(PartRef { block: view.sequence(), part: *part }).is_none();
        if earliest < from {
            return None;
        }
        let newest = (0..self.blocks[position].len()).filter(is_newest).count();
        // Where all older blocks lie inside as well, no trace can have begun before.
        let began_after = |view: &View| view.starts_ns().is_some_and(|(earliest, _)| earliest >= from);
        if self.views[..position].iter().all(began_after) {
            return Some(newest);
        }
        let before = view.parts_with_older().filter(is_newest).filter(began_before).count();
        Some(newest - before)
    }

    fn is_superseded(&self, position: usize, part: u32) -> bool {
        self.snapshot.is_superseded(&self.views[position], part)
    }

    /// Returns the parts of a block that are the newest ones of their traces.
    fn newest_parts(&self, position: usize) -> impl Iterator<Item = PartRef> {
        let view = &self.views[position];
        let parts = (0..self.blocks[position].len()).take_while(|&part| view.has_part(part));
        let newest = parts.filter(move |&part| !self.is_superseded(position, part));
        newest.map(|part| PartRef { block: view.sequence(), part })
    }

    /// Returns a trace with its sums by its newest part, if it matches.
    fn matching(&self, newest: PartRef) -> Option<(u128, PartRef, PartSums)> {
        let position = self.snapshot.position(newest.block)?;
        let is_named = |at: usize, part: u32| {
            self.named.get(at).is_none_or(|named| named.get(part as usize).copied().unwrap_or_default())
        };
        let view = &self.views[position];
        let mut sums = self.blocks[position].part(newest.part);
        let mut has_names = is_named(position, newest.part);
        if view.older(newest.part).is_some() {
            for (at, older) in self.snapshot.parts(newest).0.into_iter().skip(1) {
                sums.merge(&self.blocks[at].part(older));
                has_names |= is_named(at, older);
            }
        }
        (has_names && matches(self.filter, &sums)).then_some((view.trace_id(newest.part)?, newest, sums))
    }

    /// Returns a name of the root of a trace, none where it has no root here.
    fn root_name(&self, newest: PartRef, number: impl Fn(&View<'a>, u32) -> u32) -> Option<&'a str> {
        let position = self.snapshot.position(newest.block)?;
        let (view, row) = if self.views[position].older(newest.part).is_none() {
            (self.views[position], self.blocks[position].root_row(newest.part)?)
        } else {
            let root = summary::first_root(&self.snapshot.parts(newest).0, &self.blocks)?;
            (self.views[self.snapshot.position(root.block)?], root.row)
        };
        Some(view.text(number(&view, row)))
    }
}

/// Returns whether traces are asked for from some time on, and nothing else.
fn is_window(filter: &TraceFilter) -> bool {
    let window = Window { to: None, ..filter.window };
    *filter == TraceFilter { window, ..TraceFilter::default() }
}

fn matches(filter: &TraceFilter, sums: &PartSums) -> bool {
    let duration = sums.duration_ns();
    filter.window.contains(Timestamp(sums.start_ns))
        && filter.status.is_none_or(|status| (status == TraceStatus::Error) == (sums.errors > 0))
        && filter.min_duration_ns.is_none_or(|min| min <= duration)
        && filter.max_duration_ns.is_none_or(|max| duration <= max)
}

/// Returns for each part of a block whether a span of it has the service and the operation asked for.
fn parts_with_names(filter: &TraceFilter, view: &View) -> Vec<bool> {
    let find = |name: &Option<String>| match name {
        Some(name) => view.find_name(name).map(Some),
        None => Some(None),
    };
    // A name that the block does not have is on no span of it.
    let Some((service, operation)) = find(&filter.service).zip(find(&filter.operation)) else { return Vec::new() };
    view.parts_with(service, operation)
}

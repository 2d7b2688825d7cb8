//! The list of traces: merged from the sums of blocks and filtered; of what matches no more is kept than the page needs.

mod list;
mod page;

use std::cell::RefCell;

pub(super) use list::{List, Matching, ground};

use super::Steps;
use super::summary;
use crate::query::Memory;
use crate::source::{DiskStatus, Page, Progress, Reply, SortKey, Status, TraceFilter, TraceList, TracesRequest};
use crate::store::{PartRef, PartSums, Snapshot, View};
use list::is_window;
use page::{Keyed, PageOf};

/// Returns a page of the traces that match.
pub(super) fn list(request: &TracesRequest, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> TraceList {
    let ground = ground(&request.filter, snapshot, &|| {
        steps(&|| Reply::Traces(TraceList { progress: Progress::BEGUN, ..TraceList::default() }))
    });
    let list = List::new(&request.filter, snapshot, ground.as_ref(), memory);
    let all = |_: &mut PageOf<u64>, _| None;
    match request.sort.key {
        SortKey::StartTime if request.sort.descending && is_window(&request.filter) => list.newest(request, steps),
        SortKey::StartTime => list.page(request, steps, |_, sums| sums.start_ns, all),
        SortKey::Duration => list.page(request, steps, |_, sums| sums.duration_ns(), all),
        SortKey::SpanCount => list.page(request, steps, |_, sums| u64::from(sums.spans), all),
        SortKey::ErrorCount => list.page(request, steps, |_, sums| u64::from(sums.errors), all),
        SortKey::RootService => list.page(request, steps, |at, _| list.root_name(at, View::service), |_, _| None),
        SortKey::RootOperation => list.page(request, steps, |at, _| list.root_name(at, View::operation), |_, _| None),
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

/// A page as far as it is known.
struct Known<K> {
    page: PageOf<K>,
    total: usize,
}

impl List<'_> {
    /// Returns the page of traces sorted by `key`. `left_out` may say of a block that none of its traces can be on the
    /// page, and how many match: then they are not looked at.
    fn page<K: Ord + Clone>(
        &self,
        request: &TracesRequest,
        steps: Steps,
        key: impl Fn(PartRef, &PartSums) -> K,
        left_out: impl Fn(&mut PageOf<K>, usize) -> Option<usize>,
    ) -> TraceList {
        let keyed = |found: Matching| Keyed { key: key(found.newest, &found.sums), id: found.id, newest: found.newest };
        let anchor = match request.page {
            Page::Around { trace, .. } => self.snapshot.newest_part(trace.0).and_then(|newest| self.matching(newest)),
            Page::At(_) => None,
        };
        let page = PageOf::new(request.page, request.limit, request.sort.descending, anchor.map(keyed));
        let known = RefCell::new(Known { page, total: 0 });
        let progress = self.each_block(
            |position| {
                let known = &mut *known.borrow_mut();
                let matching = left_out(&mut known.page, position);
                known.total += matching.unwrap_or_default();
                matching.is_some()
            },
            |found| {
                let known = &mut *known.borrow_mut();
                known.total += 1;
                known.page.push(keyed(found));
            },
            |progress| {
                let known = known.borrow();
                steps(&|| Reply::Traces(self.finish(known.page.clone(), known.total, progress)))
            },
        );
        let Known { page, total } = known.into_inner();
        self.finish(page, total, progress)
    }

    fn finish<K: Ord>(&self, page: PageOf<K>, total: usize, progress: Progress) -> TraceList {
        let held = self.snapshot.facts().traces as usize;
        let total = if *self.filter == TraceFilter::default() { held } else { total };
        let (offset, page) = page.finish(total);
        let row =
            |found: Matching| summary::summary(found.id, found.newest, &found.sums, (self.snapshot, &self.blocks));
        let rows = page.iter().filter_map(|keyed| self.of_sums(keyed.newest)).map(row).collect();
        TraceList { total, held, offset, rows, progress }
    }

    /// Returns the page of the traces in a window, newest first: nearly always the newest block has all of it.
    fn newest(&self, request: &TracesRequest, steps: Steps) -> TraceList {
        self.page(
            request,
            steps,
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
        let began_before = |part: &u32| self.of_sums(PartRef { block: view.sequence(), part: *part }).is_none();
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
}

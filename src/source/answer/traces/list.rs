//! The traces that match a filter, block by block, the newest first.

use crate::model::Timestamp;
use crate::query::{Ground, Memory, Search};
use crate::source::answer::summary;
use crate::source::{Progress, TraceFilter, TraceStatus, Window};
use crate::store::{Bits, PartRef, PartSums, Snapshot, Sums, View};

/// What a search in the traces looks at. A query is prepared once for all that is asked by it.
/// `is_wanted` says whether to go on.
pub(in crate::source::answer) fn ground<'a>(
    filter: &TraceFilter,
    snapshot: &'a Snapshot,
    is_wanted: &dyn Fn() -> bool,
) -> Option<Ground<'a>> {
    let window = filter.window;
    let is_in_window = |start| window.contains(Timestamp(start));
    filter.query.as_ref().map(|query| Ground::new(query, snapshot, &is_in_window, is_wanted))
}

/// See the module.
pub(in crate::source::answer) struct List<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) filter: &'a TraceFilter,
    pub(super) views: Vec<View<'a>>,
    /// The sums of each block.
    pub(super) blocks: Vec<Sums<'a>>,
    /// For each block which of its parts have a span of the names asked for; empty where none are asked for.
    named: Vec<Vec<bool>>,
    search: Option<Search<'a>>,
}

/// A trace that matches.
pub(in crate::source::answer) struct Matching {
    pub(in crate::source::answer) id: u128,
    pub(in crate::source::answer) newest: PartRef,
    pub(in crate::source::answer) sums: PartSums,
}

impl<'a> List<'a> {
    pub(in crate::source::answer) fn new(
        filter: &'a TraceFilter,
        snapshot: &'a Snapshot,
        ground: Option<&'a Ground<'a>>,
        memory: &'a Memory,
    ) -> Self {
        let views: Vec<View> = snapshot.views().collect();
        let blocks = views.iter().map(View::sums).collect();
        let has_names = filter.service.is_some() || filter.operation.is_some();
        let named = views.iter().filter(|_| has_names).map(|view| parts_with_names(filter, view)).collect();
        let search = ground.map(|ground| Search::new(ground, memory));
        Self { snapshot, filter, views, blocks, named, search }
    }

    /// Calls `on` for the matching traces of each block, the newest block first, and after each block `step` with how far
    /// that is, until it says that it is enough. Blocks for which `is_left_out` are not looked at. Returns how far it came.
    pub(in crate::source::answer) fn each_block(
        &self,
        mut is_left_out: impl FnMut(usize) -> bool,
        mut on: impl FnMut(Matching),
        mut step: impl FnMut(Progress) -> bool,
    ) -> Progress {
        let of = self.views.iter().map(|view| u64::from(view.len())).sum();
        let mut progress = Progress { searched: 0, of };
        for position in (0..self.views.len()).rev() {
            if !is_left_out(position) {
                self.search.iter().for_each(|search| search.prepare(position));
                let candidates = self.search.as_ref().and_then(|search| search.candidates(position));
                for newest in self.newest_parts(position, candidates.as_ref()) {
                    self.matching(newest).into_iter().for_each(&mut on);
                }
            }
            progress.searched += u64::from(self.views[position].len());
            if !step(progress) {
                break;
            }
        }
        progress
    }

    /// Returns the window, or where it is open, the stretch in which traces begin.
    pub(in crate::source::answer) fn starts(&self) -> Window {
        let of_block = |at: usize| {
            self.views[at].starts_ns().or_else(|| {
                let parts = (0..self.blocks[at].len()).map(|part| self.blocks[at].part(part).start_ns);
                parts.clone().min().zip(parts.max())
            })
        };
        let starts = || (0..self.views.len()).filter_map(of_block);
        let Window { from, to } = self.filter.window;
        Window {
            from: from.or_else(|| starts().map(|(earliest, _)| Timestamp(earliest)).min()),
            to: to.or_else(|| starts().map(|(_, latest)| Timestamp(latest.saturating_add(1))).max()),
        }
    }

    pub(super) fn is_superseded(&self, position: usize, part: u32) -> bool {
        self.snapshot.is_superseded(&self.views[position], part)
    }

    /// Returns the parts of a block that are the newest ones of their traces, only candidates where these are known.
    fn newest_parts(&self, position: usize, candidates: Option<&Bits>) -> impl Iterator<Item = PartRef> {
        let view = &self.views[position];
        let all = candidates.is_none().then(|| 0..self.blocks[position].len());
        let parts = all.into_iter().flatten().chain(candidates.into_iter().flat_map(Bits::iter));
        let parts = parts.take_while(|&part| view.has_part(part));
        let newest = parts.filter(move |&part| !self.is_superseded(position, part));
        newest.map(|part| PartRef { block: view.sequence(), part })
    }

    /// Returns a trace with its sums by its newest part, if it matches.
    pub(super) fn matching(&self, newest: PartRef) -> Option<Matching> {
        let found = self.of_sums(newest)?;
        self.search.as_ref().is_none_or(|search| search.matches(newest)).then_some(found)
    }

    /// Returns a trace with its sums, if its sums and names match.
    pub(super) fn of_sums(&self, newest: PartRef) -> Option<Matching> {
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
        let id = view.trace_id(newest.part)?;
        (has_names && matches(self.filter, &sums)).then_some(Matching { id, newest, sums })
    }

    /// Returns a name of the root of a trace, none where it has no root here.
    pub(super) fn root_name(&self, newest: PartRef, number: impl Fn(&View<'a>, u32) -> u32) -> Option<&'a str> {
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
pub(super) fn is_window(filter: &TraceFilter) -> bool {
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

//! The spans that figures are of, block by block: those that began in a window, that a search found, that are of a service.

use foldhash::{HashMap, HashMapExt};

use super::totals::{Of, Totals};
use crate::model::Kind;
use crate::store::{Bits, Call, Column, Snapshot, Tally, Test, Timing, View};

/// See the module.
#[derive(Debug)]
pub(crate) struct Spans<'a> {
    snapshot: &'a Snapshot,
    pub(crate) views: Vec<View<'a>>,
    /// What a search found in each block; none where nothing was searched for.
    found: Option<Vec<Bits>>,
    service: Option<&'a str>,
    /// The services that hold no span which by its kind is called from outside: their local roots are their requests. Decided
    /// over everything held.
    plain: Vec<String>,
}

/// The rows of a block that figures are of.
#[derive(Debug, PartialEq)]
pub(crate) enum Rows {
    None,
    All,
    Some(Bits),
}

/// Starts, from the first to before the second; open where an end is none.
pub(crate) type Starts = (Option<u64>, Option<u64>);

impl<'a> Spans<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, found: Option<Vec<Bits>>, service: Option<&'a str>) -> Self {
        let views: Vec<View> = snapshot.views().collect();
        let plain = plain(&views);
        Self { snapshot, views, found, service, plain }
    }

    /// Returns the starts of the first and the last span held.
    pub(crate) fn starts_ns(&self) -> Option<(u64, u64)> {
        let of = |view: &View| view.first_and_last_ns();
        self.views.iter().filter_map(of).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }

    /// Returns the rows of a block that began then. Of services nothing is said here.
    pub(crate) fn rows(&self, position: usize, (from, to): Starts) -> Rows {
        let view = &self.views[position];
        let Some((first, last)) = view.first_and_last_ns() else { return Rows::None };
        let from = from.unwrap_or_default();
        // The end is not in the window, but where it is open.
        let Some(last_wanted) = to.map_or(Some(u64::MAX), |to| to.checked_sub(1)) else { return Rows::None };
        if last < from || first > last_wanted {
            return Rows::None;
        }
        let is_within = from <= first && last <= last_wanted;
        let mut rows = match &self.found {
            None if is_within => return Rows::All,
            None => Bits::all(view.len()),
            Some(found) => found[position].clone(),
        };
        if !is_within {
            view.keep(Column::Start, &Test::Between(from, last_wanted), &mut rows);
        }
        if rows.is_empty() { Rows::None } else { Rows::Some(rows) }
    }

    /// Returns whether a service, by the number of its name in a block, is the one that is asked for.
    pub(crate) fn is_of(&self, view: &View, service: u32) -> bool {
        self.service.is_none_or(|wanted| view.text(service) == wanted)
    }

    /// Adds the requests of a block that began then to those of each service that has spans there.
    pub(crate) fn add_requests(&self, totals: &mut Totals, position: usize, starts: Starts) {
        let view = &self.views[position];
        let plain = self.plain_in(view);
        let is_open = |tally: &Tally| tally.key.call == Call::Unknown && is_plain(&plain, tally.key.service);
        let (mut tallies, mut uncounted) = match self.rows(position, starts) {
            Rows::None => return,
            Rows::All => match view.tallies() {
                // Where the parents of plain services' spans are, other blocks know.
                Some(tallies) if tallies.all.iter().any(is_open) => {
                    (Some(tallies), Some(Self::open_rows(view, &plain)))
                }
                Some(tallies) => (Some(tallies), None),
                None => (None, Some(Bits::all(view.len()))),
            },
            Rows::Some(rows) => (None, Some(rows)),
        };
        let call = |timing: &Timing| {
            if is_plain(&plain, timing.service) { self.call(position, timing.row) } else { Call::Unknown }
        };
        let counted = uncounted.take().map(|rows| view.count(&rows, call));
        for (tallies, is_counted) in [(tallies.take(), false), (counted, true)] {
            let Some(tallies) = tallies else { continue };
            let wanted = |tally: &&Tally| self.is_of(view, tally.key.service) && (is_counted || !is_open(tally));
            for tally in tallies.all.iter().filter(wanted) {
                let service = totals.number(view.text(tally.key.service));
                let group = totals.group(Of { service, operation: None });
                let is_request = match tally.key.call {
                    Call::Entry => true,
                    Call::Outside => is_plain(&plain, tally.key.service),
                    Call::Inside | Call::Unknown => false,
                };
                if let Some(group) = totals.groups.get_mut(group as usize).filter(|_| is_request) {
                    group.sums.add_all(&tallies, tally);
                }
            }
        }
    }

    /// Returns the rows of plain services of which the block does not know where they were called from.
    fn open_rows(view: &View, plain: &[bool]) -> Bits {
        let mut rows = Bits::all(view.len());
        view.keep(Column::Service, &Test::OneOf(plain), &mut rows);
        rows.retain(|row| view.call(row) == Call::Unknown);
        rows
    }

    /// Adds the spans of a block that began then to those of their operations.
    pub(crate) fn add_operations(&self, totals: &mut Totals, position: usize, starts: Starts) {
        let view = &self.views[position];
        let mut groups = Groups::default();
        self.each(position, starts, |timing| {
            let group = groups.of(timing, |timing| {
                let (service, operation) = (view.text(timing.service), view.text(timing.operation));
                let of = Of {
                    service: totals.number(service),
                    operation: Some((totals.number(operation), timing.facts.kind())),
                };
                Some(totals.group(of))
            });
            if let Some(group) = group.and_then(|group| totals.groups.get_mut(group as usize)) {
                group.sums.add(timing);
            }
        });
    }

    /// Hands over the spans of a block that began then, with the groups of their operations in totals.
    pub(crate) fn each_of_operation(
        &self,
        position: usize,
        starts: Starts,
        totals: &Totals,
        mut each: impl FnMut(u32, &Timing),
    ) {
        let view = &self.views[position];
        let mut groups = Groups::default();
        self.each(position, starts, |timing| {
            let group = groups.of(timing, |timing| {
                let operation = (view.text(timing.operation), timing.facts.kind());
                totals.find(view.text(timing.service), Some(operation))
            });
            if let Some(group) = group {
                each(group, timing);
            }
        });
    }

    /// Hands over the requests of a block that began then, with the groups of their services in totals.
    pub(crate) fn each_request(
        &self,
        position: usize,
        starts: Starts,
        totals: &Totals,
        mut each: impl FnMut(u32, &Timing),
    ) {
        let view = &self.views[position];
        let plain = self.plain_in(view);
        let mut last = (u32::MAX, None);
        let mut groups: HashMap<u32, Option<u32>> = HashMap::new();
        self.each(position, starts, |timing| {
            if !self.is_request(position, timing, &plain) {
                return;
            }
            if last.0 != timing.service {
                let group =
                    groups.entry(timing.service).or_insert_with(|| totals.find(view.text(timing.service), None));
                last = (timing.service, *group);
            }
            if let Some(group) = last.1 {
                each(group, timing);
            }
        });
    }

    /// Returns whether a service holds spans that by their kind are called from outside.
    pub(crate) fn has_entries(&self, service: &str) -> bool {
        self.views.iter().any(|view| view.find_name(service).is_some())
            && !self.plain.iter().any(|name| name == service)
    }

    /// Returns which services of a block are plain, for [`Spans::is_request`].
    pub(crate) fn plain_in(&self, view: &View) -> Vec<bool> {
        let mut plain = Vec::new();
        for name in self.plain.iter().filter_map(|name| view.find_name(name)) {
            plain.resize(plain.len().max(name as usize + 1), false);
            plain[name as usize] = true;
        }
        plain
    }

    #[inline]
    pub(crate) fn is_request(&self, position: usize, timing: &Timing, plain: &[bool]) -> bool {
        if is_plain(plain, timing.service) {
            self.call(position, timing.row) == Call::Outside
        } else {
            timing.is_entry()
        }
    }

    /// Hands over the spans of a block that began then and are of the service.
    pub(crate) fn each(&self, position: usize, starts: Starts, each: impl FnMut(&Timing)) {
        let view = &self.views[position];
        let mut rows = match self.rows(position, starts) {
            Rows::None => return,
            Rows::All => Bits::all(view.len()),
            Rows::Some(rows) => rows,
        };
        if let Some(service) = self.service {
            let Some(name) = view.find_name(service).map(u64::from) else { return };
            view.keep(Column::Service, &Test::Between(name, name), &mut rows);
        }
        view.timings(&rows, each);
    }

    /// Returns where a span was called from, as far as everything held tells: from outside, if its parent is not held.
    fn call(&self, position: usize, row: u32) -> Call {
        let view = &self.views[position];
        let known = view.call(row);
        if known != Call::Unknown {
            return known;
        }
        let (service, parent_id) = (view.text(view.service(row)), view.row(row).parent_id);
        let newest = self.snapshot.newest_after(position, view.part_of_row(row));
        let found = self.snapshot.parts(newest).0.into_iter().find_map(|(at, part)| {
            let parent = self.views[at].find_span(part, parent_id)?;
            Some(self.views[at].text(self.views[at].service(parent)))
        });
        if found == Some(service) { Call::Inside } else { Call::Outside }
    }
}

/// The groups of a block's operations, by the numbers of their names.
#[derive(Default)]
struct Groups {
    by_key: HashMap<(u32, u32, Kind), Option<u32>>,
    /// Of each operation that of the service and kind that came last.
    last: Vec<(u32, Kind, Option<u32>)>,
}

impl Groups {
    #[inline]
    fn of(&mut self, timing: &Timing, find: impl FnOnce(&Timing) -> Option<u32>) -> Option<u32> {
        let (service, kind, at) = (timing.service, timing.facts.kind(), timing.operation as usize);
        if let Some((known, of, group)) = self.last.get(at).copied()
            && (known, of) == (service, kind)
        {
            return group;
        }
        let group = *self.by_key.entry((service, timing.operation, kind)).or_insert_with(|| find(timing));
        // A damaged file may have any number here.
        if at < MAX_LAST {
            self.last.resize(self.last.len().max(at + 1), (u32::MAX, Kind::default(), None));
            self.last[at] = (service, kind, group);
        }
        group
    }
}

/// Operations with higher numbers than this are looked up each time.
const MAX_LAST: usize = 1 << 17;

fn is_plain(plain: &[bool], service: u32) -> bool {
    plain.get(service as usize).copied().unwrap_or_default()
}

fn plain(views: &[View]) -> Vec<String> {
    let mut has_entry: HashMap<&str, bool> = HashMap::new();
    for view in views {
        let mut of_block: HashMap<u32, bool> = HashMap::new();
        view.served(|service, is_entry| *of_block.entry(service).or_default() |= is_entry);
        for (service, entry) in of_block {
            *has_entry.entry(view.text(service)).or_default() |= entry;
        }
    }
    has_entry.into_iter().filter(|(_, has)| !has).map(|(name, _)| name.to_owned()).collect()
}

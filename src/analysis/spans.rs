//! The spans that figures are of, block by block: those that began in a window, that a search found, that are of a service.

use foldhash::{HashMap, HashMapExt};

use super::totals::{Totals, is_entry};
use crate::model::Kind;
use crate::store::{Bits, Caller, Column, Snapshot, Tallies, Tally, Test, Timing, View};

/// See the module.
#[derive(Debug)]
pub(crate) struct Spans<'a> {
    snapshot: &'a Snapshot,
    pub(crate) views: Vec<View<'a>>,
    /// What a search found in each block; none where nothing was searched for.
    found: Option<Vec<Bits>>,
    service: Option<&'a str>,
    /// The services that hold no span that is called from outside by its kind, over everything held.
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

    /// Returns totals to which the spans of each block can be added.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for name in &self.plain {
            let number = totals.number(name);
            totals.services.entry(number).or_default().is_plain = true;
        }
        totals
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
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or(u64::MAX));
        // The end is not in the window, but where it is open.
        let last_wanted = if to == u64::MAX { to } else { to.saturating_sub(1) };
        if last < from || first > last_wanted || to == 0 {
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

    /// Adds the spans of a block that began then.
    pub(crate) fn add_to(&self, totals: &mut Totals, position: usize, starts: Starts) {
        let view = &self.views[position];
        let rows = self.rows(position, starts);
        if rows == Rows::None {
            return;
        }
        let plain = self.plain_in(view);
        let is_of = |tally: &Tally| self.is_of(view, tally.key.service);
        if rows == Rows::All
            && let Some(tallies) = view.tallies()
        {
            // Where the parents of plain services' spans are, other blocks know.
            let is_open = |tally: &Tally| tally.key.caller == Caller::Unknown && is_plain(&plain, tally.key.service);
            totals.add(view, &tallies, |tally| is_of(tally) && !is_open(tally));
            if tallies.all.iter().any(|tally| is_of(tally) && is_open(tally)) {
                let mut rows = Bits::all(view.len());
                view.keep(Column::Service, &Test::OneOf(&plain), &mut rows);
                rows.retain(|row| view.caller(row) == Caller::Unknown);
                totals.add(view, &self.count(position, &rows, &plain), is_of);
            }
            return;
        }
        let rows = if let Rows::Some(rows) = rows { rows } else { Bits::all(view.len()) };
        totals.add(view, &self.count(position, &rows, &plain), is_of);
    }

    fn count(&self, position: usize, rows: &Bits, plain: &[bool]) -> Tallies {
        let caller = |timing: &Timing| {
            if is_plain(plain, timing.service) { self.caller(position, timing.row) } else { Caller::Unknown }
        };
        self.views[position].count(rows, caller)
    }

    /// Hands over the spans of a block that began then and are of the service, and whether each is a request.
    pub(crate) fn each(&self, position: usize, starts: Starts, mut each: impl FnMut(&Timing, bool)) {
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
        let plain = self.plain_in(view);
        view.timings(&rows, |timing| {
            let is_request = if is_plain(&plain, timing.service) {
                self.caller(position, timing.row) == Caller::Outside
            } else {
                is_entry(timing.kind)
            };
            each(timing, is_request);
        });
    }

    /// Hands over the spans as [`Spans::each`] does, with their group in totals that they were added to.
    pub(crate) fn each_of(&self, position: usize, starts: Starts, totals: &Totals, mut each: impl FnMut(u32, &Timing)) {
        let view = &self.views[position];
        let mut groups: HashMap<(u32, u32, Kind, bool), Option<u32>> = HashMap::new();
        let mut last = None;
        self.each(position, starts, |timing, is_request| {
            let key = (timing.service, timing.operation, timing.kind, is_request);
            let group = match last {
                Some((known, group)) if known == key => group,
                _ => *groups.entry(key).or_insert_with(|| {
                    let service = totals.known(view.text(timing.service))?;
                    let operation = totals.known(view.text(timing.operation));
                    totals.known_group((service, operation.unwrap_or(u32::MAX), timing.kind, is_request))
                }),
            };
            last = Some((key, group));
            if let Some(group) = group {
                each(group, timing);
            }
        });
    }

    /// Returns by the number of its name in a block whether a service is plain; nothing where none is.
    fn plain_in(&self, view: &View) -> Vec<bool> {
        let mut plain = Vec::new();
        for name in self.plain.iter().filter_map(|name| view.find_name(name)) {
            plain.resize(plain.len().max(name as usize + 1), false);
            plain[name as usize] = true;
        }
        plain
    }

    /// Returns where a span was called from, as far as everything held tells: from outside, if its parent is not held.
    fn caller(&self, position: usize, row: u32) -> Caller {
        let view = &self.views[position];
        let known = view.caller(row);
        if known != Caller::Unknown {
            return known;
        }
        let (service, parent_id) = (view.text(view.service(row)), view.row(row).parent_id);
        let newest = self.snapshot.newest_after(position, view.part_of_row(row));
        let found = self.snapshot.parts(newest).0.into_iter().find_map(|(at, part)| {
            let parent = self.views[at].find_span(part, parent_id)?;
            Some(self.views[at].text(self.views[at].service(parent)))
        });
        if found == Some(service) { Caller::Inside } else { Caller::Outside }
    }
}

fn is_plain(plain: &[bool], service: u32) -> bool {
    plain.get(service as usize).copied().unwrap_or_default()
}

/// Returns the services that hold no span which is called from outside by its kind.
fn plain(views: &[View]) -> Vec<String> {
    let mut has_entry: HashMap<&str, bool> = HashMap::new();
    for view in views {
        let mut of_block: HashMap<u32, bool> = HashMap::new();
        view.served(|service, kind| *of_block.entry(service).or_default() |= is_entry(kind));
        for (service, entry) in of_block {
            *has_entry.entry(view.text(service)).or_default() |= entry;
        }
    }
    has_entry.into_iter().filter(|(_, has)| !has).map(|(name, _)| name.to_owned()).collect()
}

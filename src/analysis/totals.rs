//! Adds up what the spans of many blocks come to, and makes figures of it.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::classes::Classes;
use super::figures::{Figures, Percentiles, nearest_rank};
use super::rules::Rules;
use crate::model::{Kind, Timestamp};
use crate::store::{Caller, Minute, Tallies, Tally, View};

/// How many operations are told singly; the spans of others are counted for their services, and as one more operation each.
pub(crate) const MAX_GROUPS: usize = 20_000;
/// Stands for the operations for which there is no room.
pub(crate) const OTHERS: &str = "(other operations)";

/// The spans of an operation that are requests of its service, or those that are not.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) service: u32,
    pub(crate) operation: u32,
    pub(crate) kind: Kind,
    pub(crate) is_request: bool,
    pub(crate) fine: Sums,
    pub(crate) failed: Sums,
    /// How many began in each minute.
    minutes: HashMap<u64, u64>,
}

/// What spans come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) spans: u64,
    sum_ns: u128,
    max_ns: u64,
    starts_ns: Option<(u64, u64)>,
    pub(crate) classes: Classes,
}

/// The requests of a service in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InMinute {
    pub(crate) requests: u64,
    pub(crate) errors: u64,
    pub(crate) sum_ns: u128,
}

/// A service by the number of its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Service {
    /// Whether it has no span held that is called from outside by its kind, so that its local roots are its requests.
    pub(crate) is_plain: bool,
    pub(crate) minutes: HashMap<u64, InMinute>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    pub(crate) services: HashMap<u32, Service>,
    pub(crate) groups: Vec<Group>,
    by_key: HashMap<(u32, u32, Kind, bool), u32>,
}

impl Totals {
    /// Returns the number of a name, the same for all blocks.
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let (name, number) = (Arc::<str>::from(name), self.names.len() as u32);
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub(crate) fn name(&self, number: u32) -> Arc<str> {
        self.names.get(number as usize).map(Arc::clone).unwrap_or_default()
    }

    /// Returns the number of a name that was met.
    pub(crate) fn known(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// Returns whether the local roots of a service are its requests.
    pub(crate) fn is_plain(&self, service: u32) -> bool {
        self.services.get(&service).is_some_and(|service| service.is_plain)
    }

    /// Adds the tallies of a block of which `wanted` is true.
    pub(crate) fn add(&mut self, view: &View, tallies: &Tallies, wanted: impl Fn(&Tally) -> bool) {
        let mut names: HashMap<u32, u32> = HashMap::new();
        for tally in tallies.all.iter().filter(|tally| tally.spans > 0 && wanted(tally)) {
            let [service, operation] = [tally.key.service, tally.key.operation]
                .map(|name| *names.entry(name).or_insert_with(|| self.number(view.text(name))));
            let is_request = self.is_request(service, tally.key.kind, tally.key.caller);
            let group = self.group(service, operation, (tally.key.kind, is_request));
            let group = &mut self.groups[group as usize];
            for Minute { number, spans, .. } in tallies.minutes_of(tally) {
                *group.minutes.entry(*number).or_default() += spans;
            }
            let sums = if tally.key.is_error { &mut group.failed } else { &mut group.fine };
            sums.add(tally, tallies.classes_of(tally));
            if is_request {
                let of_service = self.services.entry(service).or_default();
                for Minute { number, spans, sum_ns } in tallies.minutes_of(tally) {
                    let minute = of_service.minutes.entry(*number).or_default();
                    minute.requests += spans;
                    minute.errors += if tally.key.is_error { *spans } else { 0 };
                    minute.sum_ns = minute.sum_ns.saturating_add(*sum_ns);
                }
            } else {
                self.services.entry(service).or_default();
            }
        }
    }

    pub(crate) fn is_request(&self, service: u32, kind: Kind, caller: Caller) -> bool {
        if self.is_plain(service) { caller == Caller::Outside } else { is_entry(kind) }
    }

    /// Returns the group of spans.
    pub(crate) fn group(&mut self, service: u32, operation: u32, (kind, is_request): (Kind, bool)) -> u32 {
        let mut key = (service, operation, kind, is_request);
        if self.groups.len() >= MAX_GROUPS && !self.by_key.contains_key(&key) {
            key = (service, self.number(OTHERS), Kind::Unspecified, is_request);
        }
        *self.by_key.entry(key).or_insert_with(|| {
            let (service, operation, kind, is_request) = key;
            let (fine, failed) = (Sums::default(), Sums::default());
            let minutes = HashMap::new();
            self.groups.push(Group { service, operation, kind, is_request, fine, failed, minutes });
            self.groups.len() as u32 - 1
        })
    }

    /// Returns the group of spans that were added.
    pub(crate) fn known_group(&self, key: (u32, u32, Kind, bool)) -> Option<u32> {
        let others = || self.by_key.get(&(key.0, self.known(OTHERS)?, Kind::Unspecified, key.3));
        self.by_key.get(&key).or_else(others).copied()
    }
}

/// Returns whether spans of a kind are called from outside of their service.
pub(crate) fn is_entry(kind: Kind) -> bool {
    matches!(kind, Kind::Server | Kind::Consumer)
}

impl Sums {
    fn add(&mut self, tally: &Tally, classes: &[(u16, u32)]) {
        self.spans += tally.spans;
        self.sum_ns = self.sum_ns.saturating_add(tally.sum_ns);
        self.max_ns = self.max_ns.max(tally.max_ns);
        self.starts_ns = merged(self.starts_ns, Some(tally.starts_ns));
        self.classes.add_all(classes);
    }
}

fn merged(some: Option<(u64, u64)>, others: Option<(u64, u64)>) -> Option<(u64, u64)> {
    some.into_iter().chain(others).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
}

/// Several groups taken together: an operation, or a service.
#[derive(Debug, Default)]
pub(crate) struct Together<'a> {
    pub(crate) groups: Vec<&'a Group>,
    /// Of all durations, and of those without an error.
    all: Classes,
    fine: Classes,
}

impl<'a> Together<'a> {
    pub(crate) fn of(groups: impl Iterator<Item = &'a Group>) -> Self {
        let mut together = Self { groups: groups.collect(), ..Self::default() };
        for group in &together.groups {
            together.fine.merge(&group.fine.classes);
            together.all.merge(&group.failed.classes);
        }
        together.all.merge(&together.fine);
        together
    }

    fn sums(&self) -> impl Iterator<Item = &Sums> {
        self.groups.iter().flat_map(|group| [&group.fine, &group.failed])
    }

    fn peak(&self) -> u64 {
        if let [group] = self.groups.as_slice() {
            return group.minutes.values().copied().max().unwrap_or_default();
        }
        let mut minutes: HashMap<u64, u64> = HashMap::new();
        for (minute, spans) in self.groups.iter().flat_map(|group| &group.minutes) {
            *minutes.entry(*minute).or_default() += spans;
        }
        minutes.values().copied().max().unwrap_or_default()
    }

    /// Returns how many durations there are.
    pub(crate) fn count(&self) -> u64 {
        self.all.count()
    }

    /// Returns the class of a rank, and how many durations are in lower ones.
    pub(crate) fn at_rank(&self, rank: u64) -> Option<(u16, u64)> {
        self.all.at_rank(rank)
    }

    /// Returns how many durations there are in a class.
    pub(crate) fn in_class(&self, class: u16) -> u64 {
        self.all.in_class(class)
    }

    /// Returns how many durations without an error are in lower classes.
    pub(crate) fn fine_below(&self, class: u16) -> u64 {
        self.fine.below(class)
    }

    /// Returns the figures. What is not told exactly, percentiles and how many satisfy and are tolerated at most, comes from
    /// the classes.
    pub(crate) fn figures(&self, satisfying_ns: u64, exact: Option<&Exact>) -> Figures {
        let requests = self.count();
        let max_ns = self.sums().map(|sums| sums.max_ns).max().unwrap_or_default();
        let starts = self.sums().map(|sums| sums.starts_ns).fold(None, merged).unwrap_or_default();
        let [satisfied, tolerated] = [satisfying_ns, satisfying_ns.saturating_mul(4)].map(|ns| self.fine.up_to(ns));
        let [satisfied, tolerated] = exact.map_or([satisfied, tolerated], |exact| exact.within);
        let rough = |part| self.all.duration_at(nearest_rank(part, requests), max_ns).unwrap_or_default();
        let percentiles =
            exact.map_or_else(|| Percentiles::of(Percentiles::PARTS.map(rough)), |exact| exact.percentiles);
        let of = |count: u64| count as f64 / requests as f64;
        Figures {
            requests,
            errors: self.groups.iter().map(|group| group.failed.spans).sum(),
            sum_ns: self.sums().fold(0, |sum: u128, sums| sum.saturating_add(sums.sum_ns)),
            max_ns,
            percentiles: (requests > 0).then_some(percentiles),
            apdex: (requests > 0).then(|| f64::midpoint(of(satisfied), of(tolerated))),
            first: Timestamp(starts.0),
            last: Timestamp(starts.1),
            peak_per_minute: self.peak(),
        }
    }
}

/// What only a look at durations tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exact {
    pub(crate) percentiles: Percentiles,
    /// Durations without an error that satisfy, and that satisfy or are tolerated.
    pub(crate) within: [u64; 2],
}

impl Rules {
    /// Returns the classes in which durations begin not to satisfy, and not to be tolerated.
    pub(crate) fn apdex_bounds(&self, service: &str) -> [u64; 2] {
        let satisfying = self.satisfying_ns(service);
        [satisfying, satisfying.saturating_mul(4)]
    }
}

//! Adds up what the spans of many blocks come to, and makes figures of it.

use std::sync::Arc;

use foldhash::HashMap;

use super::classes::Classes;
use super::figures::{Figures, Percentiles, nearest_rank};
use crate::model::{Kind, Timestamp};
use crate::store::{MINUTE_NS, Minute, Tallies, Tally, Timing, class, least_of};

/// How many operations are told singly; the spans of others are counted as one more operation of their service.
const MAX_GROUPS: usize = 20_000;
/// Stands for the operations for which there is no room.
pub(crate) const OTHERS: &str = "(other operations)";

/// The requests of a service, or the spans of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) of: Of,
    pub(crate) sums: Sums,
}

/// What a group is of, by numbers of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Of {
    pub(crate) service: u32,
    /// None where it is the service.
    pub(crate) operation: Option<(u32, Kind)>,
}

/// What spans come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) all: Classes,
    failed: Classes,
    sum_ns: u128,
    pub(crate) max_ns: u64,
    starts_ns: Option<(u64, u64)>,
    pub(crate) minutes: HashMap<u64, InMinute>,
    /// The minute counted last, before it is among the others.
    minute: Option<(u64, InMinute)>,
}

/// What began in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InMinute {
    pub(crate) spans: u64,
    pub(crate) errors: u64,
    pub(crate) sum_ns: u128,
}

impl InMinute {
    pub(crate) fn add(&mut self, other: &Self) {
        self.spans += other.spans;
        self.errors += other.errors;
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    pub(crate) groups: Vec<Group>,
    by_key: HashMap<Of, u32>,
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

    /// Returns the group of something, which is there from now on.
    pub(crate) fn group(&mut self, mut of: Of) -> u32 {
        if self.groups.len() >= MAX_GROUPS && !self.by_key.contains_key(&of) && of.operation.is_some() {
            of.operation = Some((self.number(OTHERS), Kind::Unspecified));
        }
        *self.by_key.entry(of).or_insert_with(|| {
            self.groups.push(Group { of, sums: Sums::default() });
            self.groups.len() as u32 - 1
        })
    }

    /// Returns the group of something that was added, by names.
    pub(crate) fn find(&self, service: &str, operation: Option<(&str, Kind)>) -> Option<u32> {
        let number = |name: &str| self.numbers.get(name).copied();
        let service = number(service)?;
        let Some((name, kind)) = operation else { return self.by_key.get(&Of { service, operation: None }).copied() };
        let of = |operation, kind| Some(Of { service, operation: Some((number(operation)?, kind)) });
        let known = |of: Option<Of>| of.and_then(|of| self.by_key.get(&of).copied());
        known(of(name, kind)).or_else(|| known(of(OTHERS, Kind::Unspecified)))
    }

    pub(crate) fn sums(&self, group: u32) -> Option<&Sums> {
        self.groups.get(group as usize).map(|group| &group.sums)
    }

    /// Takes in what others have.
    pub(crate) fn merge(&mut self, others: &Self) {
        for group in &others.groups {
            let mut number = |name: u32| self.number(others.names.get(name as usize).map_or("", |name| name));
            let of = Of {
                service: number(group.of.service),
                operation: group.of.operation.map(|(name, kind)| (number(name), kind)),
            };
            let own = self.group(of);
            if let Some(own) = self.groups.get_mut(own as usize) {
                own.sums.merge(&group.sums);
            }
        }
    }
}

impl Sums {
    /// Adds a span.
    #[inline]
    pub(crate) fn add(&mut self, span: &Timing) {
        let (class, is_error) = (class(span.duration_ns), span.is_error());
        self.all.add(class, 1);
        if is_error {
            self.failed.add(class, 1);
        }
        self.sum_ns = self.sum_ns.saturating_add(span.duration_ns.into());
        self.max_ns = self.max_ns.max(span.duration_ns);
        self.starts_ns = merged(self.starts_ns, Some((span.start_ns, span.start_ns)));
        let one = InMinute { spans: 1, errors: u64::from(is_error), sum_ns: span.duration_ns.into() };
        let minute = span.start_ns / MINUTE_NS;
        match &mut self.minute {
            Some((number, counted)) if *number == minute => counted.add(&one),
            _ => {
                self.settle();
                self.minute = Some((minute, one));
            }
        }
    }

    /// Adds the spans of a tally.
    pub(crate) fn add_all(&mut self, tallies: &Tallies, tally: &Tally) {
        self.all.add_all(tallies.classes_of(tally));
        if tally.key.is_error {
            self.failed.add_all(tallies.classes_of(tally));
        }
        self.sum_ns = self.sum_ns.saturating_add(tally.sum_ns);
        self.max_ns = self.max_ns.max(tally.max_ns);
        self.starts_ns = merged(self.starts_ns, Some(tally.starts_ns));
        for Minute { number, spans, sum_ns } in tallies.minutes_of(tally) {
            let errors = if tally.key.is_error { *spans } else { 0 };
            self.minutes.entry(*number).or_default().add(&InMinute { spans: *spans, errors, sum_ns: *sum_ns });
        }
    }

    /// Has the minute counted last among the others.
    pub(crate) fn settle(&mut self) {
        if let Some((number, counted)) = self.minute.take() {
            self.minutes.entry(number).or_default().add(&counted);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.all.merge(&other.all);
        self.failed.merge(&other.failed);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.starts_ns = merged(self.starts_ns, other.starts_ns);
        let unsettled = other.minute.iter().map(|(number, counted)| (number, counted));
        for (number, counted) in other.minutes.iter().chain(unsettled) {
            self.minutes.entry(*number).or_default().add(counted);
        }
    }

    /// Takes away what is also in others. When the first and the last began is then what it was; the longest duration is known
    /// to within 2 %.
    pub(crate) fn take_away(&mut self, others: &Self) {
        self.settle();
        self.all.take_away(&others.all);
        self.failed.take_away(&others.failed);
        self.sum_ns = self.sum_ns.saturating_sub(others.sum_ns);
        let longest = self.all.iter().last().map_or(0, |(class, _)| least_of(class + 1));
        self.max_ns = self.max_ns.min(longest);
        let unsettled = others.minute.iter().map(|(number, counted)| (number, counted));
        for (number, gone) in others.minutes.iter().chain(unsettled) {
            if let Some(own) = self.minutes.get_mut(number) {
                own.spans = own.spans.saturating_sub(gone.spans);
                own.errors = own.errors.saturating_sub(gone.errors);
                own.sum_ns = own.sum_ns.saturating_sub(gone.sum_ns);
            }
        }
    }

    /// Returns how many durations without an error are in lower classes.
    pub(crate) fn fine_below(&self, class: u16) -> u64 {
        self.all.below(class).saturating_sub(self.failed.below(class))
    }

    /// Returns the figures. What is not told exactly, percentiles and how many satisfy or are tolerated, comes from the
    /// classes.
    pub(crate) fn figures(&self, satisfying_ns: u64, exact: Option<&Exact>) -> Figures {
        let requests = self.all.count();
        let rough = || {
            let percentile = |part| self.all.duration_at(nearest_rank(part, requests), self.max_ns).unwrap_or_default();
            let within = |ns| self.all.up_to(ns).saturating_sub(self.failed.up_to(ns));
            Exact {
                percentiles: Percentiles::of(Percentiles::PARTS.map(percentile)),
                within: bounds(satisfying_ns).map(within),
            }
        };
        let Exact { percentiles, within } = exact.copied().unwrap_or_else(rough);
        let [satisfied, tolerated] = within.map(|count| count as f64 / requests as f64);
        let starts = self.starts_ns.unwrap_or_default();
        let unsettled = self
            .minute
            .iter()
            .map(|(number, counted)| counted.spans + self.minutes.get(number).map_or(0, |before| before.spans));
        let peaks = self.minutes.values().map(|minute| minute.spans).chain(unsettled);
        Figures {
            requests,
            errors: self.failed.count(),
            sum_ns: self.sum_ns,
            max_ns: self.max_ns,
            percentiles: (requests > 0).then_some(percentiles),
            apdex: (requests > 0).then(|| f64::midpoint(satisfied, tolerated)),
            first: Timestamp(starts.0),
            last: Timestamp(starts.1),
            peak_per_minute: peaks.max().unwrap_or_default(),
        }
    }
}

fn merged(some: Option<(u64, u64)>, others: Option<(u64, u64)>) -> Option<(u64, u64)> {
    some.into_iter().chain(others).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
}

/// What only a look at durations tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exact {
    pub(crate) percentiles: Percentiles,
    /// Durations without an error that satisfy, and that satisfy or are tolerated.
    pub(crate) within: [u64; 2],
}

/// Returns the longest durations that satisfy, and that are tolerated.
pub(crate) fn bounds(satisfying_ns: u64) -> [u64; 2] {
    [satisfying_ns, satisfying_ns.saturating_mul(4)]
}

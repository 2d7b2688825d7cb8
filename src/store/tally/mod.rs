//! What the spans of a block come to: of each service how many there are, how they were called, how many of them failed, when
//! they began and how long they took. A sealed block has this written down, so that figures over many blocks look at few
//! numbers of each; of an open block, and of some rows of a block, it is counted when someone asks.

mod class;
mod counting;

use std::ops::Range;

pub(crate) use class::{CLASSES, class, least_of, middle_of};
pub(super) use counting::Counting;

use super::row::{Facts, Row};
use super::scan::Bits;
use super::view::{Block, View};
use crate::model::{Kind, StatusCode, Timestamp};

/// What spans that are counted together have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// A name by number.
    pub(crate) service: u32,
    pub(crate) call: Call,
    pub(crate) is_error: bool,
}

/// Where a span was called from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// From outside of its service, as its kind says.
    Entry,
    /// From outside, as it has no parent, or one of another service.
    Outside,
    /// By a span of its own service.
    Inside,
    /// Its parent is not in the same part, or nobody wanted to know.
    #[default]
    Unknown,
}

impl Call {
    const ALL: [Self; 4] = [Self::Entry, Self::Outside, Self::Inside, Self::Unknown];
}

impl Key {
    /// Returns what is not the service as a number.
    pub(super) fn small(self) -> u64 {
        (self.call as u64) << 1 | u64::from(self.is_error)
    }

    /// Puts together what [`Key::small`] gave.
    pub(super) fn from_small(service: u32, small: u64) -> Self {
        let call = Call::ALL.get((small >> 1) as usize).copied().unwrap_or_default();
        Self { service, call, is_error: small & 1 == 1 }
    }
}

/// What spans come to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tally {
    pub(crate) key: Key,
    pub(crate) spans: u64,
    /// Of their durations.
    pub(crate) sum_ns: u128,
    pub(crate) max_ns: u64,
    /// The starts of the first and the last of them.
    pub(crate) starts_ns: (u64, u64),
    /// Where among [`Tallies::classes`] and [`Tallies::minutes`] its own are.
    pub(crate) classes: Range<usize>,
    pub(crate) minutes: Range<usize>,
}

/// Spans that began in the same minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Minute {
    /// Which minute since 1970.
    pub(crate) number: u64,
    pub(crate) spans: u64,
    /// Of their durations.
    pub(crate) sum_ns: u128,
}

pub(crate) const MINUTE_NS: u64 = 60_000_000_000;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tallies {
    pub(crate) all: Vec<Tally>,
    /// How many spans are in each class of durations.
    pub(crate) classes: Vec<(u16, u32)>,
    pub(crate) minutes: Vec<Minute>,
}

impl Tallies {
    pub(crate) fn classes_of(&self, tally: &Tally) -> &[(u16, u32)] {
        self.classes.get(tally.classes.clone()).unwrap_or_default()
    }

    pub(crate) fn minutes_of(&self, tally: &Tally) -> &[Minute] {
        self.minutes.get(tally.minutes.clone()).unwrap_or_default()
    }
}

/// The columns of a span that figures are made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    pub(crate) row: u32,
    pub(crate) start_ns: u64,
    pub(crate) duration_ns: u64,
    /// Names by number.
    pub(crate) service: u32,
    pub(crate) operation: u32,
    pub(crate) facts: Facts,
}

impl Timing {
    pub(crate) fn of(row: u32, columns: &Row) -> Self {
        let Row { start_ns, duration_ns, service, operation, facts, .. } = *columns;
        Self { row, start_ns, duration_ns, service, operation, facts }
    }

    pub(crate) fn is_error(&self) -> bool {
        self.facts.status() == StatusCode::Error
    }

    /// Returns whether the kind says that it was called from outside of its service.
    pub(crate) fn is_entry(&self) -> bool {
        matches!(self.facts.kind(), Kind::Server | Kind::Consumer)
    }

    /// Returns what it is counted with, if it was called so, where its kind does not say it.
    pub(crate) fn key(&self, call: impl FnOnce() -> Call) -> Key {
        let call = if self.is_entry() { Call::Entry } else { call() };
        Key { service: self.service, call, is_error: self.is_error() }
    }
}

impl View<'_> {
    /// Returns what all spans come to, where that is written down.
    pub(crate) fn tallies(&self) -> Option<Tallies> {
        match self.block() {
            Block::Open(_) => None,
            Block::Sealed(block) => Some(block.tallies()),
        }
    }

    /// Counts some rows; `call` says where those were called from of which the kind does not.
    pub(crate) fn count(&self, rows: &Bits, call: impl Fn(&Timing) -> Call) -> Tallies {
        let mut counting = Counting::default();
        self.timings(rows, |timing| {
            counting.add(timing.key(|| call(timing)), timing.start_ns, timing.duration_ns);
        });
        counting.finish()
    }

    /// Hands over which services have spans, and whether by their kinds these are called from outside; some more than once.
    pub(crate) fn served(&self, mut each: impl FnMut(u32, bool)) {
        match self.block() {
            Block::Open(block) => (0..self.len()).for_each(|row| {
                let timing = Timing::of(row, &block.row(row));
                each(timing.service, timing.is_entry());
            }),
            Block::Sealed(block) => block.served(each),
        }
    }

    /// Returns when the first and the last request arrived.
    pub(crate) fn arrivals(&self) -> Option<(Timestamp, Timestamp)> {
        self.block().arrivals()
    }

    /// Returns the starts of the first and the last span; none without spans.
    pub(crate) fn first_and_last_ns(&self) -> Option<(u64, u64)> {
        match self.block() {
            Block::Open(_) => (self.len() > 0).then(|| self.span_starts()),
            Block::Sealed(block) => block.starts_ns(),
        }
    }

    /// Hands over the columns of rows that figures are made of, in order.
    pub(crate) fn timings(&self, rows: &Bits, mut each: impl FnMut(&Timing)) {
        match self.block() {
            Block::Open(block) => rows.iter().for_each(|row| each(&Timing::of(row, &block.row(row)))),
            Block::Sealed(block) => block.timings(rows, each),
        }
    }

    /// Returns where a span was called from, as far as its part tells, whatever its kind says.
    pub(crate) fn call(&self, row: u32) -> Call {
        match self.block() {
            Block::Open(block) => {
                let span = block.row(row);
                if span.parent_id == 0 {
                    return Call::Outside;
                }
                match self.find_span(block.place(row).part, span.parent_id) {
                    None => Call::Unknown,
                    Some(parent) if block.row(parent).service == span.service => Call::Inside,
                    Some(_) => Call::Outside,
                }
            }
            Block::Sealed(block) => block.call(row),
        }
    }
}

#[cfg(test)]
mod tests;

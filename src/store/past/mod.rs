//! What is known of spans that are gone for good: how many requests each service had in each minute, how many of them failed
//! and how long they took together. That is little, so health scores go back as far as anything is kept, however early
//! the spans themselves have to go.
//!
//! Blocks are added as they go. What was added is kept in pieces that never change and are joined as they become many, so that
//! readers share them and a block costs little more than its own minutes.

mod file;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tally::{Call, MINUTE_NS, Tallies};
use super::view::View;
use super::{Bits, Limits};
use crate::model::Timestamp;

pub use file::{PAST_FILE, PastError};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// Each in order of service and minute.
    pieces: Vec<Arc<Vec<PastMinute>>>,
    /// Blocks before this one are gone, and are in here as far as they are to be.
    next: u32,
}

/// The spans of a service that began in a minute and are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastMinute {
    pub service: Arc<str>,
    /// Which minute since 1970.
    pub minute: u32,
    /// Those of kind SERVER and CONSUMER.
    pub entries: Sum,
    /// The others that were not called from within the service, as far as was known in their block.
    pub others: Sum,
}

/// What spans come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub spans: u64,
    pub errors: u64,
    /// Of their durations.
    pub sum_ns: u64,
}

/// More minutes of services are not kept: some days of a hundred services, in about 14 MB. The earliest go first.
const MOST: usize = 200_000;
/// This share of the memory is not exceeded either.
const SHARE: usize = 32;
/// A span that begins so long after its request arrived has a clock that nothing can be said by, in minutes.
const AHEAD: u64 = 10;

impl Sum {
    fn add(&mut self, other: &Self) {
        self.spans = self.spans.saturating_add(other.spans);
        self.errors = self.errors.saturating_add(other.errors);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
    }
}

impl PastMinute {
    fn key(&self) -> (&str, u32) {
        (&self.service, self.minute)
    }
}

fn minute(at_ns: u64) -> u32 {
    u32::try_from(at_ns / MINUTE_NS).unwrap_or(u32::MAX)
}

impl Past {
    /// Hands over what is kept of the minutes between two, both included; of a service and minute there may be several.
    pub fn between(&self, first: u32, last: u32) -> impl Iterator<Item = &PastMinute> {
        let all = self.pieces.iter().flat_map(|piece| piece.iter());
        all.filter(move |one| (first..=last).contains(&one.minute))
    }

    /// Returns the bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.capacity() * size_of::<PastMinute>()).sum()
    }

    /// Returns the first block that is not in it.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Adds a block that is gone.
    pub(super) fn add(&mut self, view: &View, limits: &Limits) {
        self.next = self.next.max(view.sequence().saturating_add(1));
        let Some((_, arrived)) = view.arrivals() else { return };
        let all = || Bits::all(view.len());
        let tallies = view.tallies().unwrap_or_else(|| view.count(&all(), |timing| view.call(timing.row)));
        let kept =
            minute(arrived.0.saturating_sub(limits.retention_ns))..=minute(arrived.0.saturating_add(AHEAD * MINUTE_NS));
        let mut piece: BTreeMap<(&str, u32), PastMinute> = BTreeMap::new();
        each_minute(&tallies, |service, number, is_entry, sum| {
            let (name, number) = (view.text(service), u32::try_from(number).unwrap_or(u32::MAX));
            if kept.contains(&number) {
                let one = piece.entry((name, number)).or_default();
                if is_entry { &mut one.entries } else { &mut one.others }.add(&sum);
            }
        });
        let mut last: Option<Arc<str>> = None;
        let named = piece.into_iter().map(|((name, minute), one)| {
            let service = last.take().filter(|last| **last == *name).unwrap_or_else(|| name.into());
            last = Some(Arc::clone(&service));
            PastMinute { service, minute, ..one }
        });
        let piece: Vec<PastMinute> = named.collect();
        self.push(piece);
        self.keep_within(MOST.min(limits.memory_bytes / SHARE / size_of::<PastMinute>()));
    }

    /// Adds a piece; of pieces of about the same size one is made, so that there are few and each minute is moved seldom.
    fn push(&mut self, mut piece: Vec<PastMinute>) {
        while let Some(last) = self.pieces.pop_if(|last| last.len() <= 2 * piece.len()) {
            piece = joined(&last, &piece);
        }
        if !piece.is_empty() {
            self.pieces.push(Arc::new(piece));
        }
    }

    fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    fn keep_within(&mut self, most: usize) {
        let Some(excess) = self.len().checked_sub(most).filter(|excess| *excess > 0) else { return };
        let mut minutes: Vec<u32> = self.between(0, u32::MAX).map(|one| one.minute).collect();
        // Not at each block again.
        let excess = (excess + most / 8).min(minutes.len());
        let (_, last, _) = minutes.select_nth_unstable(excess - 1);
        let last = *last;
        self.keep(|one| one.minute > last);
    }

    fn keep(&mut self, is_kept: impl Fn(&PastMinute) -> bool) {
        let before = std::mem::take(&mut self.pieces);
        for piece in before {
            let left: Vec<PastMinute> = piece.iter().filter(|one| is_kept(one)).cloned().collect();
            self.push(left);
        }
    }

    /// Forgets what was before a time; returns whether there was any.
    pub(super) fn forget_before(&mut self, time: Timestamp) -> bool {
        let first = minute(time.0);
        let is_any = self.pieces.iter().any(|piece| piece.iter().any(|one| one.minute < first));
        if is_any {
            self.keep(|one| one.minute >= first);
        }
        is_any
    }
}

/// Calls `on` with the service, the minute, whether the spans are of kind SERVER or CONSUMER, and what they come to.
fn each_minute(tallies: &Tallies, mut on: impl FnMut(u32, u64, bool, Sum)) {
    for tally in tallies.all.iter().filter(|tally| tally.key.call != Call::Inside) {
        for minute in tallies.minutes_of(tally) {
            let errors = if tally.key.is_error { minute.spans } else { 0 };
            let sum_ns = u64::try_from(minute.sum_ns).unwrap_or(u64::MAX);
            let sum = Sum { spans: minute.spans, errors, sum_ns };
            on(tally.key.service, minute.number, tally.key.call == Call::Entry, sum);
        }
    }
}

/// Returns both in one order, with what is of the same service and minute added up.
fn joined(one: &[PastMinute], other: &[PastMinute]) -> Vec<PastMinute> {
    let mut all = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    while let Some(next) = match (one.peek(), other.peek()) {
        (Some(a), Some(b)) if a.key() <= b.key() => one.next(),
        (_, Some(_)) => other.next(),
        _ => one.next(),
    } {
        match all.last_mut() {
            Some(last) if PastMinute::key(last) == next.key() => {
                last.entries.add(&next.entries);
                last.others.add(&next.others);
            }
            _ => all.push(next.clone()),
        }
    }
    all
}

//! What is kept of many numbers to give one.

use std::collections::BTreeMap;

use crate::query::ast::Function;

/// How many single numbers are kept for percentiles, of all series together.
pub(super) const EXACT: usize = 1_000_000;
/// Classes within a doubling, beyond that: a number is known to half a hundredth.
const PER_OCTAVE: f64 = 128.0;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fold {
    Count(u64),
    Min(Option<f64>),
    Max(Option<f64>),
    Avg(f64, u64),
    Sum(Option<f64>),
    /// How many numbers are at most each power of two and more than the one before.
    Buckets(BTreeMap<u64, u64>),
    Exact(Vec<f64>),
    /// How many numbers there are in each class.
    Classes(BTreeMap<i32, u64>),
}

impl Fold {
    pub(super) fn of(function: &Function) -> Self {
        match function {
            Function::Rate | Function::Count | Function::Compare(..) => Self::Count(0),
            Function::Min(_) => Self::Min(None),
            Function::Max(_) => Self::Max(None),
            Function::Avg(_) => Self::Avg(0.0, 0),
            Function::Sum(_) => Self::Sum(None),
            Function::Histogram(_) => Self::Buckets(BTreeMap::new()),
            Function::Quantile(..) => Self::Exact(Vec::new()),
        }
    }

    pub(super) fn count(&mut self) {
        if let Self::Count(count) = self {
            *count += 1;
        }
    }

    /// Adds a number, and returns whether it is kept singly.
    pub(super) fn add(&mut self, number: f64) -> bool {
        match self {
            Self::Count(count) => *count += 1,
            Self::Min(least) => *least = Some(least.map_or(number, |least| least.min(number))),
            Self::Max(most) => *most = Some(most.map_or(number, |most| most.max(number))),
            Self::Avg(sum, count) => (*sum, *count) = (*sum + number, *count + 1),
            Self::Sum(sum) => *sum = Some(sum.unwrap_or_default() + number),
            Self::Buckets(buckets) => {
                let bound = (number.max(0.0).ceil() as u64).checked_next_power_of_two().unwrap_or(u64::MAX);
                *buckets.entry(bound).or_default() += 1;
            }
            Self::Classes(classes) => *classes.entry(class(number)).or_default() += 1,
            Self::Exact(numbers) => {
                numbers.push(number);
                return true;
            }
        }
        false
    }

    /// Keeps classes from now on, not single numbers.
    pub(super) fn classify(&mut self) {
        if let Self::Exact(numbers) = self {
            let mut classes = BTreeMap::new();
            for &number in &*numbers {
                *classes.entry(class(number)).or_default() += 1;
            }
            *self = Self::Classes(classes);
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Count(count) => Some(*count as f64),
            Self::Min(number) | Self::Max(number) | Self::Sum(number) => *number,
            Self::Avg(sum, count) => (*count > 0).then(|| sum / *count as f64),
            Self::Buckets(_) | Self::Exact(_) | Self::Classes(_) => None,
        }
    }

    /// Returns the number of which so large a part is at most that: by nearest rank.
    pub(super) fn quantile(&self, part: f64) -> Option<f64> {
        let rank = |count: usize| ((count as f64 * part).ceil() as usize).clamp(1, count.max(1)) - 1;
        match self {
            Self::Exact(numbers) => {
                let mut numbers = numbers.clone();
                let rank = rank(numbers.len());
                (!numbers.is_empty()).then(|| *numbers.select_nth_unstable_by(rank, f64::total_cmp).1)
            }
            Self::Classes(classes) => {
                let count: u64 = classes.values().sum();
                let (rank, mut before) = (rank(count as usize) as u64, 0);
                let found = classes.iter().find(|(_, count)| {
                    before += **count;
                    before > rank
                });
                found.map(|(&class, _)| middle(class))
            }
            _ => None,
        }
    }

    pub(super) fn bounds(&self) -> impl Iterator<Item = u64> {
        let buckets = if let Self::Buckets(buckets) = self { Some(buckets) } else { None };
        buckets.into_iter().flat_map(|buckets| buckets.keys().copied())
    }

    pub(super) fn in_bucket(&self, bound: u64) -> f64 {
        let buckets = if let Self::Buckets(buckets) = self { Some(buckets) } else { None };
        buckets.and_then(|buckets| buckets.get(&bound)).map_or(0.0, |&count| count as f64)
    }
}

/// More than the class of the greatest number; an infinite one is in the class after it.
const MOST_CLASS: f64 = 1e6;

/// Returns the class of a number; those below zero have the classes below zero, in their order.
fn class(number: f64) -> i32 {
    let size = number.abs();
    // Whatever is smaller than this is as good as nothing.
    let class =
        if size < 1e-9 { 0 } else { ((size / 1e-9).log2() * PER_OCTAVE).floor().clamp(0.0, MOST_CLASS) as i32 + 1 };
    if number < 0.0 { -class } else { class }
}

/// Returns the middle of a class.
fn middle(class: i32) -> f64 {
    let size = if class == 0 { 0.0 } else { ((f64::from(class.abs()) - 0.5) / PER_OCTAVE).exp2() * 1e-9 };
    if class < 0 { -size } else { size }
}

//! Percentiles as they are: the classes tell in which one a percentile lies, so that of all durations only those of a few
//! classes need be kept to find it, a hundredth or so of them.

use super::figures::{Percentiles, nearest_rank};
use super::totals::{Exact, Sums, bounds};
use crate::store::{Bits, CLASSES, Timing, class, least_of, middle_of};

/// Of a class with more durations than this the middle stands for all of them.
const MAX_IN_CLASS: u64 = 1_000_000;
/// How many durations are kept at most.
const MAX_KEPT: u64 = 8_000_000;

/// Which durations are to be kept, by group.
#[derive(Debug)]
pub(crate) struct Sought {
    groups: Vec<One>,
    /// How many will be kept.
    durations: u64,
}

/// What is sought of a group.
#[derive(Clone, Debug)]
struct One {
    classes: Bits,
    /// The longest durations that satisfy, and that are tolerated.
    bounds: [u64; 2],
    bound_classes: [u16; 2],
}

/// The durations that were kept.
#[derive(Debug, Default)]
pub(crate) struct Kept(Vec<OfGroup>);

#[derive(Clone, Debug, Default)]
struct OfGroup {
    durations: Vec<u64>,
    /// Of those in the classes of the bounds, and without an error, how many are within them.
    within: [u64; 2],
}

impl Sought {
    /// Seeks what tells the percentiles and Apdex of groups exactly: for each its sums, and what satisfies. Returns with it
    /// whether all will be told so.
    pub(crate) fn of<'a>(groups: impl Iterator<Item = (&'a Sums, u64)>) -> (Self, bool) {
        let (mut sought, mut is_all) = (Self { groups: Vec::new(), durations: 0 }, true);
        for (sums, satisfying_ns) in groups {
            is_all &= sought.seek(sums, bounds(satisfying_ns));
        }
        (sought, is_all)
    }

    fn seek(&mut self, sums: &Sums, bounds: [u64; 2]) -> bool {
        let mut one = One { classes: Bits::none(CLASSES as u32), bounds, bound_classes: bounds.map(class) };
        let mut is_all = true;
        for part in Percentiles::PARTS {
            let Some((class, _)) = sums.all.at_rank(nearest_rank(part, sums.all.count())) else { continue };
            // All durations of a class of one are known.
            if width_of(class) <= 1 || one.classes.has(class.into()) {
                continue;
            }
            let durations = sums.all.in_class(class);
            if durations > MAX_IN_CLASS || self.durations + durations > MAX_KEPT {
                is_all = false;
                continue;
            }
            self.durations += durations;
            one.classes.insert(class.into());
        }
        self.groups.push(one);
        is_all
    }

    /// Returns a place for what is kept.
    pub(crate) fn kept(&self) -> Kept {
        Kept(vec![OfGroup::default(); self.groups.len()])
    }

    /// Keeps the duration of a span of a group if it is sought.
    #[inline]
    pub(crate) fn look(&self, group: u32, span: &Timing, kept: &mut Kept) {
        let Some((one, kept)) = self.groups.get(group as usize).zip(kept.0.get_mut(group as usize)) else { return };
        let class = class(span.duration_ns);
        if one.classes.has(class.into()) {
            kept.durations.push(span.duration_ns);
        }
        if one.bound_classes.contains(&class) && !span.is_error() {
            for ((within, bound), bound_class) in kept.within.iter_mut().zip(one.bounds).zip(one.bound_classes) {
                *within += u64::from(bound_class == class && span.duration_ns <= bound);
            }
        }
    }

    /// Returns the exact figures of each group, of what all who looked have kept.
    pub(crate) fn exact<'a>(&self, groups: impl Iterator<Item = &'a Sums>, kept: Kept) -> Vec<Exact> {
        let exact = |((sums, one), mut kept): ((&Sums, &One), OfGroup)| {
            kept.durations.sort_unstable();
            let percentile = |part| one.duration_at(nearest_rank(part, sums.all.count()), sums, &kept.durations);
            let [satisfied, tolerated] = one.bound_classes.map(|class| sums.fine_below(class));
            Exact {
                percentiles: Percentiles::of(Percentiles::PARTS.map(percentile)),
                within: [satisfied + kept.within[0], tolerated + kept.within[1]],
            }
        };
        groups.zip(&self.groups).zip(kept.0).map(exact).collect()
    }
}

impl One {
    /// Returns the duration of a rank; of those kept, which are in order, where they were sought.
    fn duration_at(&self, rank: u64, sums: &Sums, durations: &[u64]) -> u64 {
        let Some((class, before)) = sums.all.at_rank(rank) else { return 0 };
        if !self.classes.has(class.into()) {
            return middle_of(class).min(sums.max_ns);
        }
        let first = durations.partition_point(|&ns| ns < least_of(class));
        let place = first + (rank - before - 1) as usize;
        durations.get(place).copied().unwrap_or_else(|| middle_of(class))
    }
}

fn width_of(class: u16) -> u64 {
    least_of(class + 1) - least_of(class)
}

impl Kept {
    /// Takes in what another one has kept.
    pub(crate) fn merge(&mut self, other: Self) {
        for (own, mut other) in self.0.iter_mut().zip(other.0) {
            own.durations.append(&mut other.durations);
            own.within = [own.within[0] + other.within[0], own.within[1] + other.within[1]];
        }
    }
}

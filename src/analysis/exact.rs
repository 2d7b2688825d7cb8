//! Percentiles as they are: the classes tell in which one a percentile lies, so that of all durations only those of a few
//! classes need be kept to find it, a hundredth or so of them.

use super::figures::{Percentiles, nearest_rank};
use super::totals::{Exact, Together};
use crate::store::{Bits, CLASSES, class, least_of, middle_of};

/// Of a class with more durations than this the middle stands for all of them.
const MAX_IN_CLASS: u64 = 1_000_000;
/// How many durations are kept at most, by who looks.
const MAX_KEPT: u64 = 8_000_000;

/// Which durations are to be kept, by group.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    classes: Vec<Bits>,
    /// The longest durations that satisfy, and that are tolerated.
    bounds: Vec<[u64; 2]>,
    bound_classes: Vec<[u16; 2]>,
}

/// The durations that were kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    durations: Vec<Vec<u64>>,
    /// Of those in the classes of the bounds, and without an error, how many are within them.
    within: Vec<[u64; 2]>,
}

impl Sought {
    /// Seeks nothing, for so many groups.
    pub(crate) fn nothing(groups: usize) -> Self {
        let none = || Bits::none(CLASSES as u32);
        Self {
            classes: (0..groups).map(|_| none()).collect(),
            bounds: vec![[0; 2]; groups],
            bound_classes: vec![[u16::MAX; 2]; groups],
        }
    }

    /// Seeks what tells the percentiles and Apdex of some groups exactly; returns whether that can be done.
    pub(crate) fn seek(&mut self, (groups, together): (&[u32], &Together), bounds: [u64; 2]) -> bool {
        let mut can = true;
        for part in Percentiles::PARTS {
            let Some((class, _)) = together.at_rank(nearest_rank(part, together.count())) else { continue };
            // All durations of a class of one are known.
            if least_of(class + 1) - least_of(class) <= 1 {
                continue;
            }
            if together.in_class(class) > MAX_IN_CLASS {
                can = false;
                continue;
            }
            for &group in groups {
                self.classes[group as usize].insert(class.into());
            }
        }
        for &group in groups {
            self.bounds[group as usize] = bounds;
            self.bound_classes[group as usize] = bounds.map(class);
        }
        can
    }

    /// Seeks nothing more where too much would be kept, and returns whether that was so.
    pub(crate) fn forgo(&mut self, count: impl Fn(usize, u16) -> u64) -> bool {
        let of = |(group, classes): (usize, &Bits)| classes.iter().map(|class| count(group, class as u16)).sum::<u64>();
        let is_too_much = self.classes.iter().enumerate().map(of).sum::<u64>() > MAX_KEPT;
        if is_too_much {
            self.classes.iter_mut().for_each(Bits::clear);
        }
        is_too_much
    }

    /// Returns a place for what is kept.
    pub(crate) fn kept(&self) -> Kept {
        Kept { durations: vec![Vec::new(); self.classes.len()], within: vec![[0; 2]; self.classes.len()] }
    }

    /// Keeps a duration if it is sought.
    #[inline]
    pub(crate) fn look(&self, group: u32, (duration_ns, is_error): (u64, bool), kept: &mut Kept) {
        let (group, class) = (group as usize, class(duration_ns));
        if self.classes.get(group).is_some_and(|classes| classes.has(class.into())) {
            kept.durations[group].push(duration_ns);
        }
        let bound_classes = self.bound_classes.get(group).copied().unwrap_or_default();
        if bound_classes.contains(&class) && !is_error {
            for at in [0, 1] {
                kept.within[group][at] +=
                    u64::from(bound_classes[at] == class && duration_ns <= self.bounds[group][at]);
            }
        }
    }

    /// Returns the exact figures of some groups, of what all who looked have kept.
    pub(crate) fn exact(&self, (groups, together): (&[u32], &Together), kept: &Kept) -> Exact {
        let percentile = |part| self.duration_at(nearest_rank(part, together.count()), (groups, together), kept);
        let within = [0, 1].map(|at| {
            let class = groups.first().map_or(0, |&group| self.bound_classes[group as usize][at]);
            let on_the_edge: u64 = groups.iter().map(|&group| kept.within[group as usize][at]).sum();
            together.fine_below(class) + on_the_edge
        });
        Exact { percentiles: Percentiles::of(Percentiles::PARTS.map(percentile)), within }
    }

    fn duration_at(&self, rank: u64, (groups, together): (&[u32], &Together), kept: &Kept) -> u64 {
        let Some((class, before)) = together.at_rank(rank) else { return 0 };
        let (least, next) = (least_of(class), least_of(class + 1));
        if next - least <= 1 {
            return least;
        }
        let mut durations = Vec::new();
        for &group in groups.iter().filter(|&&group| self.classes[group as usize].has(class.into())) {
            // Sorted, see `Kept::sort`.
            let all = &kept.durations[group as usize];
            let of_class =
                all.partition_point(|&ns| ns < least)..all.partition_point(|&ns| ns < next || class_is_last(class));
            durations.extend_from_slice(all.get(of_class).unwrap_or_default());
        }
        let place = (rank - before - 1) as usize;
        if place >= durations.len() {
            return middle_of(class);
        }
        *durations.select_nth_unstable(place).1
    }
}

/// The last class has no next one.
fn class_is_last(class: u16) -> bool {
    class as usize + 1 == CLASSES
}

impl Kept {
    /// Takes in what another one has kept.
    pub(crate) fn merge(&mut self, other: Self) {
        for (own, mut others) in self.durations.iter_mut().zip(other.durations) {
            own.append(&mut others);
        }
        for (own, others) in self.within.iter_mut().zip(other.within) {
            *own = [own[0] + others[0], own[1] + others[1]];
        }
    }

    /// Puts what was kept in order, before it is asked.
    pub(crate) fn sort(&mut self) {
        self.durations.iter_mut().for_each(|durations| durations.sort_unstable());
    }
}

//! Adds up the spans of each path.

use std::cmp::Reverse;
use std::sync::Arc;

use foldhash::HashMap;

use super::{Compared, Comparison, Side, Step};
use crate::analysis::critical_path::self_times;
use crate::analysis::{Classes, nearest_rank};
use crate::model::Trace;
use crate::store::class;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Collecting {
    /// A path is a path above and a step.
    paths: HashMap<(u32, Step), u32>,
    all: Vec<(u32, Step)>,
    sides: [Vec<Sums>; 2],
    traces: [u64; 2],
    others: u64,
}

/// No path: that of a root is below it.
const NONE: u32 = u32::MAX;
/// No more paths are told apart.
const MOST_PATHS: usize = 20_000;
/// No path is longer.
const MOST_STEPS: u32 = 100;
/// Of so many spans of a path percentiles are exact.
const FEW: usize = 1_000;

#[derive(Clone, Debug, Default)]
struct Sums {
    count: u64,
    errors: u64,
    sum_ns: u128,
    own_ns: u128,
    max_ns: u64,
    few: Vec<u64>,
    many: Classes,
}

impl Collecting {
    /// Adds a trace to a side, 0 or 1.
    pub(crate) fn add(&mut self, side: usize, trace: &Trace) {
        self.traces[side] += 1;
        let own_ns = self_times(trace);
        let mut path_of: Vec<u32> = Vec::with_capacity(trace.tree.nodes.len());
        for node in &trace.tree.nodes {
            let span = &trace.spans[node.span as usize];
            let above = node.parent.map_or(NONE, |parent| path_of[parent as usize]);
            let step = Step { service: Arc::clone(&span.service), operation: Arc::clone(&span.operation) };
            // Below what has no place there is none either.
            let is_lost = node.parent.is_some() && above == NONE || node.depth >= MOST_STEPS;
            let path = if is_lost { None } else { self.path(above, step) };
            path_of.push(path.unwrap_or(NONE));
            let Some(path) = path else {
                self.others += 1;
                continue;
            };
            let sums = &mut self.sides[side];
            if sums.len() <= path as usize {
                sums.resize_with(path as usize + 1, Sums::default);
            }
            sums[path as usize].add(span.duration_ns, own_ns[node.span as usize], span.is_error());
        }
    }

    fn path(&mut self, above: u32, step: Step) -> Option<u32> {
        let key = (above, step);
        if let Some(known) = self.paths.get(&key) {
            return Some(*known);
        }
        let number = self.all.len() as u32;
        if self.all.len() >= MOST_PATHS {
            return None;
        }
        self.all.push(key.clone());
        self.paths.insert(key, number);
        Some(number)
    }

    /// Takes in what was collected elsewhere.
    pub(crate) fn merge(&mut self, other: Self) {
        let mut numbers: Vec<Option<u32>> = Vec::with_capacity(other.all.len());
        for (above, step) in other.all {
            // A path comes after the one above it.
            let above = if above == NONE { Some(NONE) } else { numbers.get(above as usize).copied().flatten() };
            numbers.push(above.and_then(|above| self.path(above, step)));
        }
        for (side, sums) in other.sides.into_iter().enumerate() {
            self.traces[side] += other.traces[side];
            for (number, sums) in numbers.iter().zip(sums) {
                let Some(number) = number else {
                    self.others += sums.count;
                    continue;
                };
                let own = &mut self.sides[side];
                if own.len() <= *number as usize {
                    own.resize_with(*number as usize + 1, Sums::default);
                }
                own[*number as usize].merge(sums);
            }
        }
        self.others += other.others;
    }

    /// Returns the rows, those that differ most first.
    pub(crate) fn finish(mut self) -> Comparison {
        let traces = self.traces;
        let is_approximate = self.sides.iter().flatten().any(|sums| sums.many.count() > 0);
        let mut told: [Vec<Option<Side>>; 2] = [Vec::new(), Vec::new()];
        for (side, sums) in self.sides.iter_mut().enumerate() {
            told[side] = sums.iter_mut().map(|sums| sums.told(traces[side])).collect();
        }
        let of = |side: usize, number: usize| told[side].get(number).copied().flatten();
        let row = |number: usize| {
            let (a, b) = (of(0, number), of(1, number));
            let own = |side: Option<Side>| i64::try_from(side.map_or(0, |side| side.self_ns)).unwrap_or(i64::MAX);
            Compared { path: self.steps(number as u32), a, b, difference_ns: own(b).saturating_sub(own(a)) }
        };
        let mut rows: Vec<Compared> = (0..self.all.len()).map(row).collect();
        rows.sort_by(|a, b| {
            let key = |row: &Compared| Reverse(row.difference_ns.unsigned_abs());
            key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
        });
        Comparison { traces, rows, others: self.others, is_approximate }
    }

    fn steps(&self, number: u32) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = number;
        while let Some((above, step)) = self.all.get(at as usize) {
            steps.push(step.clone());
            at = *above;
        }
        steps.reverse();
        steps
    }
}

impl Sums {
    fn add(&mut self, duration_ns: u64, own_ns: u64, is_error: bool) {
        self.count += 1;
        self.errors += u64::from(is_error);
        self.sum_ns += u128::from(duration_ns);
        self.own_ns += u128::from(own_ns);
        self.keep(duration_ns);
    }

    fn keep(&mut self, duration_ns: u64) {
        self.max_ns = self.max_ns.max(duration_ns);
        if self.few.len() < FEW && self.many.count() == 0 {
            self.few.push(duration_ns);
            return;
        }
        for kept in std::mem::take(&mut self.few) {
            self.many.add(class(kept), 1);
        }
        self.many.add(class(duration_ns), 1);
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.sum_ns += other.sum_ns;
        self.own_ns += other.own_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
        for duration_ns in other.few {
            self.keep(duration_ns);
        }
        if other.many.count() > 0 {
            for kept in std::mem::take(&mut self.few) {
                self.many.add(class(kept), 1);
            }
            self.many.merge(&other.many);
        }
    }

    fn told(&mut self, traces: u64) -> Option<Side> {
        let rank = nearest_rank(0.95, self.count);
        let at = (rank as usize).saturating_sub(1);
        let exact = (at < self.few.len()).then(|| *self.few.select_nth_unstable(at).1);
        let ns = |sum: u128, of: u64| u64::try_from(sum / u128::from(of.max(1))).unwrap_or(u64::MAX);
        (self.count > 0).then(|| Side {
            count: self.count,
            errors: self.errors,
            mean_ns: ns(self.sum_ns, self.count),
            p95_ns: exact.or_else(|| self.many.duration_at(rank, self.max_ns)).unwrap_or_default(),
            self_ns: ns(self.own_ns, traces),
        })
    }
}

//! How much a property sets traces apart: compared among traces with the same root, and put together over all roots (Cochran, Mantel
//! and Haenszel).

use foldhash::HashMap;

use crate::analysis::trend::two_sided;

/// How many of the traces with one root have a property.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) selected: u32,
    pub(super) selected_with: u32,
    pub(super) rest: u32,
    pub(super) rest_with: u32,
}

/// Counts by root.
pub(super) type Table = HashMap<u32, Counted>;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Association {
    /// The share of the selected traces that have it, and of the others, each root counted as often as it is among the selected.
    pub selected: f64,
    pub rest: f64,
    /// How often chance alone does as much, for one property.
    pub p_value: f64,
    /// How many selected traces have it.
    pub count: u32,
}

impl Association {
    /// Returns it; none where there is nothing to compare.
    pub(super) fn of<'a>(tables: impl IntoIterator<Item = &'a Counted>) -> Option<Self> {
        let (mut above, mut variance) = (0.0, 0.0);
        let (mut selected, mut with, mut rest) = (0.0, 0.0, 0.0);
        for one in tables.into_iter().filter(|one| one.selected > 0 && one.rest > 0) {
            let [n1, a, n0, b] = [one.selected, one.selected_with, one.rest, one.rest_with].map(f64::from);
            let (all, has) = (n1 + n0, a + b);
            above += a - n1 * has / all;
            variance += n1 * n0 * has * (all - has) / (all * all * (all - 1.0).max(1.0));
            selected += n1;
            with += a;
            rest += n1 * b / n0;
        }
        if selected <= 0.0 {
            return None;
        }
        let z = if variance > 0.0 { above / variance.sqrt() } else { 0.0 };
        let p_value = if z > 0.0 { two_sided(z) } else { 1.0 };
        Some(Self { selected: with / selected, rest: rest / selected, p_value, count: with as u32 })
    }

    /// Returns by how much more of the selected have it: from -1 to 1.
    pub fn difference(&self) -> f64 {
        self.selected - self.rest
    }
}

/// How often a property was there in parts of a time.
#[derive(Clone, Debug)]
pub(super) struct OverTime {
    /// All, and those with it; by weight.
    parts: [(f64, f64); PARTS],
    /// How many traces a weight of 1 stands for at the least.
    scale: f64,
}

const PARTS: usize = 10;
/// What chance does less often is a change.
const SURE: f64 = 1e-4;
/// A change is by so much of all at least.
const LEAST_CHANGE: f64 = 0.15;

impl OverTime {
    /// `scale` is the greatest weight that a trace has.
    pub(super) fn new(scale: f64) -> Self {
        Self { parts: [(0.0, 0.0); PARTS], scale: scale.max(1.0) }
    }

    /// Adds a trace, at a place from 0 to 1 of the time.
    pub(super) fn add(&mut self, place: f64, weight: f64, has: bool) {
        let part = &mut self.parts[((place * PARTS as f64) as usize).min(PARTS - 1)];
        part.0 += weight;
        part.1 += if has { weight } else { 0.0 };
    }

    /// Returns whether it became more frequent or less so, beyond chance.
    pub(super) fn changes(&self) -> bool {
        let (all, with) = self.parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        // The best place to cut the time in two.
        let mut before = (0.0, 0.0);
        let mut best = (1.0, 0.0);
        for part in &self.parts[..PARTS - 1] {
            before = (before.0 + part.0, before.1 + part.1);
            let after = (all - before.0, with - before.1);
            if before.0 <= 0.0 || after.0 <= 0.0 {
                continue;
            }
            let (low, high, share) = (before.1 / before.0, after.1 / after.0, with / all);
            let error = (share * (1.0 - share) * (1.0 / before.0 + 1.0 / after.0) * self.scale).sqrt();
            let change: f64 = high - low;
            let p = if error > 0.0 { two_sided(change / error) } else { 1.0 };
            if p < best.0 {
                best = (p, change.abs());
            }
        }
        best.0 * (PARTS - 1) as f64 <= SURE && best.1 >= LEAST_CHANGE
    }
}

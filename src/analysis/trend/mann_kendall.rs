//! Whether a series goes up or down more than chance would have it: the test of Mann (1945) and Kendall (1975), with ties, and
//! with the variance that Hamed and Rao (1998) give it where neighbours are alike: figures of one minute resemble those of
//! the next, which is no trend.

use super::normal::two_sided;
use super::{Point, theil_sen, thinned};

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MannKendall {
    /// How many more pairs go up than down.
    pub(crate) s: f64,
    /// As if neighbours had nothing to do with each other.
    pub(crate) variance: f64,
    /// By how much more the likeness of points near and far lets it vary, as Hamed and Rao have it.
    #[cfg(test)]
    pub(crate) inflation: f64,
    /// How likely so much of a trend is chance, in either direction.
    pub(crate) p_value: f64,
    /// The same as if neighbours had nothing to do with each other.
    pub(crate) plain_p_value: f64,
}

/// Fewer points than this show no trend.
const LEAST: usize = 4;
/// How far a correlation of neighbours has to lie from 0 to count, in standard deviations: one in twenty by chance.
const SIGNIFICANT: f64 = 1.96;

/// Tests a series; none of fewer than four points. Long series are thinned first.
pub(crate) fn test(points: &[Point]) -> Option<MannKendall> {
    let points = thinned(points);
    let n = points.len();
    if n < LEAST {
        return None;
    }
    let mut s = 0.0;
    for (number, one) in points.iter().enumerate() {
        for other in points.get(number + 1..).unwrap_or_default() {
            s += direction(other.value - one.value);
        }
    }
    let variance = variance(&points);
    let inflation = Inflation::of(&points);
    let p_value = |variance: f64| {
        // Differences come in steps of two; half a step is for continuity.
        let z = if s == 0.0 { 0.0 } else { (s.abs() - 1.0) / variance.sqrt() };
        if variance > 0.0 { two_sided(z) } else { 1.0 }
    };
    Some(MannKendall {
        s,
        variance,
        #[cfg(test)]
        inflation: inflation.all,
        // Correlations far apart are mostly chance, and those below 0 follow from the trend that was taken away: they make
        // nothing surer than the near ones do, or than none does.
        p_value: p_value(variance * inflation.all.max(inflation.near).max(1.0)),
        plain_p_value: p_value(variance),
    })
}

fn direction(difference: f64) -> f64 {
    if difference > 0.0 {
        1.0
    } else if difference < 0.0 {
        -1.0
    } else {
        0.0
    }
}

fn variance(points: &[Point]) -> f64 {
    let of = |count: usize| count as f64 * (count as f64 - 1.0) * (2.0 * count as f64 + 5.0);
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let ties: f64 = values.chunk_by(|a, b| a >= b).map(|same| of(same.len())).sum();
    (of(points.len()) - ties) / 18.0
}

/// The factors of Hamed and Rao: from the correlation of the ranks, without the trend, with those some places on, where that is
/// more than chance.
#[derive(Clone, Copy, Debug)]
struct Inflation {
    all: f64,
    /// Of the places before the first at which it is not more than chance.
    near: f64,
}

impl Inflation {
    fn of(points: &[Point]) -> Self {
        let none = Self { all: 1.0, near: 1.0 };
        let Some(line) = theil_sen::line(points) else { return none };
        let rest: Vec<f64> = points.iter().map(|point| point.value - line.slope * point.at).collect();
        let ranks = ranks(&rest);
        let n = ranks.len() as f64;
        let mean = f64::midpoint(n, 1.0);
        let spread: f64 = ranks.iter().map(|rank| (rank - mean).powi(2)).sum();
        if spread <= 0.0 {
            return none;
        }
        let (mut all, mut near, mut is_near) = (0.0, 0.0, true);
        for lag in 1..ranks.len() {
            let pairs = ranks.iter().zip(ranks.get(lag..).unwrap_or_default());
            let correlation = pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / spread;
            let is_more = correlation.abs() > SIGNIFICANT / n.sqrt();
            is_near &= is_more;
            let left = n - lag as f64;
            let weighed = left * (left - 1.0) * (left - 2.0) * correlation;
            all += if is_more { weighed } else { 0.0 };
            near += if is_near { weighed } else { 0.0 };
        }
        let scale = 2.0 / (n * (n - 1.0) * (n - 2.0));
        Self { all: 1.0 + scale * all, near: 1.0 + scale * near }
    }
}

/// Returns the rank of each number; those that are the same have the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for same in order.chunk_by(|a, b| values[*a] >= values[*b]) {
        let rank = before as f64 + f64::midpoint(same.len() as f64, 1.0);
        for &at in same {
            ranks[at] = rank;
        }
        before += same.len();
    }
    ranks
}

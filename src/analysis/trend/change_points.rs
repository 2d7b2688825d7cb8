//! Where the level of a series changed: the pieces of constant level that fit it best, where each piece more has to pay for
//! itself (PELT: Killick, Fearnhead and Eckley 2012, with squared distances).
//!
//! What a piece pays follows from the noise, and this from the differences of neighbours, so that a change of level does not
//! count as noise, and neighbours that are alike do (Chakar, Lebarbier, Lévy-Leduc and Robin 2017, Bernoulli 23). Before that,
//! what lies far from the numbers around it is taken for one of them, so that up to three wild numbers are no level.

use super::numbers::{mean, median, unit};

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// The place of the first number of the new level, counted from 0.
    pub at: usize,
    /// The medians of the pieces on both sides.
    pub before: f64,
    pub after: f64,
}

/// The least numbers of a piece.
const LEAST: usize = 5;
/// What a piece pays, in variances of the noise times the logarithm of how many numbers there are. Two are the criterion of
/// Schwarz (1978) for a level and a place; what is above them is for the noise being estimated.
const PRICE: f64 = 3.5;
/// Longer series than this are thinned to medians of neighbours.
const LONG: usize = 1_500;
/// How far to each side the numbers around one lie (at an end as many on one side), and how far from their median it may be, in standard deviations.
const AROUND: usize = 4;
const FAR: f64 = 3.0;
/// The median of the distances from 0 of standard normal numbers.
const MEDIAN_DISTANCE: f64 = 0.674_489_750_196_081_7;

/// Returns the changes of level in order; none of a series in which something is not finite.
pub fn find(values: &[f64]) -> Vec<Shift> {
    if values.iter().any(|value| !value.is_finite()) {
        return Vec::new();
    }
    let group = values.len().div_ceil(LONG).max(1);
    let unit = unit(values.iter().copied());
    let join = |some: &[f64]| median(some.iter().map(|value| value / unit)).unwrap_or_default();
    let thinned: Vec<f64> = values.chunks(group).map(join).collect();
    let Some(noise) = Noise::of(&thinned) else { return Vec::new() };
    let price = PRICE * noise.long_run * (thinned.len() as f64).ln();
    let pieces = Pieces::of(&without_wild(&thinned, noise.deviation)).cheapest(price);
    let ends = pieces.iter().skip(1).copied().chain([thinned.len()]);
    let bounds: Vec<(usize, usize)> = pieces.iter().copied().zip(ends).collect();
    let level = |&(from, to): &(usize, usize)| {
        median(values.iter().skip(from * group).take((to - from) * group).copied()).unwrap_or_default()
    };
    let levels: Vec<f64> = bounds.iter().map(level).collect();
    let shifts = levels.iter().zip(levels.iter().zip(&bounds).skip(1));
    shifts.map(|(&before, (&after, (from, _)))| Shift { at: from * group, before, after }).collect()
}

struct Noise {
    /// Of one number.
    deviation: f64,
    /// The variance of a sum of many, for each of them.
    long_run: f64,
}

impl Noise {
    /// Takes noise in which a number is like the one before by a factor φ: differences of neighbours vary by 2σ²(1 − φ), those of
    /// every other number by 2σ²(1 − φ²). None of a series in which nothing changes, or of too few numbers.
    fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count < 2 * LEAST {
            return None;
        }
        let [one, two] = [1, 2].map(|lag| variance_of_differences(values, lag));
        let middle = median(values.iter().copied())?;
        let spread = values.iter().map(|value| (value - middle).abs()).fold(0.0, f64::max);
        if spread <= 0.0 {
            return None;
        }
        // Of how few numbers it was estimated makes it unsure; what is unsure is taken for noise.
        let margin = 0.5 / (count as f64).sqrt();
        let likeness = if one > 0.0 { (two / one - 1.0 + margin).clamp(0.0, 0.9) } else { 0.0 };
        // Where most numbers are the same there is no noise to see; a thousandth of the spread is still none.
        let variance = (one / 2.0 / (1.0 - likeness)).max(two / 2.0 * (1.0 - likeness)).max((spread * 1e-3).powi(2));
        Some(Self { deviation: variance.sqrt(), long_run: variance * (1.0 + likeness) / (1.0 - likeness) })
    }
}

/// Returns how numbers so many places apart differ, by the mean of squares: of all, but those that a change of level or a wild
/// number made great are pulled in.
fn variance_of_differences(values: &[f64], lag: usize) -> f64 {
    let distances: Vec<f64> = values.iter().zip(values.iter().skip(lag)).map(|(a, b)| (b - a).abs()).collect();
    let most = FAR * median(distances.iter().copied()).unwrap_or_default() / MEDIAN_DISTANCE;
    mean(&distances.iter().map(|distance| distance.min(most).powi(2)).collect::<Vec<f64>>())
}

/// Puts the median around a number in its place where it is far from that. A change of level stays: on either side of it most are of that side.
fn without_wild(values: &[f64], deviation: f64) -> Vec<f64> {
    let last = values.len().saturating_sub(2 * AROUND + 1);
    let tamed = |(at, value): (usize, &f64)| {
        let around = values.iter().skip(at.saturating_sub(AROUND).min(last)).take(2 * AROUND + 1);
        let middle = median(around.copied()).unwrap_or(*value);
        if (value - middle).abs() > FAR * deviation { middle } else { *value }
    };
    values.iter().enumerate().map(tamed).collect()
}

/// Sums up to each number, from which the cost of any piece follows.
struct Pieces {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Pieces {
    fn of(values: &[f64]) -> Self {
        let mean = mean(values);
        let (mut sum, mut square) = (0.0, 0.0);
        let (mut sums, mut squares) = (vec![0.0], vec![0.0]);
        for value in values {
            let distance = value - mean;
            sum += distance;
            square += distance * distance;
            sums.push(sum);
            squares.push(square);
        }
        Self { sums, squares }
    }

    /// Returns the squared distances of a piece from its mean, added up.
    fn cost(&self, from: usize, to: usize) -> f64 {
        let sum = self.sums[to] - self.sums[from];
        (self.squares[to] - self.squares[from] - sum * sum / (to - from) as f64).max(0.0)
    }

    /// Returns the starts of the pieces that cost the least together.
    fn cheapest(&self, price: f64) -> Vec<usize> {
        let count = self.sums.len() - 1;
        // The least cost up to each number, and where the last piece of that begins.
        let mut best = vec![(f64::INFINITY, 0); count + 1];
        best[0].0 = -price;
        let mut starts = vec![0];
        for to in LEAST..=count {
            let cost = |from: usize| best[from].0 + self.cost(from, to);
            let possible = starts.iter().copied().filter(|from| to - from >= LEAST);
            let least = possible.map(|from| (cost(from), from)).min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((least, from)) = least else { continue };
            // What costs more already, before paying, can never become the cheapest again.
            starts.retain(|&from| to - from < LEAST || cost(from) <= least + price);
            starts.push(to);
            best[to] = (least + price, from);
        }
        let mut pieces = vec![best[count].1];
        while let Some(&start) = pieces.last().filter(|start| **start > 0) {
            pieces.push(best[start].1);
        }
        pieces.reverse();
        pieces
    }
}

//! Where the level of a series changed: the pieces of constant level that fit it best, where each more has to pay for itself
//! (Killick, Fearnhead and Eckley 2012, PELT, with the squared distance as cost). What it has to pay follows from the noise, which is
//! told by the differences of neighbours, so that a change of level does not count as noise.

use super::{Point, median, thinned};

/// The least number of points between changes.
const LEAST: usize = 5;
/// What a piece has to pay, in variances of the noise for each logarithm of the number of points.
const PRICE: f64 = 4.0;

/// Returns the places of the first points after each change. Long series are thinned first.
pub(crate) fn find(points: &[Point]) -> Vec<f64> {
    let points = thinned(points);
    if points.len() < 2 * LEAST {
        return Vec::new();
    }
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let noise = long_run_variance(&values);
    let spread =
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - values.iter().copied().fold(f64::INFINITY, f64::min);
    if spread <= 0.0 {
        return Vec::new();
    }
    // Of a series without noise only what is seen counts.
    let noise = noise.max((spread * 1e-3).powi(2));
    let price = PRICE * noise * (values.len() as f64).ln();
    cut(&without_outliers(&values), price).into_iter().filter_map(|at| points.get(at)).map(|point| point.at).collect()
}

/// Returns the median of each point and its neighbours: edges stay where they are, and a point alone does not count.
fn without_outliers(values: &[f64]) -> Vec<f64> {
    let last = values.len() - 1;
    let of = |at: usize| {
        let mut near = [values[at.saturating_sub(1)], values[at], values[(at + 1).min(last)]];
        near.sort_unstable_by(f64::total_cmp);
        near[1]
    };
    (0..values.len()).map(of).collect()
}

/// Returns the variance of a sum of points for each of them: more than that of one, where neighbours are alike. Of noise in which
/// each point is like the one before by a factor φ, differences of neighbours vary by 2σ²(1 − φ), and those of every other
/// point by 2σ²(1 − φ²).
fn long_run_variance(values: &[f64]) -> f64 {
    let [one, two] = [1, 2].map(|lag| {
        let mut differences: Vec<f64> =
            values.iter().zip(values.get(lag..).unwrap_or_default()).map(|(a, b)| (b - a).abs()).collect();
        // The median of the distances from 0 is this part of the standard deviation.
        (median(&mut differences).unwrap_or_default() / 0.674_489_75).powi(2)
    });
    if one <= 0.0 {
        return two / 2.0;
    }
    let likeness = (two / one - 1.0).clamp(0.0, 0.7);
    one / 2.0 / (1.0 - likeness) * (1.0 + likeness) / (1.0 - likeness)
}

/// Returns the starts of the pieces but the first.
fn cut(values: &[f64], price: f64) -> Vec<usize> {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let (mut sums, mut squares) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    for (at, value) in values.iter().enumerate() {
        let value = value - mean;
        (sums[at + 1], squares[at + 1]) = (sums[at] + value, squares[at] + value * value);
    }
    let cost = |from: usize, to: usize| {
        let sum = sums[to] - sums[from];
        (squares[to] - squares[from] - sum * sum / (to - from) as f64).max(0.0)
    };
    // The least cost up to each point, and where its last piece begins.
    let mut best = vec![(f64::INFINITY, 0); n + 1];
    best[0] = (-price, 0);
    let mut starts = vec![0];
    for to in LEAST..=n {
        let cost_from = |&from: &usize| (best[from].0 + cost(from, to), from);
        let possible = starts.iter().filter(|&&from| to - from >= LEAST);
        let Some((least, from)) = possible.map(cost_from).min_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        best[to] = (least + price, from);
        // What is dearer already without paying can never be the cheapest again.
        starts.retain(|&from| to - from < LEAST || best[from].0 + cost(from, to) <= least + price);
        starts.push(to);
    }
    let mut found = Vec::new();
    let mut at = best[n].1;
    while at > 0 {
        found.push(at);
        at = best[at].1;
    }
    found.reverse();
    found
}

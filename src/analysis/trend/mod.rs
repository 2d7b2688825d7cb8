//! Where figures are going: slopes with a test, changes of level, and what comes next with how sure that is. A file a method, each
//! with where it is from; all of them pure functions of a series, which give no number where there is none.

mod change_points;
mod holt;
mod mann_kendall;
mod normal;
mod rank_sum;
mod season;
mod service;
mod theil_sen;

pub(crate) use rank_sum::test as rank_sum;
pub(crate) use service::of as of_service;
pub use service::{Expected, InMinute, Slope, Trend, Warning};

/// A number at a place, mostly a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: f64,
    pub(crate) value: f64,
}

/// Longer series than this are thinned before what looks at each pair of points.
const LONG: usize = 1_000;

/// Returns a series, or where it is long the medians of as many neighbours each as make it short enough. Left out is what is not
/// a number.
fn thinned(points: &[Point]) -> Vec<Point> {
    let mut points: Vec<Point> =
        points.iter().copied().filter(|point| point.at.is_finite() && point.value.is_finite()).collect();
    points.sort_by(|a, b| a.at.total_cmp(&b.at));
    if points.len() <= LONG {
        return points;
    }
    let of = |some: &[Point]| {
        let mut values: Vec<f64> = some.iter().map(|point| point.value).collect();
        let at = some.iter().map(|point| point.at).sum::<f64>() / some.len() as f64;
        Point { at, value: median(&mut values).unwrap_or_default() }
    };
    points.chunks(points.len().div_ceil(LONG)).map(of).collect()
}

/// Returns the median; none of nothing.
fn median(values: &mut [f64]) -> Option<f64> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let middle = *values.select_nth_unstable_by(n / 2, f64::total_cmp).1;
    if n % 2 == 1 {
        return Some(middle);
    }
    let below = values.get(..n / 2)?.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(f64::midpoint(below, middle))
}

#[cfg(test)]
mod tests;

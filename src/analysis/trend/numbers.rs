//! What several methods do with the numbers of a series. Numbers are divided by a power of two first, so that neither their
//! differences nor the squares of these leave the range of `f64`, and nothing is rounded by it.

/// A number at a place, mostly a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub at: f64,
    pub value: f64,
}

/// Longer series than this are thinned before each pair of points is looked at: a day has 1,440 minutes.
const LONG: usize = 720;

/// Returns the points by place. More than 720 are thinned: of each few neighbours there is their median, at the mean of their
/// places. What is not finite is left out.
pub(super) fn thinned(points: &[Point]) -> Vec<Point> {
    let is_finite = |point: &&Point| point.at.is_finite() && point.value.is_finite();
    let mut points: Vec<Point> = points.iter().filter(is_finite).copied().collect();
    points.sort_by(|a, b| a.at.total_cmp(&b.at));
    let group = points.len().div_ceil(LONG).max(1);
    let join = |some: &[Point]| {
        let count = some.len() as f64;
        let at = some.iter().map(|point| point.at / count).sum();
        Point { at, value: median(some.iter().map(|point| point.value)).unwrap_or_default() }
    };
    points.chunks(group).map(join).collect()
}

/// Returns the least power of two that none of these exceeds, up to the greatest there is; 1 where all are 0.
pub(super) fn unit(values: impl IntoIterator<Item = f64>) -> f64 {
    let most = values.into_iter().map(f64::abs).fold(0.0, f64::max);
    if most <= 0.0 {
        return 1.0;
    }
    let exponent = (most.to_bits() >> 52).clamp(1, 2_045);
    f64::from_bits((exponent + 1) << 52)
}

/// Returns the number, or the greatest of its sign where it is beyond.
pub(super) fn finite(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(f64::MIN, f64::MAX) }
}

/// Returns the median, of an even count the mean of the two in the middle; none of nothing.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    middle(&mut values.into_iter().collect::<Vec<f64>>())
}

/// Returns the median of numbers whose order does not matter any more.
pub(super) fn middle(values: &mut [f64]) -> Option<f64> {
    let half = values.len() / 2;
    let upper = of_rank(values, half)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    // What was selected parts the numbers: those before it are not greater.
    let lower = values.get(..half)?.iter().copied().max_by(f64::total_cmp)?;
    Some(f64::midpoint(lower, upper))
}

/// Returns the number of this rank, counted from 0.
pub(super) fn of_rank(values: &mut [f64], rank: usize) -> Option<f64> {
    (rank < values.len()).then(|| *values.select_nth_unstable_by(rank, f64::total_cmp).1)
}

/// Returns the mean; 0 of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Returns how alike numbers are that are so many places apart, from −1 to 1; 0 of numbers that are all the same.
pub(super) fn autocorrelation(values: &[f64], lag: usize) -> f64 {
    let mean = mean(values);
    let spread: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let pairs = values.iter().zip(values.iter().skip(lag));
    let together: f64 = pairs.map(|(one, other)| (one - mean) * (other - mean)).sum();
    if spread > 0.0 { together / spread } else { 0.0 }
}

/// Returns by what factor a number is like the one before, of what a line taken away has left: the correlation of neighbours, and
/// the bias −(2 + 4φ)/n of that put back. It is never below 0, which would make things surer.
pub(super) fn alike(rest: &[f64]) -> f64 {
    let (count, found) = (rest.len() as f64, autocorrelation(rest, 1));
    if found == 0.0 || count <= 4.0 { 0.0 } else { ((count * found + 2.0) / (count - 4.0)).clamp(0.0, 1.0) }
}

/// Returns the values without the line that fits them best.
pub(super) fn without_line(points: &[Point]) -> Vec<f64> {
    let count = points.len() as f64;
    let middle = points.iter().map(|point| point.at / count).sum::<f64>();
    let level = points.iter().map(|point| point.value / count).sum::<f64>();
    let distances = || points.iter().map(|point| (point.at - middle, point.value - level));
    let across: f64 = distances().map(|(at, _)| at * at).sum();
    let slope = if across > 0.0 { distances().map(|(at, value)| at * value).sum::<f64>() / across } else { 0.0 };
    distances().map(|(at, value)| value - slope * at).collect()
}

/// Returns what is known of a series of one number a step.
pub(super) fn known(values: &[Option<f64>]) -> Vec<Point> {
    let point = |(at, value): (usize, &Option<f64>)| {
        value.filter(|value| value.is_finite()).map(|value| Point { at: at as f64, value })
    };
    values.iter().enumerate().filter_map(point).collect()
}

/// Puts a straight line into each gap between known numbers; what is missing before and after them is as the nearest one.
pub(super) fn filled(values: &[Option<f64>]) -> Vec<f64> {
    let known = known(values);
    let mut after = known.iter().peekable();
    let mut before: Option<&Point> = None;
    let at = |at: usize| {
        let at = at as f64;
        while let Some(point) = after.next_if(|point| point.at <= at) {
            before = Some(point);
        }
        match (before, after.peek()) {
            (Some(one), Some(other)) => one.value + (other.value - one.value) * (at - one.at) / (other.at - one.at),
            (one, other) => one.or(other.copied()).map_or(0.0, |point| point.value),
        }
    };
    (0..values.len()).map(at).collect()
}

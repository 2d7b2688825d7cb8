//! What comes again and again in a series.

use super::numbers::{Point, autocorrelation, mean, without_line};

/// A season: what it adds to the numbers of each phase.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Season {
    /// The first is that of the first number of the series; as many as the period is long. Their mean is 0.
    pub(super) phases: Vec<f64>,
    /// How much of what is left without the trend it explains, from 0 to 1.
    pub(super) strength: f64,
}

/// The least and the greatest period, and how many times it has to be seen.
const LEAST: usize = 4;
const MOST: usize = 240;
const TIMES: usize = 3;
/// A season this strong is one (Wang, Smith and Hyndman 2006; the limit is that of `nsdiffs` of R's package forecast).
const STRONG: f64 = 0.64;
/// How alike numbers one period apart are at least.
const ALIKE: f64 = 0.3;

/// Finds the season of a series, where it shows one that was seen three times.
pub(super) fn find(values: &[f64]) -> Option<Season> {
    let period = period(values)?;
    let season = of_period(values, period)?;
    (season.strength >= STRONG).then_some(season)
}

/// Returns the first lag at which the series is about as like itself as at any, after it was less so.
fn period(values: &[f64]) -> Option<usize> {
    let longest = MOST.min(values.len() / TIMES);
    let points = values.iter().zip(0_u32..).map(|(value, at)| Point { at: f64::from(at), value: *value });
    let rest = without_line(&points.collect::<Vec<Point>>());
    let alike: Vec<f64> = (0..=longest + 1).map(|lag| autocorrelation(&rest, lag)).collect();
    let is_peak = |window: &&[f64]| matches!(window, [before, at, after] if at > before && at >= after && *at >= ALIKE);
    let peaks = alike.windows(3).zip(1..).filter(|(window, lag)| *lag >= LEAST && is_peak(window));
    let peaks: Vec<(f64, usize)> = peaks.filter_map(|(window, lag)| Some((*window.get(1)?, lag))).collect();
    let most = peaks.iter().map(|(alike, _)| *alike).fold(0.0, f64::max);
    peaks.iter().find(|(alike, _)| *alike >= 0.85 * most).map(|(_, lag)| *lag)
}

/// Returns the means of the phases, once the mean of the period around each number is taken away.
fn of_period(values: &[f64], period: usize) -> Option<Season> {
    let first = period / 2;
    let around = values.windows(period).map(mean);
    let rest: Vec<(usize, f64)> = values
        .iter()
        .enumerate()
        .skip(first)
        .zip(around)
        .map(|((at, value), level)| (at % period, value - level))
        .collect();
    let mut sums = vec![(0.0, 0.0); period];
    for (phase, value) in &rest {
        let (sum, count) = sums.get_mut(*phase)?;
        (*sum, *count) = (*sum + value, *count + 1.0);
    }
    let phases: Vec<f64> = sums.iter().map(|(sum, count)| sum / f64::max(*count, 1.0)).collect();
    let level = mean(&phases);
    let phases: Vec<f64> = phases.iter().map(|phase| phase - level).collect();
    let noise = |(phase, value): &(usize, f64)| value - phases.get(*phase).copied().unwrap_or_default();
    let variance = |left: usize, squares: f64| squares / rest.len().saturating_sub(left).max(1) as f64;
    // Each phase that is estimated takes a number away, else long seasons would fit any noise.
    let without = variance(period, rest.iter().map(|one| noise(one).powi(2)).sum());
    let with = variance(1, rest.iter().map(|(_, value)| value * value).sum());
    let strength = if with > 0.0 { (1.0 - without / with).max(0.0) } else { 0.0 };
    Some(Season { phases, strength })
}

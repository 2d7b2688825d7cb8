//! The trend of a service: of its figures minute by minute.

use super::holt::foretell;
use super::{Point, change_points, mann_kendall, median, theil_sen};
use crate::analysis::HealthRule;
use crate::model::Timestamp;

/// The requests of a service that began in a minute. Minutes without requests are not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InMinute {
    /// Its beginning.
    pub at: Timestamp,
    pub requests: u64,
    pub errors: u64,
    /// Of their durations.
    pub sum_ns: u128,
    /// By nearest rank; within 1 % where there are many requests.
    pub p95_ns: u64,
}

/// Where the figures of a service are going.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// In milliseconds; none of too few minutes, as the next.
    pub p95_ms: Option<Slope>,
    pub error_rate_percent: Option<Slope>,
    pub health_score: Option<Slope>,
    /// The minutes with which another level of the P95 begins.
    pub change_points: Vec<Timestamp>,
    /// The health score of each minute of the data, of as many minutes up to it as it takes to have a hundred requests, at most
    /// ten.
    pub health: Vec<(Timestamp, f64)>,
    /// The health score of minutes to come.
    pub forecast: Vec<Expected>,
    pub warning: Option<Warning>,
}

/// How fast a figure goes up or down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// In units of the figure.
    pub per_hour: f64,
    /// How likely so much of a trend is chance.
    pub p_value: f64,
}

/// A health score to come, and between which ones it lies with a probability of 80 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    pub at: Timestamp,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// A health score that will be below a limit: it goes down of late, and somewhere in the forecast all of the 80 % is below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warning {
    pub limit: f64,
    /// In how many minutes the forecast is below it.
    pub minutes: u32,
}

const MINUTE_NS: u64 = 60_000_000_000;
const HOUR_NS: f64 = 3_600e9;
/// How far the forecast goes, in minutes.
const HORIZON: usize = 60;
/// Only so many minutes are for the forecast: what was long ago says little.
const RECENT: usize = 240;
/// Of so many minutes of late the score has to go down so surely that there is a warning.
const LATE: usize = 30;
const SURE: f64 = 0.006;
/// Requests that a score is of, and minutes that it may take to have them.
const POOL: u64 = 100;
const POOL_MINUTES: u64 = 10;

/// Returns the trend of minutes, which are in order.
pub(crate) fn of(minutes: &[InMinute], rule: &HealthRule) -> Trend {
    let series = |value: &dyn Fn(&InMinute) -> f64| {
        let point = |minute: &InMinute| Point { at: minute.at.0 as f64 / HOUR_NS, value: value(minute) };
        minutes.iter().map(point).collect::<Vec<_>>()
    };
    let p95 = centered(series(&|minute| minute.p95_ns as f64 / 1e6));
    let origin = minutes.first().map_or(0.0, |minute| minute.at.0 as f64 / HOUR_NS);
    let health = scores(minutes, rule);
    let points: Vec<Point> =
        health.iter().map(|(at, value)| Point { at: at.0 as f64 / HOUR_NS, value: *value }).collect();
    let forecast = forecast(&health);
    Trend {
        p95_ms: slope(&p95),
        error_rate_percent: slope(&centered(series(&|minute| {
            minute.errors as f64 * 100.0 / minute.requests.max(1) as f64
        }))),
        health_score: slope(&centered(points)),
        change_points: change_points::find(&p95)
            .into_iter()
            .map(|at| Timestamp(((at + origin) * 60.0).round() as u64 * MINUTE_NS))
            .collect(),
        warning: warning(&health, &forecast, rule.warning_below),
        health,
        forecast,
    }
}

/// Counts places from the first one: numbers since 1970 leave few digits for differences.
fn centered(mut points: Vec<Point>) -> Vec<Point> {
    let origin = points.first().map_or(0.0, |point| point.at);
    for point in &mut points {
        point.at -= origin;
    }
    points
}

fn slope(points: &[Point]) -> Option<Slope> {
    let test = mann_kendall::test(points)?;
    Some(Slope { per_hour: theil_sen::line(points)?.slope, p_value: test.p_value })
}

/// Returns the score of each minute. One of few requests would jump with each error, so the minutes before are taken in.
fn scores(minutes: &[InMinute], rule: &HealthRule) -> Vec<(Timestamp, f64)> {
    let score = |at: usize| {
        let minute = &minutes[at];
        let (mut requests, mut errors, mut sum_ns) = (0, 0, 0_u128);
        for earlier in minutes.get(..=at).unwrap_or_default().iter().rev() {
            let is_near = minute.at.0.saturating_sub(earlier.at.0) < POOL_MINUTES * MINUTE_NS;
            if requests >= POOL || !is_near {
                break;
            }
            requests += earlier.requests;
            errors += earlier.errors;
            sum_ns = sum_ns.saturating_add(earlier.sum_ns);
        }
        let of = |sum: f64| sum / requests.max(1) as f64;
        (minute.at, rule.score(of(errors as f64 * 100.0), of(sum_ns as f64)).score)
    };
    (0..minutes.len()).map(score).collect()
}

/// Foretells the next hour from the last four.
fn forecast(health: &[(Timestamp, f64)]) -> Vec<Expected> {
    let Some((last, _)) = health.last() else { return Vec::new() };
    let recent = health.get(health.len().saturating_sub(RECENT)..).unwrap_or_default();
    let series = every_minute(recent);
    let foretold = foretell(&series, HORIZON).unwrap_or_default();
    let expected = |(step, foretold): (u64, super::holt::Foretold)| Expected {
        at: Timestamp(last.0.saturating_add(step * MINUTE_NS)),
        value: foretold.value.clamp(0.0, 100.0),
        low: foretold.low.clamp(0.0, 100.0),
        high: foretold.high.clamp(0.0, 100.0),
    };
    (1..).zip(foretold).map(expected).collect()
}

/// Returns the scores of minute after minute up to the last; in one without requests it is what it was.
fn every_minute(health: &[(Timestamp, f64)]) -> Vec<f64> {
    let mut series: Vec<f64> = Vec::new();
    let mut before: Option<u64> = None;
    for (at, value) in health {
        let minute = at.0 / MINUTE_NS;
        let gap = before.map_or(0, |before| minute.saturating_sub(before).saturating_sub(1));
        if gap > POOL_MINUTES {
            // After so long a rest it is another story.
            series.clear();
        } else if let Some(last) = series.last().copied() {
            series.extend(std::iter::repeat_n(last, gap as usize));
        }
        series.push(*value);
        before = Some(minute);
    }
    series
}

/// Returns whether the score went down of late, surely and not by one bad minute.
fn declines(health: &[(Timestamp, f64)]) -> bool {
    let recent = health.get(health.len().saturating_sub(LATE)..).unwrap_or_default();
    let points: Vec<Point> =
        (0..).zip(recent).map(|(at, (_, value))| Point { at: f64::from(at), value: *value }).collect();
    mann_kendall::test(&points).is_some_and(|test| test.s < 0.0 && test.plain_p_value < SURE)
}

/// Returns the warning, where the score is not below the limit already.
fn warning(health: &[(Timestamp, f64)], forecast: &[Expected], limit: f64) -> Option<Warning> {
    let mut last: Vec<f64> = health.iter().rev().take(5).map(|(_, score)| *score).collect();
    // One bad minute is not where the score is.
    let now = median(&mut last)?;
    let is_sure = forecast.iter().any(|expected| expected.high < limit);
    if now < limit || !is_sure || !declines(health) {
        return None;
    }
    let minutes = forecast.iter().position(|expected| expected.value < limit)? as u32 + 1;
    Some(Warning { limit, minutes })
}

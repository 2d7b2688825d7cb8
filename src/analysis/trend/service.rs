//! The trend of a service: of its figures, minute by minute.
//!
//! One error in a minute of three requests is no error rate. So neighbouring minutes are joined until they have twenty requests, but
//! no more than ten minutes; what has fewer than ten even so is left out. What was joined has the error rate and
//! the health score of its requests, and the mean of the P95 of its minutes, weighed by their requests. Joined minutes share no
//! request, so their noise stays independent, as with a moving mean it would not.

use super::change_points;
use super::crossing::{Outlook, outlook};
use super::mann_kendall::{self, Noise};
use super::numbers::Point;
use super::theil_sen::Slopes;
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
    /// By nearest rank; within 1 % where there are many requests. None where the spans are gone.
    pub p95_ns: Option<u64>,
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
    /// Between these it lies with a probability of 95 %.
    pub low: f64,
    pub high: f64,
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

/// A health score that will fall below a limit; see [`Outlook::downwards`] for when that is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warning {
    /// The limit of warnings, or, of a score that is below it, the one of what is critical.
    pub limit: f64,
    /// In about how many minutes.
    pub minutes: u32,
}

const MINUTE_NS: u64 = 60_000_000_000;
/// How many requests make a figure, how many are too few, and how many minutes it may take to have them.
const ENOUGH: u64 = 20;
const FEW: u64 = 10;
const JOINED_MINUTES: u64 = 10;
/// The requests that a score is shown of; a score that is shown may share some with the one before.
const SHOWN: u64 = 100;
/// How far the forecast goes, and of how many minutes it is made: what was long ago says little.
const HORIZON: usize = 60;
const RECENT: u64 = 240;
/// After so many minutes without a figure it is another story.
const REST: u64 = 30;

/// Returns the trend of minutes in ascending order. The last should be over: half a minute has half the requests.
pub(crate) fn of(minutes: &[InMinute], rule: &HealthRule) -> Trend {
    let all = joined(minutes);
    let series = |value: &dyn Fn(&Joined) -> f64| -> Vec<(&Joined, f64)> {
        all.iter().map(|one| (one, value(one))).filter(|(_, value)| value.is_finite()).collect()
    };
    let p95 = series(&Joined::p95_ms);
    let error_rate = series(&Joined::error_rate_percent);
    let health = series(&|one| rule.score(one.error_rate_percent(), one.mean_ns()).score);
    let now = minutes.last().map_or(0, |minute| minute.at.0 / MINUTE_NS);
    let outlook = outlook(&every_minute(&health, now), HORIZON);
    // Who is below the first limit may still be on the way to the second.
    let crossing = [rule.warning_below, rule.critical_below].iter().find_map(|limit| outlook.downwards(*limit));
    let levels: Vec<f64> = p95.iter().map(|(_, ms)| *ms).collect();
    let shifts = change_points::find(&levels).into_iter();
    Trend {
        p95_ms: slope(&p95),
        error_rate_percent: slope(&error_rate),
        health_score: slope(&health),
        change_points: shifts.filter_map(|shift| Some(Timestamp(p95.get(shift.at)?.0.from * MINUTE_NS))).collect(),
        health: scores(minutes, rule),
        forecast: expected(&outlook, now),
        warning: crossing.map(|crossing| Warning { limit: crossing.limit, minutes: crossing.steps as u32 }),
    }
}

/// Returns the score of each minute. One of few requests would jump with each error, so the minutes before are taken in.
fn scores(minutes: &[InMinute], rule: &HealthRule) -> Vec<(Timestamp, f64)> {
    let score = |at: usize| {
        let minute = &minutes[at];
        let (mut requests, mut errors, mut sum_ns) = (0, 0, 0_u128);
        for earlier in minutes.get(..=at).unwrap_or_default().iter().rev() {
            let is_near = minute.at.0.saturating_sub(earlier.at.0) < JOINED_MINUTES * MINUTE_NS;
            if requests >= SHOWN || !is_near {
                break;
            }
            requests = earlier.requests.saturating_add(requests);
            errors = earlier.errors.saturating_add(errors);
            sum_ns = sum_ns.saturating_add(earlier.sum_ns);
        }
        let of = |sum: f64| sum / requests.max(1) as f64;
        (minute.at, rule.score(of(errors as f64 * 100.0), of(sum_ns as f64)).score)
    };
    (0..minutes.len()).map(score).collect()
}

/// Neighbouring minutes taken as one.
#[derive(Clone, Copy, Debug, Default)]
struct Joined {
    /// The first and the last minute since 1970.
    from: u64,
    to: u64,
    requests: u64,
    errors: u64,
    sum_ns: f64,
    /// The P95 of the minutes that have one times their requests, and these requests.
    p95_ns: f64,
    p95_requests: u64,
}

impl Joined {
    fn add(&mut self, minute: &InMinute) {
        self.to = minute.at.0 / MINUTE_NS;
        self.requests = self.requests.saturating_add(minute.requests);
        self.errors = self.errors.saturating_add(minute.errors.min(minute.requests));
        self.sum_ns += minute.sum_ns as f64;
        if let Some(p95_ns) = minute.p95_ns {
            self.p95_ns += p95_ns as f64 * minute.requests as f64;
            self.p95_requests = self.p95_requests.saturating_add(minute.requests);
        }
    }

    fn error_rate_percent(&self) -> f64 {
        self.errors as f64 * 100.0 / self.requests.max(1) as f64
    }

    fn mean_ns(&self) -> f64 {
        self.sum_ns / self.requests.max(1) as f64
    }

    /// Returns what is not a number where nothing is known.
    fn p95_ms(&self) -> f64 {
        self.p95_ns / self.p95_requests as f64 / 1e6
    }
}

/// Joins minutes until they have enough requests. The last that have not are left out until they do.
fn joined(minutes: &[InMinute]) -> Vec<Joined> {
    let mut all: Vec<Joined> = Vec::new();
    for minute in minutes.iter().filter(|minute| minute.requests > 0) {
        let at = minute.at.0 / MINUTE_NS;
        match all.last_mut() {
            Some(last) if last.requests < ENOUGH && at.saturating_sub(last.from) < JOINED_MINUTES => last.add(minute),
            _ => {
                let mut next = Joined { from: at, ..Joined::default() };
                next.add(minute);
                all.push(next);
            }
        }
    }
    let is_whole = |one: &Joined| one.requests >= ENOUGH || one.to.saturating_sub(one.from) + 1 >= JOINED_MINUTES;
    if all.last().is_some_and(|last| !is_whole(last)) {
        all.pop();
    }
    all.retain(|one| one.requests >= FEW);
    all
}

fn slope(series: &[(&Joined, f64)]) -> Option<Slope> {
    // Counted from the first: minutes since 1970 would leave few digits to differences.
    let first = series.first()?.0.to;
    let point = |(one, value): &(&Joined, f64)| Point { at: one.to.saturating_sub(first) as f64 / 60.0, value: *value };
    let points: Vec<Point> = series.iter().map(point).collect();
    let mut slopes = Slopes::of(&points);
    let per_hour = slopes.line()?.slope;
    let trend = mann_kendall::test(&points, per_hour, Noise::Autocorrelated)?;
    let (low, high) = slopes.interval(trend.deviation)?;
    Some(Slope { per_hour, low, high, p_value: trend.p_value })
}

/// Returns the recent scores minute after minute up to now; minutes that have none are gaps.
fn every_minute(health: &[(&Joined, f64)], now: u64) -> Vec<Option<f64>> {
    let mut series = Vec::new();
    let mut last: Option<u64> = None;
    for (one, score) in health.iter().filter(|(one, _)| now.saturating_sub(one.to) < RECENT) {
        match last.map_or(0, |last| one.to.saturating_sub(last)) {
            gap if gap > REST => series.clear(),
            gap => series.resize(series.len() + gap.saturating_sub(1) as usize, None),
        }
        series.push(Some(*score));
        last = Some(one.to);
    }
    let gap = last.map_or(0, |last| now.saturating_sub(last));
    series.resize(series.len() + gap as usize, None);
    series
}

fn expected(outlook: &Outlook, now: u64) -> Vec<Expected> {
    let forecast = &outlook.forecast;
    let bounds = forecast.low.iter().zip(&forecast.high);
    let expected = |(step, (value, (low, high))): (u64, (&f64, (&f64, &f64)))| Expected {
        at: Timestamp(now.saturating_add(step).saturating_mul(MINUTE_NS)),
        value: value.clamp(0.0, 100.0),
        low: low.clamp(0.0, 100.0),
        high: high.clamp(0.0, 100.0),
    };
    (1..).zip(forecast.values.iter().zip(bounds)).map(expected).collect()
}

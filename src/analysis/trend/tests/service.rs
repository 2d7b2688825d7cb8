use super::super::{InMinute, Trend, of_service};
use super::part;
use crate::analysis::HealthRule;
use crate::model::Timestamp;
use crate::testing::Random;

const MINUTE_NS: u64 = 60_000_000_000;
const FIRST: u64 = 28_000_000;

fn trend(minutes: &[InMinute]) -> Trend {
    of_service(minutes, &HealthRule::default())
}

fn minute(at: u64, requests: u64, errors: u64, ms: u64) -> InMinute {
    let sum_ns = u128::from(requests * ms) * 1_000_000;
    InMinute { at: Timestamp((FIRST + at) * MINUTE_NS), requests, errors, sum_ns, p95_ns: Some(ms * 2_000_000) }
}

/// Minutes in which each request fails with a chance.
fn failing(seed: u64, count: u64, requests: u64, percent: impl Fn(u64) -> f64) -> Vec<InMinute> {
    let mut random = Random::new(seed);
    let one = |at: u64| {
        let errors = (0..requests).filter(|_| part(&mut random) * 100.0 < percent(at)).count();
        minute(at, requests, errors as u64, 45 + random.below(10) as u64)
    };
    (0..count).map(one).collect()
}

#[test]
fn nothing_and_little_have_no_trend() {
    assert_eq!(trend(&[]), Trend::default());
    let one = trend(&[minute(0, 100, 1, 50)]);
    assert_eq!((one.health_score, one.warning, one.forecast.len()), (None, None, 0));
    assert!((one.health[0].1 - (0.6 * 90.0 + 0.4 * 95.0)).abs() < 1e-9);
}

#[test]
fn slopes_are_per_hour() {
    let minutes: Vec<InMinute> = (0..120).map(|at| minute(at, 600, at / 10, 100 + at)).collect();
    let found = trend(&minutes);
    // Twice the mean, by a millisecond a minute.
    let p95 = found.p95_ms.unwrap();
    assert!((p95.per_hour - 120.0).abs() < 1e-6 && p95.p_value < 0.01, "{p95:?}");
    let errors = found.error_rate_percent.unwrap();
    assert!((errors.per_hour - 1.0).abs() < 0.05 && errors.low <= errors.per_hour && errors.per_hour <= errors.high);
    // A percent of errors costs six points, and sixty milliseconds more 2.4.
    assert!((found.health_score.unwrap().per_hour + 8.4).abs() < 0.5);
}

#[test]
fn a_change_of_level_has_a_time() {
    let minutes: Vec<InMinute> =
        (0..60).map(|at| minute(at, 100, 0, if at < 40 { 50 + at % 3 } else { 80 + at % 3 })).collect();
    assert_eq!(trend(&minutes).change_points, [Timestamp((FIRST + 40) * MINUTE_NS)]);
}

#[test]
fn minutes_of_few_requests_are_joined() {
    // Each third minute fails in one of twelve requests; where two minutes are one, scores stay together and show no trend.
    let minutes: Vec<InMinute> = (0..120).map(|at| minute(at, 12, u64::from(at % 3 == 0), 50)).collect();
    let found = trend(&minutes);
    assert_eq!(found.health.len(), 120);
    assert!(found.health_score.unwrap().p_value > 0.05 && found.warning.is_none());
    assert!(found.forecast.iter().all(|one| one.high - one.low < 20.0));
    // Of a request in two minutes nothing can be said but what was.
    let minutes: Vec<InMinute> = (0..60).map(|at| minute(2 * at, 1, 0, 50)).collect();
    let found = trend(&minutes);
    assert_eq!((found.health.len(), found.health_score, found.forecast.len()), (60, None, 0));
}

#[test]
fn a_forecast_follows_the_last_minute() {
    let found = trend(&failing(1, 60, 200, |_| 1.0));
    assert_eq!(found.forecast.len(), 60);
    assert_eq!(found.forecast[0].at, Timestamp((FIRST + 60) * MINUTE_NS));
    assert!(
        found
            .forecast
            .iter()
            .all(|one| 0.0 <= one.low && one.low <= one.value && one.value <= one.high && one.high <= 100.0)
    );
}

#[test]
fn what_was_before_a_long_rest_is_another_story() {
    let mut minutes: Vec<InMinute> = (0..60).map(|at| minute(at, 100, at / 4, 50)).collect();
    minutes.extend((120..150).map(|at| minute(at, 100, 0, 50)));
    let found = trend(&minutes);
    assert!(found.forecast.iter().all(|one| (one.value - 98.0).abs() < 0.1));
    assert_eq!(found.warning, None);
}

/// Returns of how many of forty services that begin to fail after 40 minutes it is said before the score is below 70, and of how
/// many that do not it is said too.
fn warned_of(requests: u64) -> (usize, usize) {
    let rule = HealthRule::default();
    let is_warned =
        |minutes: &[InMinute]| of_service(minutes, &rule).warning.is_some_and(|warning| warning.limit >= 70.0);
    let degrades = |seed: &u64| {
        let slope = 10.0 / (30.0 + (seed % 31) as f64);
        let minutes = failing(*seed, 90, requests, |at| 0.5 + (at as f64 - 40.0).max(0.0) * slope);
        // Below 70 with 4.67 % of errors.
        let crosses = 40 + (4.17 / slope).ceil() as usize;
        (40..=crosses).any(|now| is_warned(&minutes[..now]))
    };
    let is_well = |seed: &u64| {
        let minutes = failing(seed + 500, 120, requests, |_| 0.2 + 1.2 * (seed % 7) as f64 / 6.0);
        (20..=120).step_by(10).any(|now| is_warned(&minutes[..now]))
    };
    ((0..40).filter(degrades).count(), (0..40).filter(is_well).count())
}

#[test]
fn who_degrades_is_warned_of_in_time_and_who_is_well_is_not() {
    let (in_time, false_alarms) = warned_of(400);
    assert!(in_time >= 37 && false_alarms == 0, "{in_time} in time, {false_alarms} false alarms");
    // Chance alone makes scores of fewer requests jump by twenty points: fewer are foreseen, and still none that is not so.
    let (in_time, false_alarms) = warned_of(80);
    assert!(in_time >= 20 && false_alarms <= 1, "{in_time} in time, {false_alarms} false alarms");
}

#[test]
fn who_is_below_the_first_limit_is_warned_of_the_second() {
    let minutes = failing(3, 30, 2_000, |at| 4.0 + at as f64 / 6.0);
    let found = trend(&minutes);
    assert_eq!(found.warning.map(|warning| warning.limit), Some(40.0), "{:?}", found.health.last());
}

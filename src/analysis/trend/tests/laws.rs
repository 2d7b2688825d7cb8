//! What holds for any series.

use proptest::prelude::*;

use super::super::change_points::find;
use super::super::crossing::outlook;
use super::super::holt::forecast;
use super::super::mann_kendall::{self, Noise};
use super::super::theil_sen::{self, Slopes};
use super::super::{InMinute, Point, of_service};
use super::{known, noise, points};
use crate::analysis::HealthRule;
use crate::model::Timestamp;
use crate::testing::Random;

fn test(values: &[f64]) -> Option<mann_kendall::MannKendall> {
    let points = points(values);
    mann_kendall::test(&points, theil_sen::line(&points)?.slope, Noise::Autocorrelated)
}

/// Numbers of all sizes.
fn wild() -> impl Strategy<Value = f64> {
    let most =
        prop_oneof![Just(1e300), Just(-1e300), Just(f64::MAX), Just(f64::MIN), Just(f64::MIN_POSITIVE), Just(5e-324)];
    prop_oneof![prop::num::f64::NORMAL, -1e3..1e3_f64, Just(0.0), most]
}

/// Whole numbers, of which differences and multiples are exact.
fn whole(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-500..500_i32).prop_map(f64::from), count)
}

fn assert_finite(values: &[f64]) {
    let points = points(values);
    let mut slopes = Slopes::of(&points);
    if let Some(line) = slopes.line() {
        assert!(line.slope.is_finite() && line.intercept.is_finite());
        assert!(slopes.interval(10.0).is_some_and(|(low, high)| low.is_finite() && high.is_finite() && low <= high));
    }
    if let Some(found) = test(values) {
        assert!((0.0..=1.0).contains(&found.p_value) && found.z.is_finite() && found.deviation.is_finite());
    }
    assert!(find(values).iter().all(|shift| shift.before.is_finite() && shift.after.is_finite()));
    let outlook = outlook(&known(values), 9);
    for found in [forecast(&known(values), 9), outlook.forecast.clone()] {
        for (value, (low, high)) in found.values.iter().zip(found.low.iter().zip(&found.high)) {
            assert!(low.is_finite() && high.is_finite() && low <= value && value <= high);
        }
    }
    assert!(outlook.downwards(70.0).is_none_or(|crossing| (1..=9).contains(&crossing.steps)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_that_is_not_a_number_comes_out(values in prop::collection::vec(wild(), 0..70)) {
        assert_finite(&values);
    }

    #[test]
    fn places_of_all_sizes_give_a_line(points in prop::collection::vec((wild(), wild()), 0..40)) {
        let points: Vec<Point> = points.into_iter().map(|(at, value)| Point { at, value }).collect();
        let line = theil_sen::line(&points);
        prop_assert!(line.is_none_or(|line| line.slope.is_finite() && line.intercept.is_finite()));
    }

    #[test]
    fn what_is_shifted_and_scaled_stays_what_it_is(values in whole(2..60), shift in -500..500_i32, by in 1..9_i32) {
        let (shift, by) = (f64::from(shift), f64::from(by));
        let moved: Vec<f64> = values.iter().map(|value| by * value + shift).collect();
        let [one, other] = [&values, &moved].map(|values| theil_sen::line(&points(values)).unwrap());
        prop_assert!((by * one.slope - other.slope).abs() <= 1e-9 * by * one.slope.abs());
        let [one, other] = [&values, &moved].map(|values| test(values).map(|found| (found.s, (found.p_value * 1e9).round())));
        prop_assert_eq!(one, other);
        let [one, other] = [&values, &moved].map(|values| find(values).iter().map(|shift| shift.at).collect::<Vec<_>>());
        prop_assert_eq!(one, other);
    }

    #[test]
    fn what_is_turned_round_goes_the_other_way(values in whole(2..60)) {
        let back: Vec<f64> = values.iter().rev().copied().collect();
        let down: Vec<f64> = values.iter().map(|value| -value).collect();
        for turned in [&back, &down] {
            let [one, other] = [&values, turned].map(|values| theil_sen::line(&points(values)).unwrap().slope);
            prop_assert!((one + other).abs() <= 1e-9 * one.abs());
            if let (Some(one), Some(other)) = (test(&values), test(turned)) {
                prop_assert_eq!(one.s, -other.s);
                prop_assert!((one.z + other.z).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_never_changes_has_no_trend(value in prop_oneof![-1e6..1e6_f64, Just(1e300), Just(0.0)], count in 5..60_usize) {
        let values = vec![value; count];
        let line = theil_sen::line(&points(&values)).unwrap();
        prop_assert_eq!((line.slope, line.intercept), (0.0, value));
        let found = test(&values).unwrap();
        prop_assert_eq!((found.s, found.p_value), (0, 1.0));
        prop_assert!(find(&values).is_empty());
        let found = forecast(&known(&values), 9);
        prop_assert_eq!(found.values.len(), if count < 10 { 0 } else { 9 });
        prop_assert!(found.values.iter().chain(&found.low).chain(&found.high).all(|one| one.to_bits() == (value + 0.0).to_bits()));
    }

    #[test]
    fn trends_of_any_minutes_are_numbers(
        minutes in prop::collection::vec((0..9_u64, any::<[u64; 3]>(), 0..60_u32, any::<u128>()), 0..60),
        first in prop_oneof![0..1_000_u64, Just(300_000_000)],
    ) {
        let mut at = first;
        let minute = |(step, [requests, errors, p95], shift, sum_ns): (u64, [u64; 3], u32, u128)| {
            at += step + 1;
            InMinute { at: Timestamp(at * 60_000_000_000), requests: requests >> shift, errors: errors >> shift, sum_ns, p95_ns: Some(p95) }
        };
        let minutes: Vec<InMinute> = minutes.into_iter().map(minute).collect();
        let trend = of_service(&minutes, &HealthRule::default());
        for slope in [trend.p95_ms, trend.error_rate_percent, trend.health_score].into_iter().flatten() {
            prop_assert!(slope.per_hour.is_finite() && (0.0..=1.0).contains(&slope.p_value));
            prop_assert!(slope.low.is_finite() && slope.high.is_finite());
        }
        prop_assert!(trend.health.iter().all(|(_, score)| (0.0..=100.0).contains(score)));
        let is_in_order = |low: f64, value: f64, high: f64| 0.0 <= low && low <= value && value <= high && high <= 100.0;
        prop_assert!(trend.forecast.iter().all(|one| is_in_order(one.low, one.value, one.high)));
    }
}

#[test]
fn minutes_in_any_order_do_no_harm() {
    let minute =
        |at: u64| InMinute { at: Timestamp(at.wrapping_mul(u64::MAX / 7)), requests: 30, ..InMinute::default() };
    let minutes: Vec<InMinute> = (0..50).rev().map(minute).collect();
    assert!(of_service(&minutes, &HealthRule::default()).health.len() == 50);
}

#[test]
fn long_series_take_no_more_than_they_should() {
    // It would not end were anything here done for each pair of so many.
    let values = noise(&mut Random::new(1), 0.5, 10_000);
    assert_finite(&values);
}

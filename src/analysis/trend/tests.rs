use proptest::prelude::*;

use super::holt::{Smoothing, foretell};
use super::service::{InMinute, Trend};
use super::*;
use crate::analysis::HealthRule;
use crate::model::Timestamp;
use crate::testing::Random;

/// The flow of the Nile at Aswan in 10⁸ m³, 1871 to 1970 (Cobb 1978, Biometrika 65, table 1; `Nile` in R).
const NILE: [f64; 100] = [
    1120.0, 1160.0, 963.0, 1210.0, 1160.0, 1160.0, 813.0, 1230.0, 1370.0, 1140.0, 995.0, 935.0, 1110.0, 994.0, 1020.0,
    960.0, 1180.0, 799.0, 958.0, 1140.0, 1100.0, 1210.0, 1150.0, 1250.0, 1260.0, 1220.0, 1030.0, 1100.0, 774.0, 840.0,
    874.0, 694.0, 940.0, 833.0, 701.0, 916.0, 692.0, 1020.0, 1050.0, 969.0, 831.0, 726.0, 456.0, 824.0, 702.0, 1120.0,
    1100.0, 832.0, 764.0, 821.0, 768.0, 845.0, 864.0, 862.0, 698.0, 845.0, 744.0, 796.0, 1040.0, 759.0, 781.0, 865.0,
    845.0, 944.0, 984.0, 897.0, 822.0, 1010.0, 771.0, 676.0, 649.0, 846.0, 812.0, 742.0, 801.0, 1040.0, 860.0, 874.0,
    848.0, 890.0, 744.0, 749.0, 838.0, 1050.0, 918.0, 986.0, 797.0, 923.0, 975.0, 815.0, 1020.0, 906.0, 901.0, 1170.0,
    912.0, 746.0, 919.0, 718.0, 714.0, 740.0,
];

/// Air passengers in Australia in millions, 1990 to 2016 (Hyndman and Athanasopoulos, Forecasting: Principles and Practice,
/// second edition, section 7.2; `ausair` in R).
const AUSAIR: [f64; 27] = [
    17.5534, 21.8601, 23.8866, 26.9293, 26.8885, 28.8314, 30.0751, 30.9535, 30.1857, 31.5797, 32.577_569, 33.477_398,
    39.021_581, 41.386_432, 41.596_552, 44.657_324, 46.951_775, 48.728_837, 51.488_427, 50.026_967, 60.640_913,
    63.360_31, 66.355_274, 68.197_955, 68.123_238, 69.779_345, 72.597_702,
];

fn points(values: &[f64]) -> Vec<Point> {
    (0..).zip(values).map(|(at, value)| Point { at: f64::from(at), value: *value }).collect()
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-8 * expected.abs().max(1e-3), "{found} for {expected}");
}

#[test]
fn the_nile_went_down() {
    // scipy 1.17.1: scipy.stats.theilslopes(nile)
    let line = theil_sen::line(&points(&NILE)).unwrap();
    near(line.slope, -2.6);
    near(line.intercept, 1_022.2);
    // pymannkendall 1.4.3: original_test(nile), hamed_rao_modification_test(nile)
    let test = mann_kendall::test(&points(&NILE)).unwrap();
    near(test.s, -1_387.0);
    near(test.variance, 112_728.333_333_333_33);
    near(test.variance * test.inflation, 241_565.356_916_626_9);
    let reference = normal::two_sided((test.s.abs() - 1.0) / (test.variance * test.inflation).sqrt());
    near(reference, 0.004_802_676_310_182_719);
    // original_test(nile)
    near(test.plain_p_value, 3.658_262_921_657_496e-5);
    assert!(test.p_value >= reference && test.p_value < 0.01);
}

#[test]
fn the_nile_changed_when_the_dam_at_aswan_was_begun() {
    // Cobb (1978) finds 1898 to be the last year of the higher level, as R's changepoint::cpt.mean does.
    assert_eq!(change_points::find(&points(&NILE)), [28.0]);
}

#[test]
fn air_passengers_are_foretold_as_the_library_does() {
    // statsmodels 0.15.0: ETSModel(ausair, error='add', trend='add', damped_trend=True), initial level 15.5715 and trend
    // 2.1017, smooth([0.8, 0.08, 0.95]); get_prediction(start='2017', end='2026').summary_frame(alpha=0.2)
    let smoothing = Smoothing { alpha: 0.8, beta: 0.1, phi: 0.95 };
    let state = smoothing.run(&AUSAIR, (15.5715, 2.1017));
    near(state.errors, 153.104_495_024_286_85);
    let means = [73.854_838_39, 75.290_181_49, 76.653_757_44, 77.949_154_59, 79.179_781_88];
    let variances = [1.0, 1.767_376, 2.666_459, 3.700_321, 4.870_938];
    for ((step, mean), variance) in (1..).zip(means).zip(variances) {
        near(state.level + smoothing.reach(step) * state.trend, mean);
        assert!((smoothing.variance(step) - variance).abs() < 1e-6);
    }
    // What is fitted is about as good as the library's best, and goes on upwards.
    let foretold = foretell(&AUSAIR, 5).unwrap();
    assert!(foretold.iter().all(|one| one.low < one.value && one.value < one.high));
    assert!(foretold[0].value > 72.0 && foretold[4].value > foretold[0].value && foretold[4].value < 84.0);
}

#[test]
fn rank_sums_are_those_of_the_library() {
    let counted = |numbers: &[u64]| {
        let counts = numbers.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64));
        counts.collect::<Vec<_>>().into_iter()
    };
    // scipy 1.17.1: mannwhitneyu(second, first, alternative='two-sided', method='asymptotic')
    let found = rank_sum(counted(&[1, 2, 2, 3, 5, 8, 8, 9]), counted(&[2, 4, 5, 5, 8, 9, 10, 12, 12])).unwrap();
    near(found.greater, 52.5 / 72.0);
    near(found.p_value, 0.120_427_795_344_991_53);
    assert_eq!(rank_sum(counted(&[]), counted(&[1])), None);
    let same = rank_sum(counted(&[7, 7]), counted(&[7, 7, 7])).unwrap();
    assert!((same.greater - 0.5).abs() < 1e-12 && same.p_value > 0.99);
}

/// Noise of which each number is like the one before by a factor.
fn noise(random: &mut Random, likeness: f64, count: usize) -> Vec<f64> {
    let mut last = 0.0;
    let mut one = || {
        // Twelve dice make something close enough to a normal number.
        let sum: f64 = (0..12).map(|_| random.below(1_000_000) as f64 / 1e6).sum();
        last = likeness * last + (1.0 - likeness * likeness).sqrt() * (sum - 6.0);
        last
    };
    (0..count).map(|_| one()).collect()
}

#[test]
fn noise_is_no_trend_and_no_change_of_level() {
    for (likeness, most) in [(0.0, 0.08), (0.5, 0.12), (0.8, 0.3)] {
        let (mut trends, mut changes) = (0, 0);
        for seed in 0..200 {
            let series = points(&noise(&mut Random::new(seed), likeness, 60 + seed as usize));
            trends += u32::from(mann_kendall::test(&series).unwrap().p_value < 0.05);
            changes += u32::from(!change_points::find(&series).is_empty());
        }
        let [trends, changes] = [trends, changes].map(|count| f64::from(count) / 200.0);
        assert!(trends <= most && changes <= most, "{likeness}: {trends} trends, {changes} changes");
    }
}

#[test]
fn a_trend_and_a_step_are_found_in_noise() {
    let (mut trends, mut steps) = (0, 0);
    for seed in 0..100 {
        let noise = noise(&mut Random::new(seed), 0.5, 120);
        let rising: Vec<f64> = noise.iter().enumerate().map(|(at, value)| value + at as f64 * 0.03).collect();
        trends += u32::from(mann_kendall::test(&points(&rising)).unwrap().p_value < 0.05);
        let step: Vec<f64> =
            noise.iter().enumerate().map(|(at, value)| value + if at < 70 { 0.0 } else { 6.0 }).collect();
        let found = change_points::find(&points(&step));
        steps += u32::from(found.len() == 1 && (found[0] - 70.0).abs() <= 2.0);
    }
    assert!(trends >= 90 && steps >= 90, "{trends} trends, {steps} steps");
}

#[test]
fn one_wild_number_changes_no_level() {
    let mut series = noise(&mut Random::new(3), 0.0, 100);
    series[50] = 500.0;
    assert_eq!(change_points::find(&points(&series)), [0.0; 0]);
    assert!(theil_sen::line(&points(&series)).unwrap().slope.abs() < 0.02);
}

#[test]
fn a_season_goes_on() {
    let noise = noise(&mut Random::new(1), 0.0, 120);
    let wave = |at: usize| [0.0, 20.0, 50.0, 30.0, 5.0, -10.0][at % 6];
    let series: Vec<f64> = noise.iter().enumerate().map(|(at, value)| 100.0 + value + wave(at)).collect();
    assert_eq!(season::of(&series).period().map(|period| period % 6), Some(0));
    for (step, foretold) in foretell(&series, 12).unwrap().iter().enumerate() {
        assert!((foretold.value - 100.0 - wave(120 + step)).abs() < 4.0, "{step}: {foretold:?}");
    }
    assert_eq!(season::of(&noise).period(), None);
}

const MINUTE_NS: u64 = 60_000_000_000;

/// Minutes of a service of which so many requests fail, by minute; chance decides which.
fn minutes(random: &mut Random, count: u64, failing: impl Fn(u64) -> f64) -> Vec<InMinute> {
    let minute = |number: u64| {
        let requests = 60 + random.below(40) as u64;
        let errors =
            (0..requests).filter(|_| (random.below(100_000) as f64) < failing(number) * 1_000.0).count() as u64;
        let mean_ms = 40 + random.below(20) as u64;
        InMinute {
            at: Timestamp((28_000_000 + number) * MINUTE_NS),
            requests,
            errors,
            sum_ns: u128::from(requests * mean_ms * 1_000_000),
            p95_ns: (mean_ms * 3 + random.below(9) as u64) * 1_000_000,
        }
    };
    (0..count).map(minute).collect()
}

/// Returns whether a warning came before the score of the last quarter of an hour, which the screen shows, was below its limit;
/// looked at after each minute.
fn is_warned(all: &[InMinute]) -> bool {
    let rule = HealthRule::default();
    for count in 10..=all.len() {
        let shown = &all[count.saturating_sub(15)..count];
        let sum = |of: fn(&InMinute) -> u128| shown.iter().map(of).sum::<u128>() as f64;
        let requests = sum(|minute| minute.requests.into());
        let errors = sum(|minute| minute.errors.into()) * 100.0 / requests;
        if rule.score(errors, sum(|minute| minute.sum_ns) / requests).score < rule.warning_below {
            return false;
        }
        if of_service(&all[..count], &rule).warning.is_some() {
            return true;
        }
    }
    false
}

#[test]
fn who_degrades_is_warned_of_before_and_who_is_well_is_not() {
    const RUNS: u64 = 40;
    let (mut in_time, mut false_alarms) = (0, 0);
    for seed in 0..RUNS {
        let mut random = Random::new(seed);
        // After twenty minutes, in half an hour to an hour, up to one request in ten fails.
        let slope = 10.0 / (30.0 + random.below(31) as f64);
        let degrading = minutes(&mut random, 100, |minute| ((minute as f64 - 20.0) * slope).clamp(0.0, 12.0));
        in_time += u64::from(is_warned(&degrading));
        false_alarms += u64::from(is_warned(&minutes(&mut random, 100, |_| 0.8)));
    }
    assert!(in_time * 100 >= RUNS * 95 && false_alarms <= 1, "{in_time} in time, {false_alarms} false of {RUNS}");
}

fn series() -> impl Strategy<Value = Vec<f64>> {
    let number = prop_oneof![any::<f64>(), -1e3..1e3_f64, Just(0.0), Just(1e300), Just(-1e300)];
    prop::collection::vec(number, 0..80)
}

proptest! {
    #[test]
    fn nothing_that_is_no_number_ever_comes_out(values in series(), step in 1..30_usize) {
        let all = points(&values);
        if let Some(line) = theil_sen::line(&all) {
            prop_assert!(line.slope.is_finite() && line.intercept.is_finite());
        }
        if let Some(test) = mann_kendall::test(&all) {
            prop_assert!((0.0..=1.0).contains(&test.p_value));
        }
        prop_assert!(change_points::find(&all).iter().all(|at| at.is_finite()));
        for foretold in foretell(&values, step).unwrap_or_default() {
            prop_assert!(foretold.low <= foretold.value && foretold.value <= foretold.high);
            prop_assert!(foretold.low.is_finite() && foretold.high.is_finite());
        }
    }

    #[test]
    fn what_is_turned_round_goes_the_other_way(values in prop::collection::vec(-1e3..1e3_f64, 4..60), by in 0.5..20.0_f64) {
        let all = points(&values);
        let turned: Vec<f64> = values.iter().map(|value| 7.0 - by * value).collect();
        let [one, other] = [&all, &points(&turned)].map(|points| theil_sen::line(points).unwrap().slope);
        prop_assert!((one * by + other).abs() <= 1e-6 * by * one.abs().max(1e-3));
        let [one, other] = [&all, &points(&turned)].map(|points| mann_kendall::test(points).unwrap());
        prop_assert!((one.s + other.s).abs() < 1e-9);
        prop_assert!((one.plain_p_value - other.plain_p_value).abs() < 1e-9);
    }

    #[test]
    fn what_never_changes_has_no_trend(value in -1e6..1e6_f64, count in 10..50_usize) {
        let values = vec![value; count];
        prop_assert!(theil_sen::line(&points(&values)).unwrap().slope.abs() < 1e-300);
        prop_assert!(mann_kendall::test(&points(&values)).unwrap().p_value > 0.99);
        prop_assert!(change_points::find(&points(&values)).is_empty());
        for foretold in foretell(&values, 9).unwrap() {
            prop_assert!((foretold.value - value).abs() <= 1e-6 * value.abs().max(1.0));
        }
    }

    #[test]
    fn trends_of_any_minutes_are_numbers(
        minutes in prop::collection::vec((0..5_000_u64, any::<u64>(), any::<u64>(), any::<u128>(), any::<u64>()), 0..40),
    ) {
        let mut minutes: Vec<InMinute> = minutes
            .into_iter()
            .map(|(minute, requests, errors, sum_ns, p95_ns)| {
                let requests = requests >> 20;
                InMinute { at: Timestamp(minute * MINUTE_NS), requests, errors: errors.min(requests), sum_ns, p95_ns }
            })
            .collect();
        minutes.sort_by_key(|minute| minute.at);
        minutes.dedup_by_key(|minute| minute.at);
        let trend: Trend = of_service(&minutes, &HealthRule::default());
        let slopes = [trend.p95_ms, trend.error_rate_percent, trend.health_score];
        for slope in slopes.into_iter().flatten() {
            prop_assert!(slope.per_hour.is_finite() && (0.0..=1.0).contains(&slope.p_value));
        }
        for expected in &trend.forecast {
            prop_assert!((0.0..=100.0).contains(&expected.low) && expected.low <= expected.value);
            prop_assert!((0.0..=100.0).contains(&expected.high) && expected.value <= expected.high);
        }
    }
}

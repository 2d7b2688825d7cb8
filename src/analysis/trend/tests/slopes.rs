use super::super::mann_kendall::{self, MannKendall, Noise};
use super::super::theil_sen::{self, Slopes};
use super::{NILE, assert_near, noise, points};
use crate::testing::Random;

fn test(values: &[f64], noise: Noise) -> MannKendall {
    let points = points(values);
    mann_kendall::test(&points, theil_sen::line(&points).unwrap().slope, noise).unwrap()
}

#[test]
fn the_nile_falls_by_26_each_ten_years() {
    // scipy: theilslopes(nile)
    let mut slopes = Slopes::of(&points(&NILE));
    let line = slopes.line().unwrap();
    assert_near(line.slope, -2.6);
    assert_near(line.intercept, 1_022.2);
    let (low, high) = slopes.interval(test(&NILE, Noise::Independent).deviation).unwrap();
    assert_near(low, -3.627_906_976_744_186);
    assert_near(high, -1.428_571_428_571_428_6);
}

#[test]
fn the_fall_of_the_nile_is_no_chance() {
    // pymannkendall: original_test(nile)
    let found = test(&NILE, Noise::Independent);
    assert_eq!(found.s, -1_387);
    assert_near(found.deviation * found.deviation, 112_728.333_333_333_33);
    assert_near(found.z, -4.128_066_522_844_101);
    assert_near(found.p_value, 3.658_262_921_657_496e-5);
    // The same with the correlation of ranks by statsmodels (acf: 0.356443) and the rest of the formula by numpy.
    let found = test(&NILE, Noise::Autocorrelated);
    assert_near(found.deviation, 505.741_120_117_506_9);
    assert_near(found.z, -2.740_532_546_924_340_5);
    assert_near(found.p_value, 0.006_133_970_650_304_06);
}

#[test]
fn ties_are_taken_into_account() {
    // pymannkendall: original_test; scipy: theilslopes
    let values = [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0, 2.0, 5.0, 5.0, 6.0];
    let found = test(&values, Noise::Independent);
    assert_eq!(found.s, 40);
    assert_near(found.deviation * found.deviation, 156.666_666_666_666_66);
    assert_near(found.p_value, 0.001_834_166_008_064_963_5);
    let mut slopes = Slopes::of(&points(&values));
    let line = slopes.line().unwrap();
    assert_near(line.slope, 4.0 / 9.0);
    assert_near(line.intercept, 7.0 / 9.0);
    let (low, high) = slopes.interval(found.deviation).unwrap();
    assert_near(low, 1.0 / 3.0);
    assert_near(high, 0.5);
}

#[test]
fn a_straight_line_is_a_trend_however_short() {
    for count in 5..40_u32 {
        let line: Vec<f64> = (0..count).map(|at| 0.1 + f64::from(at) / 7.0).collect();
        let found = test(&line, Noise::Autocorrelated);
        assert!(found.p_value < 0.05 && found.s == i64::from(count * (count - 1) / 2), "{count}: {found:?}");
    }
}

/// Returns of how many percent of a thousand series it is said that they have a trend.
fn percent_with_a_trend(alike: f64, count: usize, slope: f64, of: Noise) -> f64 {
    let mut random = Random::new(1);
    let mut one = || {
        let noise = noise(&mut random, alike, count);
        let series: Vec<f64> = noise.iter().enumerate().map(|(at, value)| value + slope * at as f64).collect();
        test(&series, of).p_value < 0.05
    };
    (0..1_000).filter(|_| one()).count() as f64 / 10.0
}

#[test]
fn noise_is_seldom_a_trend_also_where_neighbours_are_alike() {
    for (alike, count) in [(0.0, 60), (0.5, 60), (0.8, 60), (0.5, 20), (0.5, 120)] {
        let found = percent_with_a_trend(alike, count, 0.0, Noise::Autocorrelated);
        assert!(found <= 9.0, "{found} % of {count} points alike by {alike}");
    }
    // What this is for.
    assert!(percent_with_a_trend(0.5, 60, 0.0, Noise::Independent) > 15.0);
}

#[test]
fn a_trend_is_found_in_noise() {
    assert!(percent_with_a_trend(0.0, 60, 0.03, Noise::Autocorrelated) > 90.0);
    assert!(percent_with_a_trend(0.5, 120, 0.02, Noise::Autocorrelated) > 90.0);
}

#[test]
fn wild_points_do_not_turn_the_line() {
    let mut values: Vec<f64> = (0..100_u32).map(|at| 3.0 + 0.5 * f64::from(at)).collect();
    for at in (0..100).step_by(5) {
        values[at] = 1e6;
    }
    assert!((theil_sen::line(&points(&values)).unwrap().slope - 0.5).abs() < 0.02);
}

#[test]
fn long_series_are_thinned_and_give_about_the_same() {
    let noise = noise(&mut Random::new(5), 0.3, 10_000);
    let values: Vec<f64> = noise.iter().enumerate().map(|(at, value)| value + 0.001 * at as f64).collect();
    assert!((theil_sen::line(&points(&values)).unwrap().slope - 0.001).abs() < 2e-5);
    assert!(test(&values, Noise::Autocorrelated).p_value < 1e-6);
}

use super::super::change_points::{Shift, find};
use super::{NILE, noise};
use crate::testing::Random;

#[test]
fn the_nile_changed_after_1898() {
    // Cobb (1978): 1898 was the last year of the higher level. ruptures: Pelt(model='l1', min_size=5, jump=1) gives 28, too;
    // numpy: the medians of both sides.
    assert_eq!(find(&NILE), [Shift { at: 28, before: 1_130.0, after: 842.5 }]);
}

fn percent(alike: f64, count: usize, step: f64, is_right: impl Fn(&[Shift]) -> bool) -> f64 {
    let mut random = Random::new(7);
    let mut one = || {
        let mut series = noise(&mut random, alike, count);
        series.iter_mut().skip(count * 6 / 10).for_each(|value| *value += step);
        is_right(&find(&series))
    };
    (0..1_000).filter(|_| one()).count() as f64 / 10.0
}

#[test]
fn noise_seldom_changes_its_level_also_where_neighbours_are_alike() {
    // Measured, in the same order: 0.2, 2.5, 5.7, 0.0, 1.0, 4.9 and 0.3 %.
    let cases = [
        (0.0, 60, 1.0),
        (0.5, 60, 4.0),
        (0.8, 60, 8.0),
        (0.0, 120, 1.0),
        (0.5, 120, 2.0),
        (0.8, 120, 7.0),
        (0.5, 240, 1.0),
    ];
    for (alike, count, most) in cases {
        let found = percent(alike, count, 0.0, |shifts| !shifts.is_empty());
        assert!(found <= most, "{found} % of {count} numbers alike by {alike}");
    }
}

#[test]
fn a_step_is_found_where_it_is() {
    let is_there = |count: usize| move |shifts: &[Shift]| matches!(shifts, [shift] if shift.at.abs_diff(count * 6 / 10) <= 3 && shift.after > shift.before);
    // Measured: 90, 97, 99 and 96 %.
    assert!(percent(0.0, 60, 2.0, is_there(60)) > 85.0);
    assert!(percent(0.0, 120, 2.0, is_there(120)) > 93.0);
    assert!(percent(0.0, 120, 3.0, is_there(120)) > 96.0);
    assert!(percent(0.5, 240, 3.0, is_there(240)) > 92.0);
}

#[test]
fn up_and_down_again_are_two_changes() {
    let mut series = noise(&mut Random::new(3), 0.0, 120);
    series.iter_mut().skip(50).take(20).for_each(|value| *value += 6.0);
    let found: Vec<usize> = find(&series).iter().map(|shift| shift.at).collect();
    assert_eq!(found, [50, 70]);
}

#[test]
fn up_to_three_wild_numbers_are_no_level() {
    for wild in 1..=3 {
        for at in [0, 3, 40, 60, 100 - wild] {
            let mut series = noise(&mut Random::new(11), 0.0, 100);
            series.iter_mut().skip(at).take(wild).for_each(|value| *value = 500.0);
            assert_eq!(find(&series), [], "{wild} at {at}");
        }
    }
}

#[test]
fn a_step_without_noise_is_found() {
    let step: Vec<f64> = (0..40).map(|at| if at < 15 { 3.0 } else { 4.0 }).collect();
    assert_eq!(find(&step), [Shift { at: 15, before: 3.0, after: 4.0 }]);
}

#[test]
fn a_step_in_a_long_series_is_found_to_a_few_numbers() {
    let mut series = noise(&mut Random::new(13), 0.4, 10_000);
    series.iter_mut().skip(6_000).for_each(|value| *value += 4.0);
    let found = find(&series);
    assert!(matches!(found.as_slice(), [shift] if shift.at.abs_diff(6_000) <= 14), "{found:?}");
}

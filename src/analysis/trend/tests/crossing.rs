//! Scores that degrade and scores that are well, each from a seed, looked at as they come in.

use super::super::crossing::outlook;
use super::{known, noise, normal, part};
use crate::testing::{Random, seeds};

const LIMIT: f64 = 70.0;
const SERIES: u64 = 120;

/// Returns in how many minutes a warning says that the score will be below the limit.
fn warns(scores: &[f64]) -> Option<usize> {
    outlook(&known(scores), 60).downwards(LIMIT).map(|crossing| crossing.steps)
}

/// Returns scores from 85 to 100 of 150 minutes: of noise in which neighbours are alike or not, in each second series with waves, or
/// with bursts of one to four minutes.
fn healthy(seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let noise = noise(&mut random, [0.0, 0.3, 0.6, 0.8][seed as usize % 4], 150);
    let [deviation, base] = [0.5 + 2.5 * part(&mut random), 90.0 + 5.0 * part(&mut random)];
    let [high, period] = [2.0 + 3.0 * part(&mut random), 8.0 + 22.0 * part(&mut random)];
    let kind = seed / 4 % 4;
    let mut burst = 0;
    let score = |(at, noise): (usize, &f64)| {
        let wave = if kind == 1 { high * (std::f64::consts::TAU * at as f64 / period).sin() } else { 0.0 };
        if kind >= 2 && burst == 0 && part(&mut random) < 0.04 {
            burst = 1 + random.below(4);
        }
        let lost = if burst > 0 { 4.0 + 6.0 * part(&mut random) } else { 0.0 };
        burst = burst.saturating_sub(1);
        (base + wave + deviation * noise - lost).clamp(85.0, 100.0)
    };
    noise.iter().enumerate().map(score).collect()
}

/// A score that falls steadily to 40 in half an hour to an hour, after 20 to 80 minutes of being well.
struct Degrading {
    scores: Vec<f64>,
    /// The minutes in which it begins to fall, in which the first score is below the limit, and in which it is without noise.
    begins: usize,
    seen: usize,
    crosses: usize,
}

fn degrading(seed: u64) -> Degrading {
    let mut random = Random::new(seed + 1_000_000);
    let begins = 20 + random.below(60);
    let minutes = 30 + random.below(31);
    let noise = noise(&mut random, [0.0, 0.3, 0.5][seed as usize % 3], begins + minutes);
    let [deviation, top] = [0.5 + 3.0 * part(&mut random), 95.0 + 5.0 * part(&mut random)];
    let truth = |at: usize| top - (top - 40.0) * (at + 1).saturating_sub(begins) as f64 / minutes as f64;
    let scores: Vec<f64> =
        noise.iter().enumerate().map(|(at, noise)| (truth(at) + deviation * noise).clamp(0.0, 100.0)).collect();
    let seen = scores.iter().position(|score| *score < LIMIT).unwrap_or(scores.len());
    let crosses = (0..scores.len()).find(|at| truth(*at) < LIMIT).unwrap();
    Degrading { scores, begins, seen, crosses }
}

#[test]
fn scores_that_are_well_are_not_warned_of() {
    for seed in seeds(SERIES) {
        let scores = healthy(seed);
        for now in (10 + seed as usize % 14..=scores.len()).step_by(14) {
            assert_eq!(warns(&scores[..now]), None, "{seed} at {now}");
        }
    }
}

#[test]
fn scores_that_degrade_are_warned_of_before_they_cross() {
    let (mut before_seen, mut before_crossing, mut early, mut off) = (0, 0, 0, Vec::new());
    for seed in 0..SERIES {
        let Degrading { scores, begins, seen, crosses } = degrading(seed);
        early += u32::from(warns(&scores[..begins]).is_some());
        let warning = (begins..crosses).find_map(|at| Some((at, warns(&scores[..=at])?)));
        before_crossing += u32::from(warning.is_some());
        before_seen += u32::from(warning.is_some_and(|(at, _)| at < seen));
        off.extend(warning.map(|(at, steps)| (at + steps) as f64 - crosses as f64));
    }
    // Of 500: before the first score below the limit 96.4 %, before the score crosses it 99.0 %.
    assert_eq!(early, 0);
    assert!(before_seen >= 110, "{before_seen} of {SERIES} before the first score below the limit");
    assert!(before_crossing >= 115, "{before_crossing} of {SERIES} before the score crosses");
    // The minutes that are said are right to a few; the damping makes them rather too many.
    off.sort_by(f64::total_cmp);
    assert!((0.0..=5.0).contains(&off[off.len() / 2]), "{off:?}");
    assert!(off[off.len() / 10] >= -3.0 && off[off.len() * 9 / 10] <= 10.0, "{off:?}");
}

#[test]
fn who_is_below_the_limit_has_crossed_it() {
    let falling: Vec<f64> = (0..40).map(|at| 90.0 - f64::from(at)).collect();
    assert_eq!(warns(&falling), None);
    assert!((1..=8).contains(&warns(&falling[..16]).unwrap()));
}

#[test]
fn who_rises_or_stays_is_not_warned_of() {
    let rising: Vec<f64> = (0..40).map(|at| 72.0 + f64::from(at) / 2.0).collect();
    assert_eq!(warns(&rising), None);
    assert_eq!(warns(&[71.0; 40]), None);
    assert_eq!(warns(&[]), None);
}

#[test]
fn wild_minutes_at_the_end_are_no_trend() {
    for wild in 1..=4 {
        let mut random = Random::new(9);
        let mut scores: Vec<f64> = (0..60).map(|_| 94.0 + normal(&mut random)).collect();
        scores.extend((1..=wild).map(|at| 94.0 - 5.0 * f64::from(at)));
        assert_eq!(warns(&scores), None, "{wild}");
    }
}

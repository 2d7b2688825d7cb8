use super::super::holt::{Fitted, Smoothing, forecast};
use super::super::season;
use super::{assert_near, known, noise};
use crate::testing::Random;

/// Air passengers in Australia in millions, 1990 to 2016 (Hyndman and Athanasopoulos, Forecasting: Principles and Practice,
/// second edition, section 7.2; `ausair` of R's package fpp2).
const AUSAIR: [f64; 27] = [
    17.5534, 21.8601, 23.8866, 26.9293, 26.8885, 28.8314, 30.0751, 30.9535, 30.1857, 31.5797, 32.577_569, 33.477_398,
    39.021_581, 41.386_432, 41.596_552, 44.657_324, 46.951_775, 48.728_837, 51.488_427, 50.026_967, 60.640_913,
    63.360_31, 66.355_274, 68.197_955, 68.123_238, 69.779_345, 72.597_702,
];

/// Air passengers of the world in thousands a month, 1949 to 1960 (Box and Jenkins 1976, series G; `AirPassengers` in R).
const AIR_PASSENGERS: [f64; 144] = [
    112.0, 118.0, 132.0, 129.0, 121.0, 135.0, 148.0, 148.0, 136.0, 119.0, 104.0, 118.0, 115.0, 126.0, 141.0, 135.0,
    125.0, 149.0, 170.0, 170.0, 158.0, 133.0, 114.0, 140.0, 145.0, 150.0, 178.0, 163.0, 172.0, 178.0, 199.0, 199.0,
    184.0, 162.0, 146.0, 166.0, 171.0, 180.0, 193.0, 181.0, 183.0, 218.0, 230.0, 242.0, 209.0, 191.0, 172.0, 194.0,
    196.0, 196.0, 236.0, 235.0, 229.0, 243.0, 264.0, 272.0, 237.0, 211.0, 180.0, 201.0, 204.0, 188.0, 235.0, 227.0,
    234.0, 264.0, 302.0, 293.0, 259.0, 229.0, 203.0, 229.0, 242.0, 233.0, 267.0, 269.0, 270.0, 315.0, 364.0, 347.0,
    312.0, 274.0, 237.0, 278.0, 284.0, 277.0, 317.0, 313.0, 318.0, 374.0, 413.0, 405.0, 355.0, 306.0, 271.0, 306.0,
    315.0, 301.0, 356.0, 348.0, 355.0, 422.0, 465.0, 467.0, 404.0, 347.0, 305.0, 336.0, 340.0, 318.0, 362.0, 348.0,
    363.0, 435.0, 491.0, 505.0, 404.0, 359.0, 310.0, 337.0, 360.0, 342.0, 406.0, 396.0, 420.0, 472.0, 548.0, 559.0,
    463.0, 407.0, 362.0, 405.0, 417.0, 391.0, 419.0, 461.0, 472.0, 535.0, 622.0, 606.0, 508.0, 461.0, 390.0, 432.0,
];

#[test]
fn smoothing_is_that_of_the_library() {
    // statsmodels: ETSModel(ausair, error='add', trend='add', damped_trend=True, initialization_method='known',
    // initial_level=15.5715, initial_trend=2.1017).smooth([0.8, 0.08, 0.95]); forecast(5), and
    // get_prediction(27, 31).summary_frame(alpha=0.2), whose widths are divided by its σ, √(sse/27).
    let smoothing = Smoothing { alpha: 0.8, beta: 0.1, phi: 0.95, gamma: 0.0 };
    let fitted = Fitted::starting(smoothing, &known(&AUSAIR), (15.5715, 2.1017));
    assert_near(fitted.squares, 153.104_495_024_286_85);
    let values = [
        73.854_838_387_794_6,
        75.290_181_491_378_3,
        76.653_757_439_782_84,
        77.949_154_590_767_14,
        79.179_781_884_202_21,
    ];
    let variances: [f64; 5] = [1.0, 1.767_376, 2.666_459_24, 3.700_321_14, 4.870_938_03];
    let steps = fitted.steps(5);
    let narrowest = steps[0].1;
    for ((found, width), (value, variance)) in steps.iter().zip(values.iter().zip(variances)) {
        assert_near(*found, *value);
        assert!((width / narrowest - variance.sqrt()).abs() < 1e-7);
    }
}

#[test]
fn what_is_fitted_is_as_good_as_what_others_find() {
    // scipy: the best of nine runs of Nelder-Mead over the same five numbers in the same bounds has 137.4941; statsmodels' fit has
    // 137.4940 and foretells 73.99, 75.48, 76.94, 78.37, 79.77.
    let fitted = Fitted::of(&known(&AUSAIR), None);
    assert!(fitted.squares < 137.494 * 1.01, "{}", fitted.squares);
    let found = forecast(&known(&AUSAIR), 5);
    for (value, expected) in found.values.iter().zip([73.99, 75.48, 76.94, 78.37, 79.77]) {
        assert!((value - expected).abs() < 0.3, "{value} for {expected}");
    }
    assert_eq!(found.period, None);
}

#[test]
fn air_passengers_come_again_each_year() {
    let logarithms: Vec<f64> = AIR_PASSENGERS.iter().map(|value| value.ln()).collect();
    let (past, to_come) = logarithms.split_at(132);
    let found = forecast(&known(past), 12);
    assert_eq!(found.period, Some(12));
    let squares: f64 = found.values.iter().zip(to_come).map(|(found, value)| (found - value).powi(2)).sum();
    // statsmodels: ETS(A,Ad,A) is wrong by 0.0697 (root mean square), the numbers of the year before by 0.1116.
    assert!((squares / 12.0).sqrt() < 0.085, "{}", (squares / 12.0).sqrt());
}

#[test]
fn noise_has_no_season() {
    for (alike, count, most) in [(0.0, 60, 5), (0.5, 60, 5), (0.8, 120, 10)] {
        let mut random = Random::new(2);
        let found = (0..500).filter(|_| season::find(&noise(&mut random, alike, count)).is_some()).count();
        assert!(found <= most, "{found} of 500 with {alike}");
    }
}

#[test]
fn a_season_goes_on_also_over_gaps() {
    let wave = |at: usize| 100.0 + [0.0, 20.0, 50.0, 30.0, 5.0, -10.0, -20.0, -5.0][at % 8];
    let noise = noise(&mut Random::new(4), 0.0, 120);
    let mut series: Vec<Option<f64>> = noise.iter().enumerate().map(|(at, value)| Some(value + wave(at))).collect();
    (30..33).chain([70, 119]).for_each(|at| series[at] = None);
    let found = forecast(&series, 16);
    assert_eq!(found.period, Some(8));
    for (step, value) in found.values.iter().enumerate() {
        assert!((value - wave(120 + step)).abs() < 4.0, "{step}: {value}");
    }
}

#[test]
fn a_gap_is_no_zero() {
    let noise = noise(&mut Random::new(6), 0.0, 80);
    let series: Vec<Option<f64>> =
        noise.iter().enumerate().map(|(at, value)| (at % 4 != 1 && at < 75).then_some(90.0 + value)).collect();
    assert!(forecast(&series, 20).values.iter().all(|value| (value - 90.0).abs() < 2.0));
}

#[test]
fn intervals_hold_about_four_of_five_and_grow() {
    let mut random = Random::new(8);
    let (mut inside, mut all) = (0, 0);
    for _ in 0..300 {
        let series: Vec<f64> = noise(&mut random, 0.3, 110).iter().map(|value| 50.0 + value).collect();
        let found = forecast(&known(&series[..100]), 10);
        let widths: Vec<f64> = found.low.iter().zip(&found.high).map(|(low, high)| high - low).collect();
        assert!(widths.windows(2).all(|pair| pair[0] <= pair[1]));
        let bounds = found.low.iter().zip(&found.high);
        inside += bounds.zip(&series[100..]).filter(|((low, high), value)| *low <= value && value <= high).count();
        all += 10;
    }
    let percent = f64::from(inside as u32) * 100.0 / f64::from(all);
    assert!((70.0..=88.0).contains(&percent), "{percent} %");
}

#[test]
fn too_few_numbers_foretell_nothing() {
    assert!(forecast(&[], 5).values.is_empty());
    assert!(forecast(&known(&[1.0, 2.0]), 5).values.is_empty());
    assert!(forecast(&vec![None; 50], 5).values.is_empty());
    assert!(forecast(&known(&AUSAIR), 0).values.is_empty());
}

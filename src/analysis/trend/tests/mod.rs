//! Methods against published series and other programs, in noise of which the truth is known, and by what holds for any series.
//! Numbers of other programs are those of scipy 1.17.1, statsmodels 0.15.0, pymannkendall 1.4.3 and ruptures 1.1.10.

mod change_points;
mod comparing;
mod crossing;
mod holt;
mod laws;
mod service;
mod slopes;

use super::Point;
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

/// Returns values at 0, 1, 2 and so on.
fn points(values: &[f64]) -> Vec<Point> {
    values.iter().zip(0_u32..).map(|(value, at)| Point { at: f64::from(at), value: *value }).collect()
}

fn known(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found} for {expected}");
}

/// Returns a number from 0 to below 1.
fn part(random: &mut Random) -> f64 {
    random.below(1 << 30) as f64 / f64::from(1 << 30)
}

/// Returns a standard normal number (Box and Muller 1958).
fn normal(random: &mut Random) -> f64 {
    let distance = (-2.0 * (1.0 - part(random)).ln()).sqrt();
    distance * (std::f64::consts::TAU * part(random)).cos()
}

/// Returns noise of variance 1 in which a number is like the one before by a factor.
fn noise(random: &mut Random, alike: f64, count: usize) -> Vec<f64> {
    let mut last = normal(random);
    let mut next = || {
        last = alike * last + (1.0 - alike * alike).sqrt() * normal(random);
        last
    };
    (0..count).map(|_| next()).collect()
}

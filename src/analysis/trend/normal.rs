//! The normal distribution.

use std::f64::consts::{PI, SQRT_2};

/// Returns how likely a standard normal number is at least so far from 0, in either direction.
pub(crate) fn two_sided(z: f64) -> f64 {
    if z.is_nan() { 1.0 } else { complementary_error(z.abs() / SQRT_2).clamp(0.0, 1.0) }
}

/// Returns erfc(x) of a number that is not negative: near 0 by its power series, farther out by its continued fraction
/// (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14); to 12 digits.
fn complementary_error(x: f64) -> f64 {
    if x < 3.0 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return 1.0 - 2.0 / PI.sqrt() * (-x * x).exp() * sum;
    }
    let fraction = (1..=60).rev().fold(x, |rest, n| x + f64::from(n) / 2.0 / rest);
    (-x * x).exp() / PI.sqrt() / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        // scipy 1.17.1: 2 * scipy.stats.norm.sf(z)
        let known = [
            (0.0, 1.0),
            (0.5, 0.617_075_077_451_973_8),
            (1.0, 0.317_310_507_862_914_1),
            (1.96, 0.049_995_790_296_440_87),
            (2.8, 0.005_110_260_660_855_864),
            (2.85, 0.004_371_922_909_826_481),
            (5.0, 5.733_031_437_583_867e-7),
            (10.0, 1.523_970_604_832_105e-23),
        ];
        for (z, p) in known {
            assert!((two_sided(z) / p - 1.0).abs() < 1e-9, "{z}: {} for {p}", two_sided(z));
            assert!((two_sided(-z) - two_sided(z)).abs() < 1e-300);
        }
        assert!(two_sided(f64::INFINITY) < 1e-300 && two_sided(f64::NAN) > 0.99);
    }
}

//! Chance that can be repeated: one number stream per seed, and the distributions that latencies follow.

use std::f64::consts::TAU;

/// A stream of numbers decided by its seed (splitmix64, Steele, Lea and Flood 2014: small, fast, good enough here).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a stream of its own, so that what one trace draws does not change the next one.
    pub(super) fn fork(&mut self) -> Self {
        Self(self.bits())
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number that may be an id: not zero.
    pub(super) fn id(&mut self) -> u64 {
        self.bits().max(1)
    }

    /// Returns a number in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Returns a whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.bits() % (high - low + 1)
    }

    /// Returns one of `choices`, which are not empty.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[(self.bits() % choices.len() as u64) as usize]
    }

    /// Returns a log-normal number: half lie below `median`, and the tail to the right is the longer the greater
    /// `sigma` is.
    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        // Box and Muller's transform; 1 - u keeps the logarithm finite.
        let (u, v) = (1.0 - self.unit(), self.unit());
        let normal = (-2.0 * u.ln()).sqrt() * (TAU * v).cos();
        median * (sigma * normal).exp()
    }

    /// Returns the time to the next of events that come independently, `mean` apart on average.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Returns a version 4 UUID (RFC 9562).
    pub(super) fn uuid(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 50),
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_log_normal_numbers_lie_below_the_median() {
        let mut random = Random::new(1);
        let below = (0..10_000).filter(|_| random.log_normal(5.0, 0.5) < 5.0).count();
        assert!((4_800..5_200).contains(&below), "{below}");
    }

    #[test]
    fn uuids_have_their_version_and_variant() {
        let mut random = Random::new(2);
        for _ in 0..100 {
            let uuid = random.uuid().into_bytes();
            assert_eq!(uuid.len(), 36);
            assert_eq!(uuid[14], b'4');
            assert!(b"89ab".contains(&uuid[19]));
        }
    }
}

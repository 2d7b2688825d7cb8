//! What tests of several modules need: chance that can be repeated, and how often to try.

/// Random numbers that follow from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x243f_6a88_85a3_08d3)
    }

    /// Returns a number below `most`, which is not zero.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % most
    }
}

/// Returns how often a test tries: `usually`, or as often as the variable SPANTOP_TEST_RUNS says.
pub(crate) fn runs(usually: u64) -> u64 {
    std::env::var("SPANTOP_TEST_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(usually)
}

/// Returns what chance follows from in each of so many tries, or in the one that the variable SPANTOP_TEST_SEED names.
pub(crate) fn seeds(usually: u64) -> std::ops::Range<u64> {
    let only: Option<u64> = std::env::var("SPANTOP_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    only.map_or(0..runs(usually), |seed| seed..seed + 1)
}

//! Points in time, as OTLP has them: nanoseconds since 1970 in 64 bits without a sign.

use std::fmt;

/// A point in time: nanoseconds since the Unix epoch, UTC. Any 64-bit value is legal, whatever a sender's clock said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Returns the nanoseconds from `earlier` to this time, 0 where it is not earlier.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the time `ns` nanoseconds later, at most the greatest one there is.
    #[must_use]
    pub fn plus(self, ns: u64) -> Self {
        Self(self.0.saturating_add(ns))
    }

    /// Returns the time `ns` nanoseconds before, at least the epoch.
    #[must_use]
    pub fn minus(self, ns: u64) -> Self {
        Self(self.0.saturating_sub(ns))
    }
}

/// RFC 3339 in UTC with nine digits of fraction: `2026-11-22T15:11:58.000000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(time) => write!(f, "{time:.9}"),
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_rfc_3339_with_nanoseconds() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(Timestamp(1_795_353_691_677_000_001).to_string(), "2026-11-22T13:21:31.677000001Z");
    }

    #[test]
    fn differences_and_sums_saturate() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), 0);
        assert_eq!(Timestamp(u64::MAX).plus(1), Timestamp(u64::MAX));
        assert_eq!(Timestamp(3).minus(4), Timestamp(0));
        assert!(!Timestamp(u64::MAX).to_string().is_empty());
    }
}

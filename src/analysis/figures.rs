//! Figures of requests, or of the spans of an operation: how many, how many in error, how long they took.

use crate::model::Timestamp;

/// See the module. Of a service its requests are counted, of an operation its spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    pub requests: u64,
    /// Those of them with status ERROR.
    pub errors: u64,
    /// Of their durations.
    pub sum_ns: u128,
    /// The longest duration; 0 without requests.
    pub max_ns: u64,
    /// None without requests.
    pub percentiles: Option<Percentiles>,
    /// From 0 to 1; none without requests.
    pub apdex: Option<f64>,
    /// The starts of the first and the last request; 0 without requests.
    pub first: Timestamp,
    pub last: Timestamp,
    /// The most requests that began in one calendar minute (UTC).
    pub peak_per_minute: u64,
}

/// Durations that so large a part of all do not exceed, by nearest rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    pub p50_ns: u64,
    pub p90_ns: u64,
    pub p95_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
}

const MINUTE_NS: f64 = 60e9;

impl Figures {
    /// Returns the errors in percent of the requests; none without requests.
    pub fn error_rate_percent(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.errors as f64 * 100.0 / self.requests as f64)
    }

    /// Returns the mean duration in nanoseconds; none without requests.
    pub fn mean_ns(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.sum_ns as f64 / self.requests as f64)
    }

    /// Returns the requests per minute, from the first to the last one but over a minute at least; none without requests.
    pub fn per_minute(&self) -> Option<f64> {
        let minutes = self.last.0.saturating_sub(self.first.0) as f64 / MINUTE_NS;
        (self.requests > 0).then(|| self.requests as f64 / minutes.max(1.0))
    }

    /// Returns sixty times [`Figures::per_minute`].
    pub fn per_hour(&self) -> Option<f64> {
        self.per_minute().map(|per_minute| per_minute * 60.0)
    }
}

impl Percentiles {
    /// The parts of all, in the order of the fields.
    pub const PARTS: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

    /// Returns the durations in the order of the fields.
    pub fn all(&self) -> [u64; 5] {
        [self.p50_ns, self.p90_ns, self.p95_ns, self.p99_ns, self.p999_ns]
    }

    /// Returns the percentiles of durations in the order of the fields.
    pub fn of([p50_ns, p90_ns, p95_ns, p99_ns, p999_ns]: [u64; 5]) -> Self {
        Self { p50_ns, p90_ns, p95_ns, p99_ns, p999_ns }
    }
}

/// Returns the rank, from 1, of the number that so large a part of `count` numbers do not exceed.
pub fn nearest_rank(part: f64, count: u64) -> u64 {
    ((part * count as f64).ceil() as u64).clamp(1, count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_nothing_are_none_not_zero() {
        let figures = Figures::default();
        assert_eq!((figures.error_rate_percent(), figures.mean_ns()), (None, None));
        assert_eq!((figures.per_minute(), figures.per_hour()), (None, None));
    }

    #[test]
    fn throughput_is_over_a_minute_at_least() {
        let figures = |requests, last| Figures { requests, last: Timestamp(last), ..Figures::default() };
        assert_eq!(figures(3, 1_000_000_000).per_minute(), Some(3.0));
        assert_eq!(figures(30, 180_000_000_000).per_minute(), Some(10.0));
        assert_eq!(figures(30, 180_000_000_000).per_hour(), Some(600.0));
        // A clock that jumped gives a rate that is small, and none that is not a number.
        assert!(figures(2, u64::MAX).per_minute().unwrap() > 0.0);
    }

    #[test]
    fn the_nearest_rank_is_one_of_the_numbers() {
        assert_eq!((nearest_rank(0.5, 1), nearest_rank(0.5, 2), nearest_rank(0.5, 3)), (1, 1, 2));
        assert_eq!((nearest_rank(0.95, 100), nearest_rank(0.99, 100), nearest_rank(0.999, 100)), (95, 99, 100));
        assert_eq!(nearest_rank(0.5, 0), 1);
    }
}

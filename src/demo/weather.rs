//! What changes while the shop is open: slow dependencies that come and go, and releases that roll out.

use super::services::{Process, Service};

const SECOND: u64 = 1_000_000_000;
const MINUTE_S: u64 = 60;
/// Instances of a service are replaced one after the other.
const ROLL_OUT_STEP_S: u64 = 12;

/// The conditions at any time; a pure function of when the shop opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    /// When the shop opened, in nanoseconds since 1970.
    pub(super) opened: u64,
}

impl Weather {
    /// Returns whether the model server behind `recommendations` is slow: 40 seconds of every three minutes.
    pub(super) fn is_model_server_slow(self, at: u64) -> bool {
        (60..100).contains(&(self.seconds_open(at) % 180))
    }

    /// Returns whether the read replica of the catalog is slow: 25 seconds of every four minutes.
    pub(super) fn is_replica_slow(self, at: u64) -> bool {
        (165..190).contains(&(self.seconds_open(at) % 240))
    }

    /// Returns how much of the connection pool of `pricing` has leaked, from 0 to 1: nothing in the first ten minutes of each
    /// eighty, then ever more for forty, until somebody restarts it.
    pub(super) fn leaked(self, at: u64) -> f64 {
        let seconds = self.seconds_open(at) % (80 * MINUTE_S);
        if seconds >= 52 * MINUTE_S {
            return 0.0;
        }
        let leaking = seconds.saturating_sub(10 * MINUTE_S) as f64;
        (leaking / (40 * MINUTE_S) as f64).min(1.0)
    }

    /// Returns the process that is instance number `instance` of `service` at a time.
    pub(super) fn process(self, service: Service, instance: usize, at: u64) -> Process {
        let released = service
            .profile()
            .next_release
            .is_some_and(|(_, seconds)| self.seconds_open(at) >= seconds + instance as u64 * ROLL_OUT_STEP_S);
        Process { service, instance, release: u64::from(released) }
    }

    /// Returns how busy the shop is, 1 on average: customers come in waves of a few minutes, with ripples on them.
    pub(super) fn busyness(self, at: u64) -> f64 {
        let seconds = at.saturating_sub(self.opened) as f64 / SECOND as f64;
        1.0 + 0.15 * (seconds / 25.0).sin() + 0.06 * (seconds / 3.7).sin()
    }

    fn seconds_open(self, at: u64) -> u64 {
        at.saturating_sub(self.opened) / SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_leaks_until_somebody_restarts_the_service() {
        let weather = Weather { opened: 7 * SECOND };
        let leaked = |minute: u64| (weather.leaked((7 + minute * MINUTE_S) * SECOND) * 100.0) as u32;
        assert_eq!([0, 10, 20, 30, 50, 51, 52, 79, 90].map(leaked), [0, 0, 25, 50, 100, 100, 0, 0, 0]);
        assert!(leaked(100) > 0);
    }
}

//! How often refusals are logged: the first of a kind at once, then at most one line a second, which tells how many it
//! stands for. What comes too often would fill a disk, and take longer than the refusal.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(1);

/// Of each kind, when there was a line last and how many refusals came since.
#[derive(Debug)]
pub(super) struct Throttle<Kind>(HashMap<Kind, (Instant, u64)>);

impl<Kind: Eq + Hash> Throttle<Kind> {
    /// Notes a refusal; returns how many of its kind a line would stand for, this one included, if it is time for one.
    pub(super) fn due(&mut self, kind: Kind, now: Instant) -> Option<u64> {
        let Some((last, since)) = self.0.get_mut(&kind) else {
            self.0.insert(kind, (now, 0));
            return Some(1);
        };
        *since += 1;
        if now.saturating_duration_since(*last) < PAUSE {
            return None;
        }
        *last = now;
        Some(std::mem::take(since))
    }
}

impl<Kind> Default for Throttle<Kind> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "some time to count from")]
    fn the_first_of_a_kind_is_told_at_once_and_then_one_a_second_with_a_count() {
        let mut throttle = Throttle::default();
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let said = [
            ("large", 0),
            ("large", 1),
            ("slow", 1),
            ("large", 999),
            ("large", 1_000),
            ("large", 1_999),
            ("slow", 1_001),
            ("large", 9_000),
        ];
        let told = said.map(|(kind, time)| throttle.due(kind, at(time)));
        assert_eq!(told, [Some(1), None, Some(1), None, Some(3), None, Some(1), Some(2)]);
    }
}

//! Round durations between two others, for the marks beside what stands on a log scale.

use crate::tui::format;

const MICROSECOND: u64 = 1_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Powers of ten, as far as clocks have them.
const COARSE: [u64; 19] = [
    1,
    10,
    100,
    MICROSECOND,
    10 * MICROSECOND,
    100 * MICROSECOND,
    1_000 * MICROSECOND,
    10_000 * MICROSECOND,
    100_000 * MICROSECOND,
    SECOND,
    10 * SECOND,
    MINUTE,
    10 * MINUTE,
    HOUR,
    10 * HOUR,
    4 * DAY,
    40 * DAY,
    400 * DAY,
    4_000 * DAY,
];

/// Returns at most so many round durations from one to another, the shortest first. Where powers of ten are too far apart
/// for two of them there are some between.
pub fn marks(least_ns: u64, most_ns: u64, most_marks: usize) -> Vec<u64> {
    let between = |all: &mut dyn Iterator<Item = u64>| -> Vec<u64> {
        all.filter(|ns| (least_ns.max(1)..=most_ns).contains(ns)).collect()
    };
    let mut all = between(&mut COARSE.into_iter());
    if all.len() < 2 {
        let mut fine: Vec<u64> = COARSE.into_iter().flat_map(parts).collect();
        fine.sort_unstable();
        fine.dedup();
        all = between(&mut fine.into_iter());
    }
    let step = all.len().div_ceil(most_marks.max(1)).max(1);
    // The longest are of the most interest.
    let skipped = all.len().saturating_sub(1) % step;
    all.into_iter().skip(skipped).step_by(step).collect()
}

/// Returns a round duration and round ones between it and the next.
fn parts(coarse: u64) -> Vec<u64> {
    let times: &[u64] = match coarse {
        HOUR => &[1, 2, 4, 8, 12, 24, 48],
        MINUTE => &[1, 2, 3, 5],
        ns if ns == 10 * HOUR => &[1],
        ns if ns == 10 * SECOND || ns == 10 * MINUTE => &[1, 2, 3],
        _ => &[1, 2, 3, 5, 7],
    };
    times.iter().filter_map(|times| coarse.checked_mul(*times)).collect()
}

/// Returns a mark as text, in at most eight cells: `10 ms`, `2 m`.
pub fn label(ns: u64) -> String {
    let text = format::tick(ns);
    let is_round = |rest: &str| matches!(rest, "00 s" | "00 m" | "00 h");
    match text.match_indices(' ').nth(1) {
        Some((at, _)) if text.get(at + 1..).is_some_and(is_round) => text.get(..at).unwrap_or_default().to_owned(),
        _ => text,
    }
}

/// Returns where a duration stands between two others on a log scale, from 0 to 1.
pub fn share(ns: u64, least_ns: u64, most_ns: u64) -> f64 {
    let logarithm = |ns: u64| (ns.max(1) as f64).ln();
    let (least, most) = (logarithm(least_ns), logarithm(most_ns));
    if most <= least {
        return 0.0;
    }
    ((logarithm(ns) - least) / (most - least)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(least_ns: u64, most_ns: u64, most_marks: usize) -> String {
        marks(least_ns, most_ns, most_marks).into_iter().map(label).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(marked(400_000, 3 * SECOND, 9), "1 ms, 10 ms, 100 ms, 1 s");
        assert_eq!(marked(400_000, 3 * SECOND, 2), "10 ms, 1 s");
        assert_eq!(marked(30_000_000, 80_000_000, 9), "30 ms, 50 ms, 70 ms");
        assert_eq!(marked(2 * SECOND, 3 * HOUR, 9), "10 s, 1 m, 10 m, 1 h");
        assert_eq!(marked(4_000, 4_100, 9), "");
        assert_eq!(marked(0, 90, 9), "1 ns, 10 ns");
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(
            [MINUTE, 90 * SECOND, 10 * HOUR, 4 * DAY, 400 * DAY].map(label),
            ["1 m", "1 m 30 s", "10 h", "4 d", "400 d"]
        );
    }

    proptest! {
        #[test]
        fn marks_are_few_and_inside(least: u64, most: u64, count in 0_usize..20) {
            let marks = marks(least, most, count);
            prop_assert!(marks.len() <= count.max(1));
            prop_assert!(marks.iter().all(|mark| (least..=most).contains(mark)));
            prop_assert!(marks.is_sorted());
            prop_assert!(marks.iter().all(|mark| label(*mark).chars().count() <= 8));
            prop_assert!((0.0..=1.0).contains(&share(least, most, u64::MAX)));
        }
    }
}

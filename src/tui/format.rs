//! Numbers for people: durations, ages, counts and sizes, in few characters that line up. Exact values are for
//! the detail.

use crate::model::Timestamp;
pub use crate::model::human::duration;
use crate::model::human::three_digits;

/// The widest a duration and an age get: what a column for them needs.
pub const DURATION_WIDTH: u16 = 9;
pub const AGE_WIDTH: u16 = 5;

/// What stands where there is no data.
pub const NOTHING: &str = "–";

const SECOND: u64 = 1_000_000_000;

/// Returns a round duration without the zeros of [`duration`], for the ticks of an axis: `0`, `50 ms`, `1.5 s`.
pub fn tick(ns: u64) -> String {
    let text = duration(ns);
    if ns == 0 || ns >= 60 * SECOND {
        return if ns == 0 { "0".into() } else { text };
    }
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// Returns an exact duration: `412,033,117 ns`.
pub fn exact(ns: u64) -> String {
    format!("{} ns", grouped(ns))
}

/// Returns a number with its thousands apart: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns how long ago `then` was: `12 s`, `3 m`, `2 h`, `5 d`, `3 y`; `+2 m` where a clock is ahead of ours.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    let ahead = then.since(now) / SECOND;
    if ahead > 0 {
        return short_seconds(ahead, "+", "");
    }
    short_seconds(now.since(then) / SECOND, "", " ")
}

fn short_seconds(seconds: u64, sign: &str, gap: &str) -> String {
    let (value, unit) = match seconds {
        0..60 => (seconds, 's'),
        60..3_600 => (seconds / 60, 'm'),
        3_600..86_400 => (seconds / 3_600, 'h'),
        86_400..31_557_600 => (seconds / 86_400, 'd'),
        _ => (seconds / 31_557_600, 'y'),
    };
    format!("{sign}{value}{gap}{unit}")
}

/// Returns a count in at most five characters: `9999`, `12.4k`, `3.1M`.
pub fn count(number: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1_000, "k"), (1_000_000, "M"), (1_000_000_000, "G"), (1_000_000_000_000, "T")];
    if number < 10_000 {
        return number.to_string();
    }
    let (scale, unit) = UNITS.iter().rev().find(|(scale, _)| number >= *scale).unwrap_or(&UNITS[0]);
    let value = number as f64 / *scale as f64;
    // Cut, not rounded: "999.9k" would be wider than its column.
    let shown =
        if value < 100.0 { format!("{:.1}", (value * 10.0).floor() / 10.0) } else { format!("{}", value as u64) };
    format!("{shown}{unit}")
}

/// Returns a score from 0 to 100 as a whole number. It is cut, so that what is below a limit does not show as the limit.
pub fn score(score: f64) -> String {
    if score.is_nan() { NOTHING.into() } else { format!("{:.0}", score.clamp(0.0, 100.0).floor()) }
}

/// Returns a share in at most seven characters: `0 %`, `<0.1 %`, `4.2 %`, `37 %`. What is not all is not shown as all.
pub fn percent(percent: f64) -> String {
    match percent {
        p if p.is_nan() => NOTHING.into(),
        p if p <= 0.0 => "0 %".into(),
        p if p < 0.1 => "<0.1 %".into(),
        p if p < 9.95 => format!("{p:.1} %"),
        p if (99.0..100.0).contains(&p) => "99 %".into(),
        p => format!("{:.0} %", p.min(9_999.0)),
    }
}

/// Returns how many per minute in at most five characters: `<0.1`, `4.2`, `123`, `12.4k`.
pub fn rate(per_minute: f64) -> String {
    match per_minute {
        r if r.is_nan() => NOTHING.into(),
        r if r <= 0.0 => "0".into(),
        r if r < 0.1 => "<0.1".into(),
        r if r < 99.95 => format!("{r:.1}"),
        r => count(r.round().min(1e15) as u64),
    }
}

/// Returns a round rate without the zeros of [`rate`], for the ticks of an axis: `0`, `2.5`, `50`.
pub fn rate_tick(per_minute: f64) -> String {
    let text = rate(per_minute);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Returns a size: `812 B`, `1.24 MiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = number as f64;
    if number < 1024 {
        return format!("{number} B");
    }
    let mut unit = "";
    for name in UNITS {
        if value < 1023.5 {
            break;
        }
        value /= 1024.0;
        unit = name;
    }
    format!("{} {unit}", three_digits(value))
}

/// Returns `1 span`, `2 spans`.
pub fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_240, "1.24 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (1_240_000, "1.24 ms"),
            (412_033_117, "412 ms"),
            (999_600_000, "1.00 s"),
            (12_400_000_000, "12.4 s"),
            (182_000_000_000, "3 m 02 s"),
            (7_500_000_000_000, "2 h 05 m"),
            (1_051_200_000_000_000, "12 d 04 h"),
            (u64::MAX, "213503 d"),
        ];
        for (ns, expected) in cases {
            assert_eq!(duration(ns), expected, "{ns}");
        }
    }

    #[test]
    fn ticks_have_no_needless_zeros() {
        assert_eq!(tick(0), "0");
        assert_eq!(tick(50_000_000), "50 ms");
        assert_eq!(tick(100_000_000), "100 ms");
        assert_eq!(tick(1_500_000_000), "1.5 s");
        assert_eq!(tick(500), "500 ns");
    }

    #[test]
    fn ages_counts_and_sizes_are_short() {
        let now = Timestamp(2_000_000_000 * SECOND);
        assert_eq!(age(now.minus(12 * SECOND), now), "12 s");
        assert_eq!(age(now.plus(120 * SECOND), now), "+2m");
        assert_eq!(age(Timestamp(0), now), "63 y");
        assert_eq!(count(9_999), "9999");
        assert_eq!(count(12_400), "12.4k");
        assert_eq!(count(999_999), "999k");
        assert_eq!(bytes(1_300_000), "1.24 MiB");
        assert_eq!(bytes(1_048_575), "1.00 MiB");
        assert_eq!(exact(412_033_117), "412,033,117 ns");
    }

    #[test]
    fn shares_scores_and_rates_are_not_rounded_to_what_they_are_not() {
        assert_eq!([69.99, 100.0, -3.0, f64::NAN].map(score), ["69", "100", "0", "–"]);
        assert_eq!(
            [0.0, 0.004, 4.24, 37.4, 99.96, 100.0].map(percent),
            ["0 %", "<0.1 %", "4.2 %", "37 %", "99 %", "100 %"]
        );
        assert_eq!(
            [0.0, 0.01, 4.21, 123.4, 12_400.0, f64::INFINITY].map(rate)[..5],
            ["0", "<0.1", "4.2", "123", "12.4k"]
        );
    }

    proptest! {
        #[test]
        fn figures_are_short(number: f64) {
            prop_assert!(percent(number).chars().count() <= 7);
            prop_assert!(rate(number).chars().count() <= 5);
            prop_assert!(score(number).chars().count() <= 3);
        }

        #[test]
        fn columns_are_wide_enough(number: u64, then: u64, now: u64) {
            prop_assert!(duration(number).chars().count() <= usize::from(DURATION_WIDTH));
            prop_assert!(age(Timestamp(then), Timestamp(now)).chars().count() <= usize::from(AGE_WIDTH));
            prop_assert!(count(number >> 16).chars().count() <= 5);
        }
    }
}

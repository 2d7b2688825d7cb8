//! Quantities in words of people, as every screen, report and sentence has them.

const SECOND: u64 = 1_000_000_000;

/// Returns a duration as `850 ns`, `1.24 ms`, `3 m 02 s`, `2 h 05 m` or `12 d 04 h`.
pub fn duration(ns: u64) -> String {
    let seconds = ns / SECOND;
    match seconds {
        0 if ns < 1_000 => format!("{ns} ns"),
        0..60 => scaled_time(ns),
        60..3_600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} m", seconds / 3_600, seconds / 60 % 60),
        86_400..8_640_000 => format!("{} d {:02} h", seconds / 86_400, seconds / 3_600 % 24),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn scaled_time(ns: u64) -> String {
    let (value, unit) = match ns {
        // The bounds are where three digits would round up to 1000.
        0..999_500 => (ns as f64 / 1e3, "µs"),
        999_500..999_500_000 => (ns as f64 / 1e6, "ms"),
        _ => (ns as f64 / 1e9, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// Returns a number below 1000 with three digits: `1.24`, `12.4`, `124`.
pub(crate) fn three_digits(value: f64) -> String {
    match value {
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

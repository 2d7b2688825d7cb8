//! Lengths of time, written with units: `15m`, `1h30m`.

use std::time::Duration;

use super::value::{Invalid, Kind, Value};

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;

/// Units with their nanoseconds, greatest first.
const UNITS: [(&str, u64); 7] =
    [("d", DAY), ("h", HOUR), ("m", 60 * SECOND), ("s", SECOND), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

/// Parses to at most 2⁶⁴−1 nanoseconds, some 584 years; what is longer prints as that.
impl Value for Duration {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str = "a duration";

    fn accepted() -> String {
        "whole numbers of d, h, m, s, ms, us or ns, greatest first, such as 15m or 1h30m".into()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::not::<Self>());
        }
        let mut rest = text;
        let mut units = UNITS.iter();
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (number, after) = split_while(rest, |c| c.is_ascii_digit());
            let (unit, after) = split_while(after, |c| c.is_ascii_alphabetic() || c == 'µ');
            if number.is_empty() {
                return Err(Invalid::not::<Self>());
            }
            if unit.is_empty() {
                return Err(Invalid::new("a duration needs a unit", format!("did you mean '{text}s'?")));
            }
            // Each unit may stand once, after the greater ones: the iterator has moved past those.
            let unit = if unit == "µs" { "us" } else { unit };
            let (_, ns) = units.find(|(name, _)| *name == unit).ok_or_else(Invalid::not::<Self>)?;
            let part = number.parse().ok().and_then(|number: u64| number.checked_mul(*ns));
            total = part
                .and_then(|part| total.checked_add(part))
                .ok_or_else(|| Invalid::new("too long", format!("at most {}d", u64::MAX / DAY)))?;
            rest = after;
        }
        Ok(Self::from_nanos(total))
    }

    /// Counts less than two days in hours, as people say it: `24h`, `36h`, `2d`.
    fn print(&self) -> String {
        let mut rest = u64::try_from(self.as_nanos()).unwrap_or(u64::MAX);
        if rest == 0 {
            return "0s".into();
        }
        let mut parts = Vec::new();
        for (unit, ns) in UNITS.iter().filter(|(unit, _)| *unit != "d" || self.as_nanos() >= 2 * u128::from(DAY)) {
            let count = rest / ns;
            if count > 0 {
                parts.push(format!("{count}{unit}"));
            }
            rest %= ns;
        }
        parts.concat()
    }
}

/// Reads a duration where a `V` may be something else too: what is no duration at all is refused as no `V`.
pub(super) fn parse_in_place_of<V: Value>(text: &str) -> Result<Duration, Invalid> {
    Duration::parse(text).map_err(|invalid| match invalid {
        not_at_all if not_at_all == Invalid::not::<Duration>() => Invalid::not::<V>(),
        close => close,
    })
}

/// A duration, or `off`.
impl Value for Option<Duration> {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str = "a duration";

    fn accepted() -> String {
        "a duration such as 15m or 1h30m, or off".into()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "off" => Ok(None),
            _ => parse_in_place_of::<Self>(text).map(Some),
        }
    }

    fn print(&self) -> String {
        self.as_ref().map_or("off".into(), Value::print)
    }
}

/// Splits after the leading characters that match.
fn split_while(text: &str, matches: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !matches(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

//! Numbers of bytes, written with a unit: `512MiB`.

use std::fmt;

use super::value::{Invalid, Kind, Value};

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// Units by size; of two that fit equally well, printing takes the first.
const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

impl ByteSize {
    /// Returns so many times 2²⁰ bytes.
    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    /// Returns so many times 2¹⁰ bytes.
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }
}

/// Prints the smallest number that is exact: `512MiB`, `64MB`, `1025B`.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = UNITS.iter().filter(|(_, bytes)| self.0 >= *bytes && self.0.is_multiple_of(*bytes));
        match exact.min_by_key(|(_, bytes)| self.0 / bytes) {
            Some((unit, bytes)) => write!(f, "{}{unit}", self.0 / bytes),
            None => write!(f, "0B"),
        }
    }
}

impl Value for ByteSize {
    const KIND: Kind = Kind::Size;
    const NAME: &'static str = "a size";

    fn accepted() -> String {
        "a whole number of B, KiB, MiB, GiB, kB, MB or GB, such as 512MiB".into()
    }

    /// Units in any case; a space may stand before one; a number without one counts bytes.
    fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(Invalid::not::<Self>)?;
        if number.is_empty() {
            return Err(Invalid::not::<Self>());
        }
        let unit = unit.strip_prefix(' ').filter(|unit| !unit.is_empty()).unwrap_or(unit);
        let bytes = match unit {
            "" => 1,
            _ => UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map_or(0, |(_, bytes)| *bytes),
        };
        if bytes == 0 {
            return Err(unknown_unit(number, unit));
        }
        let too_large = || Invalid::new("too large", format!("at most {}B", u64::MAX));
        number.parse().ok().and_then(|number: u64| number.checked_mul(bytes)).map(Self).ok_or_else(too_large)
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

/// `512M` could mean either 10⁶ or 2²⁰: it is refused, with the likelier one as the hint.
fn unknown_unit(number: &str, unit: &str) -> Invalid {
    let short = ["K", "M", "G", "T"].into_iter().find(|short| short.eq_ignore_ascii_case(unit));
    match short {
        Some(short) => {
            Invalid::new(format!("'{unit}' is not a unit of size"), format!("did you mean '{number}{short}iB'?"))
        }
        None => Invalid::not::<ByteSize>(),
    }
}

//! Trace and span ids: numbers inside, lowercase hex outside.

use std::fmt;
use std::str::FromStr;

/// Identifies a trace: 16 bytes, big-endian, never all zero where it names a held trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

/// Identifies a span within its trace: 8 bytes, big-endian, never zero where it names a held span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u64);

/// Says why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not {what}: {digits} hex digits, not all zero, are expected")]
pub struct InvalidId {
    text: String,
    what: &'static str,
    digits: usize,
}

impl TraceId {
    /// Returns the id of 16 big-endian bytes; none for another length or all zero, which OTLP calls invalid.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let id = u128::from_be_bytes(bytes.try_into().ok()?);
        (id != 0).then_some(Self(id))
    }
}

impl SpanId {
    /// Returns the id of 8 big-endian bytes; none for another length or all zero, which OTLP calls invalid.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let id = u64::from_be_bytes(bytes.try_into().ok()?);
        (id != 0).then_some(Self(id))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Reads `digits` hex digits in any case; `from_str_radix` alone would take a sign.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| u128::from_str_radix(text, 16).ok()).flatten().filter(|&id| id != 0)
}

impl FromStr for TraceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        hex(text, 32).map(Self).ok_or_else(|| InvalidId { text: text.into(), what: "a trace id", digits: 32 })
    }
}

impl FromStr for SpanId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        hex(text, 16).map(|id| Self(id as u64)).ok_or_else(|| InvalidId {
            text: text.into(),
            what: "a span id",
            digits: 16,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse_as_hex_in_any_case() {
        let id: TraceId = "4BF92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
        assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let id: SpanId = "00f067aa0ba902b7".parse().unwrap();
        assert_eq!(id.to_string(), "00f067aa0ba902b7");
    }

    #[test]
    fn zero_short_and_signed_ids_are_refused() {
        for text in ["", "0", "00000000000000000000000000000000", "+bf92f3577b34da6a3ce929d0e0e4736"] {
            assert!(text.parse::<TraceId>().is_err(), "{text}");
        }
        assert!("0000000000000000".parse::<SpanId>().is_err());
        assert_eq!(TraceId::from_bytes(&[0; 16]), None);
        assert_eq!(SpanId::from_bytes(&[1; 7]), None);
    }
}

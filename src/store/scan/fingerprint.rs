//! Hashes of attributes, by which a sealed block says whether it may have one. They are in files, so they are spelled out
//! here and must not change. They are no secret: who makes up attributes that collide makes searches for these slow.

use crate::store::ids::mix;

/// A value of an attribute, as far as it tells one from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FingerprintOf<'a> {
    /// Of whatever value.
    Key,
    String(&'a str),
    /// Of integers the nearest: 5 and 5.0 are equal.
    Number(f64),
    Bool(bool),
}

/// Returns what [`crate::store::View::may_have`] is asked by.
pub(crate) fn fingerprint(key: &str, of: FingerprintOf) -> u64 {
    let key = KeyHash::of(key.as_bytes());
    match of {
        FingerprintOf::Key => key.alone(),
        FingerprintOf::String(text) => key.with_text(text.as_bytes()),
        FingerprintOf::Number(number) => key.with_number(number),
        FingerprintOf::Bool(value) => key.with_bool(value),
    }
}

/// Returns what stands for an attribute of a resource or a scope instead of one of a span.
pub(in crate::store) fn of_origin(fingerprint: u64) -> u64 {
    mix(fingerprint, ORIGIN)
}

/// What fingerprints of one key have in common.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct KeyHash(u64);

/// Of longer texts this many bytes and the length are hashed.
const HASHED: usize = 256;
/// Digits of the square root of two.
const TEXT: u64 = 0x6a09_e667_f3bc_c909;
/// Of that of three.
const ORIGIN: u64 = 0xbb67_ae85_84ca_a73b;

impl KeyHash {
    #[inline]
    pub(in crate::store) fn of(key: &[u8]) -> Self {
        Self(text_hash(key))
    }

    #[inline]
    pub(in crate::store) fn alone(self) -> u64 {
        self.with(0, 0)
    }

    #[inline]
    pub(in crate::store) fn with_text(self, text: &[u8]) -> u64 {
        self.with(1, text_hash(text))
    }

    #[inline]
    pub(in crate::store) fn with_number(self, number: f64) -> u64 {
        // The zeros are equal.
        self.with(2, (number + 0.0).to_bits())
    }

    #[inline]
    pub(in crate::store) fn with_bool(self, value: bool) -> u64 {
        self.with(3, u64::from(value))
    }

    #[inline]
    fn with(self, kind: u64, value: u64) -> u64 {
        mix(mix(self.0 ^ kind, value ^ TEXT) ^ value, TEXT)
    }
}

#[inline]
fn text_hash(text: &[u8]) -> u64 {
    let (pairs, rest) = text.get(..HASHED).unwrap_or(text).as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let seed = text.len() as u64 ^ TEXT;
    pairs.iter().chain([&last]).fold(seed, |hash, pair| {
        let pair = u128::from_le_bytes(*pair);
        mix(pair as u64 ^ hash, (pair >> 64) as u64 ^ hash.rotate_left(32) ^ TEXT)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Files of earlier runs are read with these.
    #[test]
    fn fingerprints_stay_what_they_are() {
        let long = "0123456789abcdef".repeat(40);
        let found = [
            fingerprint("http.route", FingerprintOf::Key),
            fingerprint("http.route", FingerprintOf::String("/api/v1/items/{id}")),
            fingerprint("http.route", FingerprintOf::String(&long)),
            fingerprint("http.response.status_code", FingerprintOf::Number(200.0)),
            fingerprint("error", FingerprintOf::Bool(true)),
            of_origin(fingerprint("host.name", FingerprintOf::Key)),
        ];
        assert_eq!(
            found,
            [
                11_724_683_740_710_724_134,
                11_521_970_981_444_332_026,
                7_502_253_783_670_459_101,
                17_453_017_636_764_416_884,
                10_441_252_655_786_218_688,
                4_257_330_120_068_818_382,
            ]
        );
    }

    #[test]
    fn the_zeros_are_one_number() {
        assert_eq!(fingerprint("x", FingerprintOf::Number(-0.0)), fingerprint("x", FingerprintOf::Number(0.0)));
    }

    #[test]
    fn what_differs_has_other_bits_everywhere() {
        let texts: Vec<String> = (0..4_096).map(|number| format!("user-{number}")).collect();
        let numbers = (0..4_096).map(|number| fingerprint("key", FingerprintOf::Number(f64::from(number))));
        let of_texts = texts.iter().map(|text| fingerprint("key", FingerprintOf::String(text)));
        let of_keys = texts.iter().map(|text| fingerprint(text, FingerprintOf::Key));
        let all: Vec<u64> = numbers.chain(of_texts).chain(of_keys).collect();
        for shift in [0, 13, 26, 39, 52] {
            let places: HashSet<u64> = all.iter().map(|hash| hash >> shift & 4_095).collect();
            // All but e⁻³ of them.
            assert!((3_800..3_980).contains(&places.len()), "{} places from bit {shift}", places.len());
        }
    }
}

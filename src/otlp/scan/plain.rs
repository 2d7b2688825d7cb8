//! Runs of plain attributes, as nearly all are: a key, and a text or a number or a bool. One loop compares their frames
//! with what is expected; then the texts of the whole run are checked at once.

use crate::otlp::wire::{Cursor, Wire, is_ascii, one_byte_key};

const TEXT: u8 = one_byte_key(1, Wire::Bytes);
const VALUE: u8 = one_byte_key(2, Wire::Bytes);
const BOOL: u8 = one_byte_key(2, Wire::Varint);
const INT: u8 = one_byte_key(3, Wire::Varint);
const DOUBLE: u8 = one_byte_key(4, Wire::Fixed64);

/// A `KeyValue` whose frame is valid.
struct Attribute<'a> {
    key: &'a [u8],
    /// The value, if that is a string.
    text: &'a [u8],
    /// How many bytes that are no text are above 127.
    high_bytes: usize,
    /// What follows the attribute.
    rest: &'a [u8],
}

/// Steps over the plain attributes that `message` goes on with, each in a field of this `KEY`. The first that is not
/// plain, or not valid, stays for the general way.
#[inline(always)]
pub(super) fn skip_attributes<const KEY: u8>(message: &mut Cursor) {
    if message.rest().first() == Some(&KEY) {
        message.advance(run_len::<KEY>(message.rest()));
    }
}

/// Returns how many bytes the plain attributes take that `bytes` begins with. The walk over them knows how many bytes of
/// lengths and numbers are above 127, so all texts are ASCII if the run has no more of these: one count over the run takes
/// fewer instructions, and fewer mispredicted branches, than a look at each text.
#[inline(always)]
fn run_len<const KEY: u8>(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut high_bytes = 0;
    while let Some(attribute) = attribute::<KEY>(rest) {
        high_bytes += attribute.high_bytes;
        rest = attribute.rest;
    }
    let len = bytes.len() - rest.len();
    if count_high_bytes(&bytes[..len]) == high_bytes { len } else { run_len_in_utf8::<KEY>(bytes) }
}

#[cold]
fn run_len_in_utf8<const KEY: u8>(bytes: &[u8]) -> usize {
    let is_utf8 = |text: &[u8]| is_ascii(text) || std::str::from_utf8(text).is_ok();
    let mut rest = bytes;
    while let Some(attribute) = attribute::<KEY>(rest).filter(|found| is_utf8(found.key) && is_utf8(found.text)) {
        rest = attribute.rest;
    }
    bytes.len() - rest.len()
}

#[inline(always)]
fn attribute<const KEY: u8>(bytes: &[u8]) -> Option<Attribute<'_>> {
    let mut high_bytes = 0;
    let (message, rest) = field(KEY, bytes, &mut high_bytes)?;
    let (key, message) = field(TEXT, message, &mut high_bytes)?;
    let (value, []) = field(VALUE, message, &mut high_bytes)? else { return None };
    if let Some((text, [])) = field(TEXT, value, &mut high_bytes) {
        return Some(Attribute { key, text, high_bytes, rest });
    }
    high_bytes += number(value)?;
    Some(Attribute { key, text: &[], high_bytes, rest })
}

/// Returns the bytes in a field of this key, and what follows it.
#[inline(always)]
fn field<'a>(key: u8, bytes: &'a [u8], high_bytes: &mut usize) -> Option<(&'a [u8], &'a [u8])> {
    let (&found, bytes) = bytes.split_first()?;
    if found != key {
        return None;
    }
    let (len, bytes) = length(bytes, high_bytes)?;
    bytes.split_at_checked(len)
}

/// Reads a length of up to four bytes; .NET pads all those of messages to four.
#[inline(always)]
fn length<'a>(bytes: &'a [u8], high_bytes: &mut usize) -> Option<(usize, &'a [u8])> {
    let low = |byte: u8, place: u32| usize::from(byte & 0x7f) << (7 * place);
    match *bytes {
        [a @ ..0x80, ref rest @ ..] => Some((usize::from(a), rest)),
        [a, b @ ..0x80, ref rest @ ..] => {
            *high_bytes += 1;
            Some((low(a, 0) | low(b, 1), rest))
        }
        [a, b, c @ ..0x80, ref rest @ ..] => {
            *high_bytes += 2;
            Some((low(a, 0) | low(b, 1) | low(c, 2), rest))
        }
        [a, b, c, d @ ..0x80, ref rest @ ..] => {
            *high_bytes += 3;
            Some((low(a, 0) | low(b, 1) | low(c, 2) | low(d, 3), rest))
        }
        _ => None,
    }
}

/// Returns how many bytes of an `AnyValue` are above 127, if it is nothing but a number or a bool.
#[inline(always)]
fn number(value: &[u8]) -> Option<usize> {
    match *value {
        [INT | BOOL, ..0x80] => Some(0),
        // Ten bytes hold 64 bits if the last is 0 or 1.
        [INT | BOOL, ref more @ .., last @ ..0x80] if more.len() < 9 || more.len() == 9 && last < 2 => {
            more.iter().all(|&byte| byte >= 0x80).then_some(more.len())
        }
        [DOUBLE, ref number @ ..] if number.len() == 8 => Some(number.iter().map(|byte| usize::from(byte >> 7)).sum()),
        _ => None,
    }
}

/// Counts the bytes above 127.
#[inline(always)]
fn count_high_bytes(bytes: &[u8]) -> usize {
    // Each byte of a sum counts to 255, and one word more is added to the whole ones.
    const BYTES_MAX: usize = 254 * 8;
    bytes.chunks(BYTES_MAX).map(count_in_words).sum()
}

/// Counts in each of the eight bytes of a word at once; the compiler takes several words at a time.
#[inline(always)]
fn count_in_words(bytes: &[u8]) -> usize {
    const LOW_BITS: u64 = 0x0101_0101_0101_0101;
    const LOW_HALVES: u64 = 0x00ff_00ff_00ff_00ff;
    const LOW_QUARTERS: u64 = 0x0001_0001_0001_0001;
    let (words, tail) = bytes.as_chunks::<8>();
    let Some(last) = bytes.last_chunk::<8>() else {
        return tail.iter().map(|byte| usize::from(byte >> 7)).sum();
    };
    let in_words: u64 = words.iter().map(|word| u64::from_le_bytes(*word) >> 7 & LOW_BITS).sum();
    // The last eight bytes without those that are in a whole word; a shift by 64 would not be one.
    let fresh = u64::from_le_bytes(*last) >> 8 >> (8 * (7 - tail.len()));
    let counts = in_words + (fresh >> 7 & LOW_BITS);
    let pairs = (counts & LOW_HALVES) + (counts >> 8 & LOW_HALVES);
    (pairs.wrapping_mul(LOW_QUARTERS) >> 48) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_bytes_are_counted_whatever_the_length() {
        for len in (0..300).chain(2_000..2_100).chain(4_060..4_070) {
            assert_eq!(count_high_bytes(&vec![0xff; len]), len);
            assert_eq!(count_high_bytes(&vec![0x7f; len]), 0);
            let mixed: Vec<u8> = (0..len).map(|i| (i * 37 / 4) as u8).collect();
            assert_eq!(count_high_bytes(&mixed), mixed.iter().filter(|&&byte| byte > 127).count());
        }
    }

    #[test]
    fn a_run_ends_at_what_is_not_plain_or_not_valid() {
        let check = |attributes: &[&[u8]], plain: usize| {
            let bytes: Vec<u8> =
                attributes.iter().flat_map(|message| [&[0x4a, message.len() as u8], *message].concat()).collect();
            let expected: usize = attributes[..plain].iter().map(|message| 2 + message.len()).sum();
            assert_eq!(run_len::<0x4a>(&bytes), expected, "{attributes:x?}");
        };
        let plain: &[u8] = b"\x0a\x01k\x12\x03\x0a\x01v";
        check(&[], 0);
        check(&[plain, plain], 2);
        check(&[plain, b"\x0a\x02\xc3\xa9\x12\x02\x10\x01", plain], 3);
        check(&[plain, b"\x0a\x02\xc3\xc3\x12\x02\x10\x01", plain], 1);
        check(&[plain, b"\x0a\x01k\x12\x03\x18\xff\x01", b"\x0a\x01k\x12\x09\x21\xff\0\xff\0\xff\0\xff\0"], 3);
        // Ten bytes of a varint hold 64 bits, not 65.
        check(&[b"\x0a\x01k\x12\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"], 1);
        check(&[b"\x0a\x01k\x12\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"], 0);
        // What one byte lacks, another does not make up for.
        check(&[b"\x0a\x01\xff\x12\x03\x18\x01\x01"], 0);
    }
}

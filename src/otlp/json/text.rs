//! What stands between quotes: escapes, hex and base64.

use super::error::{Fault, Result, quote};

/// Where the first quote, backslash or control character at or after `at` is; the end when there is none.
///
/// Looks at eight bytes at a time: a byte is found when subtracting borrows from its top bit. A borrow may pass on to
/// the byte after it, never to the one before, so the first one found is always right.
#[inline]
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & TOPS;
    while let Some(&chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(chunk);
        let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let found = equal(b'"') | equal(b'\\') | below(word, 0x20);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    at + bytes.iter().skip(at).take_while(is_plain).count()
}

/// Gives `sink` the text that `raw` stands for, piece by piece; `at` is where `raw` begins in the body.
pub(super) fn unescape(raw: &str, at: usize, mut sink: impl FnMut(&str)) -> Result<()> {
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        sink(plain);
        let escape_at = at + raw.len() - escape.len() - 1;
        let (character, after) = escaped_char(escape).map_err(|message| Fault::new(escape_at, message))?;
        sink(character.encode_utf8(&mut [0; 4]));
        rest = after;
    }
    sink(rest);
    Ok(())
}

/// Reads what follows a backslash; returns the character and the rest.
fn escaped_char(escape: &str) -> std::result::Result<(char, &str), String> {
    let mut chars = escape.chars();
    let character = match chars.next() {
        Some('u') => return unicode_escape(chars.as_str()),
        Some(same @ ('"' | '\\' | '/')) => same,
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        other => return Err(format!("{} is no escape of JSON", quote(&format!("\\{}", other.unwrap_or_default())))),
    };
    Ok((character, chars.as_str()))
}

/// Reads the digits of `\uXXXX`, and of its second half when it is a surrogate pair.
fn unicode_escape(digits: &str) -> std::result::Result<(char, &str), String> {
    let no_escape = || "'\\u' needs four hex digits".to_owned();
    let (first, rest) = hex_unit(digits).ok_or_else(no_escape)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, rest));
    }
    let second = rest.strip_prefix("\\u").and_then(hex_unit);
    let pair = second.and_then(|(second, rest)| Some((surrogate_pair(first, second)?, rest)));
    pair.ok_or_else(|| format!("'\\u{first:04x}' is half of a surrogate pair and no character"))
}

fn hex_unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let value = digits.chars().try_fold(0, |value, digit| Some(value * 16 + digit.to_digit(16)?))?;
    Some((value, rest))
}

fn surrogate_pair(high: u32, low: u32) -> Option<char> {
    let is_pair = (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low);
    is_pair.then(|| char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))).flatten()
}

/// Why a text is not hex.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotHex {
    Digit,
    OddLength,
}

/// The value of each hex digit, in any case; [`NO_DIGIT`] for what is none.
static HEX_DIGITS: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

const NO_DIGIT: u8 = 0xff;

/// Appends the bytes that `text` gives in hex, in any case.
pub(super) fn push_hex(text: &str, out: &mut Vec<u8>) -> std::result::Result<(), NotHex> {
    let digit = |digit: u8| HEX_DIGITS[usize::from(digit)];
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    // A digit that is none has bits that no digit has: one look at the end finds it.
    let mut seen = odd.first().map_or(0, |&last| digit(last));
    out.extend(pairs.iter().map(|&[high, low]| {
        seen |= digit(high) | digit(low);
        digit(high) << 4 | digit(low)
    }));
    match (seen > 0xf, odd) {
        (true, _) => Err(NotHex::Digit),
        (false, []) => Ok(()),
        (false, _) => Err(NotHex::OddLength),
    }
}

/// Appends the bytes that `text` gives in base64: standard or URL-safe, padded or not. None when it is neither.
pub(super) fn push_base64(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let digits = text.trim_end_matches('=').as_bytes();
    let padding = text.len() - digits.len();
    if padding > 0 && (padding > 2 || !text.len().is_multiple_of(4)) {
        return None;
    }
    for chunk in digits.chunks(4) {
        let bits = chunk.iter().try_fold(0_u32, |bits, &digit| Some(bits << 6 | base64_digit(digit)?))?;
        let bytes = (bits << (6 * (4 - chunk.len()))).to_be_bytes();
        let count = chunk.len() - 1;
        out.extend_from_slice(bytes.get(1..=count).filter(|_| count > 0)?);
    }
    Some(())
}

fn base64_digit(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

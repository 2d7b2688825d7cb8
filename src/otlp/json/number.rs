//! Numbers as JSON writes them, read as the integers and doubles of protobuf.

/// Why a number is not the integer that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotAnInteger {
    Fraction,
    TooLarge,
}

/// Returns how many bytes the JSON number at the start of `bytes` takes; none when there is no number.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    at += match bytes.get(at)? {
        b'0' => 1,
        b'1'..=b'9' => digits(at),
        _ => return None,
    };
    if bytes.get(at) == Some(&b'.') {
        let count = digits(at + 1);
        at += (count > 0).then_some(count + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let count = digits(at + 1 + sign);
        at += (count > 0).then_some(count + 1 + sign)?;
    }
    Some(at)
}

/// Returns the value of a JSON number that has one: `1000`, `1e3` and `1000.0` are the same integer.
///
/// Integers beyond 128 bits are too large; the range of the field is the caller's to check.
pub(super) fn integer(number: &str) -> Result<i128, NotAnInteger> {
    let (is_negative, magnitude) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let magnitude = if magnitude.len() <= 19 && magnitude.bytes().all(|byte| byte.is_ascii_digit()) {
        i128::from(magnitude.bytes().fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0')))
    } else {
        decimal(magnitude)?
    };
    Ok(if is_negative { -magnitude } else { magnitude })
}

/// Reads digits, fraction and exponent exactly, without passing through a double.
fn decimal(number: &str) -> Result<i128, NotAnInteger> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent = exponent_of(exponent);
    let fraction_digits = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let significant = mantissa.trim_end_matches(['0', '.']);
    // What does not fit into 128 bits is too large, or has more decimals than the exponent takes away.
    let too_long = if exponent < fraction_digits as i64 { NotAnInteger::Fraction } else { NotAnInteger::TooLarge };
    let mut value = 0_i128;
    for digit in mantissa.bytes().take(significant.len()).filter(u8::is_ascii_digit) {
        value = times_ten(value).and_then(|value| value.checked_add(i128::from(digit - b'0'))).ok_or(too_long)?;
    }
    if value == 0 {
        return Ok(0);
    }
    let dropped_zeros = mantissa.bytes().skip(significant.len()).filter(|&byte| byte == b'0').count();
    let scale = exponent.saturating_sub(fraction_digits as i64).saturating_add(dropped_zeros as i64);
    if scale < 0 {
        return Err(NotAnInteger::Fraction);
    }
    (0..scale.min(64)).try_fold(value, |value, _| times_ten(value)).ok_or(NotAnInteger::TooLarge)
}

fn times_ten(value: i128) -> Option<i128> {
    value.checked_mul(10)
}

/// Exponents no integer can have are as good as the largest one.
fn exponent_of(text: &str) -> i64 {
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 })
}

/// Returns the double nearest to a JSON number; none when it is beyond the largest one.
pub(super) fn double(number: &str) -> Option<f64> {
    number.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_where_its_grammar_ends() {
        for (text, expected) in [
            ("0", Some(1)),
            ("-0.5e+7,", Some(7)),
            ("01", Some(1)),
            ("12]", Some(2)),
            ("1.", None),
            ("1e", None),
            ("-", None),
            ("+1", None),
            (".5", None),
            ("NaN", None),
        ] {
            assert_eq!(length(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn integers_are_exact_in_every_notation() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("-17", Ok(-17)),
            ("1e3", Ok(1000)),
            ("1.0", Ok(1)),
            ("12.50e1", Ok(125)),
            ("10", Ok(10)),
            ("100.00", Ok(100)),
            ("1200e-2", Ok(12)),
            ("0e999999999999999999999", Ok(0)),
            ("18446744073709551615", Ok(i128::from(u64::MAX))),
            ("9223372036854775807.000", Ok(i128::from(i64::MAX))),
            ("1.5", Err(NotAnInteger::Fraction)),
            ("1e-1", Err(NotAnInteger::Fraction)),
            ("1e-99999999999999999999", Err(NotAnInteger::Fraction)),
            ("3.14159265358979323846264338327950288419716939937510", Err(NotAnInteger::Fraction)),
            ("1e99999999999999999999", Err(NotAnInteger::TooLarge)),
            ("99999999999999999999999999999999999999999999", Err(NotAnInteger::TooLarge)),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
    }
}

//! What `any` stands for in the attributes of a span, its events, its links, and where it comes from: each value as it is
//! spelled.

use std::borrow::Cow;

use super::body::{
    Content, EVENT_ATTRIBUTES, LINK_ATTRIBUTES, SPAN_ATTRIBUTES, SPAN_EVENTS, SPAN_LINKS, fields, key_and_value,
    messages, text,
};
use super::pattern::Pattern;
use crate::model;

/// A value that is neither an array nor a map.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Single<'a> {
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    Float(f64),
}

/// The most digits of a number of 64 bits, and its sign.
const DIGITS: usize = 20;

impl<'a> Single<'a> {
    fn spelled<'s>(&self, digits: &'s mut [u8; DIGITS]) -> Cow<'s, str>
    where
        'a: 's,
    {
        match *self {
            Self::Text(bytes) => text(bytes),
            Self::Bool(true) => "true".into(),
            Self::Bool(false) => "false".into(),
            Self::Int(number) => spelled(number, digits).into(),
            Self::Float(number) => number.to_string().into(),
        }
    }
}

/// Returns whether `is_match` holds for the value of an attribute of the span, an event or a link.
pub(super) fn any_matches(body: &[u8], is_match: &dyn Fn(&str) -> bool) -> bool {
    any_in_span(body, &mut |single| is_match(&single.spelled(&mut [0; DIGITS])))
}

/// Returns whether `is_match` holds for a value that was decoded.
pub(super) fn any_decoded_matches(attributes: &[model::Attribute], is_match: &dyn Fn(&str) -> bool) -> bool {
    attributes.iter().any(|attribute| decoded_matches(&attribute.value, is_match))
}

/// Looks for a pattern in the attributes of very many spans. Texts are not looked at one by one where the pattern is nowhere
/// in all bytes of a span; of numbers it remembers which of them match: there are few, again and again.
pub(super) struct Seeker<'p> {
    pattern: &'p Pattern,
    known: Vec<Option<(Single<'static>, bool)>>,
}

const KNOWN: usize = 1_024;

impl<'p> Seeker<'p> {
    pub(super) fn new(pattern: &'p Pattern) -> Self {
        Self { pattern, known: vec![None; KNOWN] }
    }

    /// Returns whether the pattern matches the value of an attribute of the span, an event or a link.
    pub(super) fn finds(&mut self, body: &[u8]) -> bool {
        let pattern = self.pattern;
        if pattern.raw().is_none_or(|raw| raw.is_in(body)) {
            return any_matches(body, &|text| pattern.is_match(text));
        }
        pattern.may_spell() && any_in_span(body, &mut |single| self.finds_spelling(single))
    }

    fn finds_spelling(&mut self, single: Single) -> bool {
        let (single, bits) = match single {
            Single::Text(_) => return false,
            Single::Bool(value) => (Single::Bool(value), u64::from(value)),
            Single::Int(number) => (Single::Int(number), number as u64),
            Single::Float(number) => (Single::Float(number), number.to_bits()),
        };
        // The places of numbers that are near one another and of those with many zeros at the end differ.
        let known = &mut self.known[(bits ^ bits >> 20 ^ bits >> 47) as usize % KNOWN];
        match known {
            Some((known, finds)) if is_same(known, &single) => *finds,
            _ => {
                let finds = self.pattern.is_match(&single.spelled(&mut [0; DIGITS]));
                *known = Some((single, finds));
                finds
            }
        }
    }
}

/// Returns whether two are spelled alike: 0.0 and -0.0 are equal, and are not.
fn is_same(one: &Single, other: &Single) -> bool {
    match (one, other) {
        (Single::Float(one), Single::Float(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

/// Returns whether `on` says so of a value of an attribute of the span, an event or a link; it is not asked for more then.
#[inline]
fn any_in_span<'a>(body: &'a [u8], on: &mut dyn FnMut(Single<'a>) -> bool) -> bool {
    let mut found = false;
    fields(body, |number, content| {
        if let Content::Bytes(bytes) = content {
            found = match number {
                SPAN_ATTRIBUTES => any_in_value(key_and_value(bytes).1, on, 0),
                SPAN_EVENTS => any_in_attributes(bytes, EVENT_ATTRIBUTES, on),
                SPAN_LINKS => any_in_attributes(bytes, LINK_ATTRIBUTES, on),
                _ => false,
            };
        }
        !found
    });
    found
}

fn any_in_attributes<'a>(message: &'a [u8], field: u32, on: &mut dyn FnMut(Single<'a>) -> bool) -> bool {
    any_message(message, field, |pair| any_in_value(key_and_value(pair).1, on, 0))
}

fn any_message<'a>(message: &'a [u8], field: u32, mut on: impl FnMut(&'a [u8]) -> bool) -> bool {
    let mut found = false;
    messages(message, field, |message| {
        found = on(message);
        !found
    });
    found
}

/// The recursion is bounded by [`model::Value::MAX_DEPTH`].
fn any_in_value<'a>(message: &'a [u8], on: &mut dyn FnMut(Single<'a>) -> bool, depth: usize) -> bool {
    if depth > model::Value::MAX_DEPTH {
        return false;
    }
    let mut found = false;
    fields(message, |number, content| {
        found = match (number, content) {
            (1, Content::Bytes(bytes)) => on(Single::Text(bytes)),
            (2, Content::Number(number)) => on(Single::Bool(number != 0)),
            (3, Content::Number(number)) => on(Single::Int(number as i64)),
            (4, Content::Number(number)) => on(Single::Float(f64::from_bits(number))),
            (5, Content::Bytes(bytes)) => any_message(bytes, 1, |element| any_in_value(element, on, depth + 1)),
            (6, Content::Bytes(bytes)) => {
                any_message(bytes, 1, |pair| any_in_value(key_and_value(pair).1, on, depth + 1))
            }
            _ => false,
        };
        !found
    });
    found
}

fn decoded_matches(value: &model::Value, is_match: &dyn Fn(&str) -> bool) -> bool {
    let single = match value {
        model::Value::String(text) => Single::Text(text.as_bytes()),
        model::Value::Bool(value) => Single::Bool(*value),
        model::Value::Int(number) => Single::Int(*number),
        model::Value::Double(number) => Single::Float(*number),
        model::Value::Array(values) => return values.iter().any(|value| decoded_matches(value, is_match)),
        model::Value::Map(entries) => return any_decoded_matches(entries, is_match),
        model::Value::Empty | model::Value::Bytes(_) | model::Value::TooDeep => return false,
    };
    is_match(&single.spelled(&mut [0; DIGITS]))
}

/// Returns a number as it is spelled: there are many, and none is worth an allocation.
fn spelled(number: i64, digits: &mut [u8; DIGITS]) -> &str {
    let (mut rest, mut at) = (number.unsigned_abs(), DIGITS);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    std::str::from_utf8(&digits[at..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_they_are_printed() {
        for number in [0, 7, -1, 500, i64::MAX, i64::MIN] {
            assert_eq!(spelled(number, &mut [0; DIGITS]), number.to_string());
        }
    }

    #[test]
    fn what_is_remembered_of_a_number_is_not_told_of_its_opposite() {
        let pattern = Pattern::new("-0", false);
        let mut seeker = Seeker::new(&pattern);
        assert!(!seeker.finds_spelling(Single::Float(0.0)));
        assert!(seeker.finds_spelling(Single::Float(-0.0)));
        assert!(!seeker.finds_spelling(Single::Float(0.0)));
    }
}

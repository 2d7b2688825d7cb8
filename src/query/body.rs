//! Reads single attributes out of a span's bytes without decoding the others. The scanner has validated these bytes; should
//! they be damaged all the same, what can be read counts and nothing panics.

use std::borrow::Cow;

use super::value::Value;
use crate::model;
use crate::otlp::wire::{Cursor, Wire};

// Fields of opentelemetry.proto.trace.v1.
pub(super) const SPAN_ATTRIBUTES: u32 = 9;
pub(super) const SPAN_EVENTS: u32 = 11;
pub(super) const SPAN_LINKS: u32 = 13;
const SPAN_STATUS: u32 = 15;
const STATUS_MESSAGE: u32 = 2;
const EVENT_TIME: u32 = 1;
const EVENT_NAME: u32 = 2;
pub(super) const EVENT_ATTRIBUTES: u32 = 3;
const LINK_TRACE: u32 = 1;
const LINK_SPAN: u32 = 2;
pub(super) const LINK_ATTRIBUTES: u32 = 4;

/// A field of a message.
pub(super) enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Calls `on` for each field of a message, until it says that it has seen enough, or the first damaged byte.
pub(super) fn fields<'a>(message: &'a [u8], mut on: impl FnMut(u32, Content<'a>) -> bool) {
    let mut cursor = Cursor::new(message);
    while !cursor.is_done() {
        let Ok((number, wire)) = cursor.key() else { return };
        let content = match wire {
            Wire::Varint => cursor.varint().map(Content::Number),
            Wire::Fixed64 => cursor.fixed64().map(Content::Number),
            Wire::Fixed32 => cursor.fixed32().map(|number| Content::Number(number.into())),
            Wire::Bytes => cursor.bytes().map(Content::Bytes),
            Wire::GroupStart | Wire::GroupEnd => {
                if cursor.skip(number, wire).is_err() {
                    return;
                }
                continue;
            }
        };
        let Ok(content) = content else { return };
        if !on(number, content) {
            return;
        }
    }
}

/// Calls `on` for each message under a field, until it says that it has seen enough.
pub(super) fn messages<'a>(message: &'a [u8], field: u32, mut on: impl FnMut(&'a [u8]) -> bool) {
    fields(message, |number, content| match content {
        Content::Bytes(bytes) if number == field => on(bytes),
        _ => true,
    });
}

pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Returns the value of an attribute, none where it is not there or empty. Of several the first counts.
pub(super) fn attribute<'a>(message: &'a [u8], field: u32, key: &str) -> Value<'a> {
    let mut found = Value::Nil;
    messages(message, field, |pair| {
        let (name, bytes) = key_and_value(pair);
        if name == key.as_bytes() {
            found = value(bytes);
        }
        found.is_nil()
    });
    found
}

/// Calls `on` with the key of each attribute.
pub(super) fn keys(body: &[u8], on: &mut dyn FnMut(&str)) {
    keys_of(body, SPAN_ATTRIBUTES, on);
}

pub(super) fn keys_of_events(body: &[u8], on: &mut dyn FnMut(&str)) {
    messages(body, SPAN_EVENTS, |event| {
        keys_of(event, EVENT_ATTRIBUTES, on);
        true
    });
}

pub(super) fn keys_of_links(body: &[u8], on: &mut dyn FnMut(&str)) {
    messages(body, SPAN_LINKS, |link| {
        keys_of(link, LINK_ATTRIBUTES, on);
        true
    });
}

fn keys_of(message: &[u8], field: u32, on: &mut dyn FnMut(&str)) {
    messages(message, field, |pair| {
        on(&text(key_and_value(pair).0));
        true
    });
}

pub(super) fn key_and_value(pair: &[u8]) -> (&[u8], &[u8]) {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    fields(pair, |number, content| {
        match (number, content) {
            (1, Content::Bytes(bytes)) => key = bytes,
            (2, Content::Bytes(bytes)) => value = bytes,
            _ => {}
        }
        true
    });
    (key, value)
}

/// Reads an `AnyValue`; nil where nothing is in it.
fn value(message: &[u8]) -> Value<'_> {
    let mut found = Value::Nil;
    fields(message, |number, content| {
        found = match (number, content) {
            (1, Content::Bytes(bytes)) => Value::Text(text(bytes)),
            (2, Content::Number(number)) => Value::Bool(number != 0),
            (3, Content::Number(number)) => Value::Int(number as i64),
            (4, Content::Number(number)) => Value::Float(f64::from_bits(number)),
            (5, Content::Bytes(bytes)) => {
                let before = std::mem::replace(&mut found, Value::Nil);
                let mut values = if let Value::Array(values) = before { values } else { Vec::new() };
                messages(bytes, 1, |element| {
                    values.push(element_of_array(element));
                    true
                });
                Value::Array(values)
            }
            (6 | 7, _) => Value::Other,
            _ => return true,
        };
        true
    });
    found
}

/// Arrays in arrays are like nothing.
fn element_of_array(message: &[u8]) -> Value<'_> {
    let mut is_nested = false;
    fields(message, |number, _| {
        is_nested = number == 5;
        true
    });
    if is_nested { Value::Other } else { value(message) }
}

/// Returns the value of an attribute that was decoded.
pub(super) fn of_decoded<'a>(attributes: &'a [model::Attribute], key: &str) -> Value<'a> {
    let of_key = attributes.iter().filter(|attribute| attribute.key == key);
    of_key.map(|attribute| of_model(&attribute.value)).find(|value| !value.is_nil()).unwrap_or(Value::Nil)
}

fn of_model(value: &model::Value) -> Value<'_> {
    match value {
        model::Value::Empty => Value::Nil,
        model::Value::String(text) => Value::text(text),
        model::Value::Bool(value) => Value::Bool(*value),
        model::Value::Int(number) => Value::Int(*number),
        model::Value::Double(number) => Value::Float(*number),
        model::Value::Array(values) => Value::Array(values.iter().map(of_element).collect()),
        model::Value::Map(_) | model::Value::Bytes(_) | model::Value::TooDeep => Value::Other,
    }
}

fn of_element(value: &model::Value) -> Value<'_> {
    if matches!(value, model::Value::Array(_)) { Value::Other } else { of_model(value) }
}

/// Returns the status message; empty where none came.
pub(super) fn status_message(body: &[u8]) -> Cow<'_, str> {
    let mut found: &[u8] = &[];
    messages(body, SPAN_STATUS, |status| {
        messages(status, STATUS_MESSAGE, |bytes| {
            found = bytes;
            true
        });
        true
    });
    text(found)
}

/// Returns what `of` has for each event, without those for which it has nothing.
pub(super) fn of_events<'a>(body: &'a [u8], of: impl Fn(&'a [u8]) -> Value<'a>) -> Value<'a> {
    of_messages(body, SPAN_EVENTS, of)
}

/// Returns what `of` has for each link, without those for which it has nothing.
pub(super) fn of_links<'a>(body: &'a [u8], of: impl Fn(&'a [u8]) -> Value<'a>) -> Value<'a> {
    of_messages(body, SPAN_LINKS, of)
}

fn of_messages<'a>(body: &'a [u8], field: u32, of: impl Fn(&'a [u8]) -> Value<'a>) -> Value<'a> {
    let mut found = Vec::new();
    messages(body, field, |message| {
        found.push(of(message));
        true
    });
    found.retain(|value| !value.is_nil());
    Value::many(found)
}

pub(super) fn event_name(event: &[u8]) -> Value<'_> {
    Value::Text(text(last_bytes(event, EVENT_NAME)))
}

/// Returns the nanoseconds from the start of the span to an event, less than none where it came before.
pub(super) fn event_time(event: &[u8], span_start_ns: u64) -> Value<'_> {
    let mut time = 0;
    fields(event, |number, content| {
        if let (EVENT_TIME, Content::Number(number)) = (number, content) {
            time = number;
        }
        true
    });
    let since = i128::from(time) - i128::from(span_start_ns);
    Value::Int(i64::try_from(since).unwrap_or(if since < 0 { i64::MIN } else { i64::MAX }))
}

pub(super) fn link_trace(link: &[u8]) -> Value<'_> {
    hexadecimal(last_bytes(link, LINK_TRACE))
}

pub(super) fn link_span(link: &[u8]) -> Value<'_> {
    hexadecimal(last_bytes(link, LINK_SPAN))
}

fn last_bytes(message: &[u8], field: u32) -> &[u8] {
    let mut found: &[u8] = &[];
    messages(message, field, |bytes| {
        found = bytes;
        true
    });
    found
}

fn hexadecimal(id: &[u8]) -> Value<'static> {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    let digits: String = id.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
    Value::Text(digits.into())
}

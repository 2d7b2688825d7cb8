//! Reads attributes, events, links, scopes and resources out of kept bytes, when someone looks at them. The scanner has
//! validated these bytes; should they be damaged all the same, what can be read is returned and nothing panics.

use super::wire::{Cursor, Wire, WireError};
use crate::model::span::{Event, Link, Resource, Scope, SpanBody};
use crate::model::{Attribute, Span, SpanId, Timestamp, TraceId, Value};

/// How many attributes, events or links of one span are read for a person to see; all are kept. A span of nothing but
/// empty ones would else take thirty times its size to show.
const MAX_SHOWN: usize = 10_000;

/// Appends what is made unless the list is long enough, and counts what is left out.
fn push_bounded<T>(list: &mut Vec<T>, left_out: &mut usize, make: impl FnOnce() -> T) {
    if list.len() < MAX_SHOWN {
        list.push(make());
    } else {
        *left_out += 1;
    }
}

/// Stands for what is not shown.
fn not_shown(left_out: usize, what: &str) -> Option<Attribute> {
    (left_out > 0)
        .then(|| Attribute { key: "…".into(), value: Value::String(format!("{left_out} {what} not shown")) })
}

/// Calls `on` for each field of a message until its end or the first damaged byte.
fn fields<'a>(message: &'a [u8], mut on: impl FnMut(Field<'a>)) {
    let mut cursor = Cursor::new(message);
    while !cursor.is_done() {
        match field(&mut cursor) {
            Ok(Some(field)) => on(field),
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

struct Field<'a> {
    number: u32,
    content: Content<'a>,
}

#[derive(Clone, Copy)]
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn number(&self) -> u64 {
        match self.content {
            Content::Number(number) => number,
            Content::Bytes(_) => 0,
        }
    }

    fn bytes(&self) -> &'a [u8] {
        match self.content {
            Content::Bytes(bytes) => bytes,
            Content::Number(_) => &[],
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

fn field<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Field<'a>>, WireError> {
    let (number, wire) = cursor.key()?;
    let content = match wire {
        Wire::Varint => Content::Number(cursor.varint()?),
        Wire::Fixed64 => Content::Number(cursor.fixed64()?),
        Wire::Fixed32 => Content::Number(u64::from(cursor.fixed32()?)),
        Wire::Bytes => Content::Bytes(cursor.bytes()?),
        Wire::GroupStart | Wire::GroupEnd => return cursor.skip(number, wire).map(|()| None),
    };
    Ok(Some(Field { number, content }))
}

/// Reads what is not a column out of a `Span` message.
pub fn span(message: &[u8]) -> SpanBody {
    let mut body = SpanBody::default();
    let (mut attributes, mut events, mut links) = (0, 0, 0);
    fields(message, |field| match field.number {
        3 => body.trace_state = field.text(),
        9 => push_bounded(&mut body.attributes, &mut attributes, || attribute(field.bytes(), 0)),
        10 => body.dropped_attributes = field.number() as u32,
        11 => push_bounded(&mut body.events, &mut events, || event(field.bytes())),
        12 => body.dropped_events = field.number() as u32,
        13 => push_bounded(&mut body.links, &mut links, || link(field.bytes())),
        14 => body.dropped_links = field.number() as u32,
        15 => fields(field.bytes(), |status| {
            if status.number == 2 {
                body.status_message = status.text();
            }
        }),
        16 => body.flags = field.number() as u32,
        _ => {}
    });
    let left_out = [(attributes, "attributes"), (events, "events"), (links, "links")];
    body.attributes.extend(left_out.iter().filter_map(|&(count, what)| not_shown(count, what)));
    body
}

/// Reads the times of a span's events, at most [`Span::MAX_EVENT_MARKS`] of them.
pub fn event_times(message: &[u8]) -> Vec<Timestamp> {
    let mut times = Vec::new();
    fields(message, |field| {
        if field.number == 11 && times.len() < Span::MAX_EVENT_MARKS {
            let mut time = Timestamp(0);
            fields(field.bytes(), |part| {
                if part.number == 1 {
                    time = Timestamp(part.number());
                }
            });
            times.push(time);
        }
    });
    times
}

/// Reads an `InstrumentationScope` message; its schema URL stands beside it, not in it.
pub fn scope(message: &[u8], schema_url: &str) -> Scope {
    let mut scope = Scope { schema_url: schema_url.into(), ..Scope::default() };
    fields(message, |field| match field.number {
        1 => scope.name = field.text(),
        2 => scope.version = field.text(),
        3 => scope.attributes.push(attribute(field.bytes(), 0)),
        _ => {}
    });
    scope
}

/// Reads a `Resource` message; its schema URL stands beside it, not in it.
pub fn resource(message: &[u8], schema_url: &str) -> Resource {
    let mut resource = Resource { schema_url: schema_url.into(), ..Resource::default() };
    fields(message, |field| {
        if field.number == 1 {
            resource.attributes.push(attribute(field.bytes(), 0));
        }
    });
    resource
}

fn event(message: &[u8]) -> Event {
    let mut event = Event::default();
    fields(message, |field| match field.number {
        1 => event.time = Timestamp(field.number()),
        2 => event.name = field.text(),
        3 => event.attributes.push(attribute(field.bytes(), 0)),
        4 => event.dropped_attributes = field.number() as u32,
        _ => {}
    });
    event
}

fn link(message: &[u8]) -> Link {
    let mut link = Link::default();
    fields(message, |field| match field.number {
        1 => link.trace = TraceId::from_bytes(field.bytes()),
        2 => link.span = SpanId::from_bytes(field.bytes()),
        3 => link.trace_state = field.text(),
        4 => link.attributes.push(attribute(field.bytes(), 0)),
        5 => link.dropped_attributes = field.number() as u32,
        _ => {}
    });
    link
}

fn attribute(message: &[u8], depth: usize) -> Attribute {
    let mut attribute = Attribute { key: String::new(), value: Value::Empty };
    fields(message, |field| match field.number {
        1 => attribute.key = field.text(),
        2 => attribute.value = value(field.bytes(), depth),
        _ => {}
    });
    attribute
}

/// The recursion is bounded by [`Value::MAX_DEPTH`].
fn value(message: &[u8], depth: usize) -> Value {
    if depth > Value::MAX_DEPTH {
        return Value::TooDeep;
    }
    let mut value = Value::Empty;
    fields(message, |field| {
        value = match field.number {
            1 => Value::String(field.text()),
            2 => Value::Bool(field.number() != 0),
            3 => Value::Int(field.number() as i64),
            4 => Value::Double(f64::from_bits(field.number())),
            5 => {
                // An array or map that comes in pieces is their union, as protobuf merges messages.
                let mut items = if let Value::Array(items) = &mut value { std::mem::take(items) } else { Vec::new() };
                items.extend(members(field.bytes(), |bytes| self::value(bytes, depth + 1)));
                Value::Array(items)
            }
            6 => {
                let mut entries = if let Value::Map(map) = &mut value { std::mem::take(map) } else { Vec::new() };
                entries.extend(members(field.bytes(), |bytes| attribute(bytes, depth + 1)));
                Value::Map(entries)
            }
            7 => Value::Bytes(field.bytes().to_vec()),
            _ => return,
        }
    });
    value
}

/// Reads the members of an `ArrayValue` or a `KeyValueList`.
fn members<T>(message: &[u8], mut read: impl FnMut(&[u8]) -> T) -> Vec<T> {
    let mut members = Vec::new();
    fields(message, |field| {
        if field.number == 1 {
            members.push(read(field.bytes()));
        }
    });
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::wire;

    #[test]
    fn a_span_of_very_many_parts_is_shown_in_part_and_says_so() {
        let mut message = Vec::new();
        for field in [9, 11, 13] {
            (0..MAX_SHOWN + 7).for_each(|_| wire::put_bytes(&mut message, field, b""));
        }
        let body = span(&message);
        assert_eq!((body.events.len(), body.links.len()), (MAX_SHOWN, MAX_SHOWN));
        let said: Vec<String> = body.attributes.iter().skip(MAX_SHOWN).map(|a| a.value.to_string()).collect();
        assert_eq!(said, ["7 attributes not shown", "7 events not shown", "7 links not shown"]);
    }
}

//! The layout that SDKs write takes another way than any other: both must find the same.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value as Any};
use opentelemetry_proto::tonic::trace::v1::{Span, span};
use proptest::prelude::*;
use prost::Message;

use super::tests::{agree, key_value, rows, span, text_value};
use super::*;
use crate::otlp::wire;

/// A span with values of each kind, short and long, some of it not ASCII.
fn rich_span() -> Span {
    let value = |value| AnyValue { value: Some(value) };
    let attributes = vec![
        key_value("short", text_value("text")),
        key_value("é", text_value("カート")),
        key_value("empty", text_value("")),
        key_value("small", value(Any::IntValue(7))),
        key_value("port", value(Any::IntValue(8_080))),
        key_value("large", value(Any::IntValue(1 << 40))),
        key_value("negative", value(Any::IntValue(-1))),
        key_value("double", value(Any::DoubleValue(-0.1))),
        key_value("bool", value(Any::BoolValue(true))),
        key_value("bytes", value(Any::BytesValue(vec![0xff; 3]))),
        key_value("array", value(Any::ArrayValue(ArrayValue { values: vec![text_value("é")] }))),
        key_value("none", AnyValue::default()),
        key_value("", text_value("no key")),
        key_value("sql", text_value(&"SELECT ".repeat(20))),
    ];
    let event = span::Event { name: "exception".into(), attributes: attributes[..5].to_vec(), ..Default::default() };
    let link = span::Link { attributes: attributes[3..6].to_vec(), ..Default::default() };
    Span {
        parent_span_id: vec![4; 8],
        trace_state: "a=b".into(),
        flags: 0x101,
        dropped_events_count: 200,
        attributes,
        events: vec![event],
        links: vec![link],
        ..span(1)
    }
}

/// Returns a request of one span that is these bytes.
fn request(span: &[u8]) -> Vec<u8> {
    let mut message = span.to_vec();
    for field in [2, 2, 1] {
        let mut outer = Vec::new();
        wire::put_bytes(&mut outer, field, &message);
        message = outer;
    }
    message
}

/// A field of a message: its number, its layout, and its bytes without a length.
type Field = (u32, Wire, Vec<u8>);

fn fields(message: &[u8]) -> Vec<Field> {
    let mut cursor = Cursor::new(message);
    let mut fields = Vec::new();
    while !cursor.is_done() {
        let (number, wire) = cursor.key().unwrap();
        let before = cursor.rest();
        let value = if wire == Wire::Bytes {
            cursor.bytes().unwrap()
        } else {
            cursor.skip(number, wire).unwrap();
            &before[..before.len() - cursor.rest().len()]
        };
        fields.push((number, wire, value.to_vec()));
    }
    fields
}

/// Appends a varint of more bytes than it needs.
fn put_padded(out: &mut Vec<u8>, value: u64, padding: usize) {
    wire::put_varint(out, value);
    for _ in 0..padding {
        *out.last_mut().unwrap() |= 0x80;
        out.push(0);
    }
}

fn put_field(out: &mut Vec<u8>, (number, wire, value): &Field, padding: [usize; 2]) {
    put_padded(out, u64::from(*number) << 3 | *wire as u64, padding[0]);
    if *wire == Wire::Bytes {
        put_padded(out, value.len() as u64, padding[1]);
    }
    out.extend_from_slice(value);
}

#[test]
fn each_cut_of_a_span_is_judged_as_prost_does() {
    let span = rich_span().encode_to_vec();
    (0..=span.len()).for_each(|len| agree(&request(&span[..len])));
}

#[test]
fn each_cut_of_an_attribute_is_judged_as_prost_does() {
    for (number, _, attribute) in fields(&rich_span().encode_to_vec()).into_iter().filter(|field| field.0 == 9) {
        for len in 0..attribute.len() {
            let mut span = span(1).encode_to_vec();
            wire::put_bytes(&mut span, number, &attribute[..len]);
            agree(&request(&span));
        }
    }
}

#[test]
fn any_byte_may_be_another() {
    let span = rich_span().encode_to_vec();
    for place in 0..span.len() {
        for byte in [0x00, 0x01, 0x7f, 0x80, 0xc3, 0xff] {
            let mut changed = span.clone();
            changed[place] = byte;
            agree(&request(&changed));
        }
    }
}

/// Texts are checked by a count of high bits over many attributes, so a bit too much must not hide behind one too few.
#[test]
fn no_two_high_bits_make_up_for_one_another() {
    let attributes = rich_span().attributes.into_iter().take(9).collect();
    let span = Span { attributes, ..Span::default() }.encode_to_vec();
    for first in 0..span.len() {
        for second in 0..first {
            let mut changed = span.clone();
            changed[first] ^= 0x80;
            changed[second] ^= 0x80;
            agree(&request(&changed));
        }
    }
}

/// Lengths of .NET's OTLP exporter: four bytes for those of messages, and the flags before the name.
#[test]
fn lengths_padded_to_four_bytes_are_read() {
    let span = Span { flags: 0x101, ..rich_span() };
    let mut fields = fields(&span.encode_to_vec());
    let flags = fields.pop().unwrap();
    fields.insert(4, flags);
    let mut padded = Vec::new();
    for field in &fields {
        let padding = if matches!(field.0, 9..) && field.2.len() < 128 { 3 } else { 0 };
        put_field(&mut padded, field, [0, padding]);
    }
    let (padded, plain) = (request(&padded), request(&span.encode_to_vec()));
    agree(&padded);
    assert_eq!(rows(&scan(padded.into()).unwrap()), rows(&scan(plain.into()).unwrap()));
}

proptest! {
    #[test]
    fn the_layout_of_a_span_does_not_matter(
        fields in Just(fields(&rich_span().encode_to_vec())).prop_shuffle(),
        paddings in prop::collection::vec([0..4_usize, 0..4], 60),
        unknown in prop::collection::vec(prop::option::weighted(0.2, 17..40_u32), 60),
    ) {
        let mut unusual = Vec::new();
        for ((field, padding), unknown) in fields.iter().zip(paddings).zip(unknown) {
            if let Some(number) = unknown {
                put_field(&mut unusual, &(number, Wire::Bytes, vec![0xff; 3]), [0, 0]);
            }
            put_field(&mut unusual, field, padding);
        }
        let (unusual, usual) = (request(&unusual), request(&rich_span().encode_to_vec()));
        agree(&unusual);
        assert_eq!(rows(&scan(unusual.into()).unwrap()), rows(&scan(usual.into()).unwrap()));
    }
}

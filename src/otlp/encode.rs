//! OTLP protobuf written as OTLP/JSON, by the same table that reads it.
//!
//! The input has been validated before it was kept. What is damaged all the same is left out; nothing here panics.

use super::json::TOO_DEEP;
use super::schema::{Field, Kind, Message, REQUEST, STRING_VALUE};
use crate::model::Value;
use bytes::Bytes;
use std::fmt::Write;
use std::ops::Range;

/// Returns the OTLP/JSON of several `ExportTraceServiceRequest`s as one, in their order.
pub fn traces_json(messages: &[Bytes]) -> String {
    let parts: Vec<&[u8]> = messages.iter().map(AsRef::as_ref).collect();
    let mut out = String::with_capacity(parts.iter().map(|part| part.len() * 3).sum());
    write_request(&parts, &mut out);
    out
}

/// Appends the OTLP/JSON of one `ExportTraceServiceRequest`.
pub fn to_json(message: &[u8], out: &mut String) {
    write_request(&[message], out);
}

fn write_request(parts: &[&[u8]], out: &mut String) {
    let start = out.len();
    Writer { out, found: Vec::new() }.message(&REQUEST, parts, 0);
    if out.len() == start + "{}".len() {
        out.truncate(start);
        out.push_str(r#"{"resourceSpans":[]}"#);
    }
}

/// A field that was found in a message.
#[derive(Clone, Copy)]
struct Found<'a> {
    /// Its place in the message's table.
    index: usize,
    content: Content<'a>,
}

#[derive(Clone, Copy)]
enum Content<'a> {
    /// A varint or a fixed width number.
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    fn number(self) -> u64 {
        if let Self::Number(number) = self { number } else { 0 }
    }

    fn bytes(self) -> &'a [u8] {
        if let Self::Bytes(bytes) = self { bytes } else { &[] }
    }

    fn is_default(self) -> bool {
        matches!(self, Self::Number(0) | Self::Bytes([]))
    }
}

struct Writer<'a, 'out> {
    out: &'out mut String,
    /// The fields of all messages that are being written, the innermost last: one list, so that none is allocated for
    /// each message.
    found: Vec<Found<'a>>,
}

impl<'a> Writer<'a, '_> {
    /// Writes the message that is the merge of `parts`: in protobuf, merging is reading one after the other.
    ///
    /// Recursion ends because only levels nest, and those are counted.
    fn message(&mut self, message: &'static Message, parts: &[&'a [u8]], level: usize) {
        let start = self.found.len();
        for part in parts {
            self.find_fields(message, part, start);
        }
        self.found[start..].sort_by_key(|found| found.index);
        let end = self.found.len();
        let mut at = start;
        let mut separator = '{';
        while at < end {
            let index = self.found[at].index;
            let run = at..at + self.found[at..end].iter().take_while(|found| found.index == index).count();
            at = run.end;
            let field = &message.fields[index];
            let is_left_out = self.found[at - 1].content.is_default() && !message.is_oneof;
            if field.is_repeated || matches!(field.kind, Kind::Message(_)) || !is_left_out {
                self.out.push(separator);
                separator = ',';
                self.field(field, run, level);
            }
        }
        self.out.push_str(if separator == '{' { "{}" } else { "}" });
        self.found.truncate(start);
    }

    /// Lists the fields that the table knows, in the order they came; of a oneof only its last member.
    fn find_fields(&mut self, message: &Message, mut part: &'a [u8], start: usize) {
        while let Some((number, wire_type, content)) = next_field(&mut part) {
            let is_it = |field: &Field| field.number == number && field.kind.wire_type() as u64 == wire_type;
            let Some(index) = message.fields.iter().position(is_it) else { continue };
            if message.is_oneof && self.found.get(start).is_some_and(|found| found.index != index) {
                self.found.truncate(start);
            }
            self.found.push(Found { index, content });
        }
    }

    /// Writes `"name":value` of a field that was found in all places of `run`.
    fn field(&mut self, field: &'static Field, run: Range<usize>, level: usize) {
        let level = level + usize::from(matches!(field.kind, Kind::Message(nested) if nested.is_level));
        if level > Value::MAX_DEPTH {
            self.name(STRING_VALUE.name);
            push_json_string(self.out, TOO_DEEP);
            return;
        }
        self.name(field.name);
        if field.is_repeated {
            let mut separator = '[';
            for at in run {
                self.out.push(separator);
                separator = ',';
                self.value(field.kind, &[self.found[at].content], level);
            }
            self.out.push(']');
        } else if run.len() == 1 {
            self.value(field.kind, &[self.found[run.start].content], level);
        } else {
            let contents: Vec<Content> = self.found[run].iter().map(|found| found.content).collect();
            self.value(field.kind, &contents, level);
        }
    }

    fn name(&mut self, name: &str) {
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    /// Writes one value, sent in several pieces: messages are merged, of anything else the last one counts.
    fn value(&mut self, kind: Kind, contents: &[Content<'a>], level: usize) {
        let Some(last) = contents.last() else { return };
        let out = &mut *self.out;
        match kind {
            Kind::Message(message) if contents.len() == 1 => self.message(message, &[last.bytes()], level),
            Kind::Message(message) => {
                let parts: Vec<&[u8]> = contents.iter().map(|content| content.bytes()).collect();
                self.message(message, &parts, level);
            }
            Kind::String => push_json_string(out, &String::from_utf8_lossy(last.bytes())),
            Kind::Id => push_quoted(out, |out| push_hex(out, last.bytes())),
            Kind::Bytes => push_quoted(out, |out| push_base64(out, last.bytes())),
            Kind::Bool => out.push_str(if last.number() == 0 { "false" } else { "true" }),
            Kind::Uint32 | Kind::Fixed32 => push_display(out, last.number() as u32),
            Kind::Enum(_) => push_display(out, last.number() as i32),
            Kind::Int64 => push_quoted(out, |out| push_display(out, last.number() as i64)),
            Kind::Fixed64 => push_quoted(out, |out| push_display(out, last.number())),
            Kind::Double => push_double(out, f64::from_bits(last.number())),
        }
    }
}

/// Takes the next field off `bytes`: its number, wire type and content. None at the end, and at what is no protobuf.
///
/// Groups, which OTLP never had, are passed over without recursion.
fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u32, u64, Content<'a>)> {
    let mut open_groups = 0_usize;
    loop {
        let tag = take_varint(bytes)?;
        let content = match tag & 7 {
            0 => Content::Number(take_varint(bytes)?),
            1 => Content::Number(u64::from_le_bytes(*bytes.split_off(..8)?.first_chunk()?)),
            2 => {
                let length = usize::try_from(take_varint(bytes)?).ok()?;
                Content::Bytes(bytes.split_off(..length)?)
            }
            3 => {
                open_groups += 1;
                continue;
            }
            4 => {
                open_groups = open_groups.checked_sub(1)?;
                continue;
            }
            5 => Content::Number(u64::from(u32::from_le_bytes(*bytes.split_off(..4)?.first_chunk()?))),
            _ => return None,
        };
        if open_groups == 0 {
            return Some((u32::try_from(tag >> 3).ok()?, tag & 7, content));
        }
    }
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Appends `text` as a JSON string.
pub(super) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| matches!(c, '"' | '\\' | '\0'..'\x20')) {
        let (plain, special) = rest.split_at_checked(at).unwrap_or_default();
        out.push_str(plain);
        let mut chars = special.chars();
        match chars.next() {
            Some(same @ ('"' | '\\')) => out.extend(['\\', same]),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            other => push_display(out, format_args!("\\u{:04x}", u32::from(other.unwrap_or_default()))),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn push_quoted(out: &mut String, push: impl FnOnce(&mut String)) {
    out.push('"');
    push(out);
    out.push('"');
}

fn push_display(out: &mut String, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("a String takes everything");
}

/// Rust's debug form of a finite double is the shortest JSON number that reads back as the same.
fn push_double(out: &mut String, value: f64) {
    if value.is_finite() {
        push_display(out, format_args!("{value:?}"));
    } else {
        out.push_str(match value {
            f64::INFINITY => r#""Infinity""#,
            f64::NEG_INFINITY => r#""-Infinity""#,
            _ => r#""NaN""#,
        });
    }
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for byte in bytes {
        out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Standard base64 with padding, which is what proto3 JSON writes.
fn push_base64(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let is_padding = digit > chunk.len();
            out.push(if is_padding { '=' } else { char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(message: &[u8]) -> String {
        let mut out = String::new();
        to_json(message, &mut out);
        out
    }

    /// A length-delimited field.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2];
        prost::encoding::encode_varint(content.len() as u64, &mut out);
        [&out, content].concat()
    }

    fn span(content: &[u8]) -> Vec<u8> {
        field(1, &field(2, &field(2, content)))
    }

    fn check_span(content: &[u8], expected: &str) {
        let expected = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{expected}]}}]}}]}}"#);
        assert_eq!(json(&span(content)), expected);
    }

    #[test]
    fn an_empty_request_has_no_spans() {
        assert_eq!(json(&[]), r#"{"resourceSpans":[]}"#);
        assert_eq!(json(b"damaged"), r#"{"resourceSpans":[]}"#);
    }

    #[test]
    fn pieces_of_one_message_are_merged_and_of_a_scalar_the_last_counts() {
        let (message, code) = (field(15, &field(2, b"m")), field(15, &[3 << 3, 2]));
        check_span(&[message, code].concat(), r#"{"status":{"message":"m","code":2}}"#);
        check_span(&[field(5, b"a"), field(3, b"s"), field(5, b"b")].concat(), r#"{"traceState":"s","name":"b"}"#);
    }

    #[test]
    fn unknown_fields_and_groups_are_left_out() {
        let group = [[99 << 3 & 127 | 3 | 128, 6].as_slice(), &field(5, b"inside"), &[99 << 3 & 127 | 4 | 128, 6]];
        let groups = [group.concat().repeat(3), field(5, b"n")].concat();
        check_span(&groups, r#"{"name":"n"}"#);
        check_span(&[field(5, b"n"), field(2, b"\xab"), vec![0xff]].concat(), r#"{"spanId":"ab","name":"n"}"#);
    }

    #[test]
    fn values_deeper_than_is_read_are_cut() {
        let deep = (0..10_000).fold(Vec::new(), |value, _| field(5, &field(1, &value)));
        let expected = format!(
            r#"{{"attributes":[{{"value":{}{{"stringValue":"{TOO_DEEP}"}}{}}}]}}"#,
            r#"{"arrayValue":{"values":["#.repeat(Value::MAX_DEPTH),
            "]}}".repeat(Value::MAX_DEPTH),
        );
        let attribute = field(9, &field(2, &deep));
        let test = move || check_span(&attribute, &expected);
        std::thread::Builder::new().stack_size(1 << 20).spawn(test).unwrap().join().unwrap();
    }

    proptest! {
        #[test]
        fn strings_are_escaped_as_json_wants_them(text in any::<String>(), controls in "[\\x00-\\x1f\"\\\\]{0,4}") {
            let text = text + &controls;
            let mut json = String::new();
            push_json_string(&mut json, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}

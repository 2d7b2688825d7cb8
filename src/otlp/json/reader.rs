//! Walks a JSON text and the table of messages together, writing protobuf.

use super::TOO_DEEP;
use super::cursor::Cursor;
use super::error::{Fault, Result, quote};
use super::number::{self, NotAnInteger};
use super::output::Output;
use super::text::{self, NotHex};
use crate::model::Value;
use crate::otlp::schema::{Field, Kind, Message, STRING_VALUE};
use crate::otlp::wire::Wire;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Reads a text that holds one `message` and nothing else.
pub(super) fn read(text: &str, message: &'static Message) -> Result<Vec<u8>> {
    let mut reader = Reader { json: Cursor::new(text), out: Output::with_capacity(text.len() / 2) };
    reader.members(message, 0)?;
    match reader.json.peek() {
        None => Ok(reader.out.into_bytes()),
        Some(_) => Err(reader.json.unexpected("the end")),
    }
}

struct Reader<'a> {
    json: Cursor<'a>,
    out: Output,
}

/// Whether a value that is its type's default is written: it is left out where leaving it out says the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DefaultValue {
    Omit,
    Write,
}

impl<'a> Reader<'a> {
    /// Reads an object as the fields of `message`. Recursion ends because only levels nest, and those are counted.
    fn members(&mut self, message: &'static Message, level: usize) -> Result<()> {
        self.json.expect(b'{', "an object")?;
        if self.json.take(b'}') {
            return Ok(());
        }
        let mut seen = 0_u32;
        let mut likely = 0;
        loop {
            if let Some(index) = self.field_index(message, likely)? {
                let field = &message.fields[index];
                let was_seen = seen & 1 << index != 0;
                let default = if message.is_oneof || was_seen { DefaultValue::Write } else { DefaultValue::Omit };
                self.field(field, level, default).map_err(|fault| fault.in_field(field.name))?;
                seen |= 1 << index;
                likely = index + 1;
            } else {
                self.json.colon()?;
                self.json.skip_value()?;
            }
            if !self.json.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Passes a name; returns which field it is. Senders write fields in one order, so the `likely` one is tried first.
    #[inline]
    fn field_index(&mut self, message: &'static Message, likely: usize) -> Result<Option<usize>> {
        if message.fields.get(likely).is_some_and(|field| self.json.take_name(field.name)) {
            return Ok(Some(likely));
        }
        let name = self.json.name()?;
        if !name.has_escapes {
            return Ok(message.fields.iter().position(|field| field.name == name.raw));
        }
        let name = name.text()?;
        Ok(message.fields.iter().position(|field| field.name == name))
    }

    fn field(&mut self, field: &'static Field, level: usize, default: DefaultValue) -> Result<()> {
        self.json.colon()?;
        if self.json.take_word("null") {
            Ok(())
        } else if field.is_repeated {
            self.elements(field, level)
        } else {
            self.value(field, level, default)
        }
    }

    fn elements(&mut self, field: &'static Field, level: usize) -> Result<()> {
        self.json.expect(b'[', "an array")?;
        if self.json.take(b']') {
            return Ok(());
        }
        for index in 0.. {
            if self.json.take_word("null") {
                self.empty_element(field);
            } else {
                self.value(field, level, DefaultValue::Write).map_err(|fault| fault.in_element(index))?;
            }
            if !self.json.more(b']')? {
                break;
            }
        }
        Ok(())
    }

    fn empty_element(&mut self, field: &Field) {
        debug_assert_eq!(field.kind.wire_type(), Wire::Bytes, "what OTLP repeats is text and messages");
        self.out.tag(field.number, Wire::Bytes);
        self.out.varint(0);
    }

    #[inline]
    fn value(&mut self, field: &'static Field, level: usize, default: DefaultValue) -> Result<()> {
        match field.kind {
            Kind::Message(message) => self.message(field, message, level),
            Kind::String => self.string(field, default),
            Kind::Id => self.id(field, default),
            Kind::Bytes => self.bytes(field),
            Kind::Bool => {
                let flag = self.bool()?;
                self.varint(field, u64::from(flag), default);
                Ok(())
            }
            Kind::Uint32 => {
                let value = self.integer(0..=i128::from(u32::MAX))?;
                self.varint(field, value as u64, default);
                Ok(())
            }
            Kind::Int64 => {
                let value = self.integer(i128::from(i64::MIN)..=i128::from(i64::MAX))?;
                self.varint(field, value as u64, default);
                Ok(())
            }
            Kind::Enum(name) => {
                let value = self.enumeration(name)?;
                self.varint(field, value as u64, default);
                Ok(())
            }
            Kind::Fixed32 => {
                let value = self.integer(0..=i128::from(u32::MAX))?;
                if value != 0 || default == DefaultValue::Write {
                    self.out.tag(field.number, Wire::Fixed32);
                    self.out.fixed32(value as u32);
                }
                Ok(())
            }
            Kind::Fixed64 => {
                let value = self.integer(0..=i128::from(u64::MAX))?;
                self.fixed64(field, value as u64, default);
                Ok(())
            }
            Kind::Double => {
                let value = self.double()?;
                self.fixed64(field, value.to_bits(), default);
                Ok(())
            }
        }
    }

    fn message(&mut self, field: &Field, message: &'static Message, level: usize) -> Result<()> {
        let level = level + usize::from(message.is_level);
        if level > Value::MAX_DEPTH {
            return self.cut();
        }
        self.out.tag(field.number, Wire::Bytes);
        let mark = self.out.begin(message.length_width, level);
        self.members(message, level)?;
        self.out.finish(&mark);
        Ok(())
    }

    /// Passes an array or map value that is too deep, leaving the marker as the string member of its `AnyValue`.
    fn cut(&mut self) -> Result<()> {
        self.json.skip_value()?;
        self.out.tag(STRING_VALUE.number, Wire::Bytes);
        self.out.text(TOO_DEEP);
        Ok(())
    }

    #[inline]
    fn string(&mut self, field: &Field, default: DefaultValue) -> Result<()> {
        let string = self.json.string("a string")?;
        if string.raw.is_empty() && default == DefaultValue::Omit {
            return Ok(());
        }
        self.out.tag(field.number, Wire::Bytes);
        if !string.has_escapes {
            self.out.text(string.raw);
            return Ok(());
        }
        let mark = self.out.begin(if string.raw.len() < 0x80 { 1 } else { 2 }, 0);
        let out = self.out.bytes_mut();
        string.unescape(|piece| out.extend_from_slice(piece.as_bytes()))?;
        self.out.finish(&mark);
        Ok(())
    }

    #[inline]
    fn id(&mut self, field: &Field, default: DefaultValue) -> Result<()> {
        let string = self.json.string("a string of hex digits")?;
        let text = string.text()?;
        if text.is_empty() && default == DefaultValue::Omit {
            return Ok(());
        }
        self.out.tag(field.number, Wire::Bytes);
        self.out.varint(text.len() as u64 / 2);
        text::push_hex(&text, self.out.bytes_mut()).map_err(|problem| {
            let problem = match problem {
                NotHex::Digit => "is not hex",
                NotHex::OddLength => "has an odd number of hex digits",
            };
            Fault::new(string.at - 1, format!("{} {problem}", quote(&text)))
        })
    }

    fn bytes(&mut self, field: &Field) -> Result<()> {
        let string = self.json.string("a string of base64")?;
        let text = string.text()?;
        self.out.tag(field.number, Wire::Bytes);
        let mark = self.out.begin(if text.len() < 0x80 { 1 } else { 2 }, 0);
        text::push_base64(&text, self.out.bytes_mut())
            .ok_or_else(|| Fault::new(string.at - 1, format!("{} is not base64", quote(&text))))?;
        self.out.finish(&mark);
        Ok(())
    }

    fn bool(&mut self) -> Result<bool> {
        if self.json.take_word("true") {
            return Ok(true);
        }
        if self.json.take_word("false") { Ok(false) } else { Err(self.json.unexpected("true or false")) }
    }

    /// Reads an integer: a number, or a number in quotes.
    fn integer(&mut self, range: RangeInclusive<i128>) -> Result<i128> {
        let (text, at) = self.number_text("an integer")?;
        if number::length(text.as_bytes()) != Some(text.len()) {
            return Err(Fault::new(at, format!("{} is not an integer", quote(&text))));
        }
        match number::integer(&text) {
            Ok(value) if range.contains(&value) => Ok(value),
            Err(NotAnInteger::Fraction) => Err(Fault::new(at, format!("{} is not an integer", quote(&text)))),
            Ok(_) | Err(NotAnInteger::TooLarge) => {
                let (least, most) = range.into_inner();
                Err(Fault::new(at, format!("{} is not between {least} and {most}", quote(&text))))
            }
        }
    }

    /// Reads the integer of an enum; unknown ones are kept, as newer senders may have them.
    fn enumeration(&mut self, name: &str) -> Result<i128> {
        let (text, at) = self.number_text("an integer")?;
        if number::length(text.as_bytes()) != Some(text.len()) {
            let message = format!("{} is no {name}: OTLP/JSON requires the integer, not the name", quote(&text));
            return Err(Fault::new(at, message));
        }
        let value = number::integer(&text).ok().filter(|value| i32::try_from(*value).is_ok());
        value.ok_or_else(|| Fault::new(at, format!("{} is no {name}: it is not a 32-bit integer", quote(&text))))
    }

    fn double(&mut self) -> Result<f64> {
        let (text, at) = self.number_text("a number")?;
        match text.as_ref() {
            "NaN" => return Ok(f64::NAN),
            "Infinity" => return Ok(f64::INFINITY),
            "-Infinity" => return Ok(f64::NEG_INFINITY),
            _ => {}
        }
        if number::length(text.as_bytes()) != Some(text.len()) {
            return Err(Fault::new(at, format!("{} is not a number", quote(&text))));
        }
        number::double(&text).ok_or_else(|| Fault::new(at, format!("{} is beyond a double", quote(&text))))
    }

    /// Passes a number or a string; returns its text, which for a string may be anything, and where it is.
    #[inline]
    fn number_text(&mut self, what: &str) -> Result<(Cow<'a, str>, usize)> {
        let is_string = self.json.peek() == Some(b'"');
        let at = self.json.at();
        let text = if is_string { self.json.string(what)?.text()? } else { Cow::Borrowed(self.json.number(what)?) };
        Ok((text, at))
    }

    #[inline]
    fn varint(&mut self, field: &Field, value: u64, default: DefaultValue) {
        if value != 0 || default == DefaultValue::Write {
            self.out.tag(field.number, Wire::Varint);
            self.out.varint(value);
        }
    }

    fn fixed64(&mut self, field: &Field, value: u64, default: DefaultValue) {
        if value != 0 || default == DefaultValue::Write {
            self.out.tag(field.number, Wire::Fixed64);
            self.out.fixed64(value);
        }
    }
}

//! One span: the fields that every SDK writes are tried in their usual order, and a loop takes whatever else comes, in
//! any order.

use super::plain::skip_attributes;
use super::{Result, WRONG_TYPE, nested, range, scan_attribute, text};
use crate::model::{Kind, StatusCode};
use crate::otlp::batch::SpanRow;
use crate::otlp::wire::{Cursor, Wire, one_byte_key};

const TRACE_ID: [u8; 2] = [one_byte_key(1, Wire::Bytes), 16];
const SPAN_ID: [u8; 2] = [one_byte_key(2, Wire::Bytes), 8];
const PARENT_ID: [u8; 2] = [one_byte_key(4, Wire::Bytes), 8];
const NAME: u8 = one_byte_key(5, Wire::Bytes);
const KIND: u8 = one_byte_key(6, Wire::Varint);
const START: [u8; 1] = [one_byte_key(7, Wire::Fixed64)];
const END: [u8; 1] = [one_byte_key(8, Wire::Fixed64)];
const ATTRIBUTE: u8 = one_byte_key(9, Wire::Bytes);
const STATUS: u8 = one_byte_key(15, Wire::Bytes);
/// Field 16, a fixed32.
const FLAGS: [u8; 2] = [0x85, 0x01];

const EVENT_TIME: [u8; 1] = [one_byte_key(1, Wire::Fixed64)];
const EVENT_NAME: u8 = one_byte_key(2, Wire::Bytes);
const EVENT_ATTRIBUTE: u8 = one_byte_key(3, Wire::Bytes);
const LINK_ATTRIBUTE: u8 = one_byte_key(4, Wire::Bytes);

/// A span as far as it has been read.
struct Draft {
    row: SpanRow,
    end_ns: u64,
    is_parent_valid: bool,
}

/// Reads one span; the inner error says why its ids are invalid.
#[inline(always)]
pub(super) fn scan(mut message: Cursor, scope: u32) -> Result<std::result::Result<SpanRow, &'static str>> {
    let row = SpanRow { scope, message: range(message), ..SpanRow::default() };
    let mut draft = Draft { row, end_ns: 0, is_parent_valid: true };
    draft.usual_start(&mut message)?;
    loop {
        draft.usual_end(&mut message)?;
        if message.is_done() {
            return Ok(draft.finish());
        }
        draft.any_field(&mut message)?;
    }
}

impl Draft {
    /// Reads what comes before the attributes, as long as each field is in its place. .NET puts the flags here.
    #[inline(always)]
    fn usual_start(&mut self, message: &mut Cursor) -> Result<()> {
        if let Some(id) = message.take(TRACE_ID) {
            self.row.trace_id = u128::from_be_bytes(*id);
        }
        if let Some(id) = message.take(SPAN_ID) {
            self.row.span_id = u64::from_be_bytes(*id);
        }
        if let Some(id) = message.take(PARENT_ID) {
            self.row.parent_id = u64::from_be_bytes(*id);
        }
        message.take::<2, 4>(FLAGS);
        if message.take_key(NAME) {
            self.row.name = range(message.text()?);
        }
        if message.take_key(KIND) {
            self.row.kind = Kind::from_number(message.varint()? as i32);
        }
        if let Some(time) = message.take(START) {
            self.row.start_ns = u64::from_le_bytes(*time);
        }
        if let Some(time) = message.take(END) {
            self.end_ns = u64::from_le_bytes(*time);
        }
        Ok(())
    }

    /// Reads the attributes and what comes after them, as long as each field is in its place.
    #[inline(always)]
    fn usual_end(&mut self, message: &mut Cursor) -> Result<()> {
        skip_attributes::<ATTRIBUTE>(message);
        if message.take_key(STATUS) {
            scan_status(message.nested()?, &mut self.row.status)?;
        }
        message.take::<2, 4>(FLAGS);
        Ok(())
    }

    /// Reads any field.
    fn any_field(&mut self, message: &mut Cursor) -> Result<()> {
        let row = &mut self.row;
        match message.key()? {
            // An id of another length is as invalid as one that is all zero.
            (1, Wire::Bytes) => row.trace_id = u128::from_be_bytes(message.bytes()?.try_into().unwrap_or_default()),
            (2, Wire::Bytes) => row.span_id = u64::from_be_bytes(message.bytes()?.try_into().unwrap_or_default()),
            (4, Wire::Bytes) => {
                let id = message.bytes()?;
                self.is_parent_valid = matches!(id.len(), 0 | 8);
                row.parent_id = u64::from_be_bytes(id.try_into().unwrap_or_default());
            }
            (3, wire) => drop(text(message, wire)?),
            (5, wire) => row.name = text(message, wire)?,
            (6, Wire::Varint) => row.kind = Kind::from_number(message.varint()? as i32),
            (7, Wire::Fixed64) => row.start_ns = message.fixed64()?,
            (8, Wire::Fixed64) => self.end_ns = message.fixed64()?,
            (9, wire) => drop(scan_attribute(nested(message, wire)?, 0)?),
            (10 | 12 | 14, Wire::Varint) => drop(message.varint()?),
            (11, wire) => {
                scan_event(nested(message, wire)?)?;
                row.events = row.events.saturating_add(1);
            }
            (13, wire) => {
                scan_link(nested(message, wire)?)?;
                row.links = row.links.saturating_add(1);
            }
            (15, wire) => scan_status(nested(message, wire)?, &mut row.status)?,
            (16, Wire::Fixed32) => drop(message.fixed32()?),
            (1..=16, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
        Ok(())
    }

    /// An all-zero parent is no parent: some SDKs send it for roots.
    #[inline(always)]
    fn finish(self) -> std::result::Result<SpanRow, &'static str> {
        let Self { mut row, end_ns, is_parent_valid } = self;
        row.duration_ns = end_ns.saturating_sub(row.start_ns);
        row.ends_before_start = end_ns < row.start_ns;
        if row.trace_id == 0 {
            return Err("a trace_id is 16 bytes, not all zero");
        }
        if row.span_id == 0 {
            return Err("a span_id is 8 bytes, not all zero");
        }
        if !is_parent_valid {
            return Err("a parent_span_id is empty or 8 bytes");
        }
        Ok(row)
    }
}

fn scan_event(mut message: Cursor) -> Result<()> {
    message.take::<1, 8>(EVENT_TIME);
    if message.take_key(EVENT_NAME) {
        message.text()?;
    }
    loop {
        skip_attributes::<EVENT_ATTRIBUTE>(&mut message);
        if message.is_done() {
            return Ok(());
        }
        match message.key()? {
            (1, Wire::Fixed64) => drop(message.fixed64()?),
            (2, wire) => drop(text(&mut message, wire)?),
            (3, wire) => drop(scan_attribute(nested(&mut message, wire)?, 0)?),
            (4, Wire::Varint) => drop(message.varint()?),
            (1 | 4, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
    }
}

fn scan_link(mut message: Cursor) -> Result<()> {
    loop {
        skip_attributes::<LINK_ATTRIBUTE>(&mut message);
        if message.is_done() {
            return Ok(());
        }
        match message.key()? {
            (1 | 2, Wire::Bytes) => drop(message.bytes()?),
            (3, wire) => drop(text(&mut message, wire)?),
            (4, wire) => drop(scan_attribute(nested(&mut message, wire)?, 0)?),
            (5, Wire::Varint) => drop(message.varint()?),
            (6, Wire::Fixed32) => drop(message.fixed32()?),
            (1 | 2 | 5 | 6, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
    }
}

#[inline(always)]
fn scan_status(mut message: Cursor, status: &mut StatusCode) -> Result<()> {
    while !message.is_done() {
        match message.key()? {
            (2, wire) => drop(text(&mut message, wire)?),
            (3, Wire::Varint) => *status = StatusCode::from_number(message.varint()? as i32),
            (3, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(())
}

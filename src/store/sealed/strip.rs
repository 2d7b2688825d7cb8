//! Takes out of a `Span` message what the columns hold, and puts it back. What is put back means the same as the message
//! that came: whatever could not be told from the columns stays in the rest, and a message in which a field is repeated
//! stays whole.

use crate::model::{Kind, StatusCode};
use crate::otlp::WireError;
use crate::otlp::wire::{Cursor, Wire, put_bytes, put_varint};
use crate::store::row::Row;

/// How much was taken out of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stripped {
    /// Nothing: the rest is the message.
    Nothing,
    /// What the columns hold but the status, which has a message of its own or is none.
    Columns,
    ColumnsAndStatus,
}

// Fields of opentelemetry.proto.trace.v1.Span.
const TRACE_ID: u32 = 1;
const SPAN_ID: u32 = 2;
const PARENT_ID: u32 = 4;
const NAME: u32 = 5;
const KIND: u32 = 6;
const START: u32 = 7;
const END: u32 = 8;
const STATUS: u32 = 15;
const STATUS_CODE: u32 = 3;

impl Stripped {
    /// Returns the number by which it is kept.
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Nothing,
            1 => Self::Columns,
            _ => Self::ColumnsAndStatus,
        }
    }
}

/// Appends to `rest` what the columns do not hold of a message that the scanner has validated, and says what that is. Calls
/// `on_other` with the fields that no column is of, as far as they are bytes; if nothing is taken out, not with all.
pub(super) fn strip<'a>(
    message: &'a [u8],
    row: &Row,
    rest: &mut Vec<u8>,
    on_other: impl FnMut(u32, &'a [u8]),
) -> Stripped {
    let before = rest.len();
    strip_fields(message, row, rest, on_other).ok().flatten().unwrap_or_else(|| {
        rest.truncate(before);
        rest.extend_from_slice(message);
        Stripped::Nothing
    })
}

/// Returns none where a field is repeated.
fn strip_fields<'a>(
    message: &'a [u8],
    row: &Row,
    rest: &mut Vec<u8>,
    mut on_other: impl FnMut(u32, &'a [u8]),
) -> Result<Option<Stripped>, WireError> {
    let mut cursor = Cursor::new(message);
    let (mut seen, mut stripped, mut kept_from) = (0_u32, Stripped::Columns, 0);
    while !cursor.is_done() {
        let begin = cursor.offset();
        let (field, wire) = cursor.key()?;
        let is_held = match (field, wire) {
            (TRACE_ID | SPAN_ID | NAME, Wire::Bytes) => cursor.bytes().map(|_| true)?,
            (START, Wire::Fixed64) => cursor.fixed64().map(|_| true)?,
            (END, Wire::Fixed64) => cursor.fixed64().map(|_| !row.facts.ends_before_start())?,
            // All zero means no parent, but is not the same as none being given.
            (PARENT_ID, Wire::Bytes) => cursor.bytes().map(|id| id.is_empty() || row.parent_id != 0)?,
            (KIND, Wire::Varint) => cursor.varint().map(|number| Kind::from_number(number as i32) as u64 == number)?,
            (STATUS, Wire::Bytes) => {
                let is_held = is_only(cursor.bytes()?, row.facts.status());
                if is_held {
                    stripped = Stripped::ColumnsAndStatus;
                }
                is_held
            }
            (field, Wire::Bytes) => {
                on_other(field, cursor.bytes()?);
                continue;
            }
            (field, wire) => {
                cursor.skip(field, wire)?;
                continue;
            }
        };
        if seen & 1 << field != 0 {
            return Ok(None);
        }
        seen |= 1 << field;
        if is_held {
            rest.extend_from_slice(message.get(kept_from..begin).unwrap_or_default());
            kept_from = cursor.offset();
        }
    }
    rest.extend_from_slice(message.get(kept_from..).unwrap_or_default());
    Ok(Some(stripped))
}

/// Returns whether a `Status` message is nothing but this code.
fn is_only(message: &[u8], code: StatusCode) -> bool {
    code != StatusCode::Unset && *message == [(STATUS_CODE << 3) as u8, code as u8]
}

/// Appends to `out` the message of which `rest` was kept.
pub(super) fn restore(
    row: &Row,
    (trace_id, operation): (u128, &str),
    (stripped, rest): (Stripped, &[u8]),
    out: &mut Vec<u8>,
) {
    if stripped != Stripped::Nothing {
        put_bytes(out, TRACE_ID, &trace_id.to_be_bytes());
        put_bytes(out, SPAN_ID, &row.span_id.to_be_bytes());
        if row.parent_id != 0 {
            put_bytes(out, PARENT_ID, &row.parent_id.to_be_bytes());
        }
        if !operation.is_empty() {
            put_bytes(out, NAME, operation.as_bytes());
        }
        if row.facts.kind() != Kind::Unspecified {
            put_number(out, KIND, row.facts.kind() as u64);
        }
        put_fixed64(out, START, row.start_ns);
        if !row.facts.ends_before_start() {
            put_fixed64(out, END, row.end_ns());
        }
    }
    out.extend_from_slice(rest);
    if stripped == Stripped::ColumnsAndStatus {
        put_bytes(out, STATUS, &[(STATUS_CODE << 3) as u8, row.facts.status() as u8]);
    }
}

fn put_number(out: &mut Vec<u8>, field: u32, number: u64) {
    put_varint(out, u64::from(field) << 3 | Wire::Varint as u64);
    put_varint(out, number);
}

/// Zero is what a field means that is not there.
fn put_fixed64(out: &mut Vec<u8>, field: u32, number: u64) {
    if number != 0 {
        put_varint(out, u64::from(field) << 3 | Wire::Fixed64 as u64);
        out.extend_from_slice(&number.to_le_bytes());
    }
}

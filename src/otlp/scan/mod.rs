//! One pass over the protobuf bytes of an `ExportTraceServiceRequest`: validates them as strictly as prost with
//! opentelemetry-proto does, and notes per span the hot columns and where its bytes are. Fields may come in any order,
//! repeated or unknown, as protobuf allows. Two differences, both asked for by OTLP: a span with an invalid id is left
//! out instead of failing the request, and attribute values may be nested deeper than prost's limit.

mod plain;
mod span;

use bytes::Bytes;

use super::batch::{Batch, Range, ResourceRow, ScopeRow};
use super::wire::{Cursor, Wire, WireError};
use crate::model::Value;

type Result<T> = std::result::Result<T, WireError>;

/// Scans a request.
///
/// # Errors
/// When `body` is not an `ExportTraceServiceRequest` in protobuf; then nothing of it is kept.
pub fn scan(body: Bytes) -> Result<Batch> {
    let mut scanner = Scanner { batch: Batch::default(), extra: Vec::new(), body: &body };
    scanner.batch.spans.reserve((body.len() / SPAN_BYTES_GUESS).min(MAX_SPANS_GUESS));
    let mut request = Cursor::new(&body);
    while !request.is_done() {
        match request.key()? {
            (1, wire) => scanner.resource_spans(nested(&mut request, wire)?)?,
            (field, wire) => request.skip(field, wire)?,
        }
    }
    let Scanner { mut batch, extra, .. } = scanner;
    batch.bytes = if extra.is_empty() { body } else { [&body[..], &extra].concat().into() };
    Ok(batch)
}

/// Spans of real SDKs take about 400 bytes; room for a few more is made at once.
const SPAN_BYTES_GUESS: usize = 300;
const MAX_SPANS_GUESS: usize = 8_192;

struct Scanner<'a> {
    batch: Batch,
    /// What is appended to the body: messages that were sent in pieces, put together.
    extra: Vec<u8>,
    body: &'a [u8],
}

impl Scanner<'_> {
    fn resource_spans(&mut self, mut message: Cursor) -> Result<()> {
        let index = self.batch.resources.len() as u32;
        self.batch.resources.push(ResourceRow::default());
        let (mut row, mut pieces) = (ResourceRow::default(), Pieces::default());
        while !message.is_done() {
            match message.key()? {
                (1, wire) => {
                    let resource = nested(&mut message, wire)?;
                    if let Some(service) = scan_resource(resource)?
                        && row.service.len == 0
                    {
                        row.service = service;
                    }
                    pieces.add(range(resource));
                }
                (2, wire) => self.scope_spans(nested(&mut message, wire)?, index)?,
                (3, wire) => row.schema_url = text(&mut message, wire)?,
                (field, wire) => message.skip(field, wire)?,
            }
        }
        row.message = self.joined(&pieces);
        self.batch.resources[index as usize] = row;
        Ok(())
    }

    fn scope_spans(&mut self, mut message: Cursor, resource: u32) -> Result<()> {
        let index = self.batch.scopes.len() as u32;
        self.batch.scopes.push(ScopeRow::default());
        let (mut row, mut pieces) = (ScopeRow { resource, ..ScopeRow::default() }, Pieces::default());
        while !message.is_done() {
            match message.key()? {
                (2, wire) => self.span(nested(&mut message, wire)?, index)?,
                (1, wire) => {
                    let scope = nested(&mut message, wire)?;
                    scan_scope(scope)?;
                    pieces.add(range(scope));
                }
                (3, wire) => row.schema_url = text(&mut message, wire)?,
                (field, wire) => message.skip(field, wire)?,
            }
        }
        row.message = self.joined(&pieces);
        self.batch.scopes[index as usize] = row;
        Ok(())
    }

    fn span(&mut self, message: Cursor, scope: u32) -> Result<()> {
        match span::scan(message, scope)? {
            Ok(row) => self.batch.spans.push(row),
            Err(reason) => {
                self.batch.rejected += 1;
                self.batch.rejection.get_or_insert(reason);
            }
        }
        Ok(())
    }

    /// A message sent in pieces means their union, and the union of protobuf messages is their concatenation. Each piece
    /// is copied once, so that what is appended is never more than the request.
    fn joined(&mut self, pieces: &Pieces) -> Range {
        if pieces.more.is_empty() {
            return pieces.first;
        }
        let start = self.body.len() + self.extra.len();
        for piece in std::iter::once(&pieces.first).chain(&pieces.more) {
            self.extra.extend_from_slice(piece.of(self.body));
        }
        Range { start: start as u32, len: (self.body.len() + self.extra.len() - start) as u32 }
    }
}

/// Where the pieces of a message are; nearly always there is one.
#[derive(Default)]
struct Pieces {
    first: Range,
    more: Vec<Range>,
}

impl Pieces {
    fn add(&mut self, piece: Range) {
        if self.first.len == 0 {
            self.first = piece;
        } else if piece.len > 0 {
            self.more.push(piece);
        }
    }
}

/// Validates a `Resource`; returns where its `service.name` is, if it has one that is a non-empty string.
fn scan_resource(mut message: Cursor) -> Result<Option<Range>> {
    let mut service = None;
    while !message.is_done() {
        match message.key()? {
            (1, wire) => {
                let (key, value) = scan_attribute(nested(&mut message, wire)?, 0)?;
                if key == b"service.name" && value.len > 0 {
                    service.get_or_insert(value);
                }
            }
            (2, Wire::Varint) => drop(message.varint()?),
            (3, wire) => scan_entity_ref(nested(&mut message, wire)?)?,
            (1..=3, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(service)
}

fn scan_entity_ref(mut message: Cursor) -> Result<()> {
    while !message.is_done() {
        match message.key()? {
            (1..=4, wire) => drop(text(&mut message, wire)?),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(())
}

fn scan_scope(mut message: Cursor) -> Result<()> {
    while !message.is_done() {
        match message.key()? {
            (1 | 2, wire) => drop(text(&mut message, wire)?),
            (3, wire) => drop(scan_attribute(nested(&mut message, wire)?, 0)?),
            (4, Wire::Varint) => drop(message.varint()?),
            (4, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(())
}

/// Validates a `KeyValue`; returns its key and where its value is, if that is a string.
fn scan_attribute(mut message: Cursor<'_>, depth: usize) -> Result<(&[u8], Range)> {
    let (mut key, mut value): (&[u8], Range) = (&[], Range::default());
    while !message.is_done() {
        match message.key()? {
            (1, Wire::Bytes) => key = message.text()?.rest(),
            (2, wire) => value = scan_value(nested(&mut message, wire)?, depth)?,
            (3, Wire::Varint) => drop(message.varint()?),
            (1 | 3, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok((key, value))
}

/// Validates an `AnyValue`; returns where its text is, if it is a string. What is nested deeper than is ever read is
/// left as opaque bytes, so the recursion is bounded.
fn scan_value(mut message: Cursor, depth: usize) -> Result<Range> {
    if depth > Value::MAX_DEPTH {
        return Ok(Range::default());
    }
    let mut string = Range::default();
    while !message.is_done() {
        let (field, wire) = message.key()?;
        if let 2..=8 = field {
            string = Range::default();
        }
        match (field, wire) {
            (1, wire) => string = text(&mut message, wire)?,
            (2 | 3 | 8, Wire::Varint) => drop(message.varint()?),
            (4, Wire::Fixed64) => drop(message.fixed64()?),
            (5, wire) => scan_values(nested(&mut message, wire)?, depth + 1)?,
            (6, wire) => scan_map(nested(&mut message, wire)?, depth + 1)?,
            (7, Wire::Bytes) => drop(message.bytes()?),
            (2..=4 | 7 | 8, _) => return Err(message.error(WRONG_TYPE)),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(string)
}

fn scan_values(mut message: Cursor, depth: usize) -> Result<()> {
    while !message.is_done() {
        match message.key()? {
            (1, wire) => drop(scan_value(nested(&mut message, wire)?, depth)?),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(())
}

fn scan_map(mut message: Cursor, depth: usize) -> Result<()> {
    while !message.is_done() {
        match message.key()? {
            (1, wire) => drop(scan_attribute(nested(&mut message, wire)?, depth)?),
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(())
}

const WRONG_TYPE: &str = "a known field with the wrong wire type";

fn nested<'a>(message: &mut Cursor<'a>, wire: Wire) -> Result<Cursor<'a>> {
    if wire == Wire::Bytes { message.nested() } else { Err(message.error(WRONG_TYPE)) }
}

/// Reads a string and returns where it is.
fn text(message: &mut Cursor, wire: Wire) -> Result<Range> {
    if wire != Wire::Bytes {
        return Err(message.error(WRONG_TYPE));
    }
    Ok(range(message.text()?))
}

fn range(message: Cursor) -> Range {
    Range { start: message.offset() as u32, len: message.rest().len() as u32 }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod layout_tests;

//! A block that never changes: the rows of a trace side by side, columns narrowed, and of the bytes what the columns do
//! not hold, compressed in pages. A span takes about a sixth of what it took in the open block.

mod packed;
mod pages;
mod parts;
mod seal;
mod strip;

use std::sync::Arc;

pub use seal::Sealer;

use super::index::Index;
use super::row::{Facts, Row};
use crate::model::Timestamp;
use crate::otlp::wire::Cursor;
use packed::Packed;
use pages::{PageReader, Pages};
use parts::Parts;
use strip::{Stripped, restore};

/// See the module.
#[derive(Debug)]
pub(crate) struct SealedBlock {
    pub(super) sequence: u32,
    len: u32,
    names: Box<[Arc<str>]>,
    pub(super) parts: Parts,
    columns: Columns,
    /// The earliest and the latest start of a part.
    pub(super) starts_ns: (u64, u64),
    /// The rest of each span, then each scope, then each resource.
    pages: Pages,
    /// The number of the resource of each scope.
    scope_resources: Packed,
    scopes: u32,
    /// When the first and the last request arrived.
    pub(super) arrivals: (Timestamp, Timestamp),
    bytes: usize,
}

/// The columns of spans.
#[derive(Debug)]
struct Columns {
    span_id: Box<[u64]>,
    /// 0 at a root, 1 where the parent's id stands in `foreign_parents`, else 2 + how many rows away the parent is.
    parent: Packed,
    /// Rows whose parent is not in the same part, in order, with its id.
    foreign_parents: Box<[(u32, u64)]>,
    start_ns: Packed,
    duration_ns: Packed,
    service: Packed,
    operation: Packed,
    scope: Packed,
    /// Kind, status and flag.
    small: Packed,
    events: Packed,
    links: Packed,
    /// Finds the rows of parts that are too large to be searched row by row.
    large_parts: Option<Index>,
}

/// A part of more rows than this has its spans in an index.
const LARGE_PART: usize = 128;

const ROOT: u64 = 0;
const FOREIGN: u64 = 1;

/// Puts a distance into a small number, whichever its sign.
fn zigzag(distance: i64) -> u64 {
    (distance << 1 ^ distance >> 63) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

impl Columns {
    #[inline]
    fn parent_id(&self, row: u32) -> u64 {
        match self.parent.get(row) {
            ROOT => 0,
            FOREIGN => {
                let found = self.foreign_parents.binary_search_by_key(&row, |&(row, _)| row);
                found.ok().and_then(|at| self.foreign_parents.get(at)).map_or(0, |&(_, id)| id)
            }
            distance => {
                let parent = i64::from(row) + unzigzag(distance - 2);
                self.span_id.get(parent as usize).copied().unwrap_or_default()
            }
        }
    }

    fn bytes(&self) -> usize {
        let packed = [
            &self.parent,
            &self.start_ns,
            &self.duration_ns,
            &self.service,
            &self.operation,
            &self.scope,
            &self.small,
            &self.events,
            &self.links,
        ];
        packed.iter().map(|column| column.bytes()).sum::<usize>()
            + self.span_id.len() * size_of::<u64>()
            + self.foreign_parents.len() * size_of::<(u32, u64)>()
            + self.large_parts.as_ref().map_or(0, Index::bytes)
    }
}

impl SealedBlock {
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[inline]
    pub(super) fn row(&self, row: u32) -> Row {
        let Some(&span_id) = self.columns.span_id.get(row as usize) else { return Row::default() };
        let columns = &self.columns;
        let number = |column: &Packed| column.get(row) as u32;
        Row {
            span_id,
            parent_id: columns.parent_id(row),
            start_ns: columns.start_ns.get(row),
            duration_ns: columns.duration_ns.get(row),
            service: number(&columns.service),
            operation: number(&columns.operation),
            scope: number(&columns.scope),
            facts: Facts::from_parts(number(&columns.small), number(&columns.events), number(&columns.links)),
        }
    }

    pub(super) fn span_id(&self, row: u32) -> u64 {
        self.columns.span_id.get(row as usize).copied().unwrap_or_default()
    }

    pub(super) fn service(&self, row: u32) -> u32 {
        self.columns.service.get(row) as u32
    }

    pub(super) fn operation(&self, row: u32) -> u32 {
        self.columns.operation.get(row) as u32
    }

    /// Returns the row of a span in the part of its trace; `hash` is that of its id.
    pub(super) fn find_span(&self, part: u32, span_id: u64, hash: u64) -> Option<u32> {
        let rows = self.parts.rows(part);
        let is_it = |row: u32| self.columns.span_id.get(row as usize) == Some(&span_id);
        match &self.columns.large_parts {
            Some(index) if rows.len() > LARGE_PART => index.find(hash, |row| rows.contains(&row) && is_it(row)),
            _ => rows.into_iter().find(|&row| is_it(row)),
        }
    }

    /// Returns the ids of parents that are not in the part of their children, one for each child.
    pub(super) fn foreign_parents(&self, part: u32) -> impl Iterator<Item = u64> {
        let rows = self.parts.rows(part);
        let foreign = &self.columns.foreign_parents;
        let [from, to] = [rows.start, rows.end].map(|end| foreign.partition_point(|&(row, _)| row < end));
        foreign.get(from..to).unwrap_or_default().iter().map(|&(_, id)| id)
    }

    /// Returns the number of a scope's resource.
    pub(super) fn resource(&self, scope: u32) -> u32 {
        self.scope_resources.get(scope) as u32
    }

    pub(super) fn name(&self, name: u32) -> Option<&Arc<str>> {
        self.names.get(name as usize)
    }

    pub(super) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    pub(super) fn reader(&self) -> SealedReader<'_> {
        let pages = || PageReader::new(&self.pages);
        SealedReader { block: self, spans: pages(), origins: pages(), message: Vec::new() }
    }
}

/// Reads the messages of a block.
#[derive(Debug)]
pub(crate) struct SealedReader<'a> {
    block: &'a SealedBlock,
    spans: PageReader<'a>,
    /// Scopes and resources lie elsewhere.
    origins: PageReader<'a>,
    message: Vec<u8>,
}

impl SealedReader<'_> {
    /// Returns the `Span` message of a row; it means the same as the one that came.
    pub(super) fn span(&mut self, index: u32) -> &[u8] {
        let block = self.block;
        let Some((&stripped, rest)) = self.spans.item(index).split_first() else { return &[] };
        let stripped = Stripped::from_number(stripped);
        let row = block.row(index);
        let trace_id = block.parts.trace_id(block.parts.of_row(index)).unwrap_or_default();
        let operation = block.name(row.operation).map_or("", |name| name);
        self.message.clear();
        restore(&row, (trace_id, operation), (stripped, rest), &mut self.message);
        &self.message
    }

    /// Returns an `InstrumentationScope` message and its schema URL.
    pub(super) fn scope(&mut self, scope: u32) -> (&[u8], &str) {
        self.message_and_schema(self.block.len + scope)
    }

    /// Returns the `Resource` message of a scope and its schema URL.
    pub(super) fn resource(&mut self, scope: u32) -> (&[u8], &str) {
        let resource = self.block.resource(scope);
        self.message_and_schema(self.block.len + self.block.scopes + resource)
    }

    fn message_and_schema(&mut self, item: u32) -> (&[u8], &str) {
        let mut item = Cursor::new(self.origins.item(item));
        let schema_url = item.bytes().ok().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        (item.rest(), schema_url)
    }
}

#[cfg(test)]
mod tests;

//! Looking at many rows of a block at once: which of them pass a test of a column, which have certain bytes.

mod bits;
mod fingerprint;

pub(crate) use bits::Bits;
pub(super) use bits::{WORD, retain_in};
pub(crate) use fingerprint::{FingerprintOf, fingerprint};
pub(super) use fingerprint::{KeyHash, of_origin};

use super::View;
use super::row::Row;
use super::view::Block;

/// A column of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Column {
    Start,
    Duration,
    /// Names by number.
    Service,
    Operation,
    /// Scopes by number.
    Scope,
    /// [`crate::model::Kind`] as a number.
    Kind,
    /// [`crate::model::StatusCode`] as a number.
    Status,
    /// How many there are, at most 8,191; as the next.
    Events,
    Links,
    /// 1 at a root, else 0.
    IsRoot,
}

impl Column {
    pub(super) fn of(self, row: &Row) -> u64 {
        match self {
            Self::Start => row.start_ns,
            Self::Duration => row.duration_ns,
            Self::Service => row.service.into(),
            Self::Operation => row.operation.into(),
            Self::Scope => row.scope.into(),
            Self::Kind => row.facts.kind() as u64,
            Self::Status => row.facts.status() as u64,
            Self::Events => row.facts.events().into(),
            Self::Links => row.facts.links().into(),
            Self::IsRoot => u64::from(row.parent_id == 0),
        }
    }
}

/// What is asked of a number of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Test<'a> {
    /// From the first to the last, both included.
    Between(u64, u64),
    /// By number; one past the end fails.
    OneOf(&'a [bool]),
}

impl Test<'_> {
    #[inline]
    pub(super) fn passes(&self, value: u64) -> bool {
        match self {
            Self::Between(least, most) => (*least..=*most).contains(&value),
            Self::OneOf(passing) => passing.get(value as usize).copied().unwrap_or_default(),
        }
    }
}

/// Given some bytes and where in them to begin, returns where it found something, counted from the first of the bytes.
pub(crate) type Find<'a> = dyn Fn(&[u8], usize) -> Option<usize> + 'a;

impl View<'_> {
    /// Takes out of `rows` those of which a column does not pass a test.
    pub(crate) fn keep(&self, column: Column, test: &Test, rows: &mut Bits) {
        match self.block() {
            Block::Open(block) => rows.retain(|row| test.passes(column.of(&block.row(row)))),
            Block::Sealed(block) => block.keep(column, test, rows),
        }
    }

    /// Returns two numbers between which all of a column lie, both included, without looking at rows: everything where
    /// that is not known.
    pub(crate) fn bounds(&self, column: Column) -> (u64, u64) {
        match self.block() {
            Block::Open(_) => (0, u64::MAX),
            Block::Sealed(block) => block.bounds(column),
        }
    }

    /// Returns whether a span of this block may have an attribute, on itself, an event or a link, with this key and value
    /// (of [`fingerprint()`]), or an array of which an element is this value; nearly never if none has.
    pub(crate) fn may_have(&self, fingerprint: u64) -> bool {
        match self.block() {
            Block::Open(_) => true,
            Block::Sealed(block) => block.may_have(fingerprint),
        }
    }

    /// Returns the same for the attributes of resources and scopes.
    pub(crate) fn origin_may_have(&self, fingerprint: u64) -> bool {
        match self.block() {
            Block::Open(_) => true,
            Block::Sealed(block) => block.may_have(of_origin(fingerprint)),
        }
    }

    /// Takes out of `rows` those whose spans have nowhere in their bytes (beside what the columns hold: ids, name, times)
    /// what `find` finds, and those for which `holds` is then false; it gets the row, and the bytes that
    /// [`super::Reader::body`] returns. `find` is given the bytes of many spans, and has to find the same whatever stands
    /// around it; `holds` may also be asked for a row of which only the beginning was found, the end being that of the next.
    pub(crate) fn keep_with_bytes(&self, find: &Find, mut holds: impl FnMut(u32, &[u8]) -> bool, rows: &mut Bits) {
        match self.block() {
            Block::Open(block) => rows.retain(|row| {
                let message = block.span_message(row);
                find(message, 0).is_some() && holds(row, message)
            }),
            Block::Sealed(block) => block.keep_with_bytes(find, holds, rows),
        }
    }

    /// Returns the parts that have a row in a set.
    pub(crate) fn parts_of(&self, rows: &Bits) -> Bits {
        match self.block() {
            Block::Open(block) => {
                let mut parts = Bits::none(block.parts.len());
                rows.iter().for_each(|row| parts.insert(block.place(row).part));
                parts
            }
            Block::Sealed(block) => block.parts.of_rows(rows),
        }
    }

    /// Returns the rows of a set of parts, as far as they can be seen.
    pub(crate) fn rows_of(&self, parts: &Bits) -> Bits {
        let mut rows = Bits::none(self.len());
        match self.block() {
            Block::Open(block) => {
                let is_in = |row: &u32| parts.has(block.place(*row).part);
                (0..self.len()).filter(is_in).for_each(|row| rows.insert(row));
            }
            Block::Sealed(block) => parts.iter().for_each(|part| rows.insert_range(block.parts.rows(part))),
        }
        rows
    }
}

//! The hot columns of a block's spans: one cache line a span, written once by the writer, read by anyone.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::{Kind, StatusCode};

const CHUNK: usize = 4_096;

/// No row, part or name.
pub(crate) const NONE: u32 = u32::MAX;

/// Preallocated rows, in chunks that are allocated when they are first needed. The atomics are there for sharing
/// without a lock: a plain load and store each; the block's published length orders them.
#[derive(Debug)]
pub(super) struct Rows {
    chunks: Box<[OnceLock<Box<[Line]>>]>,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line([AtomicU64; 8]);

/// The columns of one span inside its block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) span_id: u64,
    /// 0 for a root.
    pub(crate) parent_id: u64,
    pub(crate) start_ns: u64,
    pub(crate) duration_ns: u64,
    /// Into the block's names.
    pub(crate) service: u32,
    pub(crate) operation: u32,
    /// Where the `Span` message is in its request's bytes.
    pub(crate) offset: u32,
    pub(crate) len: u32,
    /// Into the block's scopes.
    pub(crate) scope: u32,
    /// The row before of the same trace in this block, [`NONE`] at the first.
    pub(crate) previous: u32,
    /// Into the block's trace parts.
    pub(crate) part: u32,
    pub(crate) facts: Facts,
}

/// Kind, status, flag and counts in 32 bits: 3 for the kind, 2 for the status, 1 flag, 13 for each count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts(u32);

const COUNT_MAX: u16 = (1 << 13) - 1;

impl Facts {
    pub(crate) fn new(kind: Kind, status: StatusCode, ends_before_start: bool, events: u16, links: u16) -> Self {
        Self(
            kind as u32
                | (status as u32) << 3
                | u32::from(ends_before_start) << 5
                | u32::from(events.min(COUNT_MAX)) << 6
                | u32::from(links.min(COUNT_MAX)) << 19,
        )
    }

    pub(crate) fn kind(self) -> Kind {
        Kind::from_number((self.0 & 7) as i32)
    }

    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_number((self.0 >> 3 & 3) as i32)
    }

    pub(crate) fn ends_before_start(self) -> bool {
        self.0 >> 5 & 1 == 1
    }

    /// At most 8,191.
    pub(crate) fn events(self) -> u32 {
        self.0 >> 6 & u32::from(COUNT_MAX)
    }

    /// At most 8,191.
    pub(crate) fn links(self) -> u32 {
        self.0 >> 19 & u32::from(COUNT_MAX)
    }
}

impl Row {
    pub(crate) fn end_ns(&self) -> u64 {
        self.start_ns.saturating_add(self.duration_ns)
    }

    pub(crate) fn is_error(&self) -> bool {
        self.facts.status() == StatusCode::Error
    }
}

fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn halves(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}

impl Rows {
    /// Returns room for `capacity` rows; nothing is allocated for them yet.
    pub(super) fn with_capacity(capacity: u32) -> Self {
        Self { chunks: (0..(capacity as usize).div_ceil(CHUNK)).map(|_| OnceLock::new()).collect() }
    }

    /// Returns the bytes that `rows` rows take.
    pub(super) fn bytes(rows: u32) -> usize {
        (rows as usize).div_ceil(CHUNK) * CHUNK * size_of::<Line>()
    }

    /// Writes a row. Only the block's writer calls this, at places not yet published.
    pub(super) fn set(&self, index: u32, row: &Row) {
        let chunk = self.chunks[index as usize / CHUNK]
            .get_or_init(|| std::iter::repeat_with(Line::default).take(CHUNK).collect());
        let words = [
            row.span_id,
            row.parent_id,
            row.start_ns,
            row.duration_ns,
            pair(row.service, row.operation),
            pair(row.offset, row.len),
            pair(row.scope, row.previous),
            pair(row.part, row.facts.0),
        ];
        for (word, value) in chunk[index as usize % CHUNK].0.iter().zip(words) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// Returns a row; all zero where none was written.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Row {
        let Some(line) = self.line(index) else { return Row::default() };
        let word = |i: usize| line.0[i].load(Ordering::Relaxed);
        let ((service, operation), (offset, len)) = (halves(word(4)), halves(word(5)));
        let ((scope, previous), (part, facts)) = (halves(word(6)), halves(word(7)));
        Row {
            span_id: word(0),
            parent_id: word(1),
            start_ns: word(2),
            duration_ns: word(3),
            service,
            operation,
            offset,
            len,
            scope,
            previous,
            part,
            facts: Facts(facts),
        }
    }

    /// Returns whether a row is this span of this part, without reading the rest.
    #[inline]
    pub(super) fn is_span(&self, index: u32, span_id: u64, part: u32) -> bool {
        self.line(index).is_some_and(|line| {
            let word = |i: usize| line.0[i].load(Ordering::Relaxed);
            word(0) == span_id && halves(word(7)).0 == part
        })
    }

    #[inline]
    fn line(&self, index: u32) -> Option<&Line> {
        self.chunks.get(index as usize / CHUNK)?.get()?.get(index as usize % CHUNK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_written() {
        let rows = Rows::with_capacity(5_000);
        let row = |i: u32| Row {
            span_id: u64::from(i) + 1,
            parent_id: u64::MAX,
            start_ns: 3,
            duration_ns: 4,
            service: i,
            operation: NONE,
            offset: 7,
            len: i,
            scope: 9,
            previous: NONE,
            part: i,
            facts: Facts::new(Kind::Consumer, StatusCode::Error, true, u16::MAX, 5),
        };
        for i in 0..5_000 {
            rows.set(i, &row(i));
        }
        assert!((0..5_000).all(|i| rows.get(i) == row(i)));
        assert_eq!(rows.get(1_000_000), Row::default());
    }

    #[test]
    fn facts_keep_kind_status_flag_and_saturated_counts() {
        for kind in Kind::ALL {
            for status in [StatusCode::Unset, StatusCode::Ok, StatusCode::Error] {
                let facts = Facts::new(kind, status, true, 70, 60_000);
                assert_eq!((facts.kind(), facts.status(), facts.ends_before_start()), (kind, status, true));
                assert_eq!((facts.events(), facts.links()), (70, 8_191));
            }
        }
    }
}

//! The columns of an open block's spans: one cache line a span, written once by the writer, read by anyone.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::row::{Facts, Row};

const CHUNK: usize = 4_096;

/// Preallocated rows, in chunks that are allocated when they are first needed. The atomics are there for sharing
/// without a lock: a plain load and store each; the block's published length orders them.
#[derive(Debug)]
pub(super) struct Rows {
    chunks: Box<[OnceLock<Box<[Line]>>]>,
    /// The rows of a chunk; all of them, where they are fewer.
    chunk_rows: usize,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line([AtomicU64; 8]);

/// Where a row belongs inside its open block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Place {
    /// Where the `Span` message is in its request's bytes.
    pub(in crate::store) offset: u32,
    pub(in crate::store) len: u32,
    /// The row before of the same trace in this block, [`crate::store::row::NONE`] at the first.
    pub(in crate::store) previous: u32,
    /// Into the block's parts of traces.
    pub(in crate::store) part: u32,
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
        let capacity = capacity as usize;
        let chunks = (0..capacity.div_ceil(CHUNK)).map(|_| OnceLock::new()).collect();
        Self { chunks, chunk_rows: CHUNK.min(capacity) }
    }

    /// Returns the bytes that `rows` rows take.
    pub(super) fn bytes(&self, rows: u32) -> usize {
        (rows as usize).div_ceil(CHUNK) * self.chunk_rows * size_of::<Line>()
    }

    /// Returns the bytes that are allocated.
    pub(super) fn allocated_bytes(&self) -> usize {
        self.chunks.iter().filter(|chunk| chunk.get().is_some()).count() * self.chunk_rows * size_of::<Line>()
    }

    /// Writes a row. Only the block's writer calls this, at places not yet published.
    #[inline]
    pub(super) fn set(&self, index: u32, row: &Row, place: Place) {
        let chunk = self.chunks[index as usize / CHUNK]
            .get_or_init(|| std::iter::repeat_with(Line::default).take(self.chunk_rows).collect());
        let words = [
            row.span_id,
            row.parent_id,
            row.start_ns,
            row.duration_ns,
            pair(row.service, row.operation),
            pair(row.scope, row.facts.bits()),
            pair(place.offset, place.len),
            pair(place.previous, place.part),
        ];
        for (word, value) in chunk[index as usize % CHUNK].0.iter().zip(words) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// Returns a row that was written.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Row {
        let Some(line) = self.line(index) else { return Row::default() };
        let word = |i: usize| line.0[i].load(Ordering::Relaxed);
        let ((service, operation), (scope, facts)) = (halves(word(4)), halves(word(5)));
        Row {
            span_id: word(0),
            parent_id: word(1),
            start_ns: word(2),
            duration_ns: word(3),
            service,
            operation,
            scope,
            facts: Facts::from_bits(facts),
        }
    }

    /// Returns the place of a row that was written.
    #[inline]
    pub(super) fn place(&self, index: u32) -> Place {
        let Some(line) = self.line(index) else { return Place::default() };
        let word = |i: usize| line.0[i].load(Ordering::Relaxed);
        let ((offset, len), (previous, part)) = (halves(word(6)), halves(word(7)));
        Place { offset, len, previous, part }
    }

    /// Returns whether a row is this span of this part, without reading the rest.
    #[inline]
    pub(super) fn is_span(&self, index: u32, span_id: u64, part: u32) -> bool {
        self.line(index).is_some_and(|line| {
            let word = |i: usize| line.0[i].load(Ordering::Relaxed);
            word(0) == span_id && halves(word(7)).1 == part
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
    use crate::model::{Kind, StatusCode};
    use crate::store::row::NONE;

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
            scope: 9,
            facts: Facts::new(Kind::Consumer, StatusCode::Error, true, u16::MAX, 5),
        };
        let place = |i: u32| Place { offset: 7, len: i, previous: NONE, part: i };
        for i in 0..5_000 {
            rows.set(i, &row(i), place(i));
        }
        assert!((0..5_000).all(|i| rows.get(i) == row(i) && rows.place(i) == place(i)));
        assert!((0..5_000).all(|i| rows.is_span(i, u64::from(i) + 1, i) && !rows.is_span(i, 1, i + 1)));
        assert_eq!(rows.get(1_000_000), Row::default());
    }
}

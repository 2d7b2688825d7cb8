//! A block: up to 65,536 spans, their hot columns, names and bytes. While it is the open one its writer appends; then it
//! never changes. Readers take a [`View`]: the block up to the length that the store's frontier gives it.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::appended::Appended;
use super::index::{Index, hash};
use super::parts::{PartSummary, Summaries};
use super::rows::{NONE, Row, Rows};
use crate::model::Timestamp;
use crate::otlp::Range;

/// See the module.
#[derive(Debug)]
pub(crate) struct Block {
    /// Counts blocks since the start.
    pub(crate) sequence: u32,
    pub(super) capacity: u32,
    pub(super) rows: Rows,
    /// How many rows were written, whether readers may look at them yet or not.
    written: AtomicU32,
    pub(super) names: Appended<Arc<str>>,
    pub(super) requests: Appended<KeptRequest>,
    pub(super) resources: Appended<ResourceEntry>,
    pub(super) scopes: Appended<ScopeEntry>,
    pub(super) parts: Appended<Part>,
    pub(super) part_index: Index,
    pub(super) span_index: Index,
    bytes: AtomicUsize,
    /// What readers have summed up so far; the writer never touches it.
    summaries: Mutex<Summaries>,
}

/// A request of which this block holds spans.
#[derive(Debug)]
pub(super) struct KeptRequest {
    pub(super) bytes: Bytes,
    pub(super) arrived: Timestamp,
}

#[derive(Debug)]
pub(super) struct ResourceEntry {
    pub(super) request: u32,
    pub(super) message: Range,
    pub(super) schema_url: Range,
}

#[derive(Debug)]
pub(super) struct ScopeEntry {
    pub(super) resource: u32,
    pub(super) message: Range,
    pub(super) schema_url: Range,
}

/// What a block holds of one trace.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) trace_id: u128,
    /// The first of its rows; the others are chained from the newest back to it.
    pub(crate) first_row: u32,
    newest_row: AtomicU32,
    /// The part of the same trace in an older block.
    pub(crate) older: Option<PartRef>,
    /// Likewise in a newer block; all bits set while there is none.
    newer: AtomicU64,
}

/// Names a part among all blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartRef {
    pub(crate) block: u32,
    pub(crate) part: u32,
}

impl Part {
    pub(super) fn new(trace_id: u128, first_row: u32, older: Option<PartRef>) -> Self {
        Self { trace_id, first_row, newest_row: AtomicU32::new(first_row), older, newer: AtomicU64::new(u64::MAX) }
    }

    pub(super) fn newest_row(&self) -> u32 {
        self.newest_row.load(Ordering::Acquire)
    }

    /// Chains a row; it must have been written before.
    pub(super) fn set_newest_row(&self, row: u32) {
        self.newest_row.store(row, Ordering::Release);
    }

    pub(crate) fn newer(&self) -> Option<PartRef> {
        let packed = self.newer.load(Ordering::Acquire);
        (packed != u64::MAX).then_some(PartRef { block: (packed >> 32) as u32, part: packed as u32 })
    }

    pub(super) fn set_newer(&self, newer: PartRef) {
        self.newer.store(u64::from(newer.block) << 32 | u64::from(newer.part), Ordering::Release);
    }
}

impl Block {
    /// Returns an empty block for up to `capacity` spans.
    pub(super) fn new(sequence: u32, capacity: u32) -> Self {
        Self {
            sequence,
            capacity,
            rows: Rows::with_capacity(capacity),
            written: AtomicU32::new(0),
            names: Appended::default(),
            requests: Appended::default(),
            resources: Appended::default(),
            scopes: Appended::default(),
            parts: Appended::default(),
            part_index: Index::with_capacity(capacity),
            span_index: Index::with_capacity(capacity),
            bytes: AtomicUsize::new(Index::bytes(capacity) * 2),
            summaries: Mutex::default(),
        }
    }

    /// Returns the bytes of everything the block holds.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed) + Rows::bytes(self.written())
    }

    /// Counts bytes that were added. Only the block's writer calls this.
    pub(super) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn written(&self) -> u32 {
        self.written.load(Ordering::Acquire)
    }

    /// Counts a row that was written. Only the block's writer calls this.
    pub(super) fn set_written(&self, rows: u32) {
        self.written.store(rows, Ordering::Release);
    }

    /// Returns the row of a span, published or not, in the part of its trace; `hash` is that of [`span_hash`].
    #[inline]
    pub(super) fn find_span(&self, part: u32, span_id: u64, hash: u64) -> Option<u32> {
        self.span_index.find(hash, |row| self.rows.is_span(row, span_id, part))
    }

    /// Returns the part of a trace, published or not.
    pub(super) fn find_part(&self, trace_id: u128) -> Option<u32> {
        self.part_index.find(hash(trace_id), |part| self.parts.get(part).is_some_and(|p| p.trace_id == trace_id))
    }
}

/// Hashes what names a span, the same in every block.
#[inline]
pub(super) fn span_hash(trace_id: u128, span_id: u64) -> u64 {
    hash((trace_id, span_id))
}

/// A block as far as it could be seen when the view was taken.
#[derive(Clone, Debug)]
pub(crate) struct View {
    block: Arc<Block>,
    len: u32,
}

impl View {
    pub(super) fn of(block: &Arc<Block>, len: u32) -> Self {
        Self { block: Arc::clone(block), len }
    }

    pub(crate) fn sequence(&self) -> u32 {
        self.block.sequence
    }

    /// Returns how many spans can be seen.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn row(&self, index: u32) -> Row {
        self.block.rows.get(index)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.len).map(|index| self.row(index))
    }

    /// Returns a part if a span of it can be seen.
    pub(crate) fn part(&self, part: u32) -> Option<&Part> {
        self.block.parts.get(part).filter(|p| p.first_row < self.len)
    }

    /// Returns the part of a trace if a span of it can be seen.
    pub(crate) fn find_part(&self, trace_id: u128) -> Option<u32> {
        self.block.find_part(trace_id).filter(|&part| self.part(part).is_some())
    }

    /// Returns the row of a span if it can be seen.
    pub(crate) fn find_span(&self, part: u32, span_id: u64) -> Option<u32> {
        let trace_id = self.part(part)?.trace_id;
        self.block.find_span(part, span_id, span_hash(trace_id, span_id)).filter(|&row| row < self.len)
    }

    /// Returns the rows of a part, newest first.
    pub(crate) fn chain(&self, part: u32) -> impl Iterator<Item = u32> {
        let newest = self.block.parts.get(part).map_or(NONE, Part::newest_row);
        std::iter::successors((newest != NONE).then_some(newest), |&row| {
            Some(self.row(row).previous).filter(|&previous| previous != NONE)
        })
        .filter(|&row| row < self.len)
    }

    pub(crate) fn name(&self, name: u32) -> Arc<str> {
        self.block.names.get(name).map_or_else(|| Arc::from(""), Arc::clone)
    }

    /// Returns the number of a name in this block.
    pub(crate) fn find_name(&self, text: &str) -> Option<u32> {
        self.block.names.iter().position(|name| &**name == text).map(|index| index as u32)
    }

    /// Returns the `Span` message of a row.
    pub(crate) fn span_message(&self, row: &Row) -> &[u8] {
        let range = Range { start: row.offset, len: row.len };
        self.request(row).map_or(&[], |request| range.of(&request.bytes))
    }

    /// Returns the `InstrumentationScope` message of a row and its schema URL.
    pub(crate) fn scope_message(&self, row: &Row) -> (&[u8], &str) {
        let found = self.block.scopes.get(row.scope).zip(self.request(row));
        found.map_or((&[], ""), |(scope, request)| (scope.message.of(&request.bytes), text(scope.schema_url, request)))
    }

    /// Returns the `Resource` message of a row and its schema URL.
    pub(crate) fn resource_message(&self, row: &Row) -> (&[u8], &str) {
        let found = self.resource(row).zip(self.request(row));
        found.map_or((&[], ""), |(resource, request)| {
            (resource.message.of(&request.bytes), text(resource.schema_url, request))
        })
    }

    fn resource(&self, row: &Row) -> Option<&ResourceEntry> {
        self.block.resources.get(self.block.scopes.get(row.scope)?.resource)
    }

    fn request(&self, row: &Row) -> Option<&KeptRequest> {
        self.block.requests.get(self.resource(row)?.request)
    }

    /// Returns the sums over each part of what can be seen. Readers share them as they grow; one whose view is older
    /// than they are sums up for itself. The writer never waits for this.
    pub(crate) fn summaries(&self) -> SharedSummaries<'_> {
        let mut shared = self.block.summaries.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.rows() <= self.len {
            shared.extend_to(self);
            return SharedSummaries::Shared(shared);
        }
        let mut own = Summaries::default();
        own.extend_to(self);
        SharedSummaries::Own(own)
    }
}

/// The sums over each part of a block, in order of parts.
pub(crate) enum SharedSummaries<'a> {
    Shared(MutexGuard<'a, Summaries>),
    Own(Summaries),
}

impl std::ops::Deref for SharedSummaries<'_> {
    type Target = [PartSummary];

    fn deref(&self) -> &[PartSummary] {
        match self {
            Self::Shared(summaries) => summaries.parts(),
            Self::Own(summaries) => summaries.parts(),
        }
    }
}

fn text(range: Range, request: &KeptRequest) -> &str {
    std::str::from_utf8(range.of(&request.bytes)).unwrap_or_default()
}

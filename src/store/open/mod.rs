//! A block as it is written: up to 65,536 spans, their columns, names and bytes. One writer appends; readers look at it
//! up to the length that the store publishes. Full, it waits to be sealed and does not change any more.

mod appended;
mod names;
mod rows;
mod sums;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

pub(super) use appended::Appended;
pub(super) use names::Names;
pub(super) use rows::Place;
pub(super) use sums::OpenSums;

use super::index::Index;
use super::row::{NONE, Row};
use crate::model::Timestamp;
use crate::otlp::Range;
use rows::Rows;

/// See the module.
#[derive(Debug)]
pub(crate) struct OpenBlock {
    /// Counts blocks since the start.
    pub(super) sequence: u32,
    pub(super) capacity: u32,
    rows: Rows,
    /// How many rows were written, whether readers may look at them yet or not.
    written: AtomicU32,
    pub(super) names: Appended<Arc<str>>,
    pub(super) requests: Appended<KeptRequest>,
    pub(super) resources: Appended<ResourceEntry>,
    pub(super) scopes: Appended<ScopeEntry>,
    pub(super) parts: Appended<Part>,
    part_index: Index,
    span_index: Index,
    bytes: AtomicUsize,
    /// What readers have summed up so far; the writer never touches it.
    sums: Mutex<Arc<OpenSums>>,
}

/// The memory of a block that is gone, for the next one: mapped already, which new memory is not.
#[derive(Debug)]
pub(super) struct Spare {
    capacity: u32,
    rows: Rows,
    part_index: Index,
    span_index: Index,
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
pub(super) struct Part {
    pub(super) trace_id: u128,
    /// The first of its rows; the others are chained from the newest back to it.
    pub(super) first_row: u32,
    newest_row: AtomicU32,
    has_error: AtomicBool,
    /// The part of the same trace in an older block.
    pub(super) older: Option<PartRef>,
    pub(super) newer: NewerLink,
}

/// Names a part among all blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PartRef {
    pub(crate) block: u32,
    pub(crate) part: u32,
}

/// The part of the same trace in a newer block, which the writer sets once there is one.
#[derive(Debug)]
pub(super) struct NewerLink(AtomicU64);

impl Default for NewerLink {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl NewerLink {
    pub(super) fn get(&self) -> Option<PartRef> {
        let packed = self.0.load(Ordering::Acquire);
        (packed != u64::MAX).then_some(PartRef { block: (packed >> 32) as u32, part: packed as u32 })
    }

    pub(super) fn set(&self, newer: Option<PartRef>) {
        let packed = newer.map_or(u64::MAX, |newer| u64::from(newer.block) << 32 | u64::from(newer.part));
        self.0.store(packed, Ordering::Release);
    }
}

impl Part {
    pub(super) fn new(trace_id: u128, first_row: u32, older: Option<PartRef>) -> Self {
        Self {
            trace_id,
            first_row,
            newest_row: AtomicU32::new(first_row),
            has_error: AtomicBool::new(false),
            older,
            newer: NewerLink::default(),
        }
    }

    /// Returns whether one of its spans has an error. Only the block's writer asks.
    pub(super) fn has_error(&self) -> bool {
        self.has_error.load(Ordering::Relaxed)
    }

    pub(super) fn set_error(&self) {
        self.has_error.store(true, Ordering::Relaxed);
    }

    pub(super) fn newest_row(&self) -> u32 {
        self.newest_row.load(Ordering::Acquire)
    }
}

impl Spare {
    fn new(capacity: u32) -> Self {
        Self {
            capacity,
            rows: Rows::with_capacity(capacity),
            part_index: Index::with_capacity(capacity),
            span_index: Index::with_capacity(capacity),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.allocated_bytes() + self.part_index.bytes() + self.span_index.bytes()
    }
}

impl OpenBlock {
    /// Returns an empty block for up to `capacity` spans, in the memory of an earlier one where there is one.
    pub(super) fn new(sequence: u32, capacity: u32, spare: Option<Spare>) -> Self {
        let spare = spare.filter(|spare| spare.capacity == capacity).unwrap_or_else(|| Spare::new(capacity));
        let Spare { rows, part_index, span_index, .. } = spare;
        Self {
            sequence,
            capacity,
            rows,
            written: AtomicU32::new(0),
            names: Appended::default(),
            requests: Appended::default(),
            resources: Appended::default(),
            scopes: Appended::default(),
            parts: Appended::default(),
            bytes: AtomicUsize::new(part_index.bytes() + span_index.bytes()),
            part_index,
            span_index,
            sums: Mutex::default(),
        }
    }

    /// Returns the block's memory for another one.
    pub(super) fn into_spare(self) -> Spare {
        let Self { capacity, rows, mut part_index, mut span_index, .. } = self;
        part_index.clear();
        span_index.clear();
        Spare { capacity, rows, part_index, span_index }
    }

    /// Returns the bytes of everything the block holds.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed) + self.rows.bytes(self.written())
    }

    /// Counts bytes that were added. Only the block's writer calls this.
    pub(super) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn written(&self) -> u32 {
        self.written.load(Ordering::Acquire)
    }

    /// Appends a row to the part of its trace. Only the block's writer calls this.
    #[inline]
    pub(super) fn append(&self, row: &Row, place: Place, hash: u64) {
        let index = self.written.load(Ordering::Relaxed);
        self.rows.set(index, row, place);
        self.span_index.insert(hash, index);
        if let Some(part) = self.parts.get(place.part) {
            part.newest_row.store(index, Ordering::Release);
        }
        self.written.store(index + 1, Ordering::Release);
    }

    /// Begins a trace here, whose id has this hash, and returns its part. Only the block's writer calls this.
    pub(super) fn begin_part(&self, part: Part, hash: u64) -> u32 {
        let index = self.parts.push(part);
        self.part_index.insert(hash, index);
        index
    }

    #[inline]
    pub(super) fn row(&self, index: u32) -> Row {
        self.rows.get(index)
    }

    #[inline]
    pub(super) fn place(&self, index: u32) -> Place {
        self.rows.place(index)
    }

    /// Has the place of a span at hand when it is looked for soon; `hash` is that of its id.
    #[inline]
    pub(super) fn touch_span(&self, hash: u64) {
        self.span_index.touch(hash);
    }

    /// Returns the row of a span, published or not, in the part of its trace; `hash` is that of its ids.
    #[inline]
    pub(super) fn find_span(&self, part: u32, span_id: u64, hash: u64) -> Option<u32> {
        self.span_index.find(hash, |row| self.rows.is_span(row, span_id, part))
    }

    /// Returns the part of a trace, published or not; `hash` is that of its id.
    #[inline]
    pub(super) fn find_part(&self, trace_id: u128, hash: u64) -> Option<u32> {
        self.part_index.find(hash, |part| self.parts.get(part).is_some_and(|p| p.trace_id == trace_id))
    }

    /// Returns the rows of a part, newest first.
    pub(super) fn chain(&self, part: u32) -> impl Iterator<Item = u32> {
        let newest = self.parts.get(part).map_or(NONE, Part::newest_row);
        std::iter::successors((newest != NONE).then_some(newest), |&row| {
            Some(self.rows.place(row).previous).filter(|&previous| previous != NONE)
        })
    }

    /// Returns the trace of a row; 0 where there is no such row.
    pub(super) fn trace_id(&self, row: u32) -> u128 {
        self.parts.get(self.rows.place(row).part).map_or(0, |part| part.trace_id)
    }

    /// Returns the `Span` message of a row.
    pub(super) fn span_message(&self, row: u32) -> &[u8] {
        let Place { offset, len, .. } = self.rows.place(row);
        let request = self.resource(self.rows.get(row).scope).and_then(|resource| self.requests.get(resource.request));
        request.map_or(&[], |request| Range { start: offset, len }.of(&request.bytes))
    }

    /// Returns an `InstrumentationScope` message and its schema URL.
    pub(super) fn scope_message(&self, scope: u32) -> (&[u8], &str) {
        let found = self.scopes.get(scope).map(|entry| (entry.message, entry.schema_url));
        self.message(scope, found)
    }

    /// Returns the `Resource` message of a scope and its schema URL.
    pub(super) fn resource_message(&self, scope: u32) -> (&[u8], &str) {
        let found = self.resource(scope).map(|entry| (entry.message, entry.schema_url));
        self.message(scope, found)
    }

    fn message(&self, scope: u32, ranges: Option<(Range, Range)>) -> (&[u8], &str) {
        let request = self.resource(scope).and_then(|resource| self.requests.get(resource.request));
        let Some((request, (message, schema_url))) = request.zip(ranges) else { return (&[], "") };
        (message.of(&request.bytes), std::str::from_utf8(schema_url.of(&request.bytes)).unwrap_or_default())
    }

    fn resource(&self, scope: u32) -> Option<&ResourceEntry> {
        self.resources.get(self.scopes.get(scope)?.resource)
    }

    /// Returns when the first request arrived of which spans are here, and when the last one did.
    pub(super) fn arrivals(&self) -> Option<(Timestamp, Timestamp)> {
        let last = self.requests.get(self.requests.len().checked_sub(1)?)?;
        Some((self.requests.get(0)?.arrived, last.arrived))
    }

    /// Returns the sums over each part of the first `len` rows. Readers share them as they grow; one whose view is older
    /// than they are sums up for itself. Nobody waits for a reader that holds them for long, the writer for none.
    pub(super) fn sums(&self, len: u32) -> Arc<OpenSums> {
        let mut shared = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.rows() < len {
            Arc::make_mut(&mut shared).extend_to(self, len);
        }
        if shared.rows() == len {
            return Arc::clone(&shared);
        }
        drop(shared);
        let mut own = OpenSums::default();
        own.extend_to(self, len);
        Arc::new(own)
    }
}

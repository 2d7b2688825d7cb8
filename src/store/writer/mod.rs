//! The one writer: appends scanned requests to the open block, drops duplicates, links the parts of traces, and evicts
//! whole blocks when a limit is reached.

mod expiring;
mod leaving;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::model::{StatusCode, Timestamp};
use crate::otlp::{Batch, SpanRow};
use crate::store::directory::Directory;
use crate::store::ids::{id_hash, span_hash};
use crate::store::open::{KeptRequest, Names, OpenBlock, Part, PartRef, Place, ResourceEntry, ScopeEntry};
use crate::store::ring::{Ring, Sealed, Unsealed};
use crate::store::row::{Facts as RowFacts, NONE, Row};
use crate::store::segment::{Segment, Shelf};
use crate::store::sums::PartSums;
use crate::store::view::Block;
use crate::store::{Counters, Frontier, Held, Limits, Past, Store};

pub use expiring::{Expiring, Limit};

/// What became of a request's spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub stored: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// The blocks that hold those stored, none where none were.
    pub blocks: Option<RangeInclusive<u32>>,
}

/// The only one that changes a [`Store`].
#[derive(Debug)]
pub struct Writer {
    store: Arc<Store>,
    limits: Limits,
    open: Arc<OpenBlock>,
    /// Traces that began in the open block.
    begun: u32,
    full: Ring,
    directory: Directory,
    shelf: Option<Shelf>,
    /// Bytes of the log, which count among those on disk.
    log_bytes: u64,
    names: Names,
    counters: Counters,
    past: Past,
    traces: u64,
    traces_with_errors: u64,
    request: RequestInBlock,
    recent: Recent,
    /// Those of the ids of a request's spans; kept, as each request needs as many.
    hashes: Vec<u64>,
}

/// Where the request being appended stands in the open block; filled as its spans need it, so that a request of
/// nothing but duplicates leaves no trace.
#[derive(Debug, Default)]
struct RequestInBlock {
    request: Option<u32>,
    /// The bytes of spans that were appended since the block's bytes were counted last.
    span_bytes: usize,
    /// The other bytes of the request, until a block has them.
    other_bytes: usize,
    /// Per resource of the batch: its number in the block and its service's name.
    resources: Vec<(u32, u32)>,
    /// Likewise per scope.
    scopes: Vec<(u32, u32)>,
    /// Whether room was made for it.
    has_room: bool,
    /// The blocks that hold spans of it.
    blocks: Option<(u32, u32)>,
}

const USUAL_SCOPES: usize = 1_024;
const USUAL_SPANS: usize = 8_192;

impl RequestInBlock {
    fn begin(&mut self, batch: &Batch) {
        self.has_room = false;
        self.blocks = None;
        let spans: usize = batch.spans.iter().map(|span| span.message.len as usize).sum();
        self.other_bytes = batch.bytes.len().saturating_sub(spans);
        self.enter_block(batch);
    }

    /// Gives back what a request of very many resources or scopes took.
    fn end(&mut self) {
        self.resources.shrink_to(USUAL_SCOPES);
        self.scopes.shrink_to(USUAL_SCOPES);
    }

    fn enter_block(&mut self, batch: &Batch) {
        self.request = None;
        self.resources.clear();
        self.resources.resize(batch.resources.len(), (NONE, NONE));
        self.scopes.clear();
        self.scopes.resize(batch.scopes.len(), (NONE, NONE));
    }
}

/// Where a trace stands: its part in the open block, and its newest part in a full one, in memory or on disk.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    here: Option<Here>,
    older: Option<PartRef>,
}

/// A part in the open block.
#[derive(Clone, Copy, Debug)]
struct Here {
    part: u32,
    newest_row: u32,
    has_error: bool,
}

/// Traces seen a moment ago that have a part in the open block, by the last bits of their ids: spans of a few traces
/// come together.
#[derive(Debug)]
struct Recent(Box<[(u128, Standing); RECENT]>);

const RECENT: usize = 64;

impl Default for Recent {
    fn default() -> Self {
        Self(Box::new([(0, Standing::default()); RECENT]))
    }
}

impl Recent {
    fn clear(&mut self) {
        self.0.fill((0, Standing::default()));
    }

    #[inline]
    fn get(&self, trace_id: u128) -> Option<Standing> {
        let (recent, standing) = &self.0[trace_id as usize % RECENT];
        (*recent == trace_id && standing.here.is_some()).then_some(*standing)
    }

    #[inline]
    fn set(&mut self, trace_id: u128, standing: Standing) {
        self.0[trace_id as usize % RECENT] = (trace_id, standing);
    }
}

/// What a request, a resource, a scope and a part take in a block beside the bytes they name.
const REQUEST_OVERHEAD: usize = 64;
const RESOURCE_OVERHEAD: usize = 40;
const SCOPE_OVERHEAD: usize = 32;
const PART_OVERHEAD: usize = size_of::<Part>() + 16 + size_of::<PartSums>() + 64;

impl Writer {
    /// Returns an empty store in memory, and its writer.
    pub fn new(limits: Limits) -> (Arc<Store>, Self) {
        Self::with_segments(limits, None, Vec::new(), 0)
    }

    /// Returns a store with these files of blocks, oldest first, and its writer; blocks that leave memory go on being read
    /// from the files on the shelf. The next block has at least this number.
    pub fn with_segments(
        limits: Limits,
        shelf: Option<Shelf>,
        segments: Vec<Segment>,
        next: u32,
    ) -> (Arc<Store>, Self) {
        let store = Arc::new(Store::default());
        let newest = segments.last().map(|segment| segment.sealed().facts);
        if let Some(newest) = newest {
            newest.keys.adopt();
        }
        let next = newest.map_or(next, |newest| next.max(newest.sequence.saturating_add(1)));
        let mut writer = Self {
            store: Arc::clone(&store),
            limits,
            open: Arc::new(OpenBlock::new(next, limits.block_spans(), None)),
            begun: 0,
            full: Ring::default(),
            directory: Directory::default(),
            shelf,
            log_bytes: 0,
            names: Names::default(),
            counters: Counters::default(),
            past: Past::default(),
            traces: 0,
            traces_with_errors: 0,
            request: RequestInBlock::default(),
            recent: Recent::default(),
            hashes: Vec::new(),
        };
        for segment in segments {
            writer.take_over(segment);
        }
        writer.keep_disk_budget();
        writer.publish_blocks();
        writer.publish();
        (store, writer)
    }

    /// Goes on with what an earlier run knew of spans that are gone.
    pub(in crate::store) fn set_past(&mut self, past: Past) {
        self.past = past;
        self.publish_blocks();
        self.publish();
    }

    /// Returns what is known of spans that are gone.
    pub fn past(&self) -> &Past {
        &self.past
    }

    /// Appends a request; readers see all of it or nothing.
    pub fn append(&mut self, batch: &Batch, arrived: Timestamp) -> Outcome {
        let before = self.counters;
        self.counters.received += batch.spans.len() as u64 + batch.rejected;
        self.counters.rejected += batch.rejected;
        self.request.begin(batch);
        let mut hashes = std::mem::take(&mut self.hashes);
        let hash = |span: &SpanRow| span_hash(span.trace_id, span.span_id);
        hashes.extend(batch.spans.iter().map(hash).inspect(|&hash| self.open.touch_span(hash)));
        for (span, hash) in batch.spans.iter().zip(hashes.drain(..)) {
            self.append_span(batch, (span, hash), arrived);
        }
        hashes.shrink_to(USUAL_SPANS);
        self.hashes = hashes;
        self.count_span_bytes();
        self.request.end();
        self.keep_budget();
        self.publish();
        Outcome {
            stored: self.counters.stored - before.stored,
            duplicates: self.counters.duplicates - before.duplicates,
            rejected: batch.rejected,
            blocks: self.request.blocks.map(|(first, last)| first..=last),
        }
    }

    /// Appends a request of an earlier run that was found in its log. Of its spans those count that are in no block yet.
    pub fn recover(&mut self, batch: &Batch, arrived: Timestamp) -> Outcome {
        let before = self.counters;
        let outcome = self.append(batch, arrived);
        let Counters { received, duplicates, rejected, .. } = before;
        self.counters = Counters { received, duplicates, rejected, ..self.counters };
        self.counters.recovered += outcome.stored;
        self.publish();
        outcome
    }

    /// Gives out the next full block to be sealed, none where every one was. It stays in its place, and is read, until
    /// [`Writer::put_sealed`] is given the sealed one.
    pub fn take_unsealed(&mut self) -> Option<Unsealed> {
        self.full.take_unsealed()
    }

    /// Returns how many full blocks are not sealed.
    pub fn unsealed(&self) -> usize {
        self.full.unsealed()
    }

    /// Puts a sealed block in the place of the full one.
    pub fn put_sealed(&mut self, sealed: Sealed) {
        match self.full.put_sealed(sealed) {
            Ok(()) => {
                self.keep_budget();
                self.publish_blocks();
                self.full.reclaim();
                self.publish();
            }
            Err(segment) => self.discard(segment),
        }
    }

    /// Appends a span, whose ids have this hash.
    fn append_span(&mut self, batch: &Batch, (span, hash): (&SpanRow, u64), arrived: Timestamp) {
        let mut standing = self.standing(span.trace_id);
        let is_here = standing.here.is_some_and(|here| self.open.find_span(here.part, span.span_id, hash).is_some());
        if is_here || self.full.has_span(standing.older, span.span_id, hash) {
            self.counters.duplicates += 1;
            return;
        }
        standing = self.make_room(batch, span.trace_id, standing);
        let row = self.open.written();
        let here = standing.here.unwrap_or_else(|| self.begin_part(span.trace_id, row, standing.older));
        let (scope, service) = self.scope(batch, span.scope, arrived);
        let operation = self.names.number(&self.open, span.name.of(&batch.bytes));
        let columns = Row {
            span_id: span.span_id,
            parent_id: span.parent_id,
            start_ns: span.start_ns,
            duration_ns: span.duration_ns,
            service,
            operation,
            scope,
            facts: RowFacts::new(span.kind, span.status, span.ends_before_start, span.events, span.links),
        };
        let Here { part, newest_row: previous, .. } = here;
        self.request.span_bytes += span.message.len as usize;
        self.open.append(&columns, Place { offset: span.message.start, len: span.message.len, previous, part }, hash);
        let is_error = span.status == StatusCode::Error;
        if is_error && !here.has_error {
            self.note_error(part);
        }
        let here = Some(Here { part, newest_row: row, has_error: here.has_error || is_error });
        self.recent.set(span.trace_id, Standing { here, ..standing });
        self.counters.stored += 1;
        self.counters.in_memory += 1;
    }

    fn standing(&self, trace_id: u128) -> Standing {
        self.recent.get(trace_id).unwrap_or_else(|| self.look_up(trace_id))
    }

    fn look_up(&self, trace_id: u128) -> Standing {
        let hash = id_hash(trace_id);
        let part = self.open.find_part(trace_id, hash);
        let Some((number, part)) = part.and_then(|number| Some((number, self.open.parts.get(number)?))) else {
            let in_memory = self.directory.newest_part(hash, |part| self.full.trace_id(part) == Some(trace_id));
            let older = in_memory.or_else(|| self.full.newest_part_on_disk(trace_id));
            return Standing { here: None, older };
        };
        let here = Here { part: number, newest_row: part.newest_row(), has_error: part.has_error() };
        Standing { here: Some(here), older: part.older.and_then(|older| self.full.held(older, || Some(trace_id))) }
    }

    /// Makes room for a span that is going to be stored, and returns where its trace stands then. For the first span of a
    /// request that is stored: ends the open block where the request would make it too large, and evicts until there is
    /// room for it.
    fn make_room(&mut self, batch: &Batch, trace_id: u128, mut standing: Standing) -> Standing {
        if !std::mem::replace(&mut self.request.has_room, true) {
            self.make_room_for_request(batch);
            standing = self.standing(trace_id);
        }
        let begins = !standing.older.is_some_and(|older| self.full.is_in_memory(older));
        if self.open.written() >= self.open.capacity || standing.here.is_none() && self.has_all_traces(begins) {
            self.end_block_within(batch);
            standing = self.standing(trace_id);
        }
        if standing.here.is_none() && self.make_room_for_trace(begins, standing.older.is_none()) {
            standing = self.standing(trace_id);
        }
        standing
    }

    fn make_room_for_request(&mut self, batch: &Batch) {
        let incoming = batch.bytes.len() + batch.spans.len() * (size_of::<[u64; 8]>() + PART_OVERHEAD);
        let written = self.open.written();
        let is_large = self.open.bytes() + incoming > self.limits.block_bytes();
        if written > 0 && (is_large || written as usize + batch.spans.len() > self.open.capacity as usize) {
            self.end_block_within(batch);
        }
        while self.bytes() + incoming > self.limits.memory_bytes && self.evict_oldest() {}
    }

    /// Returns whether the open block may not take a part of another trace. Traces that began elsewhere and go on here
    /// count less than those that begin here, so that a few long traces do not make a block of every request.
    fn has_all_traces(&self, begins: bool) -> bool {
        let limit = self.limits.block_traces();
        begins && self.begun >= limit || self.open.parts.len() >= limit.saturating_mul(3)
    }

    fn end_block_within(&mut self, batch: &Batch) {
        self.count_span_bytes();
        self.end_block();
        self.request.enter_block(batch);
    }

    /// Counts the spans that were appended to the open block.
    fn count_span_bytes(&mut self) {
        self.open.add_bytes(std::mem::take(&mut self.request.span_bytes));
    }

    fn bytes(&self) -> usize {
        self.full.bytes() + self.open.bytes() + self.directory.bytes() + self.past.bytes()
    }

    /// Begins a trace in the open block, and links it to the part before, where there is one.
    fn begin_part(&mut self, trace_id: u128, first_row: u32, older: Option<PartRef>) -> Here {
        let hash = id_hash(trace_id);
        let part = self.open.begin_part(Part::new(trace_id, first_row, older), hash);
        let newest = PartRef { block: self.open.sequence, part };
        self.open.add_bytes(PART_OVERHEAD);
        match older.filter(|&older| self.full.is_in_memory(older)) {
            None => {
                self.begun += 1;
                self.directory.add(hash, newest);
            }
            Some(before) => self.directory.set(hash, before, newest),
        }
        match older.and_then(|older| Some((self.full.get(older.block)?, older.part))) {
            None => self.traces += 1,
            Some((block, part)) => block.set_newer(part, Some(newest)),
        }
        Here { part, newest_row: NONE, has_error: false }
    }

    /// Notes the first error of a part in the open block.
    fn note_error(&mut self, part: u32) {
        let Some(part) = self.open.parts.get(part) else { return };
        part.set_error();
        if !self.full.chain(part.older).any(|(block, part)| block.has_error(part)) {
            self.traces_with_errors += 1;
        }
    }

    /// Returns the number in the open block of a scope of the request, and of its service's name.
    fn scope(&mut self, batch: &Batch, scope: u32, arrived: Timestamp) -> (u32, u32) {
        let known = self.request.scopes[scope as usize];
        if known.0 != NONE {
            return known;
        }
        let entry = &batch.scopes[scope as usize];
        let (resource, service) = self.resource(batch, entry.resource, arrived);
        let number =
            self.open.scopes.push(ScopeEntry { resource, message: entry.message, schema_url: entry.schema_url });
        self.open.add_bytes(SCOPE_OVERHEAD);
        self.request.scopes[scope as usize] = (number, service);
        (number, service)
    }

    /// Likewise of a resource.
    fn resource(&mut self, batch: &Batch, resource: u32, arrived: Timestamp) -> (u32, u32) {
        let known = self.request.resources[resource as usize];
        if known.0 != NONE {
            return known;
        }
        let entry = batch.resources[resource as usize];
        let request = self.kept_request(batch, arrived);
        let number =
            self.open.resources.push(ResourceEntry { request, message: entry.message, schema_url: entry.schema_url });
        self.open.add_bytes(RESOURCE_OVERHEAD);
        let service = self.names.number(&self.open, batch.service(&entry).as_bytes());
        self.request.resources[resource as usize] = (number, service);
        (number, service)
    }

    fn kept_request(&mut self, batch: &Batch, arrived: Timestamp) -> u32 {
        if let Some(request) = self.request.request {
            return request;
        }
        // A request that lies in several blocks is counted once: each block counts its spans, the first one the rest.
        self.open.add_bytes(std::mem::take(&mut self.request.other_bytes) + REQUEST_OVERHEAD);
        let first = self.request.blocks.map_or(self.open.sequence, |(first, _)| first);
        self.request.blocks = Some((first, self.open.sequence));
        // The last request of a block says when it may go, also if that one comes from what was kept long ago.
        let arrived = self.open.arrivals().map_or(arrived, |(_, last)| arrived.max(last));
        let request = self.open.requests.push(KeptRequest { bytes: batch.bytes.clone(), arrived });
        self.request.request = Some(request);
        request
    }

    /// Ends the open block, which never changes again, and begins the next one.
    fn end_block(&mut self) {
        let next = OpenBlock::new(self.open.sequence + 1, self.limits.block_spans(), self.full.spare());
        self.full.push(std::mem::replace(&mut self.open, Arc::new(next)));
        self.begun = 0;
        self.names.clear();
        self.recent.clear();
        self.publish_blocks();
    }

    fn publish_blocks(&self) {
        let open = Block::Open(Arc::clone(&self.open));
        let blocks = self.full.blocks().cloned().chain([open]).collect();
        self.store.held.store(Arc::new(Held { blocks, past: self.past.clone() }));
    }

    fn publish(&self) {
        let oldest = self.full.oldest().and_then(Block::arrivals).or_else(|| self.open.arrivals());
        self.store.facts.store(Arc::new(crate::store::Facts {
            counters: self.counters,
            traces: self.traces,
            traces_with_errors: self.traces_with_errors,
            memory_traces: self.directory.len() as u64,
            segments: self.full.segments(),
            bytes: self.bytes() as u64,
            budget_bytes: self.limits.memory_bytes as u64,
            oldest_arrival: oldest.map(|(first, _)| first),
            frontier: Frontier { block: self.open.sequence, rows: self.open.written() },
        }));
        self.store.revision.fetch_add(1, Ordering::AcqRel);
    }
}

//! The one writer: appends scanned requests to the open block, drops duplicates, links the parts of traces, seals,
//! and evicts whole blocks when a limit is reached.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::block::{Block, KeptRequest, Part, PartRef, ResourceEntry, ScopeEntry, span_hash};
use super::directory::Directory;
use super::names::Names;
use super::rows::{Facts as RowFacts, NONE, Row};
use super::{Counters, Facts, Limits, Store};
use crate::model::Timestamp;
use crate::otlp::{Batch, SpanRow};

/// What became of a request's spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub stored: u64,
    pub duplicates: u64,
    pub rejected: u64,
}

/// The only one that changes a [`Store`].
#[derive(Debug)]
pub struct Writer {
    store: Arc<Store>,
    limits: Limits,
    open: Arc<Block>,
    /// Rows written to the open block, whether readers may see them yet or not.
    written: u32,
    /// Traces that began in the open block.
    begun: u32,
    sealed: VecDeque<Arc<Block>>,
    sealed_bytes: usize,
    directory: Directory,
    names: Names,
    counters: Counters,
    request: RequestInBlock,
}

/// Where the request being appended stands in the open block; filled as its spans need it, so that a request of
/// nothing but duplicates leaves no trace.
#[derive(Debug)]
struct RequestInBlock {
    request: Option<u32>,
    resources: Vec<u32>,
    /// Per scope of the batch: its number in the block and its service's name.
    scopes: Vec<(u32, u32)>,
    /// The parts of traces seen a moment ago, by the last bits of their ids: spans of a few traces come together.
    recent: [Option<(u128, u32)>; RECENT],
    /// Whether room was made for it.
    has_room: bool,
}

const RECENT: usize = 64;
const USUAL_SCOPES: usize = 1_024;

impl Default for RequestInBlock {
    fn default() -> Self {
        Self { request: None, resources: Vec::new(), scopes: Vec::new(), recent: [None; RECENT], has_room: false }
    }
}

impl RequestInBlock {
    fn begin(&mut self, batch: &Batch) {
        self.has_room = false;
        self.enter_block(batch);
    }

    /// Gives back what a request of very many resources or scopes took.
    fn end(&mut self) {
        self.resources.shrink_to(USUAL_SCOPES);
        self.scopes.shrink_to(USUAL_SCOPES);
    }

    fn enter_block(&mut self, batch: &Batch) {
        self.request = None;
        self.recent = [None; RECENT];
        self.resources.clear();
        self.resources.resize(batch.resources.len(), NONE);
        self.scopes.clear();
        self.scopes.resize(batch.scopes.len(), (NONE, NONE));
    }
}

/// What a request, a resource, a scope and a part take in a block beside the bytes they name.
const REQUEST_OVERHEAD: usize = 64;
const RESOURCE_OVERHEAD: usize = 40;
const SCOPE_OVERHEAD: usize = 32;
const PART_OVERHEAD: usize = size_of::<Part>() + 16 + size_of::<super::PartSummary>();

impl Writer {
    /// Returns an empty store and its writer.
    pub fn new(limits: Limits) -> (Arc<Store>, Self) {
        let store = Arc::new(Store::default());
        let open = Arc::new(Block::new(0, limits.block_spans()));
        let writer = Self {
            store: Arc::clone(&store),
            limits,
            open,
            written: 0,
            begun: 0,
            sealed: VecDeque::new(),
            sealed_bytes: 0,
            directory: Directory::default(),
            names: Names::default(),
            counters: Counters::default(),
            request: RequestInBlock::default(),
        };
        writer.publish_blocks();
        writer.publish();
        (store, writer)
    }

    /// Appends a request; readers see all of it or nothing.
    pub fn append(&mut self, batch: &Batch, arrived: Timestamp) -> Outcome {
        let before = self.counters;
        self.counters.received += batch.spans.len() as u64 + batch.rejected;
        self.counters.rejected += batch.rejected;
        self.request.begin(batch);
        for span in &batch.spans {
            if self.is_duplicate(span) {
                self.counters.duplicates += 1;
            } else {
                self.make_room(batch, span);
                self.append_span(batch, span, arrived);
            }
        }
        self.request.end();
        self.keep_budget();
        self.publish();
        Outcome {
            stored: self.counters.stored - before.stored,
            duplicates: self.counters.duplicates - before.duplicates,
            rejected: batch.rejected,
        }
    }

    /// Drops what is past its retention at `now`, and seals the open block when it is old, so that it can go in time.
    pub fn tick(&mut self, now: Timestamp) {
        let first_arrival = self.open.requests.get(0).map(|request| request.arrived);
        let is_old = first_arrival.is_some_and(|first| now.since(first) > self.limits.block_age_ns());
        if is_old {
            self.seal();
        }
        let expired = |block: &Block, retention_ns| {
            let last = block.requests.len().checked_sub(1).and_then(|last| block.requests.get(last));
            last.is_none_or(|request| now.since(request.arrived) > retention_ns)
        };
        let before = self.sealed.len();
        while self.sealed.front().is_some_and(|block| expired(block, self.limits.retention_ns)) {
            self.evict_oldest();
        }
        if is_old || self.sealed.len() != before {
            self.keep_budget();
            self.publish();
        }
    }

    /// Makes room for a span that is going to be stored. For the first one of a request that is: seals the open block
    /// where the request would make it too large, and evicts until there is room for it.
    fn make_room(&mut self, batch: &Batch, span: &SpanRow) {
        if !std::mem::replace(&mut self.request.has_room, true) {
            let incoming = batch.bytes.len() + batch.spans.len() * (size_of::<Row>() + PART_OVERHEAD);
            let is_large = self.open.bytes() + incoming > self.limits.block_bytes();
            if self.written > 0 && (is_large || self.written as usize + batch.spans.len() > self.open.capacity as usize)
            {
                self.seal_within(batch);
            }
            while self.bytes() + incoming > self.limits.memory_bytes && self.evict_oldest() {}
        }
        if self.written >= self.open.capacity || self.has_all_traces(span.trace_id) {
            self.seal_within(batch);
        }
    }

    /// Returns whether the open block may not take a part of this trace. Traces that began elsewhere and go on here count
    /// less than those that begin here, so that a few long traces do not make a block of every request.
    fn has_all_traces(&mut self, trace_id: u128) -> bool {
        if self.part_here(trace_id).is_some() {
            return false;
        }
        let limit = self.limits.block_traces();
        let begins = self.directory.newest_part(trace_id).is_none();
        begins && self.begun >= limit || self.open.parts.len() >= limit.saturating_mul(3)
    }

    fn seal_within(&mut self, batch: &Batch) {
        self.seal();
        self.request.enter_block(batch);
    }

    fn keep_budget(&mut self) {
        while self.bytes() > self.limits.memory_bytes && self.evict_oldest() {}
    }

    fn bytes(&self) -> usize {
        self.sealed_bytes + self.open.bytes() + self.directory.bytes()
    }

    fn is_duplicate(&mut self, span: &SpanRow) -> bool {
        let here = self.part_here(span.trace_id);
        let hash = span_hash(span.trace_id, span.span_id);
        here.is_some_and(|part| self.open.find_span(part, span.span_id, hash).is_some())
            || self.is_in_older_block(self.older_part(here, span.trace_id), span.span_id, hash)
    }

    /// Returns the newest part of a trace in a sealed block.
    fn older_part(&self, here: Option<u32>, trace_id: u128) -> Option<PartRef> {
        match here {
            Some(part) => self.open.parts.get(part).and_then(|part| part.older),
            None => self.directory.newest_part(trace_id),
        }
    }

    fn append_span(&mut self, batch: &Batch, span: &SpanRow, arrived: Timestamp) {
        let here = self.part_here(span.trace_id);
        let older = self.older_part(here, span.trace_id);
        let index = self.written;
        let previous = here.and_then(|part| self.open.parts.get(part)).map_or(NONE, Part::newest_row);
        let part = here.unwrap_or_else(|| self.new_part(span.trace_id, index, older));
        let (scope, service) = self.scope(batch, span.scope, arrived);
        let operation = self.names.number(&self.open, batch.text(span.name));
        let row = Row {
            span_id: span.span_id,
            parent_id: span.parent_id,
            start_ns: span.start_ns,
            duration_ns: span.duration_ns,
            service,
            operation,
            offset: span.message.start,
            len: span.message.len,
            scope,
            previous,
            part,
            facts: RowFacts::new(span.kind, span.status, span.ends_before_start, span.events, span.links),
        };
        self.open.rows.set(index, &row);
        self.open.span_index.insert(span_hash(span.trace_id, span.span_id), index);
        if let Some(part) = self.open.parts.get(part) {
            part.set_newest_row(index);
        }
        self.written += 1;
        self.open.set_written(self.written);
        self.counters.stored += 1;
        self.counters.in_memory += 1;
    }

    fn part_here(&mut self, trace_id: u128) -> Option<u32> {
        let place = trace_id as usize % RECENT;
        if let Some((recent, part)) = self.request.recent[place]
            && recent == trace_id
        {
            return Some(part);
        }
        let part = self.open.find_part(trace_id)?;
        self.request.recent[place] = Some((trace_id, part));
        Some(part)
    }

    fn is_in_older_block(&self, mut older: Option<PartRef>, span_id: u64, hash: u64) -> bool {
        while let Some(at) = older
            && let Some(block) = self.sealed_block(at.block)
        {
            if block.find_span(at.part, span_id, hash).is_some() {
                return true;
            }
            older = block.parts.get(at.part).and_then(|part| part.older);
        }
        false
    }

    fn sealed_block(&self, sequence: u32) -> Option<&Arc<Block>> {
        let first = self.sealed.front()?.sequence;
        self.sealed.get(sequence.checked_sub(first)? as usize)
    }

    /// Begins a trace in the open block, and links it to the part before, where there is one.
    fn new_part(&mut self, trace_id: u128, first_row: u32, older: Option<PartRef>) -> u32 {
        if older.is_none() && self.limits.max_traces > 0 {
            while self.directory.len() >= self.limits.max_traces && self.evict_oldest() {}
        }
        self.begun += u32::from(older.is_none());
        let part = self.open.parts.push(Part::new(trace_id, first_row, older));
        let here = PartRef { block: self.open.sequence, part };
        self.open.part_index.insert(super::index::hash(trace_id), part);
        self.open.add_bytes(PART_OVERHEAD);
        self.directory.set(trace_id, here);
        if let Some(at) = older
            && let Some(part) = self.sealed_block(at.block).and_then(|block| block.parts.get(at.part))
        {
            part.set_newer(here);
        }
        self.request.recent[trace_id as usize % RECENT] = Some((trace_id, part));
        part
    }

    /// Returns the number in the open block of a scope of the request, and of its service's name.
    fn scope(&mut self, batch: &Batch, scope: u32, arrived: Timestamp) -> (u32, u32) {
        let known = self.request.scopes[scope as usize];
        if known.0 != NONE {
            return known;
        }
        let entry = &batch.scopes[scope as usize];
        let resource = self.resource(batch, entry.resource, arrived);
        let number =
            self.open.scopes.push(ScopeEntry { resource, message: entry.message, schema_url: entry.schema_url });
        self.open.add_bytes(SCOPE_OVERHEAD);
        let service = self.names.number(&self.open, batch.service(entry));
        self.request.scopes[scope as usize] = (number, service);
        (number, service)
    }

    fn resource(&mut self, batch: &Batch, resource: u32, arrived: Timestamp) -> u32 {
        let known = self.request.resources[resource as usize];
        if known != NONE {
            return known;
        }
        let entry = batch.resources[resource as usize];
        let request = self.kept_request(batch, arrived);
        let number =
            self.open.resources.push(ResourceEntry { request, message: entry.message, schema_url: entry.schema_url });
        self.open.add_bytes(RESOURCE_OVERHEAD);
        self.request.resources[resource as usize] = number;
        number
    }

    fn kept_request(&mut self, batch: &Batch, arrived: Timestamp) -> u32 {
        if let Some(request) = self.request.request {
            return request;
        }
        self.open.add_bytes(batch.bytes.len() + REQUEST_OVERHEAD);
        let request = self.open.requests.push(KeptRequest { bytes: batch.bytes.clone(), arrived });
        self.request.request = Some(request);
        request
    }

    /// Ends the open block, which never changes again, and begins the next one.
    fn seal(&mut self) {
        let next = Arc::new(Block::new(self.open.sequence + 1, self.limits.block_spans()));
        let sealed = std::mem::replace(&mut self.open, next);
        self.sealed_bytes += sealed.bytes();
        self.sealed.push_back(sealed);
        (self.written, self.begun) = (0, 0);
        self.names.clear();
        self.publish_blocks();
    }

    /// Drops the oldest sealed block; returns whether there was one.
    fn evict_oldest(&mut self) -> bool {
        let Some(block) = self.sealed.pop_front() else { return false };
        self.sealed_bytes -= block.bytes();
        self.directory.forget(&block);
        self.counters.in_memory -= u64::from(block.written());
        self.counters.evicted += u64::from(block.written());
        self.publish_blocks();
        true
    }

    fn publish_blocks(&self) {
        let blocks = self.sealed.iter().chain([&self.open]).map(Arc::clone).collect();
        self.store.blocks.store(Arc::new(blocks));
    }

    fn publish(&self) {
        let frontier = u64::from(self.open.sequence) << 32 | u64::from(self.written);
        self.store.frontier.store(frontier, Ordering::Release);
        let oldest = self.sealed.front().unwrap_or(&self.open);
        self.store.facts.store(Arc::new(Facts {
            counters: self.counters,
            traces: self.directory.len() as u64,
            bytes: self.bytes() as u64,
            budget_bytes: self.limits.memory_bytes as u64,
            oldest_arrival: oldest.requests.get(0).map(|request| request.arrived),
        }));
        self.store.revision.fetch_add(1, Ordering::AcqRel);
    }
}

//! A block as far as it could be seen at one moment, whichever form it has.

use std::sync::Arc;

use super::ids::{id_hash, span_hash};
use super::open::{OpenBlock, OpenSums, Part, PartRef};
use super::row::{NONE, Row};
use super::scan::{Bits, Column, Test};
use super::sealed::{Salvage, SealedBlock, SealedReader};
use super::sums::{PartSums, RootRow};
use crate::model::Timestamp;

/// A block of the ring in one of its forms.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// Being written, or full and waiting to be sealed.
    Open(Arc<OpenBlock>),
    Sealed(Arc<SealedBlock>),
}

impl Block {
    pub(super) fn sequence(&self) -> u32 {
        match self {
            Self::Open(block) => block.sequence,
            Self::Sealed(block) => block.facts.sequence,
        }
    }

    /// Returns how many spans it holds, published or not.
    pub(super) fn written(&self) -> u32 {
        match self {
            Self::Open(block) => block.written(),
            Self::Sealed(block) => block.len(),
        }
    }

    /// Returns when the first and the last request arrived of which spans are here.
    pub(super) fn arrivals(&self) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Open(block) => block.arrivals(),
            Self::Sealed(block) => Some(block.facts.arrivals),
        }
    }

    pub(super) fn has_span(&self, part: u32, span_id: u64, hash: u64) -> bool {
        let found = match self {
            Self::Open(block) => block.find_span(part, span_id, hash),
            Self::Sealed(block) => block.find_span(part, span_id),
        };
        found.is_some()
    }

    /// Returns the part of a trace, published or not; `hash` is that of its id.
    pub(super) fn find_part(&self, trace_id: u128, hash: u64) -> Option<u32> {
        match self {
            Self::Open(block) => block.find_part(trace_id, hash),
            Self::Sealed(block) => block.parts.find(trace_id, hash),
        }
    }

    pub(super) fn trace_id(&self, part: u32) -> Option<u128> {
        match self {
            Self::Open(block) => block.parts.get(part).map(|part| part.trace_id),
            Self::Sealed(block) => block.parts.trace_id(part),
        }
    }

    pub(super) fn older(&self, part: u32) -> Option<PartRef> {
        let older = match self {
            Self::Open(block) => block.parts.get(part)?.older,
            Self::Sealed(block) => block.parts.older(part),
        };
        // A damaged file could send who follows these round in a circle.
        older.filter(|older| older.block < self.sequence())
    }

    /// Returns the part of the same trace in a newer block.
    pub(super) fn newer(&self, part: u32) -> Option<PartRef> {
        match self {
            Self::Open(block) => block.parts.get(part)?.newer.get(),
            Self::Sealed(block) => block.newer.get(part),
        }
    }

    /// Returns whether a span of a part has an error. Only the store's writer asks.
    pub(super) fn has_error(&self, part: u32) -> bool {
        match self {
            Self::Open(block) => block.parts.get(part).is_some_and(Part::has_error),
            Self::Sealed(block) => block.parts.errors(part) > 0,
        }
    }

    pub(super) fn set_newer(&self, part: u32, newer: Option<PartRef>) {
        match self {
            Self::Open(block) => {
                if let Some(part) = block.parts.get(part) {
                    part.newer.set(newer);
                }
            }
            Self::Sealed(block) => block.newer.set(part, newer),
        }
    }

    /// Returns how many traces it holds parts of.
    pub(super) fn parts(&self) -> u32 {
        match self {
            Self::Open(block) => block.parts.len(),
            Self::Sealed(block) => block.parts.len(),
        }
    }

    /// Returns the ids of the traces of which it holds parts, in order of parts.
    pub(super) fn trace_ids(&self) -> impl Iterator<Item = u128> {
        (0..self.parts()).filter_map(|part| self.trace_id(part))
    }
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    block: &'a Block,
    len: u32,
}

impl<'a> View<'a> {
    pub(super) fn of(block: &'a Block, len: u32) -> Self {
        Self { block, len }
    }

    pub(super) fn block(&self) -> &'a Block {
        self.block
    }

    pub(crate) fn sequence(&self) -> u32 {
        self.block.sequence()
    }

    /// Returns how many spans can be seen.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub(crate) fn row(&self, row: u32) -> Row {
        match self.block {
            Block::Open(block) => block.row(row),
            Block::Sealed(block) => block.row(row),
        }
    }

    /// Returns whether a span of this part can be seen; the parts for which that is so are the first ones.
    pub(crate) fn has_part(&self, part: u32) -> bool {
        match self.block {
            Block::Open(block) => block.parts.get(part).is_some_and(|part| part.first_row < self.len),
            Block::Sealed(block) => part < block.parts.len(),
        }
    }

    pub(crate) fn trace_id(&self, part: u32) -> Option<u128> {
        self.block.trace_id(part)
    }

    /// Returns the part of the same trace in an older block, held or not.
    pub(crate) fn older(&self, part: u32) -> Option<PartRef> {
        self.block.older(part)
    }

    /// Returns the part of the same trace in a newer block, seen or not.
    pub(crate) fn newer(&self, part: u32) -> Option<PartRef> {
        self.block.newer(part)
    }

    /// Returns the part of a trace if a span of it can be seen; `hash` is that of [`View::hash`].
    pub(crate) fn find_part(&self, trace_id: u128, hash: u64) -> Option<u32> {
        self.block.find_part(trace_id, hash).filter(|&part| self.has_part(part))
    }

    /// Hashes a trace's id for [`View::find_part`], once for all blocks.
    pub(crate) fn hash(trace_id: u128) -> u64 {
        id_hash(trace_id)
    }

    /// Returns the row of a span if it can be seen.
    pub(crate) fn find_span(&self, part: u32, span_id: u64) -> Option<u32> {
        match self.block {
            Block::Open(block) => {
                let hash = span_hash(self.trace_id(part)?, span_id);
                block.find_span(part, span_id, hash).filter(|&row| row < self.len)
            }
            Block::Sealed(block) => block.find_span(part, span_id),
        }
    }

    /// Returns the first row of a part.
    pub(crate) fn first_row(&self, part: u32) -> Option<u32> {
        match self.block {
            Block::Open(block) => block.parts.get(part).map(|part| part.first_row),
            Block::Sealed(block) => block.parts.rows(part).next(),
        }
    }

    /// Returns the rows of a part, the last to arrive first.
    pub(crate) fn newest_rows(self, part: u32) -> impl Iterator<Item = u32> {
        let len = self.len;
        let (chain, range) = match self.block {
            Block::Open(block) => (Some(block.chain(part).filter(move |&row| row < len)), 0..0),
            Block::Sealed(block) => (None, block.parts.rows(part)),
        };
        chain.into_iter().flatten().chain(range.rev())
    }

    /// Returns the rows of a part in order of arrival.
    pub(crate) fn part_rows(&self, part: u32) -> Vec<u32> {
        let mut rows: Vec<u32> = self.newest_rows(part).collect();
        rows.reverse();
        rows
    }

    /// Returns for each part whether a span of it has this service and this operation, where they are given.
    pub(crate) fn parts_with(&self, service: Option<u32>, operation: Option<u32>) -> Vec<bool> {
        let is = |wanted: Option<u32>, name: u32| wanted.is_none_or(|wanted| wanted == name);
        match self.block {
            Block::Open(block) => {
                let mut parts = Vec::new();
                for index in 0..self.len {
                    let (row, part) = (block.row(index), block.place(index).part as usize);
                    if part >= parts.len() {
                        parts.resize(part + 1, false);
                    }
                    parts[part] |= is(service, row.service) && is(operation, row.operation);
                }
                parts
            }
            Block::Sealed(block) => {
                let matches = |row| is(service, block.service(row)) && is(operation, block.operation(row));
                (0..block.parts.len()).map(|part| block.parts.rows(part).any(matches)).collect()
            }
        }
    }

    /// Returns the ids of parents that are not in the same part, one for each child.
    pub(crate) fn foreign_parents(self, part: u32) -> impl Iterator<Item = u64> {
        let (rows, foreign) = match self.block {
            Block::Open(_) => (Some(self.newest_rows(part)), None),
            Block::Sealed(block) => (None, Some(block.foreign_parents(part))),
        };
        let parents = rows.into_iter().flatten().map(move |row| self.row(row).parent_id);
        let here = parents.filter(move |&id| id != 0 && self.find_span(part, id).is_none());
        here.chain(foreign.into_iter().flatten())
    }

    /// Returns the ids of a part's spans.
    pub(crate) fn span_ids(self, part: u32) -> impl Iterator<Item = u64> {
        self.newest_rows(part).map(move |row| match self.block {
            Block::Open(block) => block.row(row).span_id,
            Block::Sealed(block) => block.span_id(row),
        })
    }

    /// Returns a name by its number; the empty one where there is none.
    pub(crate) fn name(&self, name: u32) -> Arc<str> {
        match self.block {
            Block::Open(block) => block.names.get(name).map_or_else(|| Arc::from(""), Arc::clone),
            Block::Sealed(block) => Arc::from(block.name(name)),
        }
    }

    /// Returns the text of a name by its number; the empty one where there is none.
    pub(crate) fn text(&self, name: u32) -> &'a str {
        match self.block {
            Block::Open(block) => block.names.get(name).map_or("", |name| name),
            Block::Sealed(block) => block.name(name),
        }
    }

    /// Returns the number of the name of a span's service.
    pub(crate) fn service(&self, row: u32) -> u32 {
        match self.block {
            Block::Open(block) => block.row(row).service,
            Block::Sealed(block) => block.service(row),
        }
    }

    /// Returns the number of the name of a span's operation.
    pub(crate) fn operation(&self, row: u32) -> u32 {
        match self.block {
            Block::Open(block) => block.row(row).operation,
            Block::Sealed(block) => block.operation(row),
        }
    }

    /// Returns the number of a name in this block.
    pub(crate) fn find_name(&self, text: &str) -> Option<u32> {
        match self.block {
            Block::Open(block) => block.names.iter().position(|name| &**name == text).map(|index| index as u32),
            Block::Sealed(block) => block.find_name(text),
        }
    }

    /// Returns the number of a scope's resource in this block.
    pub(crate) fn resource(&self, scope: u32) -> u32 {
        match self.block {
            Block::Open(block) => block.scopes.get(scope).map_or(NONE, |scope| scope.resource),
            Block::Sealed(block) => block.resource(scope),
        }
    }

    /// Returns what is whole of a block in which columns are damaged; none where none are.
    pub(super) fn salvage(&self) -> Option<Salvage> {
        match self.block {
            Block::Open(_) => None,
            Block::Sealed(block) => block.verify().salvage,
        }
    }

    /// Returns a reader of the messages of this block's spans.
    pub(crate) fn reader(&self) -> Reader<'a> {
        match self.block {
            Block::Open(block) => Reader::Open(block),
            Block::Sealed(block) => Reader::Sealed(block.reader()),
        }
    }

    /// Returns the rows whose `Span` messages may take at least so many bytes, which are more than 20,000.
    pub(crate) fn large_rows(&self, bytes: usize) -> Bits {
        /// What columns take off a message, and more.
        const COLUMNS: usize = 1_024;
        match self.block {
            Block::Open(block) => {
                let mut rows = Bits::none(self.len);
                let is_large = |row: &u32| block.place(*row).len as usize >= bytes;
                (0..self.len).filter(is_large).for_each(|row| rows.insert(row));
                rows
            }
            Block::Sealed(block) => block.large_rows(bytes.saturating_sub(COLUMNS)),
        }
    }

    /// Returns the sums over each part of what can be seen. The writer never waits for this.
    pub(crate) fn sums(&self) -> Sums<'a> {
        match self.block {
            Block::Open(block) => Sums::Open(block.sums(self.len)),
            Block::Sealed(block) => Sums::Sealed(block),
        }
    }

    /// Returns the sums over a part of what can be seen of it, without waiting for anyone who sums up the block.
    pub(crate) fn part_sums(&self, part: u32) -> PartSums {
        match self.block {
            Block::Open(_) => {
                let mut sums = PartSums::default();
                self.newest_rows(part).for_each(|row| sums.add(&self.row(row)));
                sums
            }
            Block::Sealed(block) => block.parts.sums(part),
        }
    }

    /// Returns the root that names the trace among those of a part.
    pub(crate) fn part_root(&self, part: u32) -> Option<RootRow> {
        let root = |index: u32| {
            let row = self.row(index);
            let is_root = row.parent_id == 0;
            is_root.then_some(RootRow {
                start_ns: row.start_ns,
                span_id: row.span_id,
                block: self.sequence(),
                row: index,
            })
        };
        match self.block {
            Block::Open(_) => self.newest_rows(part).filter_map(root).min(),
            Block::Sealed(block) => block.parts.root(part).and_then(root),
        }
    }

    /// Returns the part that a row belongs to.
    pub(crate) fn part_of_row(&self, row: u32) -> u32 {
        match self.block {
            Block::Open(block) => block.place(row).part,
            Block::Sealed(block) => block.parts.of_row(row),
        }
    }

    /// Returns how many parts there are, whether a span of them can be seen or not.
    pub(crate) fn parts(&self) -> u32 {
        self.block.parts()
    }

    /// Returns the id of a span.
    pub(crate) fn span_id(&self, row: u32) -> u64 {
        match self.block {
            Block::Open(block) => block.row(row).span_id,
            Block::Sealed(block) => block.span_id(row),
        }
    }

    /// Returns how many scopes there are.
    pub(crate) fn scopes(&self) -> u32 {
        match self.block {
            Block::Open(block) => block.scopes.len(),
            Block::Sealed(block) => block.scopes(),
        }
    }

    /// Returns how many names there are; they are numbered from 0.
    pub(crate) fn names(&self) -> u32 {
        match self.block {
            Block::Open(block) => block.names.len(),
            Block::Sealed(block) => block.names(),
        }
    }

    /// Returns the starts of the first and the last span, of which there is at least one.
    pub(crate) fn span_starts(&self) -> (u64, u64) {
        match self.block {
            Block::Open(_) => {
                let starts = (0..self.len).map(|row| self.row(row).start_ns);
                starts.fold((u64::MAX, 0), |(least, most), start| (least.min(start), most.max(start)))
            }
            Block::Sealed(block) => {
                // The upper bound of a column can lie days ahead; few spans begin after the last trace did.
                let latest_part = block.facts.starts_ns.1;
                let mut later = Bits::all(self.len);
                self.keep(Column::Start, &Test::Between(latest_part, u64::MAX), &mut later);
                let last = later.iter().map(|row| self.row(row).start_ns).max();
                (self.bounds(Column::Start).0, last.unwrap_or(latest_part))
            }
        }
    }

    /// Returns whether the block never changes any more.
    pub(crate) fn is_sealed(&self) -> bool {
        matches!(self.block, Block::Sealed(_))
    }

    /// Returns the earliest and the latest start of a part, none where they are not known.
    pub(crate) fn starts_ns(&self) -> Option<(u64, u64)> {
        match self.block {
            Block::Open(_) => None,
            Block::Sealed(block) => Some(block.facts.starts_ns),
        }
    }

    /// Returns the parts of traces that have one in an older block, held or not.
    pub(crate) fn parts_with_older(self) -> impl Iterator<Item = u32> {
        let (open, sealed) = match self.block {
            Block::Open(block) => (Some((0..).zip(block.parts.iter())), None),
            Block::Sealed(block) => (None, Some(block.parts.with_older().map(|(part, _)| part))),
        };
        let open = open.into_iter().flatten().filter(|(_, part)| part.older.is_some()).map(|(number, _)| number);
        open.chain(sealed.into_iter().flatten())
    }
}

/// Reads messages of a block's spans; those of spans that lie side by side cost little.
#[derive(Debug)]
pub(crate) enum Reader<'a> {
    Open(&'a OpenBlock),
    Sealed(SealedReader<'a>),
}

impl Reader<'_> {
    /// Returns the `Span` message of a row. It means the same as the one that came.
    pub(crate) fn span(&mut self, row: u32) -> &[u8] {
        match self {
            Self::Open(block) => block.span_message(row),
            Self::Sealed(reader) => reader.span(row),
        }
    }

    /// Returns fields of the `Span` message of a row: at least all that the columns do not hold, sooner than
    /// [`Reader::span`].
    pub(crate) fn body(&mut self, row: u32) -> &[u8] {
        match self {
            Self::Open(block) => block.span_message(row),
            Self::Sealed(reader) => reader.body(row),
        }
    }

    /// Returns an `InstrumentationScope` message and its schema URL.
    pub(crate) fn scope(&mut self, scope: u32) -> (&[u8], &str) {
        match self {
            Self::Open(block) => block.scope_message(scope),
            Self::Sealed(reader) => reader.scope(scope),
        }
    }

    /// Returns the `Resource` message of a scope and its schema URL.
    pub(crate) fn resource(&mut self, scope: u32) -> (&[u8], &str) {
        match self {
            Self::Open(block) => block.resource_message(scope),
            Self::Sealed(reader) => reader.resource(scope),
        }
    }
}

/// The sums over each part of a block.
pub(crate) enum Sums<'a> {
    Open(Arc<OpenSums>),
    Sealed(&'a SealedBlock),
}

impl Sums<'_> {
    /// Returns the number of parts.
    pub(crate) fn len(&self) -> u32 {
        match self {
            Self::Open(sums) => sums.parts().len() as u32,
            Self::Sealed(block) => block.parts.len(),
        }
    }

    pub(crate) fn part(&self, part: u32) -> PartSums {
        match self {
            Self::Open(sums) => sums.parts().get(part as usize).map(|part| part.sums).unwrap_or_default(),
            Self::Sealed(block) => block.parts.sums(part),
        }
    }

    /// Returns the row of the root that names the trace among those of this part.
    pub(crate) fn root_row(&self, part: u32) -> Option<u32> {
        match self {
            Self::Open(sums) => sums.parts().get(part as usize)?.root.map(|root| root.row),
            Self::Sealed(block) => block.parts.root(part),
        }
    }

    /// Returns the root that names the trace among those of this part, with what decides between it and others.
    pub(crate) fn root(&self, part: u32) -> Option<RootRow> {
        match self {
            Self::Open(sums) => sums.parts().get(part as usize)?.root,
            Self::Sealed(block) => {
                let row = block.parts.root(part)?;
                let Row { start_ns, span_id, .. } = block.row(row);
                Some(RootRow { start_ns, span_id, block: block.facts.sequence, row })
            }
        }
    }

    /// Appends the numbers of the names of a part's services.
    pub(crate) fn services(&self, part: u32, services: &mut Vec<u32>) {
        match self {
            Self::Open(sums) => services.extend(sums.parts().get(part as usize).iter().flat_map(|p| &p.services)),
            Self::Sealed(block) => services.extend(block.parts.services(part)),
        }
    }
}

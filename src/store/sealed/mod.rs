//! A block that never changes: the rows of a trace side by side, columns narrowed, and of the bytes what the columns do
//! not hold, compressed in pages. A span takes about a sixth of what it took in the open block.

mod attributes;
mod calls;
mod damage;
mod image;
mod keep;
mod lookup;
mod packed;
mod pages;
mod parts;
mod seal;
mod strip;
mod tallies;

use std::sync::Arc;

use bytes::Bytes;

pub use damage::{Salvage, Verified};
pub(super) use image::{Damaged, Image, STRETCH};
pub use seal::Sealer;

use super::ids::IdKeys;
use super::links::NewerLinks;
use super::open::OpenBlock;
use super::row::{Facts as RowFacts, Row};
use super::scan::{Bits, Find};
use crate::model::{StatusCode, Timestamp};
use crate::otlp::wire::Cursor;
use attributes::AttributeFilter;
use calls::CallColumns;
use image::{ImageBuilder, ImageReader, item_u32, item_u64};
use lookup::SealedIndex;
use packed::Packed;
use pages::{PageReader, Pages};
use parts::Parts;
use strip::{Stripped, restore};
use tallies::TallyColumns;

/// See the module.
#[derive(Debug)]
pub(crate) struct SealedBlock {
    pub(super) facts: Facts,
    names: Names,
    pub(super) parts: Parts,
    columns: Columns,
    /// The number of the resource of each scope.
    scope_resources: Packed,
    tallies: TallyColumns,
    calls: CallColumns,
    attributes: AttributeFilter,
    /// The rest of each span, then each scope, then each resource.
    pages: Pages,
    /// Of each stretch of the data.
    checksums: Bytes,
    pub(super) image: Image,
    pub(super) newer: Arc<NewerLinks>,
}

/// What is known of a block without looking at its data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) sequence: u32,
    pub(super) rows: u32,
    scopes: u32,
    /// By which its indexes are made.
    pub(super) keys: IdKeys,
    /// The earliest and the latest start of a part.
    pub(super) starts_ns: (u64, u64),
    /// When the first and the last request arrived.
    pub(super) arrivals: (Timestamp, Timestamp),
    /// Parts of traces that had none in an older block, and those of them that have an error.
    pub(super) begun: u32,
    pub(super) begun_with_errors: u32,
    /// Bytes of the spans' messages as they came.
    pub(super) received_bytes: u64,
}

impl Facts {
    fn write(&self, image: &mut ImageBuilder) {
        let small = [self.sequence, self.rows, self.scopes, self.begun, self.begun_with_errors];
        let ([a, b, c], (earliest, latest), (first, last)) = (self.keys.0, self.starts_ns, self.arrivals);
        let large = [a, b, c, earliest, latest, first.0, last.0, self.received_bytes];
        for number in small.into_iter().map(u64::from).chain(large) {
            image.number(number);
        }
    }

    /// Returns whether a block of so many parts can be what is said here.
    fn are_possible(&self, parts: u32) -> bool {
        let most_bytes = u64::from(self.rows) * u64::from(u32::MAX);
        self.begun <= parts && self.begun_with_errors <= self.begun && self.received_bytes <= most_bytes
    }

    fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        Ok(Self {
            sequence: image.small()?,
            rows: image.small()?,
            scopes: image.small()?,
            begun: image.small()?,
            begun_with_errors: image.small()?,
            keys: IdKeys([image.number()?, image.number()?, image.number()?]),
            starts_ns: (image.number()?, image.number()?),
            arrivals: (Timestamp(image.number()?), Timestamp(image.number()?)),
            received_bytes: image.number()?,
        })
    }
}

/// Names by number.
#[derive(Debug)]
struct Names {
    len: u32,
    ends: Packed,
    text: Bytes,
}

impl Names {
    /// Writes the text of names, and where each ends.
    fn write<'a>(names: impl Iterator<Item = &'a str>, image: &mut ImageBuilder) {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        for name in names {
            text.extend_from_slice(name.as_bytes());
            ends.push(text.len() as u64);
        }
        image.number(ends.len() as u64);
        Packed::write(&ends, image);
        image.section(&text);
    }

    fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        let names = Self { len: image.small()?, ends: Packed::read(image)?, text: image.section()? };
        if names.ends.has(names.len) { Ok(names) } else { Err(Damaged) }
    }

    /// Returns a name; the empty one where there is none, or it is damaged.
    fn get(&self, number: u32) -> &str {
        if number >= self.len {
            return "";
        }
        std::str::from_utf8(self.bytes(number)).unwrap_or_default()
    }

    fn bytes(&self, number: u32) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends.get(before) as usize);
        self.text.get(start..self.ends.get(number) as usize).unwrap_or_default()
    }

    /// Returns the pieces of the data that a name follows from.
    fn pieces(&self, number: u32) -> [&[u8]; 3] {
        let before = number.checked_sub(1).map_or(&[][..], |before| self.ends.cell(before));
        [before, self.ends.cell(number), self.bytes(number)]
    }
}

/// The columns of spans.
#[derive(Debug)]
struct Columns {
    /// Eight bytes each.
    span_id: Bytes,
    /// 0 at a root, 1 where the parent's id stands in `foreign_ids`, else 2 + how many rows away the parent is.
    parent: Packed,
    /// Rows whose parent is not in the same part, in order, four bytes each.
    foreign_rows: Bytes,
    /// The ids of these parents, eight bytes each.
    foreign_ids: Bytes,
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
    large_parts: SealedIndex,
}

impl Columns {
    fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        Ok(Self {
            span_id: image.section()?,
            parent: Packed::read(image)?,
            foreign_rows: image.section()?,
            foreign_ids: image.section()?,
            start_ns: Packed::read(image)?,
            duration_ns: Packed::read(image)?,
            service: Packed::read(image)?,
            operation: Packed::read(image)?,
            scope: Packed::read(image)?,
            small: Packed::read(image)?,
            events: Packed::read(image)?,
            links: Packed::read(image)?,
            large_parts: SealedIndex::read(image)?,
        })
    }
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
    fn span_id(&self, row: u32) -> Option<u64> {
        item_u64(&self.span_id, row as usize)
    }

    #[inline]
    fn parent_id(&self, row: u32) -> u64 {
        match self.parent.get(row) {
            ROOT => 0,
            FOREIGN => {
                let place = self.foreign_from(row);
                let is_it = item_u32(&self.foreign_rows, place) == Some(row);
                item_u64(&self.foreign_ids, place).filter(|_| is_it).unwrap_or_default()
            }
            distance => {
                let parent = i64::from(row).wrapping_add(unzigzag(distance - 2));
                u32::try_from(parent).ok().and_then(|parent| self.span_id(parent)).unwrap_or_default()
            }
        }
    }

    /// Returns the place of the first foreign parent of a row from this one on.
    fn foreign_from(&self, row: u32) -> usize {
        let (mut low, mut high) = (0, self.foreign_rows.len() / size_of::<u32>());
        while low < high {
            let middle = low.midpoint(high);
            if item_u32(&self.foreign_rows, middle).is_some_and(|found| found < row) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

impl SealedBlock {
    /// Returns the block that an image describes.
    ///
    /// # Errors
    /// When its region is damaged. Of damaged data nothing is known here.
    pub(super) fn read(image: Image) -> Result<Self, Damaged> {
        let mut reader = image.reader();
        let facts = Facts::read(&mut reader)?;
        let names = Names::read(&mut reader)?;
        let parts = Parts::read(facts.rows, facts.keys, &mut reader)?;
        let columns = Columns::read(&mut reader)?;
        let scope_resources = Packed::read(&mut reader)?;
        let tallies = TallyColumns::read(&mut reader)?;
        let attributes = AttributeFilter::read(&mut reader)?;
        let calls = CallColumns::read(&mut reader)?;
        let pages = Pages::read(&mut reader)?;
        let checksums = reader.table()?;
        let has_rows = columns.span_id.len() == facts.rows as usize * size_of::<u64>();
        if !has_rows || !scope_resources.has(facts.scopes) || !facts.are_possible(parts.len()) {
            return Err(Damaged);
        }
        let newer = Arc::new(NewerLinks::new(parts.len()));
        Ok(Self {
            facts,
            names,
            parts,
            columns,
            scope_resources,
            tallies,
            calls,
            attributes,
            pages,
            checksums,
            image,
            newer,
        })
    }

    /// Returns the sealed form of a full block.
    pub(super) fn seal(block: &OpenBlock, sealer: &mut Sealer) -> Self {
        Self::read(sealer.image(block)).expect("what was written here is read in the same order")
    }

    /// Returns another form of the same block, with the same links.
    pub(super) fn in_the_place_of(self, other: &Self) -> Self {
        Self { newer: Arc::clone(&other.newer), ..self }
    }

    pub(super) fn len(&self) -> u32 {
        self.facts.rows
    }

    /// Returns the bytes that it takes beside its image.
    pub(super) fn own_bytes(&self) -> usize {
        size_of::<Self>() + self.newer.bytes()
    }

    /// Returns the bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.own_bytes() + self.image.bytes()
    }

    #[inline]
    pub(super) fn row(&self, row: u32) -> Row {
        let columns = &self.columns;
        let Some(span_id) = columns.span_id(row) else { return Row::default() };
        let number = |column: &Packed| column.get(row) as u32;
        Row {
            span_id,
            parent_id: columns.parent_id(row),
            start_ns: columns.start_ns.get(row),
            duration_ns: columns.duration_ns.get(row),
            service: number(&columns.service),
            operation: number(&columns.operation),
            scope: number(&columns.scope),
            facts: RowFacts::from_parts(number(&columns.small), number(&columns.events), number(&columns.links)),
        }
    }

    pub(super) fn span_id(&self, row: u32) -> u64 {
        self.columns.span_id(row).unwrap_or_default()
    }

    pub(super) fn service(&self, row: u32) -> u32 {
        self.columns.service.get(row) as u32
    }

    pub(super) fn operation(&self, row: u32) -> u32 {
        self.columns.operation.get(row) as u32
    }

    /// Returns the row of a span in the part of its trace.
    pub(super) fn find_span(&self, part: u32, span_id: u64) -> Option<u32> {
        let mut rows = self.parts.rows(part);
        let is_it = |row: u32| self.columns.span_id(row) == Some(span_id);
        if rows.len() <= LARGE_PART {
            return rows.find(|&row| is_it(row));
        }
        let hash = self.facts.keys.span(self.parts.trace_id(part)?, span_id);
        self.columns.large_parts.find(hash, |row| rows.contains(&row) && is_it(row))
    }

    /// Returns the ids of parents that are not in the part of their children, one for each child.
    pub(super) fn foreign_parents(&self, part: u32) -> impl Iterator<Item = u64> {
        let rows = self.parts.rows(part);
        let [from, to] = [rows.start, rows.end].map(|end| self.columns.foreign_from(end));
        (from..to).filter_map(|place| item_u64(&self.columns.foreign_ids, place))
    }

    /// Returns the number of a scope's resource.
    pub(super) fn resource(&self, scope: u32) -> u32 {
        self.scope_resources.get(scope) as u32
    }

    /// Returns a name by its number; the empty one where there is none.
    pub(super) fn name(&self, name: u32) -> &str {
        self.names.get(name)
    }

    /// Returns how many names there are.
    pub(super) fn names(&self) -> u32 {
        self.names.len
    }

    /// Returns how many scopes there are.
    pub(super) fn scopes(&self) -> u32 {
        self.facts.scopes
    }

    /// Returns whether a span may have the attribute of a fingerprint, or if it is an array an element of it.
    pub(super) fn may_have(&self, fingerprint: u64) -> bool {
        self.attributes.may_have(fingerprint)
    }

    /// Returns the rows whose messages, without their columns, take at least so many bytes, which are more than a page has.
    pub(super) fn large_rows(&self, bytes: usize) -> Bits {
        let mut rows = Bits::none(self.len());
        self.pages.larger_than_a_page(bytes).filter(|row| *row < self.len()).for_each(|row| rows.insert(row));
        rows
    }

    /// Keeps of `rows` what [`View::keep_with_bytes`] says.
    ///
    /// [`View::keep_with_bytes`]: crate::store::View::keep_with_bytes
    pub(super) fn keep_with_bytes(&self, find: &Find, mut holds: impl FnMut(u32, &[u8]) -> bool, rows: &mut Bits) {
        self.pages.keep(find, |row, item| holds(row, item.get(1..).unwrap_or_default()), rows);
    }

    /// Returns the number of a name.
    pub(super) fn find_name(&self, text: &str) -> Option<u32> {
        (0..self.names.len).find(|&name| self.names.get(name) == text)
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
    /// Returns the `Span` message of a row; it means the same as the one that came. Where its page is damaged it is what
    /// the columns hold.
    pub(super) fn span(&mut self, index: u32) -> &[u8] {
        let block = self.block;
        let row = block.row(index);
        let (stripped, rest) = match self.spans.item(index).split_first() {
            Some((&stripped, rest)) => (Stripped::from_number(stripped), rest),
            None if row.facts.status() == StatusCode::Unset => (Stripped::Columns, &[][..]),
            None => (Stripped::ColumnsAndStatus, &[][..]),
        };
        let trace_id = block.parts.trace_id(block.parts.of_row(index)).unwrap_or_default();
        let operation = block.name(row.operation);
        self.message.clear();
        restore(&row, (trace_id, operation), (stripped, rest), &mut self.message);
        &self.message
    }

    /// Returns what was kept of the `Span` message of a row beside its columns, or all of it.
    pub(super) fn body(&mut self, index: u32) -> &[u8] {
        self.spans.item(index).get(1..).unwrap_or_default()
    }

    /// Returns an `InstrumentationScope` message and its schema URL.
    pub(super) fn scope(&mut self, scope: u32) -> (&[u8], &str) {
        self.message_and_schema(self.block.len().saturating_add(scope))
    }

    /// Returns the `Resource` message of a scope and its schema URL.
    pub(super) fn resource(&mut self, scope: u32) -> (&[u8], &str) {
        let resource = self.block.resource(scope);
        let Facts { rows, scopes, .. } = self.block.facts;
        self.message_and_schema(rows.saturating_add(scopes).saturating_add(resource))
    }

    fn message_and_schema(&mut self, item: u32) -> (&[u8], &str) {
        let mut item = Cursor::new(self.origins.item(item));
        let schema_url = item.bytes().ok().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        (item.rest(), schema_url)
    }
}

#[cfg(test)]
mod search_tests;
#[cfg(test)]
pub(super) mod tests;

//! Makes a sealed block of a full one: puts the rows of each trace side by side, narrows columns, strips the messages of
//! what the columns hold and packs the rest.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::attributes::{Attributes, RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES};
use super::calls::CallColumns;
use super::image::{Image, ImageBuilder};
use super::lookup::SealedIndex;
use super::packed::Packed;
use super::pages::{Items, Learned, Packer};
use super::parts::PartColumns;
use super::strip::{Stripped, strip};
use super::tallies::TallyColumns;
use super::{FOREIGN, Facts, LARGE_PART, Names, ROOT, zigzag};
use crate::otlp::wire::put_varint;
use crate::store::calls::{Among, Finding, Linked};
use crate::store::ids::{IdKeys, id_hash, span_hash};
use crate::store::open::{OpenBlock, PartRef};
use crate::store::row::{NONE, Row};
use crate::store::sums::{PartSums, RootRow};
use crate::store::tally::{Call, Counting, Tallies, Timing};

/// Seals blocks, one after the other; keeps what it learned from earlier ones.
#[derive(Debug, Default)]
pub struct Sealer {
    packer: Packer,
    dictionary: Option<InUse>,
}

/// A dictionary, and how it does.
#[derive(Debug)]
struct InUse {
    learned: Learned,
    /// Packed bytes for each byte of the block it was trained on.
    ratio: f64,
    /// Blocks packed with it.
    blocks: u32,
}

/// A dictionary is trained anew where a block packs worse than the one it was trained on by this factor.
const STALE: f64 = 1.25;
/// And not before so many blocks were packed with it, as training takes as long as sealing.
const LEAST_BLOCKS: u32 = 8;
/// And at the latest after so many.
const MOST_BLOCKS: u32 = 64;
/// Bytes that a span usually takes sealed.
const USUAL_SPAN: usize = 64;

/// Where the rows of a full block go: those of each part side by side, in order of arrival.
struct Order {
    /// The old row of each new one.
    old: Vec<u32>,
    /// The new row of each old one.
    new: Vec<u32>,
    /// The end of each part's new rows.
    ends: Vec<u64>,
}

impl Order {
    fn of(block: &OpenBlock) -> Self {
        let part_of: Vec<u32> = (0..block.written()).map(|row| block.place(row).part).collect();
        let mut ends = vec![0_u64; block.parts.len() as usize];
        for &part in &part_of {
            ends[part as usize] += 1;
        }
        let mut next = Vec::with_capacity(ends.len());
        let mut before = 0;
        for end in &mut ends {
            next.push(before as u32);
            before += *end;
            *end = before;
        }
        let mut order = Self { old: vec![0; part_of.len()], new: Vec::with_capacity(part_of.len()), ends };
        for (old, &part) in part_of.iter().enumerate() {
            let new = next[part as usize];
            next[part as usize] += 1;
            order.old[new as usize] = old as u32;
            order.new.push(new);
        }
        order
    }

    /// Returns the new rows of each part.
    fn parts(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(&start, &end)| start as usize..end as usize)
    }
}

/// The scopes and resources of a block, each once: those of every request are mostly the same.
#[derive(Default)]
struct Origins<'a> {
    resources: Distinct<(&'a [u8], &'a str)>,
    scopes: Distinct<(u32, &'a [u8], &'a str)>,
    /// The new number of each old scope.
    new_scope: Vec<u32>,
}

/// Numbers for what is the same.
struct Distinct<T> {
    numbers: HashMap<T, u32, RandomState>,
    all: Vec<T>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { numbers: HashMap::default(), all: Vec::new() }
    }
}

impl<T: Copy + Eq + std::hash::Hash> Distinct<T> {
    fn number(&mut self, item: T) -> u32 {
        *self.numbers.entry(item).or_insert_with(|| {
            self.all.push(item);
            self.all.len() as u32 - 1
        })
    }
}

impl<'a> Origins<'a> {
    fn of(block: &'a OpenBlock) -> Self {
        let mut origins = Self::default();
        // Each is compared once, however many scopes it has.
        let mut new_resource = vec![NONE; block.resources.len() as usize];
        for (scope, entry) in (0..).zip(block.scopes.iter()) {
            let resource = &mut new_resource[entry.resource as usize];
            if *resource == NONE {
                *resource = origins.resources.number(block.resource_message(scope));
            }
            let resource = *resource;
            let (message, schema_url) = block.scope_message(scope);
            origins.new_scope.push(origins.scopes.number((resource, message, schema_url)));
        }
        origins
    }
}

impl Sealer {
    /// Returns the sealed form of a block that is full; about a microsecond a span.
    pub(super) fn image(&mut self, block: &OpenBlock) -> Image {
        let order = Order::of(block);
        let origins = Origins::of(block);
        let mut rows: Vec<Row> = order.old.iter().map(|&old| block.row(old)).collect();
        for row in &mut rows {
            row.scope = origins.new_scope.get(row.scope as usize).copied().unwrap_or_default();
        }
        let parts = parts(block, &order, &rows);
        let facts = Facts::of(block, &parts, &origins);
        let mut image = ImageBuilder::with_capacity(rows.len() * USUAL_SPAN);
        facts.write(&mut image);
        Names::write(block.names.iter().map(|name| &**name), &mut image);
        parts.write(facts.keys, &mut image);
        let parents = parents(block, &order, &rows);
        write_columns(&parents, &rows, &mut image);
        SealedIndex::write(large_parts(block, &order, &rows).into_iter(), &mut image);
        Packed::write(&values(&origins.scopes.all, |&(resource, _, _)| u64::from(resource)), &mut image);
        TallyColumns::write(&tallies(&rows, &parents), &mut image);
        let (mut attributes, mut calls) = (Attributes::of(rows.len()), finding(&rows, &parents));
        let items = items(block, (&order, &rows, &origins), &mut attributes, &mut calls);
        attributes.write(&mut image);
        let calls = calls.finish(&rows);
        CallColumns::write(&calls, &calls.tallies(&Made { rows: &rows, parents: &parents }, facts.rows), &mut image);
        self.write_pages(&items, &order, &mut image);
        image.finish()
    }

    fn write_pages(&mut self, items: &Items, order: &Order, image: &mut ImageBuilder) {
        let spans = order.old.len() as u32;
        let in_order = order.old.iter().copied().chain(spans..items.len());
        if self.dictionary.is_none() {
            self.dictionary = Learned::train(items).map(|learned| InUse { learned, ratio: 0.0, blocks: 0 });
        }
        let learned = self.dictionary.as_ref().map(|in_use| &in_use.learned);
        let packed = self.packer.pack(items, in_order, learned, image);
        if items.can_train() {
            self.learn(packed as f64 / items.bytes() as f64);
        }
    }

    /// Notes to what part of its size a block was packed; forgets a dictionary that does not fit any more, or may not: what
    /// is sent changes, and a block that packs badly with any dictionary tells nothing of the next ones.
    fn learn(&mut self, ratio: f64) {
        let Some(in_use) = &mut self.dictionary else { return };
        if in_use.blocks == 0 {
            in_use.ratio = ratio;
        }
        in_use.blocks += 1;
        let is_stale = in_use.blocks > LEAST_BLOCKS && ratio > in_use.ratio * STALE;
        if is_stale || in_use.blocks >= MOST_BLOCKS {
            self.dictionary = None;
        }
    }
}

/// Returns what is to be packed: of each span what the columns do not hold, in order of arrival, as their bytes lie in
/// memory; then scopes and resources. Notes the attributes of all, and what tells of calls.
fn items(
    block: &OpenBlock,
    (order, rows, origins): (&Order, &[Row], &Origins),
    attributes: &mut Attributes,
    calls: &mut Finding,
) -> Items {
    let find = |trace_id: u128, id: u64| {
        let part = block.find_part(trace_id, id_hash(trace_id));
        let row = part.and_then(|part| block.find_span(part, id, span_hash(trace_id, id)));
        row.map_or(Linked::Elsewhere, |old| Linked::Row(order.new[old as usize]))
    };
    let mut items = Items::with_capacity((0..block.written()).map(|row| block.place(row).len as usize + 1).sum());
    for (old, &new) in (0..).zip(&order.new) {
        items.push(|item| {
            let head = item.len();
            item.push(0);
            let message = block.span_message(old);
            let row = &rows[new as usize];
            let stripped = strip(message, row, item, |field, message| attributes.add_field(field, message));
            item[head] = stripped.number();
            if stripped == Stripped::Nothing {
                attributes.add_span(message);
            }
            if calls.wants(new, row) {
                calls.look((new, block.trace_id(old)), row, message, find);
            }
        });
    }
    let scopes = origins.scopes.all.iter().map(|&(_, message, schema_url)| (message, schema_url, SCOPE_ATTRIBUTES));
    let resources =
        origins.resources.all.iter().map(|&(message, schema_url)| (message, schema_url, RESOURCE_ATTRIBUTES));
    for (message, schema_url, field) in scopes.chain(resources) {
        attributes.add_origin(message, field);
        items.push(|item| {
            put_varint(item, schema_url.len() as u64);
            item.extend_from_slice(schema_url.as_bytes());
            item.extend_from_slice(message);
        });
    }
    items
}

fn values<T>(items: &[T], value: impl Fn(&T) -> u64) -> Vec<u64> {
    items.iter().map(value).collect()
}

impl Facts {
    fn of(block: &OpenBlock, parts: &PartColumns, origins: &Origins) -> Self {
        let starts = || parts.sums.iter().map(|sums| sums.start_ns);
        let begun = || block.parts.iter().zip(&parts.sums).filter(|(part, _)| part.older.is_none());
        Self {
            sequence: block.sequence,
            rows: block.written(),
            scopes: origins.scopes.all.len() as u32,
            keys: IdKeys::ours(),
            starts_ns: (starts().min().unwrap_or_default(), starts().max().unwrap_or_default()),
            arrivals: block.arrivals().unwrap_or_default(),
            begun: begun().count() as u32,
            begun_with_errors: begun().filter(|(_, sums)| sums.errors > 0).count() as u32,
            received_bytes: (0..block.written()).map(|row| u64::from(block.place(row).len)).sum(),
        }
    }
}

/// Where the parent of a span is.
#[derive(Clone, Copy)]
enum Parent {
    Root,
    /// In this new row.
    Row(u32),
    /// Not in the same part.
    Foreign,
}

/// Returns the parent of each new row.
fn parents(block: &OpenBlock, order: &Order, rows: &[Row]) -> Vec<Parent> {
    let parent = |(&old, row): (&u32, &Row)| {
        let id = row.parent_id;
        if id == 0 {
            return Parent::Root;
        }
        let part = block.place(old).part;
        let trace_id = block.parts.get(part).map_or(0, |part| part.trace_id);
        let parent = block.find_span(part, id, span_hash(trace_id, id));
        parent.map_or(Parent::Foreign, |parent| Parent::Row(order.new[parent as usize]))
    };
    order.old.iter().zip(rows).map(parent).collect()
}

/// Begins to look for calls.
fn finding(rows: &[Row], parents: &[Parent]) -> Finding {
    Finding::new(rows, |row| Made { rows, parents }.parent(row))
}

/// The rows of the block that is made.
struct Made<'a> {
    rows: &'a [Row],
    parents: &'a [Parent],
}

impl Among for Made<'_> {
    fn timing(&self, row: u32) -> Timing {
        Timing::of(row, &self.rows[row as usize])
    }

    fn parent(&self, row: u32) -> Option<u32> {
        match self.parents[row as usize] {
            Parent::Row(parent) => Some(parent),
            Parent::Root | Parent::Foreign => None,
        }
    }
}

/// Counts the spans.
fn tallies(rows: &[Row], parents: &[Parent]) -> Tallies {
    let mut counting = Counting::default();
    for (row, parent) in rows.iter().zip(parents) {
        let call = || match parent {
            Parent::Foreign => Call::Unknown,
            Parent::Row(parent) if rows[*parent as usize].service == row.service => Call::Inside,
            Parent::Root | Parent::Row(_) => Call::Outside,
        };
        counting.add(Timing::of(0, row).key(call), row.start_ns, row.duration_ns);
    }
    counting.finish()
}

/// Writes the columns of spans in the order in which [`super::Columns`] reads them.
fn write_columns(parents: &[Parent], rows: &[Row], image: &mut ImageBuilder) {
    let distances = parents.iter().zip(0..).map(|(parent, row)| match parent {
        Parent::Root => ROOT,
        Parent::Foreign => FOREIGN,
        Parent::Row(parent) => 2 + zigzag(i64::from(*parent) - row),
    });
    let is_foreign = |(parent, _, _): &(&Parent, u32, &Row)| matches!(parent, Parent::Foreign);
    let foreign = || parents.iter().zip(0..).zip(rows).map(|((parent, at), row)| (parent, at, row)).filter(is_foreign);
    image.section_of(rows.iter().map(|row| row.span_id.to_le_bytes()));
    Packed::write(&distances.collect::<Vec<_>>(), image);
    image.section_of(foreign().map(|(_, at, _)| at.to_le_bytes()));
    image.section_of(foreign().map(|(_, _, row)| row.parent_id.to_le_bytes()));
    let columns: [fn(&Row) -> u64; 8] = [
        |row| row.start_ns,
        |row| row.duration_ns,
        |row| u64::from(row.service),
        |row| u64::from(row.operation),
        |row| u64::from(row.scope),
        |row| u64::from(row.facts.parts().0),
        |row| u64::from(row.facts.events()),
        |row| u64::from(row.facts.links()),
    ];
    for column in columns {
        Packed::write(&values(rows, column), image);
    }
}

/// Returns the rows of parts that are too large to be searched row by row, each with the hash of its span.
fn large_parts(block: &OpenBlock, order: &Order, rows: &[Row]) -> Vec<(u64, u32)> {
    let large = order.parts().zip(block.parts.iter()).filter(|(range, _)| range.len() > LARGE_PART);
    large
        .flat_map(|(range, part)| range.map(move |row| (span_hash(part.trace_id, rows[row].span_id), row as u32)))
        .collect()
}

fn parts(block: &OpenBlock, order: &Order, rows: &[Row]) -> PartColumns {
    let mut parts = PartColumns { ends: order.ends.clone(), ..PartColumns::default() };
    for (number, range) in order.parts().enumerate() {
        let rows = rows.get(range).unwrap_or_default();
        let mut sum = PartSums::default();
        for row in rows {
            sum.add(row);
        }
        parts.sums.push(sum);
        parts.roots.push(root(rows));
        parts.services.extend(distinct(rows.iter().map(|row| u64::from(row.service))));
        parts.services_ends.push(parts.services.len() as u64);
        if let Some(part) = block.parts.get(number as u32) {
            parts.trace_ids.push(part.trace_id);
            parts.older.extend(part.older.map(|older: PartRef| (number as u32, older)));
        }
    }
    parts
}

/// Returns the place of the root that names the trace plus one, 0 where there is none.
fn root(rows: &[Row]) -> u64 {
    let roots = rows.iter().zip(0..).filter(|(row, _)| row.parent_id == 0);
    let first =
        roots.map(|(row, at)| RootRow { start_ns: row.start_ns, span_id: row.span_id, block: 0, row: at }).min();
    first.map_or(0, |root| u64::from(root.row) + 1)
}

fn distinct(numbers: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

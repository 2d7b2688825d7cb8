//! Makes a sealed block of a full one: puts the rows of each trace side by side, narrows columns, strips the messages of
//! what the columns hold and packs the rest.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::packed::Packed;
use super::pages::{Dictionary, Items, Packer};
use super::parts::Parts;
use super::strip::strip;
use super::{Columns, FOREIGN, LARGE_PART, ROOT, SealedBlock, zigzag};
use crate::otlp::wire::put_varint;
use crate::store::index::{Index, id_hash, span_hash};
use crate::store::open::{NAME_OVERHEAD, NewerLink, OpenBlock, PartRef};
use crate::store::row::{NONE, Row};
use crate::store::sums::{PartSums, RootRow};

/// Seals blocks, one after the other; keeps what it learned from earlier ones.
#[derive(Debug, Default)]
pub struct Sealer {
    packer: Packer,
    dictionary: Option<Learned>,
}

#[derive(Debug)]
struct Learned {
    dictionary: Arc<Dictionary>,
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
    /// Seals a block that is full; about a microsecond a span.
    pub(in crate::store) fn seal(&mut self, block: &OpenBlock) -> SealedBlock {
        let order = Order::of(block);
        let origins = Origins::of(block);
        let mut rows: Vec<Row> = order.old.iter().map(|&old| block.row(old)).collect();
        for row in &mut rows {
            row.scope = origins.new_scope.get(row.scope as usize).copied().unwrap_or_default();
        }
        let items = items(block, &order, &rows, &origins);
        let dictionary = self.dictionary(&items);
        let in_order = order.old.iter().copied().chain(block.written()..items.len());
        let pages = self.packer.pack(&items, in_order, dictionary.as_ref());
        if items.can_train() {
            self.learn(pages.bytes() as f64 / items.bytes() as f64);
        }
        let parts = parts(block, &order, &rows);
        let columns = columns(block, &order, &rows);
        let names: Box<[Arc<str>]> = block.names.iter().map(Arc::clone).collect();
        let scope_resources = column(&origins.scopes.all, |&(resource, _, _)| u64::from(resource));
        let bytes = size_of::<SealedBlock>()
            + names.iter().map(|name| name.len() + NAME_OVERHEAD).sum::<usize>()
            + [parts.bytes(), columns.bytes(), pages.bytes(), scope_resources.bytes()].iter().sum::<usize>();
        let starts = parts.starts_ns();
        SealedBlock {
            sequence: block.sequence,
            len: block.written(),
            names,
            starts_ns: starts,
            parts,
            columns,
            pages,
            scope_resources,
            scopes: origins.scopes.all.len() as u32,
            arrivals: block.arrivals().unwrap_or_default(),
            bytes,
        }
    }

    /// Returns the dictionary to pack with; trains one where there is none that is of use.
    fn dictionary(&mut self, items: &Items) -> Option<Arc<Dictionary>> {
        if self.dictionary.is_none() {
            let dictionary = Dictionary::train(items)?;
            self.dictionary = Some(Learned { dictionary, ratio: 0.0, blocks: 0 });
        }
        self.dictionary.as_ref().map(|learned| Arc::clone(&learned.dictionary))
    }

    /// Notes to what part of its size a block was packed; forgets a dictionary that does not fit any more, or may not: what
    /// is sent changes, and a block that packs badly with any dictionary tells nothing of the next ones.
    fn learn(&mut self, ratio: f64) {
        let Some(learned) = &mut self.dictionary else { return };
        if learned.blocks == 0 {
            learned.ratio = ratio;
        }
        learned.blocks += 1;
        let is_stale = learned.blocks > LEAST_BLOCKS && ratio > learned.ratio * STALE;
        if is_stale || learned.blocks >= MOST_BLOCKS {
            self.dictionary = None;
        }
    }
}

/// Returns what is to be packed: of each span what the columns do not hold, in order of arrival, as their bytes lie in
/// memory; then scopes and resources.
fn items(block: &OpenBlock, order: &Order, rows: &[Row], origins: &Origins) -> Items {
    let mut items = Items::with_capacity((0..block.written()).map(|row| block.place(row).len as usize + 1).sum());
    for (old, &new) in (0..).zip(&order.new) {
        items.push(|item| {
            let head = item.len();
            item.push(0);
            let stripped = strip(block.span_message(old), &rows[new as usize], item);
            item[head] = stripped.number();
        });
    }
    let scopes = origins.scopes.all.iter().map(|&(_, message, schema_url)| (message, schema_url));
    for (message, schema_url) in scopes.chain(origins.resources.all.iter().copied()) {
        items.push(|item| {
            put_varint(item, schema_url.len() as u64);
            item.extend_from_slice(schema_url.as_bytes());
            item.extend_from_slice(message);
        });
    }
    items
}

fn column<T>(items: &[T], value: impl Fn(&T) -> u64) -> Packed {
    Packed::of(&items.iter().map(value).collect::<Vec<_>>())
}

fn columns(block: &OpenBlock, order: &Order, rows: &[Row]) -> Columns {
    let mut foreign_parents = Vec::new();
    let mut parents = Vec::with_capacity(rows.len());
    for (new, (&old, row)) in order.old.iter().zip(rows).enumerate() {
        let id = row.parent_id;
        let part = block.place(old).part;
        let trace_id = block.parts.get(part).map_or(0, |part| part.trace_id);
        let parent = block.find_span(part, id, span_hash(trace_id, id)).filter(|_| id != 0);
        parents.push(match parent {
            Some(parent) => 2 + zigzag(i64::from(order.new[parent as usize]) - new as i64),
            None if id == 0 => ROOT,
            None => {
                foreign_parents.push((new as u32, id));
                FOREIGN
            }
        });
    }
    Columns {
        span_id: rows.iter().map(|row| row.span_id).collect(),
        parent: Packed::of(&parents),
        foreign_parents: foreign_parents.into(),
        start_ns: column(rows, |row| row.start_ns),
        duration_ns: column(rows, |row| row.duration_ns),
        service: column(rows, |row| u64::from(row.service)),
        operation: column(rows, |row| u64::from(row.operation)),
        scope: column(rows, |row| u64::from(row.scope)),
        small: column(rows, |row| u64::from(row.facts.parts().0)),
        events: column(rows, |row| u64::from(row.facts.events())),
        links: column(rows, |row| u64::from(row.facts.links())),
        large_parts: large_parts(block, order, rows),
    }
}

fn large_parts(block: &OpenBlock, order: &Order, rows: &[Row]) -> Option<Index> {
    let large = || order.parts().zip(block.parts.iter()).filter(|(range, _)| range.len() > LARGE_PART);
    let count: usize = large().map(|(range, _)| range.len()).sum();
    let index = (count > 0).then(|| Index::with_capacity(count as u32))?;
    for (range, part) in large() {
        for row in range {
            index.insert(span_hash(part.trace_id, rows[row].span_id), row as u32);
        }
    }
    Some(index)
}

fn parts(block: &OpenBlock, order: &Order, rows: &[Row]) -> Parts {
    let (mut sums, mut roots, mut older) = (Vec::new(), Vec::new(), Vec::new());
    let (mut services, mut services_ends) = (Vec::new(), Vec::new());
    let mut trace_ids = Vec::new();
    for (number, range) in order.parts().enumerate() {
        let rows = rows.get(range).unwrap_or_default();
        let mut sum = PartSums::default();
        for row in rows {
            sum.add(row);
        }
        sums.push(sum);
        roots.push(root(rows));
        services.extend(distinct(rows.iter().map(|row| u64::from(row.service))));
        services_ends.push(services.len() as u64);
        if let Some(part) = block.parts.get(number as u32) {
            trace_ids.push(part.trace_id);
            older.extend(part.older.map(|older: PartRef| (number as u32, older)));
        }
    }
    let index = Index::with_capacity(trace_ids.len() as u32);
    trace_ids.iter().enumerate().for_each(|(part, &id)| index.insert(id_hash(id), part as u32));
    Parts {
        newer: trace_ids.iter().map(|_| NewerLink::default()).collect(),
        trace_ids: trace_ids.into(),
        ends: Packed::of(&order.ends),
        index,
        older: older.into(),
        start_ns: column(&sums, |sums| sums.start_ns),
        duration_ns: column(&sums, PartSums::duration_ns),
        errors: column(&sums, |sums| u64::from(sums.errors)),
        roots: column(&sums, |sums| u64::from(sums.roots)),
        root: Packed::of(&roots),
        services: Packed::of(&services),
        services_ends: Packed::of(&services_ends),
    }
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

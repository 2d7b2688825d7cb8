//! One trace's row, merged from its parts in all blocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashMap;

use crate::model::{Root, Timestamp, TraceId, TraceSummary};
use crate::store::{PartRef, PartSums, RootRow, Snapshot, Sums};

/// A trace's rows in one block.
pub(super) struct PartRows {
    /// The place of the block among the snapshot's views.
    pub(super) position: usize,
    pub(super) rows: Vec<u32>,
}

/// Gathers the rows of the trace whose newest part is `newest`, in order of arrival; says whether a part of the trace was
/// evicted.
pub(super) fn rows(newest: PartRef, snapshot: &Snapshot) -> (Vec<PartRows>, bool) {
    let (parts, partial) = snapshot.parts(newest);
    let in_part =
        |&(position, part): &(usize, u32)| PartRows { position, rows: snapshot.view(position).part_rows(part) };
    (parts.iter().rev().map(in_part).collect(), partial)
}

/// Returns the row of a list for a trace with these sums, which are those of all its parts; `blocks` has the sums of each
/// block.
pub(super) fn summary(
    id: u128,
    newest: PartRef,
    sums: &PartSums,
    (snapshot, blocks): (&Snapshot, &[Sums]),
) -> TraceSummary {
    let (parts, partial) = snapshot.parts(newest);
    TraceSummary {
        id: TraceId(id),
        root: first_root(&parts, blocks).and_then(|root| self::root(&root, snapshot)),
        start: Timestamp(sums.start_ns),
        duration_ns: sums.duration_ns(),
        span_count: sums.spans,
        error_count: sums.errors,
        services: services(&parts, snapshot, blocks),
        roots: sums.roots,
        missing_parents: missing_parents(&parts, sums.spans, snapshot),
        partial,
    }
}

/// Returns the root that names a trace of these parts.
pub(super) fn first_root(parts: &[(usize, u32)], blocks: &[Sums]) -> Option<RootRow> {
    parts.iter().filter_map(|&(position, part)| blocks[position].root(part)).min()
}

/// Returns the names of a root's span.
pub(super) fn root(root: &RootRow, snapshot: &Snapshot) -> Option<Root> {
    let view = snapshot.view(snapshot.position(root.block)?);
    let row = view.row(root.row);
    Some(Root { service: view.name(row.service), operation: view.name(row.operation) })
}

/// Names are numbered per block, so they are put together by text.
fn services(parts: &[(usize, u32)], snapshot: &Snapshot, blocks: &[Sums]) -> Vec<Arc<str>> {
    let mut names = BTreeSet::new();
    let mut numbers = Vec::new();
    for &(position, part) in parts {
        numbers.clear();
        blocks[position].services(part, &mut numbers);
        names.extend(numbers.iter().map(|&number| snapshot.view(position).name(number)));
    }
    names.into_iter().collect()
}

/// Counts the spans, of so many, whose parent is in no part. Those whose parent is in their own part are told by the block.
fn missing_parents(parts: &[(usize, u32)], spans: u32, snapshot: &Snapshot) -> u32 {
    let views = || parts.iter().map(|&(position, part)| (snapshot.view(position), part));
    let foreign = views().flat_map(|(view, part)| view.foreign_parents(part));
    if parts.len() < 2 {
        return foreign.count() as u32;
    }
    let mut missing: HashMap<u64, u32> = HashMap::default();
    foreign.for_each(|id| *missing.entry(id).or_default() += 1);
    if missing.len() * parts.len() * LOOK_UP < spans as usize {
        missing.retain(|&id, _| views().all(|(view, part)| view.find_span(part, id).is_none()));
    } else {
        for id in views().flat_map(|(view, part)| view.span_ids(part)) {
            missing.remove(&id);
        }
    }
    missing.values().sum()
}

/// Looking for a span in a part takes as long as going over this many.
const LOOK_UP: usize = 8;

/// Names looked up in blocks, each once: a trace repeats the same few.
#[derive(Default)]
pub(super) struct NameCache(HashMap<(usize, u32), Arc<str>>);

impl NameCache {
    pub(super) fn name(&mut self, position: usize, name: u32, snapshot: &Snapshot) -> Arc<str> {
        Arc::clone(self.0.entry((position, name)).or_insert_with(|| snapshot.view(position).name(name)))
    }
}

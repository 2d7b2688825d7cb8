//! One trace's row, merged from its parts in all blocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::model::{Root, TraceId, TraceSummary};
use crate::store::{PartRef, PartSummary, RootRow, Row, Snapshot};

/// The rows of a trace, in order of arrival, each with the place of its block among the snapshot's views.
pub(super) struct TraceRows {
    pub(super) rows: Vec<(usize, Row)>,
    /// Whether a part of the trace was evicted.
    pub(super) partial: bool,
}

/// Gathers the rows of the trace whose newest part is `newest`.
pub(super) fn rows(newest: PartRef, snapshot: &Snapshot) -> TraceRows {
    let (parts, partial) = snapshot.parts(newest);
    let mut rows = Vec::new();
    for (position, part) in parts {
        let view = &snapshot.views()[position];
        rows.extend(view.chain(part).map(|index| (position, view.row(index))));
    }
    rows.reverse();
    TraceRows { rows, partial }
}

/// Returns the row of a list for a trace with these sums.
pub(super) fn summary(id: u128, newest: PartRef, sums: &PartSummary, snapshot: &Snapshot) -> TraceSummary {
    let TraceRows { rows, partial } = rows(newest, snapshot);
    TraceSummary {
        id: TraceId(id),
        root: sums.root.and_then(|root| self::root(&root, snapshot)),
        start: crate::model::Timestamp(sums.start_ns),
        duration_ns: sums.duration_ns(),
        span_count: sums.spans,
        error_count: sums.errors,
        services: services(&rows, snapshot),
        roots: sums.roots,
        missing_parents: missing_parents(&rows),
        partial,
    }
}

/// Returns the names of a root's span.
pub(super) fn root(root: &RootRow, snapshot: &Snapshot) -> Option<Root> {
    let view = &snapshot.views()[snapshot.position(root.block)?];
    let row = view.row(root.row);
    Some(Root { service: view.name(row.service), operation: view.name(row.operation) })
}

fn services(rows: &[(usize, Row)], snapshot: &Snapshot) -> Vec<Arc<str>> {
    // Names are numbered per block, so each is looked up once per block and sorted by text.
    let numbers: HashSet<(usize, u32)> = rows.iter().map(|(position, row)| (*position, row.service)).collect();
    let names: BTreeSet<Arc<str>> = numbers.iter().map(|&(at, name)| snapshot.views()[at].name(name)).collect();
    names.into_iter().collect()
}

fn missing_parents(rows: &[(usize, Row)]) -> u32 {
    let is_missing: Box<dyn Fn(u64) -> bool> = if rows.len() <= 16 {
        Box::new(|parent| !rows.iter().any(|(_, row)| row.span_id == parent))
    } else {
        let ids: HashSet<u64> = rows.iter().map(|(_, row)| row.span_id).collect();
        Box::new(move |parent| !ids.contains(&parent))
    };
    rows.iter().filter(|(_, row)| row.parent_id != 0 && is_missing(row.parent_id)).count() as u32
}

/// Names looked up in blocks, each once: a trace repeats the same few.
#[derive(Default)]
pub(super) struct NameCache(HashMap<(usize, u32), Arc<str>>);

impl NameCache {
    pub(super) fn name(&mut self, position: usize, name: u32, snapshot: &Snapshot) -> Arc<str> {
        Arc::clone(self.0.entry((position, name)).or_insert_with(|| snapshot.views()[position].name(name)))
    }
}

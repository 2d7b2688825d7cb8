//! The names of attributes that spans have, seen on the newest ones.

use std::sync::Arc;

use crate::query::{Ground, Memory, Query, Search};
use crate::source::AttributesRequest;
use crate::store::{Bits, Column, Snapshot, Test};

/// How many spans are looked at.
const SPANS: u32 = 50_000;

/// Returns the names with how many of the spans looked at have each, the most frequent first.
pub(super) fn names(request: &AttributesRequest, snapshot: &Snapshot) -> Vec<(Arc<str>, u64)> {
    let memory = Memory::default();
    let ground = Ground::new(&Query::everything(), snapshot, &|_| true, &|| true);
    let search = Search::new(&ground, &memory);
    let mut left = SPANS;
    let mut found = foldhash::HashMap::default();
    for (position, view) in snapshot.views().enumerate().rev() {
        let mut rows = Bits::all(view.len());
        let from = request.window.from.map_or(0, |from| from.0);
        let to = request.window.to.map_or(u64::MAX, |to| to.0.saturating_sub(1));
        view.keep(Column::Start, &Test::Between(from, to), &mut rows);
        // Of a block the last rows are the newest, as long as it is open.
        let skipped = rows.count().saturating_sub(left);
        left -= rows.count() - skipped;
        let rows: Vec<u32> = rows.iter().skip(skipped as usize).collect();
        search.attribute_names(position, &rows, request.scope, &mut found);
        if left == 0 {
            break;
        }
    }
    let part = request.part.to_lowercase();
    let mut names: Vec<(Arc<str>, u64)> =
        found.into_iter().filter(|(name, _)| name.to_lowercase().contains(&part)).collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    names.truncate(request.limit);
    names
}

//! What there is to look at for a query, told by looking.

use super::Steps;
use crate::query::{Ground, Memory, Query, Search};
use crate::source::{FilterPlan, Plan, Reply};
use crate::store::Snapshot;

/// Returns what there is to look at for each filter of a query.
pub(super) fn plan(query: &Query, snapshot: &Snapshot, steps: Steps) -> Plan {
    let memory = Memory::default();
    let is_wanted = || steps(&|| Reply::Plan(Plan::default()));
    let ground = Ground::new(query, snapshot, &|_| true, &is_wanted);
    let search = Search::new(&ground, &memory);
    let mut filters: Vec<FilterPlan> =
        search.filters().map(|filter| FilterPlan { filter, ..FilterPlan::default() }).collect();
    let mut plan = Plan::default();
    for (position, view) in snapshot.views().enumerate() {
        plan.blocks += 1;
        plan.spans += u64::from(view.len());
        for (number, filter) in filters.iter_mut().enumerate() {
            let (left, read, matched) = search.look(number, position);
            filter.blocks_skipped += u64::from(left == 0);
            filter.spans_left += u64::from(left);
            filter.spans_read += u64::from(read);
            filter.spans_matched += u64::from(matched);
        }
        if !is_wanted() {
            break;
        }
    }
    Plan { filters, ..plan }
}

//! How well services do.

use super::Steps;
use super::figures::Made;
use super::selected::Selected;
use crate::analysis::{Rules, SystemHealth};
use crate::query::Memory;
use crate::source::{Reply, Selection};
use crate::store::Snapshot;

/// Returns the health of the services that have spans, also of those that have no requests.
pub(super) fn health(
    of: &Selection,
    snapshot: &Snapshot,
    (memory, rules): (&Memory, &Rules),
    steps: Steps,
) -> SystemHealth {
    let going = |_| steps(&|| Reply::Health(SystemHealth::default()));
    let selected = Selected::new(of, snapshot, memory, &going);
    let totals = selected.and_then(|selected| selected.totals(selected.starts(), &going));
    let Some((totals, _)) = totals else { return SystemHealth::default() };
    rules.health.of_system(&Made::of(&totals, rules).performance(None).services)
}

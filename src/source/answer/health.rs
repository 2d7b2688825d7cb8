//! How well services do.

use super::Steps;
use super::figures::Made;
use super::selected::Selected;
use crate::analysis::{HealthStatus, Rules, SystemHealth};
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
    let health = |with_operations| {
        let selected = selected.as_ref()?;
        let made = Made::of(selected, selected.starts(), rules, (false, with_operations), &going)?;
        Some(rules.health.of_system(&made.performance(None, rules).services))
    };
    // To name the operations that cost most takes a look at every span.
    let is_little = selected.as_ref().is_some_and(|selected| selected.all_searched().of <= LITTLE);
    let is_well = |health: &SystemHealth| {
        health.services.iter().all(|service| {
            service.status != Some(HealthStatus::Critical) && service.status != Some(HealthStatus::Warning)
        })
    };
    let found = health(is_little).unwrap_or_default();
    if is_little || is_well(&found) { found } else { health(true).unwrap_or_default() }
}

/// Of so many spans the operations are named that cost a service points, also where all services are well.
const LITTLE: u64 = 1_000_000;

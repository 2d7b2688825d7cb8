//! The same wait before the same call in many traces: for a connection of a pool, or a lock.

use super::limits::{WAIT_TRACES, WAIT_TRACES_SHARE};
use super::usual::{Waits, each_wait, is_long};
use super::{Finder, Finding, FindingKind};
use crate::analysis::nearest_rank;
use crate::model::human::duration;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::PoolWait,
    name: "pool_wait",
    title: "Wait before a call",
    advice: "Look at the pool of connections that this call takes from: its size, who holds them for long, whether one is ever lost. \
             Else it is a lock, or work without a span.",
    find: |look, found| {
        each_wait(look.trace, |parent, call, wait_ns| {
            let waits = look.usual.waits(parent, call).filter(|waits| is_long(parent, wait_ns) && is_common(waits));
            let Some(waits) = waits else { return };
            let evidence = format!(
                "{} of the {} of {} pass before {}; it waits as long in {} of {} traces",
                duration(wait_ns),
                duration(parent.duration_ns),
                parent.operation,
                call.operation,
                waits.long_traces,
                waits.traces,
            );
            let of = Finding::of(FindingKind::PoolWait, parent);
            // What always takes as long is work; what queues takes now nothing, now long.
            let confidence = if has_spread(waits) { 0.8 } else { 0.4 };
            let of = Finding { subject: call.operation.to_string(), evidence, confidence, cost_ns: wait_ns, ..of };
            found.push(of.shown_by([call]));
        });
    },
};

fn is_common(waits: &Waits) -> bool {
    waits.long_traces >= WAIT_TRACES && waits.long_traces as f64 >= waits.traces as f64 * WAIT_TRACES_SHARE
}

/// Returns whether waits are short now and long then: those of the first tenth below a quarter of the middle of the upper half.
fn has_spread(waits: &Waits) -> bool {
    let at = |part| waits.all.duration_at(nearest_rank(part, waits.all.count()), u64::MAX).unwrap_or_default();
    at(0.1) < at(0.75) / 4
}

//! Calls to different services, one after the other, that could perhaps be made at the same time.

use super::limits::{SERIAL, SERIAL_SHARE};
use super::look::Look;
use super::{Finder, Finding, FindingKind};
use crate::model::Kind;
use crate::model::human::duration;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::SerialCalls,
    name: "serial_calls",
    title: "Serial calls",
    advice: "Where one does not need what another answers, make them at the same time.",
    find,
};

fn find(look: &Look, found: &mut Vec<Finding>) {
    for parent in look.nodes() {
        if (look.trace.tree.nodes[parent as usize].descendants as usize) < SERIAL {
            continue;
        }
        let mut row: Vec<u32> = Vec::new();
        for call in look.children(parent).filter(|child| look.span(*child).kind == Kind::Client) {
            let begins_after = |last: &u32| look.span(call).start >= look.span(*last).end();
            if !row.last().is_none_or(begins_after) {
                push(look, parent, &row, found);
                row.clear();
            }
            row.push(call);
        }
        push(look, parent, &row, found);
    }
}

/// Adds calls that were made one after the other, where that is one to speak of.
fn push(look: &Look, parent: u32, row: &[u32], found: &mut Vec<Finding>) {
    let above = look.span(parent);
    let sum: u64 = row.iter().map(|call| look.span(*call).duration_ns).sum();
    if row.len() < SERIAL || (sum as f64) < above.duration_ns as f64 * SERIAL_SHARE {
        return;
    }
    let mut names: Vec<(String, u64)> = Vec::new();
    for &call in row {
        let (name, took) = (look.called(call), look.span(call).duration_ns);
        match names.iter_mut().find(|(known, _)| Some(known.as_str()) == name.as_deref()) {
            Some((_, sum)) => *sum += took,
            None => names.extend(name.map(|name| (name, took))),
        }
    }
    if names.len() < SERIAL {
        return;
    }
    let longest = names.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let list: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    let evidence = format!(
        "{} calls, to {}, one after the other: {} of the {} of {}",
        row.len(),
        list.join(", "),
        duration(sum),
        duration(above.duration_ns),
        above.operation,
    );
    let of = Finding::of(FindingKind::SerialCalls, above);
    // Whether one needs what another answers cannot be seen.
    let of = Finding { subject: list.join(", "), evidence, confidence: 0.5, cost_ns: sum - longest.min(sum), ..of };
    found.push(of.shown_by(row.iter().map(|call| look.span(*call))));
}

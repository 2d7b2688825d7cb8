//! The same call many times beneath one span: one after the other (N+1), or at the same time (fan-out).

use super::limits::REPEATED;
use super::look::{Look, covered_ns, overlapping};
use super::{Finder, Finding, FindingKind};
use crate::model::Kind;
use crate::model::human::duration;

pub(super) const N_PLUS_ONE: Finder = Finder {
    kind: FindingKind::NPlusOne,
    name: "n_plus_one",
    title: "N+1 calls",
    advice: "Fetch everything with one call: a join, an IN list, or a batch endpoint.",
    find: |look, found| find(look, found, false),
};

pub(super) const FAN_OUT: Finder = Finder {
    kind: FindingKind::FanOut,
    name: "fan_out",
    title: "Fan-out",
    advice: "Bound how many calls run at a time, or ask for everything with one call: the slowest of many is seldom fast.",
    find: |look, found| find(look, found, true),
};

fn find(look: &Look, found: &mut Vec<Finding>, is_fan_out: bool) {
    for similar in look.similar.iter().filter(|similar| similar.nodes.len() >= REPEATED) {
        let spans = similar.spans(look);
        let call = spans[0];
        let overlapping = overlapping(&spans);
        if call.kind != Kind::Client || is_fan_out != (overlapping * 2 > spans.len()) {
            continue;
        }
        let parent = look.span(similar.parent);
        let covered = covered_ns(spans.iter().copied());
        let longest = spans.iter().map(|span| span.duration_ns).max().unwrap_or_default();
        let how = if is_fan_out { format!("{overlapping} while others ran") } else { "one after the other".to_owned() };
        let evidence = format!(
            "{} × {} beneath one {}, {how}: {} of its {}",
            spans.len(),
            call.operation,
            parent.operation,
            duration(covered),
            duration(parent.duration_ns),
        );
        // The more there are, and the more of them stand in line, the less it is chance.
        let many = 1.0 - REPEATED as f64 / (2 * spans.len()) as f64;
        let in_line = 1.0 - overlapping as f64 / spans.len() as f64;
        let confidence = many * if is_fan_out { 1.0 - in_line / 2.0 } else { 0.5 + in_line / 2.0 };
        let finding = Finding::of(if is_fan_out { FindingKind::FanOut } else { FindingKind::NPlusOne }, parent);
        let cost_ns = if is_fan_out { 0 } else { covered.saturating_sub(longest) };
        let finding = Finding { subject: call.operation.to_string(), evidence, confidence, cost_ns, ..finding };
        found.push(finding.shown_by(spans));
    }
}

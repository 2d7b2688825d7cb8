//! Time in a span of which nothing is known, and much more of it than usual.

use super::limits::{GAP_NS, GAP_SHARE, GAP_TIMES_USUAL};
use super::look::Look;
use super::{Finder, Finding, FindingKind};
use crate::model::Kind;
use crate::model::human::duration;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::Gap,
    name: "gap",
    title: "Gap",
    advice: "Something that sends no spans took this time: a lock, a pause of the runtime, a computation. Trace it, or profile it.",
    find,
};

fn find(look: &Look, found: &mut Vec<Finding>) {
    for node in look.nodes() {
        let span = look.span(node);
        // What a call to elsewhere waits for is no gap.
        let is_own = !matches!(span.kind, Kind::Client | Kind::Producer) && look.own_ns(node) >= GAP_NS;
        let Some(usual) = look.usual.own_ns(span).filter(|_| is_own) else { continue };
        let (gap, at) = longest_gap(look, node);
        let is_much = gap as f64 >= span.duration_ns as f64 * GAP_SHARE && gap >= GAP_NS;
        if !is_much || look.own_ns(node) < usual.saturating_mul(GAP_TIMES_USUAL) {
            continue;
        }
        let evidence = format!(
            "{} of the {} of {} without a child, {} after it began; usually it takes {} itself",
            duration(gap),
            duration(span.duration_ns),
            span.operation,
            duration(at),
            duration(usual),
        );
        let confidence = 1.0 - usual as f64 / gap as f64;
        let of = Finding::of(FindingKind::Gap, span);
        found.push(Finding { evidence, confidence, cost_ns: gap - usual.min(gap), ..of }.shown_by([span]));
    }
}

/// Returns the longest time in which no child runs, and when it begins after the start.
fn longest_gap(look: &Look, node: u32) -> (u64, u64) {
    let span = look.span(node);
    let (mut longest, mut covered) = ((0, 0), span.start.0);
    for child in look.children(node) {
        let child = look.span(child);
        let to = child.start.0.min(span.end().0);
        if to.saturating_sub(covered) > longest.0 {
            longest = (to - covered, covered - span.start.0);
        }
        covered = covered.max(child.end().0);
    }
    let rest = span.end().0.saturating_sub(covered);
    if rest > longest.0 { (rest, covered - span.start.0) } else { longest }
}

//! A call that is tried again and again: all but the last fail, one after the other.

use super::limits::ATTEMPTS;
use super::look::{covered_ns, overlapping};
use super::{Finder, Finding, FindingKind};
use crate::model::human::duration;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::RetryStorm,
    name: "retry_storm",
    title: "Retry storm",
    advice: "Wait longer between attempts, with a random part, give up after few, and open a circuit breaker: retries keep down \
             what is down.",
    find: |look, found| {
        for similar in look.similar.iter().filter(|similar| similar.nodes.len() >= ATTEMPTS) {
            let spans = similar.spans(look);
            let Some((last, before)) = spans.split_last() else { continue };
            // What runs side by side is not a further attempt.
            if overlapping(&spans) > 0 || !before.iter().all(|span| span.is_error()) {
                continue;
            }
            let parent = look.span(similar.parent);
            let wasted = covered_ns(before.iter().copied());
            let end = if last.is_error() { "all failed" } else { "all but the last failed" };
            let evidence =
                format!("{} attempts at {}, {end}: {} in vain", spans.len(), last.operation, duration(wasted));
            let confidence = if last.is_error() { 0.8 } else { 0.9 };
            let of = Finding::of(FindingKind::RetryStorm, parent);
            let of = Finding { subject: last.operation.to_string(), evidence, confidence, cost_ns: wasted, ..of };
            found.push(of.shown_by(spans));
        }
    },
};

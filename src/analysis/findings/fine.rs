//! Spans so short and so many that they tell nothing and cost much.

use super::limits::{FINE, FINE_NS};
use super::{Finder, Finding, FindingKind};
use crate::model::human::duration;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::TooFine,
    name: "too_fine",
    title: "Spans too fine",
    advice: "Count these in an attribute of the span above instead, or sample them: each costs more to record than it takes.",
    find: |look, found| {
        for parent in look.nodes() {
            if (look.trace.tree.nodes[parent as usize].descendants as usize) < FINE {
                continue;
            }
            let is_fine = |child: &u32| look.span(*child).duration_ns < FINE_NS;
            let fine: Vec<_> = look.children(parent).filter(is_fine).map(|child| look.span(child)).collect();
            if fine.len() < FINE {
                continue;
            }
            let above = look.span(parent);
            let mut durations: Vec<u64> = fine.iter().map(|span| span.duration_ns).collect();
            let middle = *durations.select_nth_unstable(fine.len() / 2).1;
            let evidence =
                format!("{} spans of {} or so beneath one {}", fine.len(), duration(middle), above.operation);
            let confidence = 1.0 - FINE as f64 / (2 * fine.len()) as f64;
            let of = Finding::of(FindingKind::TooFine, above);
            let subject = fine.first().map(|span| span.operation.to_string()).unwrap_or_default();
            found.push(Finding { subject, evidence, confidence, ..of }.shown_by(fine));
        }
    },
};

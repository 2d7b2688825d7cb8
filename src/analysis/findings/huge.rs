//! A span so large that it weighs on everything that carries it.

use super::{Finder, Finding, FindingKind};

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::HugeSpan,
    name: "huge_span",
    title: "Huge span",
    advice: "Cut long values off where they are recorded (OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT), and put what is worth keeping into a log.",
    find: |look, found| {
        for node in look.nodes() {
            let Some(bytes) = look.huge(node) else { continue };
            let span = look.span(node);
            let evidence = format!("{} takes {} KiB", span.operation, bytes >> 10);
            found.push(
                Finding { evidence, confidence: 1.0, ..Finding::of(FindingKind::HugeSpan, span) }.shown_by([span]),
            );
        }
    },
};

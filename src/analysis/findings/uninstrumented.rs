//! A call to a service that sends spans elsewhere, of which the called side is missing.

use super::{Finder, Finding, FindingKind};
use crate::model::Kind;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::MissingInstrumentation,
    name: "missing_instrumentation",
    title: "Missing spans",
    advice: "Look whether the context is passed on here (the traceparent header), whether this endpoint is instrumented, and whether \
             spans are lost or sampled away.",
    find: |look, found| {
        for node in look.nodes() {
            let call = look.span(node);
            let is_answered = || look.children(node).any(|child| look.span(child).kind == Kind::Server);
            if call.kind != Kind::Client || is_answered() {
                continue;
            }
            let Some(target) = look.target(node) else { continue };
            if !look.usual.has_entries(&target) || target == *call.service {
                continue;
            }
            let evidence = format!("{} called {target}, which sends spans elsewhere but none for this", call.operation);
            let of = Finding::of(FindingKind::MissingInstrumentation, call);
            // They may yet come, or have come to nobody: a call that failed may not have arrived.
            let confidence = if call.is_error() { 0.3 } else { 0.7 };
            found.push(Finding { subject: target, evidence, confidence, ..of }.shown_by([call]));
        }
    },
};

//! An error that a caller does not pass on.

use super::look::Look;
use super::{Finder, Finding, FindingKind};
use crate::model::{Kind, Span};

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::SwallowedError,
    name: "swallowed_error",
    title: "Swallowed error",
    advice: "Where the answer is worse for it, say so: set the status of the span, or record why it does not matter.",
    find: |look, found| {
        for node in look.nodes() {
            let child = look.span(node);
            let Some(parent) = look.parent(node).map(|parent| look.span(parent)) else { continue };
            if !child.is_error() || parent.is_error() || is_across(parent, child) || !both_sides_fail(look, node) {
                continue;
            }
            // What is tried again and then works is not lost.
            if is_made_good(look, node) {
                continue;
            }
            let evidence = format!("{} failed, {} that called it did not", child.operation, parent.operation);
            let of = Finding::of(FindingKind::SwallowedError, parent);
            let of = Finding { subject: child.operation.to_string(), evidence, confidence: 0.6, ..of };
            found.push(of.shown_by([child]));
        }
    },
};

/// Returns whether these are the two sides of one call, or a message: the caller is not told how that went.
fn is_across(parent: &Span, child: &Span) -> bool {
    parent.service != child.service || child.kind == Kind::Consumer
}

/// Returns whether the called side, where there is one, failed as well.
fn both_sides_fail(look: &Look, call: u32) -> bool {
    let service = &look.span(call).service;
    look.children(call).filter(|child| look.span(*child).service != *service).all(|child| look.span(child).is_error())
}

/// Returns whether a similar call after this one worked.
fn is_made_good(look: &Look, node: u32) -> bool {
    let span = look.span(node);
    let Some(parent) = look.parent(node) else { return false };
    look.children(parent).any(|other| {
        let other = look.span(other);
        let is_similar = other.kind == span.kind && other.service == span.service && other.operation == span.operation;
        is_similar && !other.is_error() && other.start >= span.end()
    })
}

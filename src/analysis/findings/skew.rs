//! Clocks that differ: the called side lies outside of its caller.

use super::limits::SKEW_NS;
use super::{Finder, Finding, FindingKind};
use crate::model::Kind;
use crate::model::human::duration;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::ClockSkew,
    name: "clock_skew",
    title: "Clock skew",
    advice: "Let both hosts keep their time with NTP; until then do not trust the order of what they did.",
    find: |look, found| {
        for node in look.nodes() {
            let callee = look.span(node);
            let Some(caller) = look.parent(node).map(|parent| look.span(parent)) else { continue };
            let is_call = caller.kind == Kind::Client && callee.kind == Kind::Server;
            // What takes longer than its caller waited is not what that waited for.
            if !is_call || caller.service == callee.service || callee.duration_ns > caller.duration_ns {
                continue;
            }
            let early = caller.start.since(callee.start);
            // A called side may go on after its caller has what it wants, but not begin then.
            let late = callee.start.since(caller.end());
            if early.max(late) <= SKEW_NS {
                continue;
            }
            // The way there and back taken to be as long.
            let way = (caller.duration_ns - callee.duration_ns) / 2;
            let off = if early > 0 { early + way } else { late + way + callee.duration_ns };
            let which = if early > 0 { "behind" } else { "ahead of" };
            let evidence = format!(
                "{} begins {} {} its caller: the clock of {} is about {} {which} that of {}",
                callee.operation,
                duration(if early > 0 { early } else { callee.start.since(caller.start) }),
                if early > 0 { "before" } else { "after" },
                callee.service,
                duration(off),
                caller.service,
            );
            let of = Finding::of(FindingKind::ClockSkew, callee);
            let confidence = if early > 0 { 0.95 } else { 0.7 };
            found.push(Finding { subject: caller.service.to_string(), evidence, confidence, ..of }.shown_by([caller]));
        }
    },
};

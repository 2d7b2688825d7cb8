//! Two services that talk all the time.

use foldhash::HashMap;

use super::limits::CHATTY;
use super::look::covered_ns;
use super::{Finder, Finding, FindingKind};
use crate::model::human::duration;
use crate::model::{Kind, Span};

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::ChattyPair,
    name: "chatty_pair",
    title: "Chatty pair",
    advice: "Let one call carry more, or move what they talk about to one side.",
    find: |look, found| {
        let mut pairs: HashMap<(&str, &str), Vec<(&Span, &Span)>> = HashMap::default();
        for node in look.nodes() {
            let Some(parent) = look.parent(node) else { continue };
            let (caller, callee) = (look.span(parent), look.span(node));
            let is_call =
                matches!((caller.kind, callee.kind), (Kind::Client, Kind::Server) | (Kind::Producer, Kind::Consumer));
            if is_call && caller.service != callee.service {
                pairs.entry((&caller.service, &callee.service)).or_default().push((caller, callee));
            }
        }
        let mut pairs: Vec<_> = pairs.into_iter().filter(|(_, calls)| calls.len() as u64 >= CHATTY).collect();
        pairs.sort_unstable_by_key(|(pair, _)| *pair);
        for ((caller, callee), mut calls) in pairs {
            calls.sort_by_key(|(caller, _)| caller.start);
            let covered = covered_ns(calls.iter().map(|(caller, _)| *caller));
            // What is not the callee's own time is the way there and back.
            let away: u64 =
                calls.iter().map(|(caller, callee)| caller.duration_ns.saturating_sub(callee.duration_ns)).sum();
            let number = calls.len();
            let evidence = format!(
                "{number} calls from {caller} to {callee} in one trace: {}, of these {} on the way",
                duration(covered),
                duration(away)
            );
            let of = Finding::of(FindingKind::ChattyPair, calls[0].0);
            let confidence = 1.0 - CHATTY as f64 / (2 * number) as f64;
            let of = Finding { subject: callee.to_owned(), evidence, confidence, cost_ns: away.min(covered), ..of };
            found.push(of.shown_by(calls.into_iter().map(|(caller, _)| caller)));
        }
    },
};

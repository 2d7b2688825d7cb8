//! Errors up the path that all took the same time: each waited until the one below it gave up.

use super::limits::{CHAIN, CHAIN_DIFFERENCE, CHAIN_NS, MOST_IN_CHAIN};
use super::look::Look;
use super::{Finder, Finding, FindingKind};
use crate::model::human::duration;

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::TimeoutChain,
    name: "timeout_chain",
    title: "Timeout chain",
    advice: "Give callers longer than what they call, pass the deadline on, and answer from elsewhere when the time is up.",
    find,
};

fn find(look: &Look, found: &mut Vec<Finding>) {
    let is_part = |node: u32| look.span(node).is_error() && look.span(node).duration_ns >= CHAIN_NS;
    let is_near = |above: u32, below: u32| {
        let (above, below) = (look.span(above).duration_ns as f64, look.span(below).duration_ns as f64);
        (above - below).abs() <= above.max(below) * CHAIN_DIFFERENCE
    };
    for bottom in look.nodes().filter(|node| is_part(*node)) {
        // A chain is told from its lower end: no child goes on with it.
        if look.children(bottom).any(|child| is_part(child) && is_near(bottom, child)) {
            continue;
        }
        let mut chain = vec![bottom];
        while let Some(above) = chain.last().and_then(|at| look.parent(*at)).filter(|above| is_part(*above)) {
            if !is_near(above, bottom) || chain.len() >= MOST_IN_CHAIN {
                break;
            }
            chain.push(above);
        }
        let service = &look.span(bottom).service;
        let is_across = chain.iter().any(|node| look.span(*node).service != *service);
        if chain.len() < CHAIN || !is_across {
            continue;
        }
        let spans = chain.iter().map(|node| look.span(*node));
        let top = chain.last().map_or(bottom, |top| *top);
        let took = look.span(bottom).duration_ns;
        let evidence = format!(
            "{} spans in error of about {} each, from {} down to {}",
            chain.len(),
            duration(took),
            look.span(top).operation,
            look.span(bottom).operation,
        );
        let confidence = if is_round(took) { 0.9 } else { 0.6 };
        let of = Finding::of(FindingKind::TimeoutChain, look.span(bottom));
        let of = Finding { subject: look.span(top).operation.to_string(), evidence, confidence, cost_ns: took, ..of };
        found.push(of.shown_by(spans));
    }
}

/// Returns whether a duration is one that people choose: one digit and zeros, or 1.5, 15 and the like, give or take 3 %.
fn is_round(ns: u64) -> bool {
    const CHOSEN: [f64; 9] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 9.0];
    let digits = ns as f64 / 10_f64.powf((ns.max(1) as f64).log10().floor());
    CHOSEN.iter().chain(&[10.0]).any(|chosen| (digits / chosen - 1.0).abs() < 0.03)
}

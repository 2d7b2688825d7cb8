//! The same query sent again and again in one trace.

use foldhash::HashMap;

use super::limits::SAME_QUERY;
use super::look::{Look, Statement, covered_ns};
use super::{Finder, Finding, FindingKind};
use crate::model::human::duration;
use crate::model::{Kind, Span};

pub(super) const FINDER: Finder = Finder {
    kind: FindingKind::IdenticalQuery,
    name: "identical_query",
    title: "Repeated query",
    advice: "Keep the answer for the time of the request instead of asking again.",
    find,
};

/// More characters of a statement are not shown.
const MOST_SHOWN: usize = 60;

fn find(look: &Look, found: &mut Vec<Finding>) {
    let mut callers: HashMap<(&str, &str), Vec<u32>> = HashMap::default();
    for node in look.nodes() {
        let span = look.span(node);
        if span.kind == Kind::Client {
            callers.entry((&span.service, &span.operation)).or_default().push(node);
        }
    }
    let mut callers: Vec<Vec<u32>> = callers.into_values().filter(|nodes| nodes.len() >= SAME_QUERY).collect();
    callers.sort_unstable();
    for nodes in callers {
        // Spans of an operation all have a statement, or none does.
        if nodes.first().and_then(|node| look.statement(*node)).is_none() {
            continue;
        }
        let mut statements: HashMap<Statement, Vec<u32>> = HashMap::default();
        for node in nodes {
            if let Some(statement) = look.statement(node) {
                statements.entry(statement).or_default().push(node);
            }
        }
        let mut same: Vec<_> = statements.into_iter().filter(|(_, nodes)| nodes.len() >= SAME_QUERY).collect();
        same.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        found.extend(same.into_iter().map(|(statement, nodes)| finding(look, statement, &nodes)));
    }
}

fn finding(look: &Look, statement: Statement, nodes: &[u32]) -> Finding {
    let mut spans: Vec<&Span> = nodes.iter().map(|node| look.span(*node)).collect();
    spans.sort_by_key(|span| span.start);
    let covered = covered_ns(spans.iter().copied());
    let longest = spans.iter().map(|span| span.duration_ns).max().unwrap_or_default();
    let is_open = statement.parameters.is_empty() && has_placeholder(&statement.text);
    let but = if is_open { ", as far as can be seen: its parameters are not recorded" } else { "" };
    let shown: String =
        statement.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_SHOWN).collect();
    let evidence = format!("{} × “{shown}” in one trace{but}: {}", spans.len(), duration(covered));
    let of = Finding::of(FindingKind::IdenticalQuery, spans[0]);
    let confidence = if is_open { 0.4 } else { 0.9 };
    let cost_ns = covered.saturating_sub(longest);
    Finding { subject: statement.text, evidence, confidence, cost_ns, ..of }.shown_by(spans)
}

/// Returns whether a statement leaves values open, as `?`, `$1`, `%s` or `:name`.
fn has_placeholder(text: &str) -> bool {
    text.contains('?')
        || text.contains("%s")
        || text.as_bytes().windows(2).any(|pair| {
            matches!(pair, [b'$', b'0'..=b'9']) || matches!(pair, [b':' | b'@', b'a'..=b'z' | b'A'..=b'Z' | b'_'])
        })
}

//! Calls between blocks: the parts of a trace that lie in several ones, and links to spans of other blocks.

use std::collections::HashSet;

use crate::analysis::Spans;
use crate::model::{EdgeKind, Kind};
use crate::store::{Bits, Calls, Snapshot, edge_kind};

/// A span: the place of its block, and its row.
pub(super) type At = (usize, u32);

/// See the module.
pub(super) struct Far {
    /// Callers and callees, each pair once, of different services.
    pub(super) pairs: Vec<(At, At, EdgeKind)>,
    /// The callers in each block that have a callee in another one.
    pub(super) answered: Vec<Bits>,
}

/// How many traces are looked at from one question to the next whether to go on.
const MANY: usize = 1_024;

impl Far {
    /// Finds them; none where that was ended.
    pub(super) fn find(
        snapshot: &Snapshot,
        spans: &Spans,
        calls: &[Calls],
        going: &dyn Fn(usize) -> bool,
    ) -> Option<Self> {
        let answered = spans.views.iter().map(|view| Bits::none(view.len())).collect();
        let mut far = Finding { snapshot, spans, seen: HashSet::default(), far: Self { pairs: Vec::new(), answered } };
        for (position, view) in spans.views.iter().enumerate() {
            for (number, part) in view.parts_with_older().enumerate() {
                // Each trace once: where its newest part is.
                if view.has_part(part) && !snapshot.is_superseded(view, part) {
                    far.in_trace(position, part);
                }
                if number % MANY == MANY - 1 && !going(position) {
                    return None;
                }
            }
            if !going(position) {
                return None;
            }
        }
        for (position, calls) in calls.iter().enumerate() {
            for link in &calls.links_out {
                far.link((position, link.row), (link.trace_id, link.span_id));
            }
            if !going(position) {
                return None;
            }
        }
        Some(far.far)
    }
}

struct Finding<'a> {
    snapshot: &'a Snapshot,
    spans: &'a Spans<'a>,
    seen: HashSet<(At, At), foldhash::fast::RandomState>,
    far: Far,
}

impl Finding<'_> {
    /// Looks for the parents that spans of a trace have in its other parts.
    fn in_trace(&mut self, position: usize, part: u32) {
        let newest = self.snapshot.newest_after(position, part);
        let (parts, _) = self.snapshot.parts(newest);
        if parts.len() < 2 {
            return;
        }
        for &(position, part) in &parts {
            let view = &self.spans.views[position];
            for row in view.newest_rows(part) {
                if !view.timing(row).is_entry() || view.parent(row).is_some() {
                    continue;
                }
                let parent_id = view.row(row).parent_id;
                let others = parts.iter().filter(|(other, _)| *other != position && parent_id != 0);
                let parent = others
                    .filter_map(|&(other, part)| Some((other, self.spans.views[other].find_span(part, parent_id)?)));
                if let Some(parent) = parent.into_iter().next() {
                    self.far.answered[parent.0].insert(parent.1);
                    self.pair(parent, (position, row));
                }
            }
        }
    }

    /// Looks for the producer that a consumer links to.
    fn link(&mut self, callee: At, (trace_id, span_id): (u128, u64)) {
        let Some(newest) = self.snapshot.newest_part(trace_id) else { return };
        let (parts, _) = self.snapshot.parts(newest);
        let found = parts.into_iter().find_map(|(at, part)| Some((at, self.spans.views[at].find_span(part, span_id)?)));
        if let Some(caller) = found.filter(|at| self.spans.views[at.0].timing(at.1).facts.kind() == Kind::Producer) {
            self.pair(caller, callee);
        }
    }

    fn pair(&mut self, caller: At, callee: At) {
        let [one, other] = [caller, callee].map(|(at, row)| (&self.spans.views[at], self.spans.views[at].timing(row)));
        let kind = edge_kind(one.1.facts.kind(), other.1.facts.kind());
        let is_between = one.0.text(one.1.service) != other.0.text(other.1.service);
        if let Some(kind) = kind.filter(|_| is_between && self.seen.insert((caller, callee))) {
            self.far.pairs.push((caller, callee, kind));
        }
    }
}

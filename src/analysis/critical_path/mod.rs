//! The critical path of a trace: of each moment of the root, the span that the answer waited for. Walks back from the end of
//! the root; at each point the child that finishes last is what was waited for, and where no child runs, the span itself.
//!
//! - A child counts as far as it lies within its parent. Of children that overlap, the one that finished last has the time until
//!   it began, and what came before that belongs to the others that ran then: never to the parent, which waited.
//! - A CONSUMER does not keep its parent waiting, unless that is one as well.
//! - The root is the earliest span without a parent; where none is held, the earliest span at the top. Cycles are cut as in
//!   [`crate::model::tree`].
//!
//! So segments never overlap and cover the root from its start to its end, and no span has more time on the path than its
//! own [`self_times`], but for time in which only a CONSUMER ran that it did not wait for.

#[cfg(test)]
mod tests;

use crate::model::tree::{Node, Place};
use crate::model::{Kind, Span, Trace};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// One after the other, from the start of the root to its end.
    pub segments: Vec<Segment>,
    /// How long each span of the trace is on the path, in nanoseconds.
    pub of_spans: Vec<u64>,
}

/// A time in which a span was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The place of the span in the trace.
    pub span: u32,
    /// In nanoseconds since 1970.
    pub from_ns: u64,
    pub to_ns: u64,
}

impl CriticalPath {
    /// Returns the path of a trace; nothing of one without spans. Costs O(n log n), and no recursion.
    pub fn of(trace: &Trace) -> Self {
        let mut path = Self { segments: Vec::new(), of_spans: vec![0; trace.spans.len()] };
        let nodes = &trace.tree.nodes;
        let root = nodes.iter().position(|node| node.place == Place::Root).or_else(|| (!nodes.is_empty()).then_some(0));
        if let Some(root) = root {
            path.walk(trace, root as u32);
            path.segments.reverse();
        }
        path
    }

    fn walk(&mut self, trace: &Trace, root: u32) {
        let children = Children::of(trace);
        let times = |node: u32| children.times.get(node as usize).copied().unwrap_or_default();
        let (start, end) = times(root);
        let mut stack = vec![Waiting { node: root, from: start, at: end, next: 0 }];
        while let Some(waiting) = stack.last_mut() {
            let below = children.below(waiting.node);
            // What begins at this point or after it was not waited for before it either, so each child is looked at once.
            let (from, at) = (waiting.from, waiting.at);
            let begins_before = |&&child: &&u32| {
                let (start, end) = times(child);
                start < at && end > from && end > start
            };
            let rest = below.get(waiting.next..).unwrap_or_default();
            let found = rest.iter().position(|child| begins_before(&child));
            let Some((skipped, &child)) = found.and_then(|skipped| Some((skipped, rest.get(skipped)?))) else {
                let Waiting { node, from, at, .. } = *waiting;
                self.add(trace, node, (from, at));
                stack.pop();
                continue;
            };
            waiting.next += skipped + 1;
            let (start, end) = times(child);
            let (child_from, child_to) = (start.max(from), end.min(at));
            let node = waiting.node;
            waiting.at = child_from;
            self.add(trace, node, (child_to, at));
            stack.push(Waiting { node: child, from: child_from, at: child_to, next: 0 });
        }
    }

    /// Adds a segment before those that were added.
    fn add(&mut self, trace: &Trace, node: u32, (from_ns, to_ns): (u64, u64)) {
        let Some(node) = trace.tree.nodes.get(node as usize).filter(|_| from_ns < to_ns) else { return };
        self.segments.push(Segment { span: node.span, from_ns, to_ns });
        if let Some(own) = self.of_spans.get_mut(node.span as usize) {
            *own += to_ns - from_ns;
        }
    }
}

/// A span that waits for its children: from the point up to which nothing is decided back to its start.
struct Waiting {
    node: u32,
    from: u64,
    at: u64,
    /// How many of its children were looked at.
    next: usize,
}

/// The children of each node that it waits for, the last to finish first.
struct Children {
    all: Vec<u32>,
    /// Where those of a node begin among all; those of the next node follow.
    first: Vec<u32>,
    /// The start and the end of each node, the end not after that of its parent.
    times: Vec<(u64, u64)>,
}

impl Children {
    fn of(trace: &Trace) -> Self {
        let nodes = &trace.tree.nodes;
        let span = |node: &Node| trace.spans.get(node.span as usize);
        let mut times: Vec<(u64, u64)> = Vec::with_capacity(nodes.len());
        let mut first = vec![0_u32; nodes.len() + 1];
        let mut is_waited_for = vec![false; nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            let (start, end) = span(node).map_or((0, 0), |span| (span.start.0, span.end().0));
            let parent = node.parent.and_then(|parent| Some((parent as usize, span(nodes.get(parent as usize)?)?)));
            let Some((place, parent)) = parent else {
                times.push((start, end));
                continue;
            };
            times.push((start, end.min(parent.end().0)));
            if let Some(span) = span(node).filter(|span| is_awaited(span, parent)) {
                is_waited_for[at] = span.duration_ns > 0;
                first[place + 1] += u32::from(is_waited_for[at]);
            }
        }
        for place in 1..first.len() {
            first[place] += first[place - 1];
        }
        let mut children = Self { all: vec![0; first.last().copied().unwrap_or(0) as usize], first, times };
        children.fill(nodes, &is_waited_for);
        children
    }

    fn fill(&mut self, nodes: &[Node], is_waited_for: &[bool]) {
        let mut free = self.first.clone();
        for (at, node) in (0..).zip(nodes).filter(|(at, _)| is_waited_for[*at as usize]) {
            let Some(place) = node.parent.and_then(|parent| free.get_mut(parent as usize)) else { continue };
            self.all[*place as usize] = at;
            *place += 1;
        }
        let times = &self.times;
        for ends in self.first.windows(2) {
            if let [from, to] = *ends {
                // Of those that end together the longest explains most; then the order of the tree decides.
                let key = |&child: &u32| (std::cmp::Reverse(times[child as usize].1), times[child as usize].0, child);
                self.all[from as usize..to as usize].sort_unstable_by_key(key);
            }
        }
    }

    fn below(&self, node: u32) -> &[u32] {
        let of = |place: u32| self.first.get(place as usize).map_or(0, |first| *first as usize);
        self.all.get(of(node)..of(node + 1)).unwrap_or_default()
    }
}

/// Returns whether a parent waits for a child.
fn is_awaited(child: &Span, parent: &Span) -> bool {
    child.kind != Kind::Consumer || parent.kind == Kind::Consumer
}

/// Returns the self time of each span of a trace, in nanoseconds: its duration without the time in which a child of it ran.
/// Costs O(n): the children of a span come in order of their starts.
pub fn self_times(trace: &Trace) -> Vec<u64> {
    let nodes = &trace.tree.nodes;
    let mut own: Vec<u64> = trace.spans.iter().map(|span| span.duration_ns).collect();
    // Of each span, up to where its children cover it.
    let mut covered: Vec<u64> = trace.spans.iter().map(|span| span.start.0).collect();
    for node in nodes {
        let parent = node.parent.and_then(|parent| nodes.get(parent as usize)).map(|parent| parent.span as usize);
        let Some((place, child)) = parent.zip(trace.spans.get(node.span as usize)) else { continue };
        let Some((covered, parent)) = covered.get_mut(place).zip(trace.spans.get(place)) else { continue };
        let (from, to) = (child.start.0.max(*covered), child.end().0.min(parent.end().0));
        if let Some(own) = own.get_mut(place).filter(|_| from < to) {
            *own = own.saturating_sub(to - from);
            *covered = to;
        }
    }
    own
}

//! Which spans of the trace a search found, and going from one to the next.

use foldhash::HashSet;

use super::state::State;
use crate::model::{SpanId, Trace};

/// The spans found.
#[derive(Debug, Default)]
pub struct Matches {
    spans: HashSet<SpanId>,
    /// Their nodes, in order.
    nodes: Vec<u32>,
}

impl Matches {
    pub(super) fn new(spans: Vec<SpanId>) -> Self {
        Self { spans: spans.into_iter().collect(), nodes: Vec::new() }
    }

    /// Finds the spans in the tree as it is now.
    pub(super) fn place(&mut self, trace: &Trace) {
        let found = |span: u32| trace.spans.get(span as usize).is_some_and(|span| self.spans.contains(&span.id));
        let nodes = (0..).zip(&trace.tree.nodes).filter(|(_, node)| found(node.span)).map(|(place, _)| place);
        self.nodes = nodes.collect();
    }

    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Returns which of them a node is, from 0.
    pub fn number_of(&self, node: u32) -> Option<usize> {
        self.nodes.binary_search(&node).ok()
    }

    /// Returns how many of them stand below a node that has so many descendants.
    pub fn below(&self, node: u32, descendants: u32) -> usize {
        let upto = |end: u32| self.nodes.partition_point(|&found| found <= end);
        upto(node + descendants) - upto(node)
    }

    fn after(&self, node: Option<u32>) -> Option<u32> {
        let place = node.map_or(0, |node| self.nodes.partition_point(|&found| found <= node));
        self.nodes.get(place).copied()
    }

    fn before(&self, node: u32) -> Option<u32> {
        let place = self.nodes.partition_point(|&found| found < node);
        self.nodes.get(place.checked_sub(1)?).copied()
    }
}

impl State {
    /// Goes to the next match, unfolding what hides it. Returns whether there is one.
    pub fn next_match(&mut self, height: usize) -> bool {
        let found = self.matches().and_then(|matches| matches.after(self.selected_node()));
        self.go_to_node(found.map(|node| node as usize), height)
    }

    /// Goes to the match before this span. Returns whether there is one.
    pub fn previous_match(&mut self, height: usize) -> bool {
        let selected = self.selected_node().unwrap_or(0);
        let found = self.matches().and_then(|matches| matches.before(selected));
        self.go_to_node(found.map(|node| node as usize), height)
    }

    /// Goes to the first match from the selected span on, or else to the last one before it.
    pub fn nearest_match(&mut self, height: usize) {
        let is_match = |node: u32| self.matches().is_some_and(|matches| matches.number_of(node).is_some());
        if self.selected_node().is_none_or(|node| !is_match(node)) && !self.next_match(height) {
            self.previous_match(height);
        }
    }

    /// Marks nothing any more; returns whether there was something.
    pub fn unmark(&mut self) -> bool {
        let had = self.matches().is_some();
        self.show_matches(None);
        had
    }

    /// Goes to the first of some spans, and marks them all where they are several and nothing is searched for.
    pub fn point_at(&mut self, spans: Vec<SpanId>, is_searching: bool) {
        let first = spans.first().copied();
        if spans.len() > 1 && !is_searching {
            self.show_matches(Some(spans));
        }
        if let Some(first) = first {
            self.go_to(first);
        }
    }
}

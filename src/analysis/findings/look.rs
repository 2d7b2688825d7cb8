//! A trace as finders look at it: its tree, the self times, similar spans side by side, and what has to be read of single spans.

use std::cell::RefCell;

use super::Usual;
use crate::analysis::critical_path::self_times;
use crate::model::{Span, Trace};

/// A query that a span sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Statement {
    pub(crate) text: String,
    /// The values of its parameters, where the span has them.
    pub(crate) parameters: String,
}

/// What is read of single spans, by their places in the trace: that takes long.
pub(crate) trait Details {
    fn statement(&mut self, span: u32) -> Option<Statement>;

    /// Returns what a span calls, as its attributes name it.
    fn target(&mut self, span: u32) -> Option<String>;

    /// Returns the size of a span of [`super::limits::HUGE`] bytes or more.
    fn huge(&mut self, span: u32) -> Option<usize>;
}

/// See the module.
pub(super) struct Look<'a> {
    pub(super) trace: &'a Trace,
    pub(super) usual: &'a Usual,
    /// Of each span.
    pub(super) own_ns: Vec<u64>,
    pub(super) similar: Vec<Similar>,
    details: RefCell<&'a mut dyn Details>,
}

/// Spans of the same service, operation and kind beneath one parent.
#[derive(Debug)]
pub(super) struct Similar {
    /// The place of the parent among the nodes.
    pub(super) parent: u32,
    /// Places among the nodes, by start.
    pub(super) nodes: Vec<u32>,
}

/// Fewer similar spans tell nothing.
const LEAST_SIMILAR: usize = 3;

impl<'a> Look<'a> {
    pub(super) fn new(trace: &'a Trace, usual: &'a Usual, details: &'a mut dyn Details) -> Self {
        let own_ns = self_times(trace);
        let mut look = Self { trace, usual, own_ns, similar: Vec::new(), details: RefCell::new(details) };
        look.similar = look.find_similar();
        look
    }

    /// Returns the span of a node.
    pub(super) fn span(&self, node: u32) -> &'a Span {
        // A node always has a span, and who asks has the number from the tree.
        &self.trace.spans[self.trace.tree.nodes[node as usize].span as usize]
    }

    /// Returns the place of a node's span among the spans.
    pub(super) fn place(&self, node: u32) -> u32 {
        self.trace.tree.nodes[node as usize].span
    }

    pub(super) fn own_ns(&self, node: u32) -> u64 {
        self.own_ns[self.place(node) as usize]
    }

    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        self.trace.tree.nodes[node as usize].parent
    }

    /// Returns all nodes.
    pub(super) fn nodes(&self) -> std::ops::Range<u32> {
        0..self.trace.tree.nodes.len() as u32
    }

    /// Returns the children of a node, by start.
    pub(super) fn children(&self, node: u32) -> impl Iterator<Item = u32> {
        let nodes = &self.trace.tree.nodes;
        let end = node + nodes[node as usize].descendants;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = (next <= end).then_some(next)?;
            next += nodes[child as usize].descendants + 1;
            Some(child)
        })
    }

    pub(super) fn statement(&self, node: u32) -> Option<Statement> {
        self.details.borrow_mut().statement(self.place(node))
    }

    /// Returns what a span calls: the service of a child that answers, or what its attributes say.
    pub(super) fn called(&self, node: u32) -> Option<String> {
        let own = &self.span(node).service;
        let answers = |child: &u32| self.span(*child).service != *own;
        match self.children(node).find(answers) {
            Some(child) => Some(self.span(child).service.to_string()),
            None => self.target(node),
        }
    }

    /// Returns what a span calls, as its attributes name it.
    pub(super) fn target(&self, node: u32) -> Option<String> {
        self.details.borrow_mut().target(self.place(node))
    }

    pub(super) fn huge(&self, node: u32) -> Option<usize> {
        self.details.borrow_mut().huge(self.place(node))
    }

    fn find_similar(&self) -> Vec<Similar> {
        let mut found = Vec::new();
        for parent in self.nodes() {
            if (self.trace.tree.nodes[parent as usize].descendants as usize) < LEAST_SIMILAR {
                continue;
            }
            let mut children: Vec<u32> = self.children(parent).collect();
            if children.len() < LEAST_SIMILAR {
                continue;
            }
            let key = |node: u32| {
                let span = self.span(node);
                (span.kind, &span.operation, &span.service)
            };
            // Children come by start, and so do those that are alike.
            children.sort_by(|a, b| key(*a).cmp(&key(*b)));
            let alike = children.chunk_by(|a, b| key(*a) == key(*b)).filter(|nodes| nodes.len() >= LEAST_SIMILAR);
            found.extend(alike.map(|nodes| Similar { parent, nodes: nodes.to_vec() }));
        }
        found
    }
}

impl Similar {
    pub(super) fn spans<'a>(&self, look: &Look<'a>) -> Vec<&'a Span> {
        self.nodes.iter().map(|node| look.span(*node)).collect()
    }
}

/// Returns how long at least one of the spans ran, which come by start.
pub(super) fn covered_ns<'a>(spans: impl IntoIterator<Item = &'a Span>) -> u64 {
    let (mut sum, mut end) = (0_u64, 0);
    for span in spans {
        let (from, to) = (span.start.0.max(end), span.end().0);
        sum += to.saturating_sub(from);
        end = end.max(to);
    }
    sum
}

/// Returns how many of the spans begin before an earlier one ended; they come by start.
pub(super) fn overlapping(spans: &[&Span]) -> usize {
    let mut end = 0;
    let mut count = 0;
    for (number, span) in spans.iter().enumerate() {
        count += usize::from(number > 0 && span.start.0 < end);
        end = end.max(span.end().0);
    }
    count
}

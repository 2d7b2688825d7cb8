//! The filters of a query, `{ … }` each, and for which rows of a block each holds.

use std::sync::Arc;

use super::ast::Expr;
use super::eval::Subject;
use super::memory::Memory;
use super::narrow::{Found, Narrow};
use super::node::{Needs, Node};
use super::space::{Hand, Place};
use crate::store::Bits;

/// See the module.
#[derive(Debug)]
pub(super) struct Leaf {
    /// None for all spans.
    node: Option<Node>,
    needs: Needs,
    /// By which what was found is remembered; none where it depends on more than the span.
    key: Option<Arc<str>>,
    text: Arc<str>,
}

impl Leaf {
    pub(super) fn of(expr: Option<&Expr>) -> Self {
        let node = expr.map(Node::of);
        let needs = node.as_ref().map_or(Needs::NOTHING, Node::needs);
        let is_own = !needs.has(Needs::TRACE) && !needs.has(Needs::OTHER) && !needs.has(Needs::SLOW);
        // Only what takes long to find is worth remembering.
        let is_dear = needs.has(Needs::BODY);
        let text: Arc<str> = expr.map_or_else(|| "{ }".into(), |expr| format!("{{ {expr} }}").into());
        let key = (is_own && is_dear).then(|| Arc::clone(&text));
        Self { node, needs, key, text }
    }

    /// Returns whether it reads the bytes of spans.
    pub(super) fn is_dear(&self) -> bool {
        self.needs.has(Needs::BODY) || self.needs.has(Needs::OTHER)
    }

    /// Returns whether it asks what is slow.
    pub(super) fn asks_slow(&self) -> bool {
        self.needs.has(Needs::SLOW)
    }

    /// Returns whether it holds for every span.
    pub(super) fn is_everything(&self) -> bool {
        self.node.is_none()
    }

    /// Returns whether it holds for one span.
    pub(super) fn holds(&self, hand: &Hand, place: Place) -> bool {
        self.node.as_ref().is_none_or(|node| Subject::at(hand, place).holds(node))
    }

    /// Returns for which rows of a block it holds.
    pub(super) fn rows(&self, hand: &Hand, position: usize, memory: &Memory) -> Arc<Bits> {
        let view = hand.space.blocks[position].view;
        let Some(node) = &self.node else { return Arc::new(Bits::all(view.len())) };
        let Some(key) = &self.key else {
            return Arc::new(find(node, hand, position, &Bits::all(view.len())));
        };
        let known = memory.get(key, &view);
        if let Some(known) = known.as_ref().filter(|known| known.len() == view.len()) {
            return Arc::clone(known);
        }
        let mut rows = Bits::all(view.len());
        // Of an open block only what came since is looked at.
        let known = known.filter(|known| known.len() < view.len());
        if let Some(known) = &known {
            (0..known.len()).for_each(|row| rows.remove(row));
        }
        let mut found = find(node, hand, position, &rows);
        if let Some(known) = &known {
            found.or(known);
        }
        let found = Arc::new(found);
        memory.keep(Arc::clone(key), &view, Arc::clone(&found));
        found
    }

    /// Returns how many rows of a block are left by columns, names and filters, and how many of those are looked at one by
    /// one.
    pub(super) fn narrowed(&self, hand: &Hand, position: usize) -> (u32, u32) {
        let within = Bits::all(hand.space.blocks[position].view.len());
        let Some(node) = &self.node else { return (within.len(), 0) };
        let Found { maybe, sure } = Narrow { hand, position }.rows(node, &within);
        (maybe.count(), maybe.count() - sure.count())
    }

    /// Returns it as it is written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

fn find(node: &Node, hand: &Hand, position: usize, within: &Bits) -> Bits {
    let Found { mut maybe, sure } = Narrow { hand, position }.rows(node, within);
    maybe.without(&sure);
    let mut found = sure;
    let reads = node.needs().has(Needs::BODY);
    let mut reader = hand.space.blocks[position].view.reader();
    for row in maybe.iter() {
        let place = Place { position: position as u32, row };
        let subject = if reads { Subject::with_body(hand, place, reader.body(row)) } else { Subject::at(hand, place) };
        if subject.holds(node) {
            found.insert(row);
        }
    }
    found
}

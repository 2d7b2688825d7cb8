//! What stands in front of a bar: how wide it gets over a whole trace, and the lines of the tree that lead to it.

use std::sync::Arc;

use foldhash::HashMap;

use crate::model::tree::{Node, Place};
use crate::model::{Span, Timestamp, Trace};
use crate::tui::canvas::Canvas;
use crate::tui::{format, sanitize};

/// What a label takes beside its text: the pointer, the sign, the mark of a fold, and a gap before the bars.
pub(super) const MARGIN: u16 = 4;
/// What is always left of a label however deep it stands.
pub(super) const LEAST_LABEL: u16 = 18;
/// Text beyond this does not make the column wider: one endless name is cut rather than paid for by every bar.
const LONG_TEXT: u16 = 40;

/// The cells the widest label of a trace takes, by how far a level is indented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    pub by_one: u16,
    pub by_two: u16,
}

impl Need {
    /// Makes room for a label, folded or not, so that folding and scrolling move no bar.
    pub(super) fn add(&mut self, depth: u32, text: u16) {
        let depth = u16::try_from(depth).unwrap_or(u16::MAX);
        self.by_one = self.by_one.max(depth.saturating_add(MARGIN + text));
        self.by_two = self.by_two.max(depth.saturating_mul(2).saturating_add(MARGIN + text));
    }
}

/// What the labels of a trace are measured by, in a few bytes a span side by side: each change of a trace goes over all.
#[derive(Debug, Default)]
pub(super) struct Measures {
    spans: Vec<Measure>,
    services: HashMap<Arc<str>, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Measure {
    start: Timestamp,
    /// Numbers services, to tell whether two are the same.
    service: u32,
    service_width: u8,
    operation_width: u8,
    is_error: bool,
}

impl Measures {
    /// Takes in the spans that came after those measured.
    pub(super) fn extend(&mut self, spans: &[Span]) {
        let mut last: Option<&Span> = None;
        for span in &spans[self.spans.len()..] {
            // Spans of a service mostly come one after another.
            let known = last.filter(|last| Arc::ptr_eq(&last.service, &span.service)).and(self.spans.last());
            let (service, service_width) = match known {
                Some(known) => (known.service, known.service_width),
                None => (self.number(&span.service), long_text_width(&span.service)),
            };
            self.spans.push(Measure {
                start: span.start,
                service,
                service_width,
                operation_width: long_text_width(&span.operation),
                is_error: span.is_error(),
            });
            last = Some(span);
        }
    }

    fn number(&mut self, service: &Arc<str>) -> u32 {
        let next = self.services.len() as u32;
        *self.services.entry(Arc::clone(service)).or_insert(next)
    }

    /// Returns what a node's label takes beside its indent, and whether its span has an error.
    pub(super) fn of(&self, node: &Node, nodes: &[Node]) -> (u16, bool) {
        let span = self.spans[node.span as usize];
        let parent = node.parent.map(|parent| self.spans[nodes[parent as usize].span as usize]);
        let names_service = parent.is_none_or(|parent| parent.service != span.service);
        let service = if names_service { u16::from(span.service_width) + 1 } else { 0 };
        let text = (service + u16::from(span.operation_width)).min(LONG_TEXT);
        let is_skewed = parent.is_some_and(|parent| span.start < parent.start);
        let oddity = oddity_of(node.place, is_skewed).map_or(0, |oddity| oddity.len() as u16 + 1);
        (text + oddity, span.is_error)
    }
}

/// Returns a text's width, just above [`LONG_TEXT`] where it is wider.
fn long_text_width(text: &str) -> u8 {
    sanitize::width(text, LONG_TEXT).min(LONG_TEXT + 1) as u8
}

/// Returns whether a label begins with its service: it does not where the service is that of the parent, right above.
pub(super) fn names_service(trace: &Trace, node: &Node) -> bool {
    let service = |node: &Node| &trace.spans[node.span as usize].service;
    node.parent.is_none_or(|parent| service(&trace.tree.nodes[parent as usize]) != service(node))
}

/// Returns the end of an operation that does not fit and is named like a remote procedure, `package.Service/Method`: it
/// is known by its end. None where the beginning is to be shown.
pub(super) fn telling_end(operation: &str, room: u16) -> Option<&str> {
    let (service, method) = operation.rsplit_once('/')?;
    let is_procedure = service.contains('.') && !operation.contains([' ', ':']);
    if !is_procedure || sanitize::width(operation, room) <= room {
        return None;
    }
    let (package, _) = service.rsplit_once('.')?;
    let without_package = operation.get(package.len() + 1..)?;
    // The ellipsis in front takes a cell.
    [without_package, method].into_iter().find(|end| sanitize::width(end, room) < room)
}

/// Returns what is strange about a span's place.
pub(super) fn oddity(trace: &Trace, node: &Node) -> Option<&'static str> {
    let start = |node: &Node| trace.spans[node.span as usize].start;
    let parent = node.parent.map(|parent| &trace.tree.nodes[parent as usize]);
    oddity_of(node.place, parent.is_some_and(|parent| start(node) < start(parent)))
}

fn oddity_of(place: Place, is_skewed: bool) -> Option<&'static str> {
    match place {
        Place::Orphan => Some("parent missing"),
        Place::Cycle => Some("cycle"),
        Place::Root | Place::Child => is_skewed.then_some("skew"),
    }
}

/// The lines of the tree. Where not all levels fit, those left of every row on the screen are left out, on all rows
/// alike, so that the lines still meet; what is deeper than the rest of the room tells by how much.
pub(super) struct Branches {
    indent: u16,
    levels: u32,
    left_out: u32,
    /// How deep below the drawn levels the deepest row stands, which all such rows leave room for.
    deeper: u32,
    /// Of each level drawn, whether its line goes on below the row drawn last.
    goes_on: Vec<bool>,
}

impl Branches {
    /// Prepares for drawing these rows, in order. `indent` is what a level takes, `levels` how many there is room for.
    pub(super) fn new(trace: &Trace, rows: &[u32], indent: u16, levels: u32) -> Self {
        let nodes = &trace.tree.nodes;
        let depths = rows.iter().map(|&row| nodes[row as usize].depth);
        let (least, most) = (depths.clone().min().unwrap_or(0), depths.max().unwrap_or(0));
        // The branch that leads to the outermost rows stays.
        let left_out = most.saturating_sub(levels).min(least.saturating_sub(1));
        let levels = levels.min(most - left_out);
        let deeper = most - left_out - levels;
        let mut branches = Self { indent, levels, left_out, deeper, goes_on: vec![false; levels as usize] };
        let mut at = rows.first().map(|&row| &nodes[row as usize]);
        while let Some(node) = at.filter(|node| node.depth > left_out) {
            branches.pass(node);
            at = node.parent.map(|parent| &nodes[parent as usize]);
        }
        branches
    }

    /// Returns how many levels are left out at the left.
    pub(super) fn left_out(&self) -> u32 {
        self.left_out
    }

    /// Returns the level of a node, 0 where it has no line of its own.
    fn level(&self, node: &Node) -> u32 {
        node.depth.saturating_sub(self.left_out)
    }

    fn pass(&mut self, node: &Node) {
        let level = self.level(node) as usize;
        if let Some(goes_on) = level.checked_sub(1).and_then(|i| self.goes_on.get_mut(i)) {
            *goes_on = !node.is_last;
        }
    }

    /// Draws the lines of the next row from `at`. Returns where its sign goes.
    pub(super) fn draw(&mut self, canvas: &mut Canvas, at: (u16, u16), node: &Node) -> u16 {
        let (theme, symbols) = (canvas.theme(), canvas.symbols());
        self.pass(node);
        let level = self.level(node);
        let mut x = at.0;
        for (i, &goes_on) in (1..=level).zip(&self.goes_on) {
            if i == level {
                let branch = if node.is_last { symbols.last_branch } else { symbols.branch };
                canvas.symbol((x, at.1), branch, theme.faint());
                if self.indent > 1 {
                    canvas.symbol((x + 1, at.1), symbols.horizontal, theme.faint());
                }
            } else if goes_on {
                canvas.symbol((x, at.1), symbols.vertical, theme.faint());
            }
            x += self.indent;
        }
        if level > self.levels {
            let width = format::count(self.deeper.into()).len();
            let deeper = format!("+{:<width$} ", format::count((level - self.levels).into()));
            x = canvas.text((x, at.1), LEAST_LABEL / 2, &deeper, theme.dim());
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn procedures_are_known_by_their_end() {
        let check = |operation, room, expected| assert_eq!(telling_end(operation, room), expected, "{operation}");
        check("shop.cart.v1.CartService/GetCart", 32, None);
        check("shop.cart.v1.CartService/GetCart", 31, Some("CartService/GetCart"));
        check("shop.cart.v1.CartService/GetCart", 20, Some("CartService/GetCart"));
        check("shop.cart.v1.CartService/GetCart", 19, Some("GetCart"));
        check("shop.cart.v1.CartService/GetCart", 7, None);
        check("GET /api/v1.2/products", 10, None);
        check("/api/products/all", 10, None);
        check("http://a.example/b/c", 10, None);
        check("日本.語/操作", 8, Some("語/操作"));
    }
}

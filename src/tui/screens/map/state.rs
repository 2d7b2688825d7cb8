//! What the screen shows: a graph or a part of it, as a picture or as a matrix, and what is selected in it.

use std::collections::HashMap;
use std::sync::Arc;

use super::calls::{Call, Key};
use super::near::Near;
use super::panes::Focus;
use crate::analysis::Graph;
use crate::analysis::graph::Node;
use crate::query::Query;
use crate::source::{Dependencies, Progress, Selection};
use crate::tui::answer::Answer;
use crate::tui::sanitize;
use crate::tui::widgets::cursor::Motion;
use crate::tui::widgets::graph::{self, Diagram, Layout};
use crate::tui::widgets::rows::Rows;

/// Of more nodes than this there is no picture, but a matrix.
const MOST_BOXES: usize = 150;
/// The cells of a box for its text.
const LEAST_TEXT: u16 = 17;
const MOST_TEXT: u16 = 22;

/// Names a node while figures change.
pub(super) type Name = (Arc<str>, bool);

/// See the module.
#[derive(Debug)]
pub(super) struct State {
    pub(super) focus: Focus,
    pub(super) calls: Rows<Call>,
    answer: Answer<Dependencies>,
    /// What is shown of the answer.
    graph: Graph,
    near: Near,
    /// The node in the middle of what is near.
    center: Option<Name>,
    selected: Option<Name>,
    /// The callee that is selected in the matrix.
    column: Option<Name>,
    /// Whether one chose the matrix, or the picture.
    chosen: Option<bool>,
    layout: Layout,
    /// What the layout is of.
    laid_out: (Vec<u16>, Vec<(usize, usize)>, Vec<Name>),
    /// The order of boxes in their layers.
    ranks: HashMap<Name, usize>,
    pub(super) offset: (i32, i32),
    /// The rows and columns of the matrix that are left out before the first.
    pub(super) skipped: (usize, usize),
    asked: Option<Arc<Query>>,
    window: &'static str,
}

impl Default for State {
    fn default() -> Self {
        Self {
            focus: Focus::default(),
            calls: Rows::sorted_by(Key::Way),
            answer: Answer::default(),
            graph: Graph::default(),
            near: Near::default(),
            center: None,
            selected: None,
            column: None,
            chosen: None,
            layout: Layout::default(),
            laid_out: Default::default(),
            ranks: HashMap::new(),
            offset: (0, 0),
            skipped: (0, 0),
            asked: None,
            window: "",
        }
    }
}

fn name(node: &Node) -> Name {
    (Arc::clone(&node.name), node.outside.is_some())
}

/// Returns what a box takes with its borders.
fn width(node: &Node) -> u16 {
    (sanitize::width(&node.name, MOST_TEXT) + 2).clamp(LEAST_TEXT, MOST_TEXT) + 2
}

impl State {
    pub(super) fn answer(&self) -> &Answer<Dependencies> {
        &self.answer
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn near(&self) -> Near {
        self.near
    }

    pub(super) fn query(&self) -> Option<&Query> {
        self.asked.as_deref()
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.answer.progress()
    }

    /// Takes note of what is asked for from now on: a query, over a window of that name.
    pub(super) fn ask_for(&mut self, of: &Selection, window: &'static str) {
        if self.asked != of.query || self.window != window {
            self.asked.clone_from(&of.query);
            self.window = window;
            self.answer.restart();
        }
    }

    pub(super) fn receive(&mut self, found: Dependencies) {
        let progress = found.progress;
        self.answer.receive(found, progress);
    }

    pub(super) fn end(&mut self) {
        if self.answer.end() {
            self.show();
        }
    }

    pub(super) fn fail(&mut self, message: String) {
        self.answer.fail(message);
    }

    pub(super) fn stop(&mut self) -> bool {
        self.answer.stop()
    }

    /// Returns the place of a node in what is shown.
    fn place(&self, of: Option<&Name>) -> Option<usize> {
        let (wanted, is_outside) = of?;
        self.graph.nodes.iter().position(|node| node.name == *wanted && node.outside.is_some() == *is_outside)
    }

    /// Returns the selected node.
    pub(super) fn selected(&self) -> Option<usize> {
        self.place(self.selected.as_ref())
    }

    /// Returns the callee that is selected in the matrix.
    pub(super) fn column(&self) -> Option<usize> {
        self.place(self.column.as_ref()).filter(|_| self.is_matrix())
    }

    /// Shows what is asked for of the answer.
    fn show(&mut self) {
        let Some(found) = self.answer.value() else { return };
        let whole = found.graph.joined();
        let is_it = |node: &Node, of: &Name| node.name == of.0 && node.outside.is_some() == of.1;
        let center = self.center.as_ref().and_then(|center| whole.nodes.iter().position(|node| is_it(node, center)));
        self.graph = match (self.near, center) {
            (Near::Hops(hops), Some(center)) => whole.near(center, hops),
            _ => whole.clone(),
        };
        if self.selected().is_none() {
            self.selected = self.first();
        }
        if self.place(self.column.as_ref()).is_none() {
            self.column = self.graph.nodes.first().map(name);
        }
        self.lay_out();
        self.show_calls();
    }

    /// Returns the node to begin with: of those that most is asked of one that nobody calls.
    fn first(&self) -> Option<Name> {
        let is_called = |place: usize| self.graph.edges.iter().any(|edge| edge.callee == place);
        let nodes = || self.graph.nodes.iter().enumerate();
        let begins = nodes().filter(|(place, _)| !is_called(*place)).max_by_key(|(_, node)| node.figures.requests);
        begins.or_else(|| nodes().next()).map(|(_, node)| name(node))
    }

    fn show_calls(&mut self) {
        let calls = self.selected().map(|selected| Call::all(&self.graph, selected)).unwrap_or_default();
        self.calls.show(calls);
    }

    /// Lays out what is shown, where that is another graph than before.
    fn lay_out(&mut self) {
        let nodes = &self.graph.nodes;
        if nodes.len() > MOST_BOXES {
            (self.layout, self.laid_out) = (Layout::default(), Default::default());
            return;
        }
        let widths: Vec<u16> = nodes.iter().map(width).collect();
        let mut edges: Vec<(usize, usize)> = self.graph.edges.iter().map(|edge| (edge.caller, edge.callee)).collect();
        edges.dedup();
        let laid_out = (widths, edges, nodes.iter().map(name).collect::<Vec<Name>>());
        if self.laid_out == laid_out {
            return;
        }
        let (widths, edges, names) = &laid_out;
        let ranks: Vec<Option<usize>> = names.iter().map(|name| self.ranks.get(name).copied()).collect();
        self.layout = Layout::of(&Diagram { widths, edges, ranks: &ranks, gap: 2 });
        let ranked = self.layout.layers.iter().flat_map(|layer| layer.iter().enumerate());
        self.ranks = ranked.map(|(rank, &number)| (names[number].clone(), rank)).collect();
        self.laid_out = laid_out;
    }

    /// Returns whether there are more nodes than a picture shows.
    pub(super) fn is_too_much(&self) -> bool {
        self.graph.nodes.len() > MOST_BOXES
    }

    /// Returns whether the matrix is shown.
    pub(super) fn is_matrix(&self) -> bool {
        self.is_too_much() || self.chosen.unwrap_or(false)
    }

    /// Shows the matrix, or the picture again.
    pub(super) fn toggle_matrix(&mut self) {
        self.chosen = Some(!self.is_matrix());
    }

    /// Shows what is near the selected node, ever more of it, and then everything.
    pub(super) fn go_near(&mut self) {
        if self.near == Near::Everything {
            self.center.clone_from(&self.selected);
        }
        self.near = self.near.next();
        self.show();
    }

    /// Shows everything; returns whether that was not so.
    pub(super) fn show_everything(&mut self) -> bool {
        let was_near = self.near != Near::Everything;
        self.near = Near::Everything;
        if was_near {
            self.show();
        }
        was_near
    }

    pub(super) fn select(&mut self, node: usize) {
        if let Some(node) = self.graph.nodes.get(node) {
            self.selected = Some(name(node));
            self.show_calls();
        }
    }

    pub(super) fn select_column(&mut self, node: usize) {
        self.column = self.graph.nodes.get(node).map(name).or(self.column.take());
    }

    /// Goes up or down: in a layer of the picture, or from caller to caller.
    pub(super) fn step(&mut self, motion: Motion) {
        if self.is_matrix() {
            return self.step_row(motion);
        }
        let Some(selected) = self.selected() else { return };
        let Some(layer) = self.layout.layers.iter().find(|layer| layer.contains(&selected)) else { return };
        let at = layer.iter().position(|&number| number == selected).unwrap_or_default();
        if let Some(&next) = layer.get(moved(at, layer.len(), motion)) {
            self.select(next);
        }
    }

    fn step_row(&mut self, motion: Motion) {
        let at = self.selected().unwrap_or_default();
        self.select(moved(at, self.graph.nodes.len(), motion));
    }

    /// Goes to the layer at the left or right, to what is beside; or from callee to callee.
    pub(super) fn go(&mut self, to_right: bool) {
        if self.is_matrix() {
            let at = self.column().unwrap_or_default();
            let last = self.graph.nodes.len().saturating_sub(1);
            return self.select_column(if to_right { (at + 1).min(last) } else { at.saturating_sub(1) });
        }
        let Some(selected) = self.selected() else { return };
        let layers = &self.layout.layers;
        let Some(at) = layers.iter().position(|layer| layer.contains(&selected)) else { return };
        let next = if to_right { at.checked_add(1) } else { at.checked_sub(1) };
        let row = |number: usize| self.layout.boxes.get(number).map_or(0, |place| place.y);
        // What it is connected with is rather where one wants to go.
        let is_connected = |other: usize| {
            self.graph.edges.iter().any(|edge| {
                (edge.caller, edge.callee) == (selected, other) || (edge.caller, edge.callee) == (other, selected)
            })
        };
        let own = row(selected);
        let beside = next.and_then(|next| layers.get(next)).into_iter().flatten().copied();
        if let Some(next) = beside.min_by_key(|&other| (!is_connected(other), (row(other) - own).abs())) {
            self.select(next);
        }
    }

    /// Returns the box at a cell of the picture.
    pub(super) fn at(&self, (x, y): (i32, i32)) -> Option<usize> {
        let is_it = |place: &graph::layout::Place| {
            (place.x..place.x + place.width).contains(&x) && (place.y..place.y + graph::layout::HEIGHT).contains(&y)
        };
        self.layout.boxes.iter().position(is_it)
    }

    /// Fits everything to the room there is: the columns and rows of the graph, the rows of the matrix and its columns, and
    /// the rows of the calls.
    pub(super) fn settle(&mut self, graph: (u16, u16), (height, width): (usize, usize), rows: usize) {
        self.offset = graph::offset(&self.layout, graph, self.selected(), self.offset);
        self.calls.settle(rows);
        let one = |skipped: usize, at: usize, room: usize| {
            let least = (at + 1).saturating_sub(room.max(1));
            skipped.clamp(least, at.max(least)).min(self.graph.nodes.len().saturating_sub(room))
        };
        self.skipped = (
            one(self.skipped.0, self.selected().unwrap_or_default(), height),
            one(self.skipped.1, self.column().unwrap_or_default(), width),
        );
    }
}

/// Returns where a motion leads in a list.
fn moved(at: usize, len: usize, motion: Motion) -> usize {
    const HALF: usize = 5;
    let last = len.saturating_sub(1);
    match motion {
        Motion::Down(count) => at.saturating_add(count).min(last),
        Motion::Up(count) => at.saturating_sub(count),
        Motion::HalfDown => (at + HALF).min(last),
        Motion::HalfUp => at.saturating_sub(HALF),
        Motion::PageDown => (at + 2 * HALF).min(last),
        Motion::PageUp => at.saturating_sub(2 * HALF),
        Motion::First => 0,
        Motion::Last => last,
    }
}

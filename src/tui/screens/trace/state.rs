//! What the waterfall shows: the trace, which of its spans are folded, which is selected. The rows are made anew only
//! when the data or a fold changed; everything else costs what is visible.

use std::sync::Arc;

use foldhash::HashSet;

use super::axis::Axis;
use super::labels::{Measures, Need};
use super::matches::Matches;
use super::path::Path;
use crate::model::tree::Node;
use crate::model::{Held, Span, SpanId, Trace, TraceId};
use crate::tui::widgets::cursor::{Cursor, Motion};

/// How far the trace has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Loading,
    Shown,
    /// It is not held. What was shown before stays.
    Missing,
    Failed(String),
}

/// The state of the waterfall.
#[derive(Debug, Default)]
pub struct State {
    id: TraceId,
    phase: Phase,
    trace: Option<Arc<Trace>>,
    /// Counts how often the trace changed.
    changes: u64,
    /// Whether what is new cannot be added to what there is.
    must_reload: bool,
    /// The nodes shown, in order.
    rows: Vec<u32>,
    /// Of each span, whether what is below it is hidden.
    folded: Vec<bool>,
    cursor: Cursor,
    selected: Option<SpanId>,
    axis: Axis,
    measures: Measures,
    label_need: Need,
    /// How many errors stand before each node: two of them tell the errors below a node.
    errors_before: Vec<u32>,
    has_failed_child: Vec<bool>,
    path: Path,
    /// Whether only what leads to the critical path is shown.
    is_path_only: bool,
    matches: Option<Matches>,
}

impl State {
    pub fn new(id: TraceId, span: Option<SpanId>) -> Self {
        Self { id, selected: span, ..Self::default() }
    }

    /// Takes what is held of the trace, none where it is not held.
    pub fn show(&mut self, trace: Option<Arc<Trace>>) {
        let Some(trace) = trace else {
            self.phase = Phase::Missing;
            return;
        };
        self.phase = Phase::Shown;
        self.must_reload = false;
        let same =
            |old: &Arc<Trace>| Arc::ptr_eq(old, &trace) || old.summary == trace.summary && old.spans == trace.spans;
        if self.trace.as_ref().is_some_and(same) {
            return;
        }
        self.folded = self.folds_in(&trace.spans);
        self.trace = Some(trace);
        self.measures = Measures::default();
        self.take_in();
    }

    /// Returns which of other spans are folded here.
    fn folds_in(&self, spans: &[Span]) -> Vec<bool> {
        let here = self.trace.iter().flat_map(|trace| &trace.spans);
        let folded = here.zip(&self.folded).filter(|(_, folded)| **folded).map(|(span, _)| span.id);
        let folded: HashSet<SpanId> = folded.collect();
        spans.iter().map(|span| folded.contains(&span.id)).collect()
    }

    /// Takes what came after what was held when it was asked for.
    pub fn grow(&mut self, after: Held, newer: Vec<Span>) {
        self.phase = Phase::Shown;
        // An answer to somebody else, who had something else of the same trace.
        self.must_reload |= self.held() != Some(after);
        let Some(trace) = self.trace.as_mut().filter(|_| !self.must_reload && !newer.is_empty()) else { return };
        Arc::make_mut(trace).extend(newer);
        self.take_in();
    }

    /// Fits everything to a trace that changed. The selected span stays selected.
    fn take_in(&mut self) {
        self.changes += 1;
        self.measure();
        self.path = self.trace.as_deref().map(Path::of).unwrap_or_default();
        if let Some((matches, trace)) = self.matches.as_mut().zip(self.trace.as_ref()) {
            matches.place(trace);
        }
        if !self.selected.is_some_and(|span| self.go_to(span)) {
            self.rebuild();
        }
        self.take_selection();
    }

    /// Returns what is held of the trace, none where all of it is to be asked for.
    pub fn held(&self) -> Option<Held> {
        self.trace.as_ref().filter(|_| !self.must_reload)?.held()
    }

    /// Finds out what is told of every row, visible or not.
    fn measure(&mut self) {
        let Some(trace) = &self.trace else { return };
        let nodes = &trace.tree.nodes;
        self.folded.resize(trace.spans.len(), false);
        self.measures.extend(&trace.spans);
        self.label_need = Need::default();
        self.errors_before.clear();
        self.errors_before.reserve(nodes.len() + 1);
        self.errors_before.push(0);
        self.has_failed_child.clear();
        self.has_failed_child.resize(nodes.len(), false);
        let mut errors = 0;
        for node in nodes {
            let (text, is_error) = self.measures.of(node, nodes);
            self.label_need.add(node.depth, text);
            if is_error {
                errors += 1;
                if let Some(parent) = node.parent {
                    self.has_failed_child[parent as usize] = true;
                }
            }
            self.errors_before.push(errors);
        }
    }

    pub fn fail(&mut self, message: String) {
        self.phase = Phase::Failed(message);
    }

    /// Makes the rows anew: every node that is not below a folded one.
    fn rebuild(&mut self) {
        let Some(trace) = &self.trace else { return };
        self.rows.clear();
        let mut i = 0;
        while let Some(node) = trace.tree.nodes.get(i) {
            let is_left_out = self.is_path_only && !self.path.leads(i as u32);
            if !is_left_out {
                self.rows.push(i as u32);
            }
            i += if is_left_out || self.folded[node.span as usize] { node.descendants as usize + 1 } else { 1 };
        }
    }

    /// Makes the rows anew and selects `node`, or the ancestor that hides it, on the line where the selection was.
    fn rebuild_at(&mut self, node: u32) {
        let line = self.cursor.selected.saturating_sub(self.cursor.first);
        self.rebuild();
        let row = self.rows.partition_point(|&row| row <= node).saturating_sub(1);
        self.cursor = Cursor { selected: row, first: row.saturating_sub(line) };
        self.take_selection();
    }

    fn take_selection(&mut self) {
        self.selected = self.selected_span().map(|span| span.id);
    }

    /// Selects a span and unfolds what hides it. Returns whether it is held; the cursor stays where it is not.
    pub fn go_to(&mut self, id: SpanId) -> bool {
        let place = self.trace.as_ref().and_then(|trace| trace.tree.node_of(id));
        if let Some(place) = place {
            self.reveal(place);
        }
        place.is_some()
    }

    fn reveal(&mut self, place: u32) {
        let Some(trace) = &self.trace else { return };
        self.is_path_only &= self.path.leads(place);
        let mut at = trace.tree.nodes[place as usize].parent;
        while let Some(parent) = at {
            let node = &trace.tree.nodes[parent as usize];
            self.folded[node.span as usize] = false;
            at = node.parent;
        }
        self.rebuild_at(place);
    }

    /// Keeps the selected row visible on a screen of `height` rows.
    pub fn clamp(&mut self, height: usize) {
        self.cursor.clamp(self.rows.len(), height);
    }

    pub fn step(&mut self, motion: Motion, height: usize) {
        self.cursor.step(motion, self.rows.len(), height);
        self.take_selection();
    }

    pub fn scroll(&mut self, by: isize, height: usize) {
        self.cursor.scroll(by, self.rows.len(), height);
        self.take_selection();
    }

    /// Selects the row on that line, and returns whether it was selected before.
    pub fn click(&mut self, line: usize) -> bool {
        let Some(row) = self.cursor.row_at(line, self.rows.len()) else { return false };
        let again = row == self.cursor.selected;
        self.cursor.selected = row;
        self.take_selection();
        again
    }

    pub fn toggle_fold(&mut self) {
        if let Some(node) = self.selected_node() {
            self.set_folded(node, !self.is_folded(node));
            self.rebuild_at(node);
        }
    }

    /// Folds the selected span; goes to its parent where there is nothing to fold.
    pub fn fold(&mut self, height: usize) {
        let Some(node) = self.selected_node() else { return };
        if !self.is_folded(node) && self.set_folded(node, true) {
            self.rebuild_at(node);
        } else if let Some(parent) = self.node(node).and_then(|node| node.parent) {
            let row = self.rows.partition_point(|&row| row < parent);
            self.cursor.select(row, self.rows.len(), height);
            self.take_selection();
        }
    }

    /// Unfolds the selected span; goes to its first child where it is unfolded.
    pub fn unfold(&mut self, height: usize) {
        let Some(node) = self.selected_node() else { return };
        if self.is_folded(node) {
            self.set_folded(node, false);
            self.rebuild_at(node);
        } else if self.descendants(node) > 0 {
            self.step(Motion::Down(1), height);
        }
    }

    pub fn fold_all(&mut self) {
        let Some(trace) = &self.trace else { return };
        for node in &trace.tree.nodes {
            self.folded[node.span as usize] = node.descendants > 0;
        }
        self.rebuild_at(self.selected_node().unwrap_or(0));
    }

    /// Shows only what leads to the critical path, or everything again.
    pub fn toggle_path_only(&mut self) {
        self.is_path_only = !self.is_path_only;
        self.rebuild_at(self.selected_node().unwrap_or(0));
    }

    pub fn unfold_all(&mut self) {
        self.folded.fill(false);
        self.rebuild_at(self.selected_node().unwrap_or(0));
    }

    /// Folds a node where there is something below it. Returns whether it is folded then.
    fn set_folded(&mut self, place: u32, folded: bool) -> bool {
        let Some(&node) = self.node(place) else { return false };
        self.folded[node.span as usize] = folded && node.descendants > 0;
        self.folded[node.span as usize]
    }

    /// Goes to the next span with an error, unfolding what hides it. Returns whether there is one.
    pub fn next_error(&mut self, height: usize) -> bool {
        let from = self.selected_node().map_or(0, |node| node as usize + 1);
        let found = self.trace.as_ref().and_then(|trace| {
            (from..trace.tree.nodes.len()).find(|&i| trace.spans[trace.tree.nodes[i].span as usize].is_error())
        });
        self.go_to_node(found, height)
    }

    /// Goes to the span with an error before this one. Returns whether there is one.
    pub fn previous_error(&mut self, height: usize) -> bool {
        let before = self.selected_node().unwrap_or(0) as usize;
        let found = self
            .trace
            .as_ref()
            .and_then(|trace| (0..before).rev().find(|&i| trace.spans[trace.tree.nodes[i].span as usize].is_error()));
        self.go_to_node(found, height)
    }

    pub(super) fn go_to_node(&mut self, node: Option<usize>, height: usize) -> bool {
        let Some(node) = node else { return false };
        let first = self.cursor.first;
        self.reveal(node as u32);
        // Scroll no more than needed: what is on the screen stays there.
        self.cursor.first = first;
        self.clamp(height);
        true
    }

    pub fn zoom(&mut self, factor: f64) {
        let (duration, center) = (self.duration_ns(), self.center());
        self.axis.zoom(factor, center, duration);
    }

    /// Fits the axis to the selected span.
    pub fn zoom_to_span(&mut self) {
        let Some((from, length)) = self.selected_span().map(|span| (self.offset(span), span.duration_ns)) else {
            return;
        };
        let duration = self.duration_ns();
        self.axis.fit(from, length, duration);
    }

    pub fn pan(&mut self, eighths: i64) {
        let duration = self.duration_ns();
        self.axis.pan(eighths, duration);
    }

    /// The middle of the selected span, as far as it is shown.
    fn center(&self) -> u64 {
        let (from, to) = self.axis.range(self.duration_ns());
        self.selected_span().map_or(from.midpoint(to), |span| {
            let start = self.offset(span);
            start.clamp(from, to).midpoint(start.saturating_add(span.duration_ns).clamp(from, to))
        })
    }

    /// Marks the spans that a search found; with none nothing is searched for.
    pub fn show_matches(&mut self, spans: Option<Vec<SpanId>>) {
        self.matches = spans.map(Matches::new);
        if let Some((matches, trace)) = self.matches.as_mut().zip(self.trace.as_ref()) {
            matches.place(trace);
        }
    }

    /// Returns what a search found, none where nothing is searched for or nothing is known yet.
    pub fn matches(&self) -> Option<&Matches> {
        self.matches.as_ref()
    }

    /// Returns what the labels of the trace take.
    pub fn label_need(&self) -> Need {
        self.label_need
    }

    pub fn axis_mut(&mut self) -> &mut Axis {
        &mut self.axis
    }

    pub fn axis(&self) -> Axis {
        self.axis
    }

    pub fn id(&self) -> TraceId {
        self.id
    }

    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    pub fn trace(&self) -> Option<&Trace> {
        self.trace.as_deref()
    }

    /// Returns a number that changes with the trace.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Returns the nodes shown.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    pub fn duration_ns(&self) -> u64 {
        self.trace.as_ref().map_or(0, |trace| trace.summary.duration_ns)
    }

    /// Returns when a span starts, in nanoseconds since the trace began.
    pub fn offset(&self, span: &Span) -> u64 {
        self.trace.as_ref().map_or(0, |trace| span.start.since(trace.summary.start))
    }

    fn node(&self, place: u32) -> Option<&Node> {
        self.trace.as_ref()?.tree.nodes.get(place as usize)
    }

    fn descendants(&self, place: u32) -> u32 {
        self.node(place).map_or(0, |node| node.descendants)
    }

    pub(super) fn selected_node(&self) -> Option<u32> {
        self.rows.get(self.cursor.selected).copied()
    }

    pub fn selected_span(&self) -> Option<&Span> {
        let node = self.node(self.selected_node()?)?;
        self.trace.as_ref()?.spans.get(node.span as usize)
    }

    /// Returns whether what is below this node is hidden.
    pub fn is_folded(&self, place: u32) -> bool {
        self.node(place).is_some_and(|node| self.folded[node.span as usize])
    }

    /// Returns where the time of the trace goes.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the self time of a span of the trace, and its time on the critical path.
    pub(super) fn times(&self, span: &Span) -> (u64, u64) {
        let is_selected = self.selected_node().and_then(|node| self.node(node)).map(|node| node.span);
        let held = |at: &u32| {
            self.trace.as_ref().and_then(|trace| trace.spans.get(*at as usize)).is_some_and(|own| own.id == span.id)
        };
        is_selected.filter(held).map_or((0, 0), |at| self.path.times(at))
    }

    pub fn is_path_only(&self) -> bool {
        self.is_path_only
    }

    /// Returns how many spans below this node have an error.
    pub fn errors_below(&self, place: u32) -> u32 {
        let first = place as usize + 1;
        let last = first + self.descendants(place) as usize;
        self.errors_before[last] - self.errors_before[first]
    }

    /// Returns whether the error came from a child, so that this span only passes it on.
    pub fn passes_error_on(&self, place: u32) -> bool {
        self.has_failed_child[place as usize]
    }
}

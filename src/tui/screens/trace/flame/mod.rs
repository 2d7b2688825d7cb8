//! The flame graph in place of the waterfall: what is called stands below who calls. In time, or the spans with the same path put
//! together: of this trace, or of all traces that begin with the same operation.

mod blocks;
mod view;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use self::blocks::{Block, Blocks};
use super::state::State;
use crate::analysis::compare::{Collecting, Comparison};
use crate::model::SpanId;
use crate::query;
use crate::source::{CompareRequest, CompareSide, Reply, Request, Selection};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::search;
use crate::tui::widgets::cursor::Motion;

/// What is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    InTime,
    /// The spans of this trace by path.
    Merged,
    /// Those of all traces with the same root operation.
    AllTraces,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Flame {
    mode: Mode,
    blocks: Blocks,
    /// How often the trace had changed when they were made, and of what.
    made_of: Option<(u64, Mode)>,
    selected: u32,
    first_lane: u32,
    /// The merged block that takes the whole width.
    zoomed: Option<u32>,
    /// What is known of all traces, and how many they are.
    all: Option<Comparison>,
    failure: Option<String>,
}

impl Flame {
    /// Goes on to the next way to draw it.
    pub(super) fn next_mode(&mut self) {
        self.mode = match self.mode {
            Mode::InTime => Mode::Merged,
            Mode::Merged => Mode::AllTraces,
            Mode::AllTraces => Mode::InTime,
        };
        (self.selected, self.first_lane, self.zoomed) = (0, 0, None);
    }

    /// Returns what it wants to know: of all traces that begin as this one, how long which spans take.
    pub(super) fn wish(&self, state: &State) -> Option<Request> {
        let root = state.trace()?.summary.root.clone().filter(|_| self.mode == Mode::AllTraces)?;
        let service = search::of_service(&root.service);
        let name = query::value_text(&query::ast::Literal::String(root.operation), false);
        let text = format!("{{ span:parentID = \"\" && {service} && name = {name} }}");
        let query = query::parse(&text).ok()?.query;
        let of = Selection { query: Some(query.into()), ..Selection::default() };
        Some(Request::Compare(CompareRequest { sides: [CompareSide::Selection(of), CompareSide::Nothing] }))
    }

    pub(super) fn receive(&mut self, reply: Reply) {
        if let Reply::Compared(found) = reply
            && found.progress.is_complete()
        {
            self.all = Some(found.comparison);
            self.failure = None;
            self.made_of = None;
        }
    }

    pub(super) fn fail(&mut self, failure: String) {
        self.failure = Some(failure);
    }

    /// Fits everything to the trace and the room there is.
    pub(super) fn settle(&mut self, state: &State, height: u16) {
        if self.made_of != Some((state.changes(), self.mode)) {
            self.made_of = Some((state.changes(), self.mode));
            self.make(state);
        }
        if self.mode == Mode::InTime
            && let Some(at) = state.selected_span().and_then(|span| self.blocks.of_span(span.id))
        {
            self.selected = at;
        }
        let lane = self.blocks.all.get(self.selected as usize).map_or(0, |block| block.lane);
        let height = u32::from(height.max(1));
        self.first_lane = self
            .first_lane
            .min(self.blocks.lanes.saturating_sub(height))
            .min(lane)
            .max((lane + 1).saturating_sub(height));
    }

    fn make(&mut self, state: &State) {
        let Some(trace) = state.trace() else { return };
        let before = self.path_of_selected();
        self.blocks = match self.mode {
            Mode::InTime => {
                let own_ns: Vec<u64> = (0..trace.spans.len() as u32).map(|at| state.path().times(at).0).collect();
                Blocks::in_time(trace, &own_ns)
            }
            Mode::Merged => {
                let mut collecting = Collecting::default();
                collecting.add(0, trace);
                Blocks::merged(&collecting.finish())
            }
            Mode::AllTraces => self.all.as_ref().map(Blocks::merged).unwrap_or_default(),
        };
        // What is selected, and what takes the whole width, goes with its path; in time, with its span.
        self.selected = if self.mode == Mode::InTime { 0 } else { self.find(&before).unwrap_or(0) };
        self.zoomed = self.zoomed.and(Some(self.selected)).filter(|_| self.mode != Mode::InTime);
    }

    fn path_of_selected(&self) -> Vec<(String, String)> {
        let mut path = Vec::new();
        let mut at = self.blocks.all.get(self.selected as usize);
        while let Some(block) = at {
            path.push((block.service.to_string(), block.operation.to_string()));
            at = block.parent.and_then(|parent| self.blocks.all.get(parent as usize));
        }
        path.reverse();
        path
    }

    fn find(&self, path: &[(String, String)]) -> Option<u32> {
        let mut found = None;
        for (service, operation) in path {
            let is_it =
                |block: &Block| block.parent == found && *block.service == **service && *block.operation == **operation;
            found = Some(self.blocks.all.iter().position(is_it)? as u32);
        }
        found
    }

    /// Moves: down to what is called, up to who calls. Returns the span that is then selected, where it is one.
    pub(super) fn step(&mut self, motion: Motion) -> Option<SpanId> {
        let parent = || self.blocks.all.get(self.selected as usize)?.parent;
        let found = match motion {
            Motion::Down(_) | Motion::HalfDown | Motion::PageDown => self.blocks.below(self.selected),
            Motion::Up(_) | Motion::HalfUp | Motion::PageUp => parent(),
            Motion::First => Some(0),
            Motion::Last => self.blocks.lane(self.blocks.lanes.saturating_sub(1)).first().copied(),
        };
        self.select(found)
    }

    /// Moves to the block beside.
    pub(super) fn step_aside(&mut self, to_the_right: bool) -> Option<SpanId> {
        self.select(self.blocks.beside(self.selected, to_the_right))
    }

    fn select(&mut self, at: Option<u32>) -> Option<SpanId> {
        self.selected = at?;
        self.blocks.all.get(self.selected as usize)?.span
    }

    /// Whether spans are drawn in time, so that the time axis counts.
    pub(super) fn is_in_time(&self) -> bool {
        self.mode == Mode::InTime
    }

    /// Gives the selected merged block the whole width.
    pub(super) fn zoom_in(&mut self) {
        self.zoomed = Some(self.selected);
    }

    /// Shows everything again; returns whether it did not.
    pub(super) fn zoom_out(&mut self) -> bool {
        self.zoomed.take().is_some()
    }

    /// Returns from where to where is shown.
    fn range(&self, state: &State) -> (u64, u64) {
        match (self.mode, self.zoomed.and_then(|at| self.blocks.all.get(at as usize))) {
            (Mode::InTime, _) => state.axis().range(state.duration_ns()),
            (_, Some(block)) => (block.from, block.to.max(block.from + 1)),
            _ => self.blocks.range(),
        }
    }

    /// A click selects; returns whether the block was selected before, and its span.
    pub(super) fn click(&mut self, mouse: Mouse, rows: Rect, state: &State) -> (bool, Option<SpanId>) {
        if mouse.action != MouseAction::Click || !rows.contains((mouse.x, mouse.y).into()) {
            return (false, None);
        }
        let (from, to) = self.range(state);
        let cell = |x: u16| from + ((to - from) as f64 * f64::from(x) / f64::from(rows.width.max(1))) as u64;
        let x = mouse.x - rows.x;
        let found =
            self.blocks.at(self.first_lane + u32::from(mouse.y - rows.y), (cell(x), cell(x + 1).max(cell(x) + 1)));
        let again = found == Some(self.selected);
        (again, self.select(found))
    }

    pub(super) fn scroll(&mut self, by: i32) {
        self.first_lane = self.first_lane.saturating_add_signed(by);
    }
}

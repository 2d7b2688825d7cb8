//! Who calls whom: a picture of services and what they call, or a matrix where there are too many; and the calls of the one that
//! is selected.

mod asking;
mod calls;
mod matrix;
mod near;
mod panes;
mod state;
mod view;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use self::panes::{Focus, Panes};
use self::state::State;
use super::traces::motion;
use super::{Action, Screen};
use crate::source::{DependenciesRequest, Reply, Request, Selection, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::frame::{Mode, Segment};
use crate::tui::search::{self, Search};
use crate::tui::slots::{Slot, Wish};
use crate::tui::watch::Watch;
use crate::tui::widgets::cursor::Motion;
use crate::tui::widgets::table;
use crate::tui::world::World;

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;

/// The screen.
#[derive(Debug, Default)]
pub struct Map {
    watch: Watch,
    search: Search,
    state: State,
}

impl Map {
    fn panes(&self, area: Rect) -> Panes {
        panes::panes(area, self.search.is_shown(), self.state.focus)
    }

    fn selection(&self, world: &World) -> Selection {
        Selection { window: self.watch.window(world), query: self.search.query().cloned(), service: None }
    }

    /// Lists the traces of what is selected.
    fn open(&self) -> Option<Action> {
        let (graph, query) = (self.state.graph(), self.state.query());
        let node = graph.nodes.get(self.state.selected()?)?;
        let of_edge = |caller, callee, kind| Action::List(asking::of_edge(query, caller, callee, kind));
        if self.state.focus == Focus::Calls {
            let call = self.state.calls.selected()?;
            let (caller, callee) = if call.is_out { (node, &call.other) } else { (&call.other, node) };
            return Some(of_edge(caller, callee, call.kind));
        }
        let column = self.state.column().filter(|column| Some(*column) != self.state.selected());
        let Some(column) = column else { return Some(Action::List(asking::of_node(query, node))) };
        let is_it =
            |edge: &&crate::analysis::graph::Edge| Some(edge.caller) == self.state.selected() && edge.callee == column;
        let edge = graph.edges.iter().find(is_it);
        let found = edge.and_then(|edge| Some(of_edge(node, graph.nodes.get(column)?, edge.kind)));
        Some(found.unwrap_or_else(|| Action::Refuse("there are no calls".into())))
    }

    fn step(&mut self, motion: Motion, height: usize) {
        match self.state.focus {
            Focus::Graph => self.state.step(motion),
            Focus::Calls => self.state.calls.step(motion, height),
        }
    }

    fn click(&mut self, mouse: Mouse, panes: &Panes) -> Option<Action> {
        let at = (mouse.x, mouse.y);
        if panes.graph.contains(at.into()) {
            self.state.focus = Focus::Graph;
            return self.click_graph(at, panes.graph);
        }
        if panes.header.contains(at.into()) {
            let column = table::column_at(&calls::COLUMNS, panes.columns, mouse.x);
            if let Some(key) = column.and_then(|column| calls::COLUMNS.get(column)?.sort) {
                self.state.calls.sort_by(key);
            }
        } else if panes.rows.contains(at.into()) {
            let was_there = self.state.focus == Focus::Calls;
            self.state.focus = Focus::Calls;
            let line = usize::from(mouse.y - panes.rows.y);
            if self.state.calls.click(line, panes.rows.height.into()) && was_there {
                return self.open();
            }
        }
        None
    }

    /// A click selects, one on what is selected lists its traces.
    fn click_graph(&mut self, (x, y): (u16, u16), area: Rect) -> Option<Action> {
        let before = (self.state.selected(), self.state.column());
        if self.state.is_matrix() {
            let (row, column) = matrix::at(&self.state, area, (x, y))?;
            self.state.select(row);
            if let Some(column) = column {
                self.state.select_column(column);
            }
        } else {
            let at = (i32::from(x - area.x) + self.state.offset.0, i32::from(y - area.y) + self.state.offset.1);
            self.state.select(self.state.at(at)?);
        }
        if before == (self.state.selected(), self.state.column()) { self.open() } else { None }
    }

    fn click_line(&mut self, x: u16, line: Rect) {
        let text = search::text_area(line, &Segment::new());
        self.search.click(usize::from(x.saturating_sub(text.x)), text.width.into());
    }
}

impl Screen for Map {
    fn scope(&self) -> Scope {
        match self.state.focus {
            _ if self.search.is_typing() => Scope::Search,
            Focus::Graph => Scope::Map,
            Focus::Calls => Scope::Calls,
        }
    }

    fn mode(&self) -> Mode {
        Mode { pause: self.watch.pause(), following: false, has_window: true }
    }

    fn problem(&self) -> Option<(&str, bool)> {
        self.search.problem()
    }

    fn wishes(&mut self, world: &World, _: Rect) -> Vec<Wish> {
        let (of, version) = (self.selection(world), self.watch.version(world));
        let mut wishes = self.search.wishes(of.window);
        if !self.state.answer().is_stopped() {
            let request = Request::Dependencies(DependenciesRequest { of, is_quick: true });
            wishes.push(Wish { slot: Slot::Dependencies, request, version });
        }
        wishes
    }

    fn receive(&mut self, slot: Slot, reply: Reply, _: Rect) {
        match (slot, reply) {
            (Slot::Dependencies, Reply::Dependencies(found)) => self.state.receive(*found),
            (Slot::Names | Slot::Values, reply) => self.search.receive(slot, reply),
            (slot, _) => self.answered(slot, Err(SourceError { message: "the source answered something else".into() })),
        }
    }

    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        match (slot, ended) {
            (Slot::Dependencies, Ok(())) => self.state.end(),
            (Slot::Dependencies, Err(error)) => self.state.fail(error.message),
            _ => {}
        }
    }

    fn settle(&mut self, world: &World, area: Rect) {
        let (panes, of) = (self.panes(area), self.selection(world));
        self.state.ask_for(&of, world.window.name());
        let graph = (panes.graph.width, panes.graph.height);
        self.state.settle(graph, matrix::room(panes.graph), panes.rows.height.into());
    }

    fn insert(&mut self, text: &str, world: &World) {
        self.search.insert(text, &world.history);
    }

    fn command(&mut self, command: Command, world: &World, area: Rect) -> Option<Action> {
        if self.search.is_typing() {
            return self.search.command(command, &world.history).map(Action::from);
        }
        match command {
            Command::Search => self.search.open(),
            Command::Explain => self.search.toggle_explanation(),
            Command::Pause => self.watch.toggle_pause(world),
            Command::Near => self.state.go_near(),
            Command::Matrix => self.state.toggle_matrix(),
            Command::Left => self.state.go(false),
            Command::Right => self.state.go(true),
            Command::FocusNext => {
                self.state.focus = match self.state.focus {
                    Focus::Graph => Focus::Calls,
                    Focus::Calls => Focus::Graph,
                }
            }
            Command::SortNext => self.state.calls.sort_next(),
            Command::SortReverse => self.state.calls.sort_reverse(),
            Command::Open => return self.open(),
            other => {
                if let Some(motion) = motion(other) {
                    self.step(motion, self.panes(area).rows.height.into());
                }
            }
        }
        None
    }

    /// Goes back by one step: from what the query means, from a search under way, from the calls to the graph, from what is near
    /// to everything, from what is searched for.
    fn back(&mut self) -> bool {
        if self.search.hide_explanation() || self.state.stop() {
            return true;
        }
        if self.state.focus == Focus::Calls {
            self.state.focus = Focus::Graph;
            return true;
        }
        self.state.show_everything() || self.search.clear()
    }

    fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let panes = self.panes(area);
        let by = match mouse.action {
            MouseAction::WheelUp => -WHEEL_ROWS,
            MouseAction::WheelDown => WHEEL_ROWS,
            MouseAction::Click if panes.line.contains((mouse.x, mouse.y).into()) => {
                self.click_line(mouse.x, panes.line);
                return None;
            }
            MouseAction::Click if self.search.is_typing() => return None,
            MouseAction::Click => return self.click(mouse, &panes),
        };
        if panes.rows.contains((mouse.x, mouse.y).into()) {
            self.state.calls.scroll(by, panes.rows.height.into());
        } else {
            self.state.step(if by < 0 { Motion::Up(1) } else { Motion::Down(1) });
        }
        None
    }

    fn view(&self, canvas: &mut Canvas, area: Rect, world: &World) {
        let panes = self.panes(area);
        view::draw(&self.state, self.search.text(), canvas, &panes, world);
        let aside = search::told(self.state.progress(), self.state.answer().is_stopped(), canvas);
        search::draw_line(&self.search, canvas, panes.line, &aside);
        search::draw_over(&self.search, canvas, panes.line, panes.above, &aside);
    }
}

//! Which errors there are: a table of groups, and what is known of the selected one, with its stack trace.

mod asking;
mod group;
mod panes;
mod row;
mod state;
mod view;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use self::panes::{Focus, Panes};
use self::state::State;
use super::traces::motion;
use super::{Action, Screen};
use crate::source::{ExplainRequest, Reply, Request, Selection, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::frame::{Mode, Segment};
use crate::tui::overlays::why::Asked;
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
pub struct Errors {
    watch: Watch,
    search: Search,
    state: State,
}

impl Errors {
    fn panes(&self, area: Rect) -> Panes {
        panes::panes(area, self.search.is_shown(), self.state.focus)
    }

    fn selection(&self, world: &World) -> Selection {
        Selection { window: self.watch.window(world), query: self.search.query().cloned(), service: None }
    }

    /// Lists the traces of the selected group.
    fn open(&self) -> Option<Action> {
        Some(Action::List(asking::of_group(self.state.query(), self.state.selected()?)))
    }

    /// Asks what sets the traces of the selected group apart.
    fn why(&self, world: &World) -> Option<Action> {
        let group = self.state.selected()?;
        let text = asking::of_group(self.state.query(), group);
        let query = crate::query::parse(&text).ok()?.query;
        let window = self.watch.window(world);
        let of = Selection { window, query: Some(query.into()), service: None };
        let request = ExplainRequest { of, against: Selection { window, ..Selection::default() } };
        Some(Action::Why(Asked { request, title: text }))
    }

    fn step(&mut self, motion: Motion, panes: &Panes) {
        match self.state.focus {
            Focus::Table => self.state.rows.step(motion, panes.rows.height.into()),
            Focus::Group => self.state.step(motion, panes.group.height.into()),
        }
    }

    fn click(&mut self, mouse: Mouse, panes: &Panes) -> Option<Action> {
        let at = (mouse.x, mouse.y).into();
        if panes.header.contains(at) {
            let column = table::column_at(&row::COLUMNS, panes.columns, mouse.x);
            if let Some(key) = column.and_then(|column| row::COLUMNS.get(column)?.sort) {
                self.state.rows.sort_by(key);
            }
        } else if panes.rows.contains(at) {
            self.state.focus = Focus::Table;
            let line = usize::from(mouse.y - panes.rows.y);
            if self.state.rows.click(line, panes.rows.height.into()) {
                return self.open();
            }
        } else if panes.group.contains(at) {
            self.state.focus = Focus::Group;
        }
        None
    }
}

impl Screen for Errors {
    fn scope(&self) -> Scope {
        if self.search.is_typing() { Scope::Search } else { Scope::Errors }
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
            wishes.push(Wish { slot: Slot::Errors, request: Request::Errors(of), version });
        }
        wishes
    }

    fn receive(&mut self, slot: Slot, reply: Reply, _: Rect) {
        match (slot, reply) {
            (Slot::Errors, Reply::Errors(found)) => self.state.receive(*found),
            (Slot::Names | Slot::Values, reply) => self.search.receive(slot, reply),
            (slot, _) => self.answered(slot, Err(SourceError { message: "the source answered something else".into() })),
        }
    }

    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        match (slot, ended) {
            (Slot::Errors, Ok(())) => self.state.end(),
            (Slot::Errors, Err(error)) => self.state.fail(error.message),
            _ => {}
        }
    }

    fn settle(&mut self, world: &World, area: Rect) {
        let (panes, of) = (self.panes(area), self.selection(world));
        self.state.ask_for(&of, world.window.name());
        let lines = self.state.selected().map_or(0, group::count);
        self.state.settle(panes.rows.height.into(), panes.group.height.into(), lines);
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
            Command::FocusNext => {
                self.state.focus = match self.state.focus {
                    Focus::Table => Focus::Group,
                    Focus::Group => Focus::Table,
                }
            }
            Command::SortNext => self.state.rows.sort_next(),
            Command::SortReverse => self.state.rows.sort_reverse(),
            Command::Open => return self.open(),
            Command::Why => return self.why(world),
            other => {
                if let Some(motion) = motion(other) {
                    self.step(motion, &self.panes(area));
                }
            }
        }
        None
    }

    /// Goes back by one step: from what the query means, from a search under way, from the group to the table, from what is
    /// searched for.
    fn back(&mut self) -> bool {
        if self.search.hide_explanation() || self.state.stop() {
            return true;
        }
        if std::mem::take(&mut self.state.focus) == Focus::Group {
            return true;
        }
        self.search.clear()
    }

    fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let panes = self.panes(area);
        let at = (mouse.x, mouse.y).into();
        let by = match mouse.action {
            MouseAction::WheelUp => -WHEEL_ROWS,
            MouseAction::WheelDown => WHEEL_ROWS,
            MouseAction::Click if panes.line.contains(at) => {
                let text = search::text_area(panes.line, &Segment::new());
                self.search.click(usize::from(mouse.x.saturating_sub(text.x)), text.width.into());
                return None;
            }
            MouseAction::Click if self.search.is_typing() => return None,
            MouseAction::Click => return self.click(mouse, &panes),
        };
        if panes.group.contains(at) {
            let lines = by.unsigned_abs();
            self.state.step(if by < 0 { Motion::Up(lines) } else { Motion::Down(lines) }, 0);
        } else {
            self.state.rows.scroll(by, panes.rows.height.into());
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

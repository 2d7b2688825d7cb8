//! The list of traces.

pub mod state;
mod view;
mod welcome;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

pub use state::State;

use super::Action;
use crate::source::{Reply, Request, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::command::Command;
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::settings::TimeWindow;
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::cursor::Motion;
use crate::tui::widgets::table;
use crate::tui::world::World;

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;

/// The screen: its state, and what keys and clicks do to it.
#[derive(Debug)]
pub struct Traces {
    pub state: State,
}

impl Traces {
    pub fn new(window: TimeWindow) -> Self {
        Self { state: State::new(window) }
    }

    /// Returns what the screen wants to know at this size.
    pub fn wish(&mut self, world: &World, area: Rect) -> Wish {
        let (request, version) = self.state.request(world, rows(area));
        Wish { slot: Slot::Traces, request: Request::Traces(request), version }
    }

    /// Takes an answer.
    pub fn receive(&mut self, reply: Result<Reply, SourceError>, area: Rect) {
        match reply {
            Ok(Reply::Traces(list)) => self.state.show(list, rows(area)),
            Ok(_) => self.state.fail("the source answered something else".into()),
            Err(error) => self.state.fail(error.message),
        }
    }

    /// Does what a key asks for.
    pub fn command(&mut self, command: Command, world: &World, area: Rect) -> Option<Action> {
        if let Some(motion) = motion(command) {
            self.state.step(motion, rows(area));
            return None;
        }
        match command {
            Command::Open => return self.state.selected().map(|id| Action::Open(id, None)),
            Command::Pause => self.state.toggle_pause(world),
            Command::Follow => self.state.follow(),
            Command::SortNext => self.state.sort_next(),
            Command::SortReverse => self.state.sort_reverse(),
            Command::WindowWider => self.state.set_window(self.state.window().wider()),
            Command::WindowNarrower => self.state.set_window(self.state.window().narrower()),
            Command::ErrorsOnly => self.state.toggle_errors_only(),
            _ => {}
        }
        None
    }

    /// Does what the mouse asks for: a click selects, a click on what is selected opens, one on a title sorts.
    pub fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let panes = view::panes(area);
        match mouse.action {
            MouseAction::WheelUp => self.state.scroll(-WHEEL_ROWS, rows(area)),
            MouseAction::WheelDown => self.state.scroll(WHEEL_ROWS, rows(area)),
            MouseAction::Click if mouse.y == panes.header.y && panes.header.height > 0 => {
                let columns = view::columns(panes.table.width);
                let column = table::column_at(&columns, panes.table, mouse.x);
                if let Some(key) = column.and_then(|i| columns[i].sort) {
                    self.state.sort_by(key);
                }
            }
            MouseAction::Click if panes.rows.contains((mouse.x, mouse.y).into()) => {
                let line = usize::from(mouse.y - panes.rows.y);
                if self.state.click(line, rows(area)) {
                    return self.state.selected().map(|id| Action::Open(id, None));
                }
            }
            MouseAction::Click => {}
        }
        None
    }

    /// Draws the screen.
    pub fn view(&self, canvas: &mut Canvas, area: Rect, world: &World) {
        view::draw(&self.state, canvas, area, world);
    }
}

fn rows(area: Rect) -> usize {
    usize::from(view::panes(area).rows.height)
}

/// Returns how a command moves a cursor, if it does.
pub(in crate::tui) fn motion(command: Command) -> Option<Motion> {
    Some(match command {
        Command::Down => Motion::Down(1),
        Command::Up => Motion::Up(1),
        Command::HalfDown => Motion::HalfDown,
        Command::HalfUp => Motion::HalfUp,
        Command::PageDown => Motion::PageDown,
        Command::PageUp => Motion::PageUp,
        Command::First => Motion::First,
        Command::Last => Motion::Last,
        _ => return None,
    })
}

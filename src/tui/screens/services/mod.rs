//! The services: how many requests each gets, how many fail, how long they take; and one of them with all that is known.

mod one;
mod panes;
mod row;
mod state;
mod view;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use self::one::One;
use self::panes::Panes;
use self::state::State;
use super::traces::motion;
use super::{Action, Screen};
use crate::source::{Reply, Request, Selection, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::frame::{Mode, Segment};
use crate::tui::search::{self, Search};
use crate::tui::slots::{Slot, Wish};
use crate::tui::watch::Watch;
use crate::tui::widgets::table;
use crate::tui::world::World;

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;

/// The screen: the table, and the service that was opened out of it.
#[derive(Debug, Default)]
pub struct Services {
    watch: Watch,
    search: Search,
    state: State,
    one: Option<One>,
}

impl Services {
    fn panes(&self, area: Rect) -> Panes {
        panes::panes(area, self.search.is_shown())
    }

    /// Returns the spans that all figures are of.
    fn selection(&self, world: &World) -> Selection {
        Selection { window: self.watch.window(world), query: self.search.query().cloned(), service: None }
    }

    /// Opens the selected service.
    fn open(&mut self) {
        let selected = self.state.rows.selected();
        self.one = selected.map(|row| One::new(row.of.clone()));
    }

    fn click_table(&mut self, mouse: Mouse, panes: &Panes) {
        if mouse.y == panes.header.y && panes.header.height > 0 {
            let columns = view::columns(panes.table.width);
            let column = table::column_at(&columns, panes.table, mouse.x);
            if let Some(key) = column.and_then(|column| columns.get(column)?.sort) {
                self.state.rows.sort_by(key);
            }
        } else if panes.rows.contains((mouse.x, mouse.y).into()) {
            let line = usize::from(mouse.y - panes.rows.y);
            if self.state.rows.click(line, panes.rows.height.into()) {
                self.open();
            }
        }
    }

    fn click_line(&mut self, x: u16, line: Rect) {
        let text = search::text_area(line, &Segment::new());
        self.search.click(usize::from(x.saturating_sub(text.x)), text.width.into());
    }
}

impl Screen for Services {
    fn scope(&self) -> Scope {
        match self.one {
            _ if self.search.is_typing() => Scope::Search,
            Some(_) => Scope::Service,
            None => Scope::Services,
        }
    }

    fn mode(&self) -> Mode {
        Mode { pause: self.watch.pause(), following: false, has_window: true }
    }

    fn problem(&self) -> Option<(&str, bool)> {
        self.search.problem()
    }

    fn wishes(&mut self, world: &World, area: Rect) -> Vec<Wish> {
        let panes = self.panes(area);
        let (of, version) = (self.selection(world), self.watch.version(world));
        let mut wishes = self.search.wishes(of.window);
        let is_stopped = if let Some(one) = &self.one {
            wishes.extend(one.wishes(&of, version, panes.above));
            one.is_stopped()
        } else {
            wishes.extend(self.state.wish(&of, version, view::ticks(&panes)));
            self.state.is_stopped()
        };
        let health = Wish { slot: Slot::Health, request: Request::Health(of), version };
        wishes.extend((!is_stopped).then_some(health));
        wishes
    }

    fn receive(&mut self, slot: Slot, reply: Reply, _: Rect) {
        match (slot, reply, &mut self.one) {
            (Slot::Figures, Reply::Figures(figured), None) => self.state.receive_figures(*figured),
            (Slot::Figures, Reply::Figures(figured), Some(one)) => one.receive_figures(*figured),
            (Slot::Density, Reply::Density(density), Some(one)) => one.receive_density(*density),
            (Slot::Health, Reply::Health(health), _) => self.state.receive_health(health),
            (Slot::Names | Slot::Values, reply, _) => self.search.receive(slot, reply),
            (slot, ..) => {
                let message = "the source answered something else".into();
                self.answered(slot, Err(SourceError { message }));
            }
        }
    }

    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        match (slot, ended, &mut self.one) {
            (Slot::Figures | Slot::Density, Err(error), Some(one)) => one.fail(slot, error.message),
            (Slot::Figures, Err(error), None) => self.state.fail(error.message),
            (Slot::Figures | Slot::Density, Ok(()), Some(one)) => one.end(slot),
            (Slot::Figures, Ok(()), None) => self.state.end_figures(),
            (Slot::Health, Ok(()), _) => self.state.end_health(),
            _ => {}
        }
    }

    fn settle(&mut self, world: &World, area: Rect) {
        let (panes, of) = (self.panes(area), self.selection(world));
        self.state.ask_for(&of, world.window.name());
        self.state.rows.settle(panes.rows.height.into());
        if let Some(one) = &mut self.one {
            one.settle(&of, world.window.name(), panes.above);
        }
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
            other => {
                let panes = self.panes(area);
                if let Some(one) = &mut self.one {
                    return one.command(other, panes.above);
                }
                match (other, motion(other)) {
                    (_, Some(motion)) => self.state.rows.step(motion, panes.rows.height.into()),
                    (Command::Open, _) => self.open(),
                    (Command::SortNext, _) => self.state.rows.sort_next(),
                    (Command::SortReverse, _) => self.state.rows.sort_reverse(),
                    _ => {}
                }
            }
        }
        None
    }

    /// Goes back by one step: from what the query means, from a search under way, from a service to all, from what is
    /// searched for.
    fn back(&mut self) -> bool {
        let has_stopped = match &mut self.one {
            _ if self.search.hide_explanation() => true,
            Some(one) => one.stop(),
            None => self.state.stop(),
        };
        has_stopped || self.one.take().is_some() || self.search.clear()
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
            MouseAction::Click => {
                if let Some(one) = &mut self.one {
                    return one.click(mouse, panes.above);
                }
                self.click_table(mouse, &panes);
                return None;
            }
        };
        match &mut self.one {
            Some(one) => one.scroll(by, panes.above),
            None => self.state.rows.scroll(by, panes.rows.height.into()),
        }
        None
    }

    fn view(&self, canvas: &mut Canvas, area: Rect, world: &World) {
        let panes = self.panes(area);
        let aside = if let Some(one) = &self.one {
            one.view(canvas, panes.above, self.state.health());
            search::told(one.progress(), one.is_stopped(), canvas)
        } else {
            view::draw(&self.state, self.search.text(), canvas, &panes, world);
            search::told(self.state.progress(), self.state.is_stopped(), canvas)
        };
        search::draw_line(&self.search, canvas, panes.line, &aside);
        search::draw_over(&self.search, canvas, panes.line, panes.above, &aside);
    }
}

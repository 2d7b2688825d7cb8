//! How long things take: percentiles of what is searched for, how durations are spread over time, and the operations that
//! time is spent in. A part of the heatmap leads to its spans.

mod asking;
mod charts;
mod found;
mod heat;
mod panes;
mod slow;
mod state;
mod tables;
mod view;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use self::heat::Heat;
use self::panes::{Focus, Panes};
use self::state::State;
use super::traces::motion;
use super::{Action, Screen};
use crate::source::{
    DensityRequest, ExplainRequest, Reply, Request, Selection, SlowRequest, SourceError, SpansRequest,
};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope, Toward};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::frame::{Mode, Segment};
use crate::tui::overlays::why::Asked;
use crate::tui::search::{self, Search};
use crate::tui::slots::{Slot, Wish};
use crate::tui::watch::Watch;
use crate::tui::widgets::cursor::Motion;
use crate::tui::widgets::heatmap::Grid;
use crate::tui::widgets::table;
use crate::tui::world::World;

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;
/// The spans of a part that are listed at most, and the slow operations.
const MOST_SPANS: usize = 500;
const MOST_OPERATIONS: usize = 200;

/// The screen.
#[derive(Debug, Default)]
pub struct Latency {
    watch: Watch,
    search: Search,
    state: State,
    /// Whether there is room for a table below the charts.
    has_table: bool,
}

impl Latency {
    fn panes(&self, area: Rect) -> Panes {
        panes::panes(area, self.search.is_shown(), self.state.focus)
    }

    /// Returns the spans that everything is about, and in how many columns of time they are looked at.
    fn selection(&self, world: &World, columns: u16) -> (Selection, u16) {
        let (window, columns) = asking::columns(self.watch.window(world), world.now, columns);
        (Selection { window, query: self.search.query().cloned(), service: None }, columns)
    }

    fn density(&self, area: Rect) -> (u16, u16) {
        panes::density(area, self.search.is_shown(), self.state.focus)
    }

    fn is_in_slow(&self) -> bool {
        self.state.focus == Focus::Slow || (self.state.focus == Focus::Overview && self.has_table)
    }

    fn open(&mut self) -> Option<Action> {
        match self.state.focus {
            Focus::Heatmap => {
                self.state.focus = Focus::Found;
                None
            }
            Focus::Found => self.state.found.selected().map(|row| Action::Open(row.0.trace, Some(row.0.id))),
            Focus::Overview | Focus::Slow => {
                let row = self.state.slow.selected().filter(|_| self.is_in_slow());
                row.map(|row| Action::List(row.query(self.search.query().map(AsRef::as_ref))))
            }
        }
    }

    /// Asks what sets the traces of the part of the heatmap that is selected apart, or else those of what is searched for.
    fn why(&self, world: &World) -> Action {
        let window = self.watch.window(world);
        let query = self.search.query();
        let is_in_heatmap = matches!(self.state.focus, Focus::Heatmap | Focus::Found);
        let (of, against) = match self.state.part().filter(|_| is_in_heatmap) {
            Some(part) => {
                let own = asking::asked(query, (part.least_ns, part.most_ns));
                (Selection { window: part.window, query: Some(own), service: None }, query.cloned())
            }
            None => (Selection { window, query: query.cloned(), service: None }, None),
        };
        let Some(own) = &of.query else {
            return Action::Say("h goes into the heatmap: v selects a part of it, w tells why it is there".into());
        };
        let title = own.to_string();
        let request = ExplainRequest { of, against: Selection { window, query: against, service: None } };
        Action::Why(Asked { request, title })
    }

    fn step(&mut self, motion: Motion, height: usize) {
        match self.state.focus {
            Focus::Heatmap => self.go(vertical(motion)),
            Focus::Found => self.state.found.step(motion, height),
            Focus::Overview | Focus::Slow => self.state.slow.step(motion, height),
        }
    }

    fn go(&mut self, by: (i16, i16)) {
        self.state.with_heat(|heat, density, grid| heat.step(by, density, grid));
    }

    fn extend(&mut self, toward: Toward) {
        self.state.with_heat(|heat, density, grid| {
            heat.begin(density, grid);
            heat.begin_selecting();
            heat.step(toward.step(), density, grid);
        });
    }

    fn focus_next(&mut self) {
        self.state.focus = match self.state.focus {
            Focus::Heatmap => Focus::Found,
            Focus::Overview | Focus::Found | Focus::Slow => Focus::Heatmap,
        };
    }

    fn sort(&mut self, command: Command) {
        match (self.state.focus, command) {
            (Focus::Found, Command::SortNext) => self.state.found.sort_next(),
            (Focus::Found, Command::SortReverse) => self.state.found.sort_reverse(),
            (Focus::Overview | Focus::Slow, Command::SortNext) => self.state.slow.sort_next(),
            _ => {}
        }
    }

    fn click(&mut self, mouse: Mouse, panes: &Panes) -> Option<Action> {
        let at = (mouse.x, mouse.y);
        let place = self.state.shown().and_then(|(_, grid)| grid.at(mouse.x, mouse.y));
        if let Some(place) = place.filter(|_| panes.heat.contains(at.into())) {
            self.state.focus = Focus::Heatmap;
            self.state.with_heat(|heat, density, grid| heat.go_to(place, density, grid));
        } else if panes.table.header.contains(at.into()) {
            self.click_header(mouse.x, panes);
        } else if panes.table.rows.contains(at.into()) {
            return self.click_row(usize::from(mouse.y - panes.table.rows.y), panes.table.rows.height.into());
        }
        None
    }

    fn click_header(&mut self, x: u16, panes: &Panes) {
        let area = panes.table.columns;
        if self.is_in_slow() {
            let column = table::column_at(&slow::COLUMNS, area, x).and_then(|column| slow::COLUMNS.get(column)?.sort);
            // The other end of the order is not known.
            if let Some(order) = column.filter(|order| order != self.state.slow.sorted().0) {
                self.state.slow.sort_by(order);
            }
        } else {
            let column = table::column_at(&found::COLUMNS, area, x).and_then(|column| found::COLUMNS.get(column)?.sort);
            if let Some(key) = column {
                self.state.found.sort_by(key);
            }
        }
    }

    /// A click selects a row, one on the selected row opens it.
    fn click_row(&mut self, line: usize, height: usize) -> Option<Action> {
        let again = if self.is_in_slow() {
            self.state.slow.click(line, height)
        } else {
            self.state.focus = Focus::Found;
            self.state.found.click(line, height)
        };
        if again { self.open() } else { None }
    }

    fn click_line(&mut self, x: u16, line: Rect) {
        let text = search::text_area(line, &Segment::new());
        self.search.click(usize::from(x.saturating_sub(text.x)), text.width.into());
    }
}

/// Returns how far a motion goes in the heatmap.
fn vertical(motion: Motion) -> (i16, i16) {
    (
        0,
        match motion {
            Motion::Down(_) => 1,
            Motion::Up(_) => -1,
            Motion::HalfDown | Motion::PageDown => 4,
            Motion::HalfUp | Motion::PageUp => -4,
            Motion::First => i16::MIN,
            Motion::Last => i16::MAX,
        },
    )
}

impl Screen for Latency {
    fn scope(&self) -> Scope {
        match self.state.focus {
            _ if self.search.is_typing() => Scope::Search,
            Focus::Heatmap => Scope::Heatmap,
            Focus::Found => Scope::Found,
            Focus::Overview | Focus::Slow if self.is_in_slow() => Scope::Slow,
            Focus::Overview | Focus::Slow => Scope::Latency,
        }
    }

    fn mode(&self) -> Mode {
        Mode { pause: self.watch.pause(), following: false, has_window: true }
    }

    fn problem(&self) -> Option<(&str, bool)> {
        self.search.problem()
    }

    fn wishes(&mut self, world: &World, area: Rect) -> Vec<Wish> {
        let (panes, (columns, rows), version) = (self.panes(area), self.density(area), self.watch.version(world));
        let (of, columns) = self.selection(world, columns);
        let mut wishes = self.search.wishes(of.window);
        if self.state.is_stopped() {
            return wishes;
        }
        let mut wish = |slot, request| wishes.push(Wish { slot, request, version });
        // Of a search everything that it returns counts, which need not be requests.
        let all_spans = of.query.is_some();
        let request = DensityRequest { of: of.clone(), operation: None, all_spans, columns, rows };
        wish(Slot::Density, Request::Density(request));
        if panes.table.rows.is_empty() {
            return wishes;
        }
        if self.is_in_slow() {
            let order = *self.state.slow.sorted().0;
            let request = SlowRequest { of, order, with_before: true, limit: MOST_OPERATIONS };
            wish(Slot::Slow, Request::Slow(request));
        } else if let Some(part) = self.state.part().filter(|_| self.state.focus != Focus::Overview) {
            let query = asking::asked(of.query.as_ref(), (part.least_ns, part.most_ns));
            let request = SpansRequest { query, window: part.window, service: None, offset: 0, limit: MOST_SPANS };
            wish(Slot::Spans, Request::Spans(request));
        }
        wishes
    }

    fn receive(&mut self, slot: Slot, reply: Reply, _: Rect) {
        match slot {
            Slot::Names | Slot::Values => self.search.receive(slot, reply),
            slot => self.state.receive(slot, reply),
        }
    }

    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        self.state.answered(slot, ended);
    }

    fn settle(&mut self, world: &World, area: Rect) {
        self.has_table = !panes::panes(area, self.search.is_shown(), Focus::Overview).table.rows.is_empty();
        let (of, _) = self.selection(world, self.density(area).0);
        self.state.ask_for(&of, world.window.name());
        let panes = self.panes(area);
        self.state.settle(|density| Grid::of(density, panes.heat), panes.table.rows.height.into());
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
            Command::Heatmap => self.state.focus = Focus::Heatmap,
            Command::Slow if self.state.focus == Focus::Slow => self.state.focus = Focus::Overview,
            Command::Slow => self.state.focus = Focus::Slow,
            Command::FocusNext => self.focus_next(),
            Command::Select => {
                self.state.with_heat(Heat::toggle_selecting);
            }
            Command::Left => self.go((-1, 0)),
            Command::Right => self.go((1, 0)),
            Command::Extend(toward) => self.extend(toward),
            Command::SortNext | Command::SortReverse => self.sort(command),
            Command::Open => return self.open(),
            Command::Why => return Some(self.why(world)),
            other => {
                if let Some(motion) = motion(other) {
                    self.step(motion, self.panes(area).table.rows.height.into());
                }
            }
        }
        None
    }

    /// Goes back by one step: from what the query means, a search under way, a selection, to the heatmap, to the overview,
    /// from what is searched for.
    fn back(&mut self) -> bool {
        if self.search.hide_explanation() || self.state.stop() {
            return true;
        }
        match self.state.focus {
            Focus::Overview => return self.search.clear(),
            Focus::Found => self.state.focus = Focus::Heatmap,
            Focus::Heatmap | Focus::Slow => {
                if !self.state.stop_selecting() {
                    self.state.focus = Focus::Overview;
                }
            }
        }
        true
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
        let height = panes.table.rows.height.into();
        if self.is_in_slow() {
            self.state.slow.scroll(by, height);
        } else {
            self.state.found.scroll(by, height);
        }
        None
    }

    fn view(&self, canvas: &mut Canvas, area: Rect, world: &World) {
        let panes = self.panes(area);
        view::draw(&self.state, (self.search.text(), self.is_in_slow()), canvas, &panes, world);
        let aside = search::told(self.state.progress(), self.state.is_stopped(), canvas);
        search::draw_line(&self.search, canvas, panes.line, &aside);
        search::draw_over(&self.search, canvas, panes.line, panes.above, &aside);
    }
}

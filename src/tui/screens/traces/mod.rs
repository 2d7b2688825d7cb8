//! The list of traces, with what searches it: the search line, the facets beside it and the scatter above it.

mod facets;
mod panes;
mod scatter;
pub mod state;
mod typing;
mod view;
pub(in crate::tui) mod welcome;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

pub use state::State;

use self::facets::State as Facets;
use self::panes::{Focus, Open, Panes};
use self::scatter::State as Scatter;
use super::{Action, Screen};
use crate::query::{self, Query};
use crate::source::{ExplainRequest, Reply, Request, ScatterRequest, Selection, SourceError, TraceFilter, TraceStatus};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::{Mouse, MouseAction};
use crate::tui::frame::Mode;
use crate::tui::overlays::why::Asked;
use crate::tui::search::{self, Search};
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::cursor::Motion;
use crate::tui::widgets::table;
use crate::tui::world::World;

/// How many rows the wheel scrolls.
const WHEEL_ROWS: isize = 3;

/// The screen: its parts, and what keys and clicks do to them.
#[derive(Debug)]
pub struct Traces {
    pub state: State,
    search: Search,
    facets: Facets,
    scatter: Scatter,
    focus: Focus,
}

impl Traces {
    pub fn new() -> Self {
        Self {
            state: State::new(),
            search: Search::default(),
            facets: Facets::default(),
            scatter: Scatter::default(),
            focus: Focus::List,
        }
    }

    fn panes(&self, area: Rect) -> Panes {
        let is_searched = self.search.is_shown() || self.state.selection().is_some();
        panes::panes(
            area,
            Open {
                line: is_searched || self.facets.adding().is_some(),
                facets: self.facets.is_open,
                scatter: !self.scatter.is_hidden() && !self.state.is_without_traces(),
                focus: self.focus,
            },
        )
    }

    fn fail(&mut self, slot: Slot, message: String) {
        match slot {
            Slot::Traces => self.state.fail(message),
            Slot::Facets => self.facets.fail(message),
            _ => {}
        }
    }

    /// Asks what sets the traces of the list apart from the others.
    fn why(&self, world: &World) -> Action {
        let filter = self.state.filter(world);
        let Some(query) = narrowed_by(&filter) else {
            return Action::Say(
                "w tells why some traces differ: search for them first, or select them in the scatter (s, v)".into(),
            );
        };
        let title = query.to_string();
        let of = Selection { window: filter.window, query: Some(query.into()), service: None };
        let window = self.state.filter_without_selection(world).window;
        let request = ExplainRequest { of, against: Selection { window, ..Selection::default() } };
        Action::Why(Asked { request, title })
    }

    fn list_command(&mut self, command: Command, world: &World) {
        match command {
            Command::Pause => self.state.toggle_pause(world),
            Command::Follow => self.state.follow(),
            Command::SortNext => self.state.sort_next(),
            Command::SortReverse => self.state.sort_reverse(),
            Command::ErrorsOnly => self.state.toggle_errors_only(),
            _ => {}
        }
    }

    fn step(&mut self, motion: Motion, area: Rect) {
        let panes = self.panes(area);
        match self.focus {
            Focus::List => self.state.step(motion, rows(&panes)),
            Focus::Facets => self.facets.step(motion, facets::rows(panes.facets).height.into()),
            Focus::Scatter => self.scatter.step((0, vertical(motion))),
        }
    }

    fn toggle_facets(&mut self) {
        self.facets.is_open = self.focus != Focus::Facets;
        self.focus = if self.facets.is_open { Focus::Facets } else { Focus::List };
    }

    fn toggle_scatter(&mut self, area: Rect) -> Option<Action> {
        if self.scatter.is_hidden() || self.focus == Focus::Scatter {
            self.scatter.toggle();
        }
        let is_shown = self.panes(area).scatter.height > 0;
        self.focus_on(if is_shown { Focus::Scatter } else { Focus::List });
        let is_too_low = !is_shown && !self.scatter.is_hidden();
        is_too_low.then(|| Action::Say("the screen is too low for the scatter".into()))
    }

    fn focus_next(&mut self, area: Rect) {
        let panes = self.panes(area);
        self.focus_on(match self.focus {
            Focus::List if panes.scatter.height > 0 => Focus::Scatter,
            Focus::List | Focus::Scatter if self.facets.is_open => Focus::Facets,
            _ => Focus::List,
        });
    }

    fn focus_previous(&mut self, area: Rect) {
        let panes = self.panes(area);
        self.focus_on(match self.focus {
            Focus::List if self.facets.is_open => Focus::Facets,
            Focus::List | Focus::Facets if panes.scatter.height > 0 => Focus::Scatter,
            _ => Focus::List,
        });
    }

    fn focus_on(&mut self, focus: Focus) {
        self.focus = focus;
        if focus == Focus::Scatter {
            self.scatter.begin();
        }
    }

    /// Puts the value under the cursor into the query, or takes it out.
    fn name_value(&mut self, wish: query::Wish) {
        if let Some((field, value)) = self.facets.selected() {
            let text = search::toggled(self.search.text(), field, value, wish);
            self.search.set(&text);
        }
    }

    /// Shows only what is selected in the scatter.
    fn select(&mut self) {
        if let Some(selection) = self.scatter.take_selection() {
            self.state.select_part(Some(selection));
            self.focus = Focus::List;
        }
    }

    fn click_list(&mut self, mouse: Mouse, panes: &Panes) -> Option<Action> {
        if mouse.y == panes.header.y && panes.header.height > 0 {
            let columns = view::columns(panes.table.width);
            let column = table::column_at(&columns, panes.table, mouse.x);
            if let Some(key) = column.and_then(|column| columns.get(column)?.sort) {
                self.state.sort_by(key);
            }
        } else if panes.rows.contains((mouse.x, mouse.y).into()) {
            let line = usize::from(mouse.y - panes.rows.y);
            if self.state.click(line, rows(panes)) {
                return self.state.selected().map(|id| Action::Open(id, None));
            }
        }
        None
    }

    /// Searches for another query.
    pub fn search_for(&mut self, query: &str) {
        self.search.set(query);
        self.state.select_part(None);
        self.state.show_all_states();
        self.focus = Focus::List;
    }

    /// Returns whether that query is in force.
    pub fn searches_for(&self, query: &str) -> bool {
        self.search.text() == query
    }

    /// Goes back by one step, but goes on searching: what was begun, the focus, a search under way, a part of the scatter.
    /// Returns whether there was one.
    pub fn step_back(&mut self) -> bool {
        if self.search.hide_explanation() || self.scatter.stop_selecting() {
            return true;
        }
        if self.focus != Focus::List {
            self.focus = Focus::List;
            return true;
        }
        self.state.stop_searching() || self.state.select_part(None)
    }
}

impl Default for Traces {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the query that finds what a filter leaves beside its window, none where that is everything.
fn narrowed_by(filter: &TraceFilter) -> Option<Query> {
    let mut conditions = Vec::new();
    if filter.status == Some(TraceStatus::Error) {
        conditions.push("status = error".to_owned());
    }
    conditions.extend(filter.min_duration_ns.map(|ns| format!("trace:duration >= {ns}ns")));
    conditions.extend(filter.max_duration_ns.map(|ns| format!("trace:duration <= {ns}ns")));
    if conditions.is_empty() {
        return filter.query.as_deref().cloned();
    }
    let text = search::within(filter.query.as_deref(), &format!("{{ {} }}", conditions.join(" && ")));
    query::parse(&text).ok().map(|parsed| parsed.query)
}

impl Screen for Traces {
    /// Returns whose keys count.
    fn scope(&self) -> Scope {
        if self.search.is_typing() || self.facets.adding().is_some() {
            return Scope::Search;
        }
        match self.focus {
            Focus::List => Scope::Traces,
            Focus::Facets => Scope::Facets,
            Focus::Scatter => Scope::Scatter,
        }
    }

    fn mode(&self) -> Mode {
        Mode { pause: self.state.pause(), following: self.state.is_following(), has_window: true }
    }

    /// Returns what is told of what is typed: most often what is wrong with it, and whether it is more than that it has
    /// not ended yet.
    fn problem(&self) -> Option<(&str, bool)> {
        if self.facets.adding().is_some() {
            return Some(("which attribute? Enter counts the selected one, Esc goes back", false));
        }
        self.search.problem()
    }

    /// Returns what the screen wants to know at this size.
    fn wishes(&mut self, world: &World, area: Rect) -> Vec<Wish> {
        let panes = self.panes(area);
        let mut wishes = Vec::new();
        if let Some((request, version)) = self.state.request(world, rows(&panes)) {
            wishes.push(Wish { slot: Slot::Traces, request: Request::Traces(request), version });
        }
        let version = self.state.pause().map_or(world.steady_revision, |pause| pause.revision);
        if panes.scatter.height > 0 {
            let plot = scatter::plot(panes.scatter);
            let filter = self.state.filter_without_selection(world);
            let request = ScatterRequest { filter, columns: plot.width * 2, rows: plot.height * 4 };
            wishes.push(Wish { slot: Slot::Scatter, request: Request::Scatter(request), version });
        }
        wishes.extend(self.facets.wishes(self.state.filter(world), version));
        wishes.extend(self.search.wishes(self.state.window_at(world)));
        wishes
    }

    /// Takes an answer, or a part of one.
    fn receive(&mut self, slot: Slot, reply: Reply, area: Rect) {
        let rows = rows(&self.panes(area));
        match (slot, reply) {
            (Slot::Traces, Reply::Traces(list)) => self.state.show(list, rows),
            (Slot::Facets, Reply::Facets(facets)) => {
                self.facets.show(facets, self.state.searches(), self.search.text());
            }
            (Slot::Scatter, Reply::Scatter(scatter)) => self.scatter.show(scatter, self.state.searches()),
            (Slot::Names, Reply::Attributes(names)) if self.facets.adding().is_some() => self.facets.show_names(names),
            (Slot::Names | Slot::Values, reply) => self.search.receive(slot, reply),
            (slot, _) => self.fail(slot, "the source answered something else".into()),
        }
    }

    /// Takes note that no more comes for a slot.
    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        match ended {
            Ok(()) => match slot {
                Slot::Traces => self.state.end(),
                Slot::Facets => self.facets.end(self.search.text()),
                Slot::Scatter => self.scatter.end(),
                _ => {}
            },
            Err(error) => self.fail(slot, error.message),
        }
    }

    /// Fits everything to the area and to what is searched for; after each event, before anything is asked or drawn.
    fn settle(&mut self, world: &World, area: Rect) {
        self.state.set_window(world.window);
        if self.state.set_query(self.search.query()) {
            self.facets.arrange(self.search.text());
        }
        let panes = self.panes(area);
        if self.focus == Focus::Scatter && panes.scatter.height == 0 {
            self.focus = Focus::List;
        }
        let plot = scatter::plot(panes.scatter);
        self.scatter.settle((plot.width, plot.height));
        self.facets.settle(usize::from(facets::rows(panes.facets).height));
    }

    fn insert(&mut self, text: &str, world: &World) {
        self.type_text(text, world);
    }

    /// Does what a key asks for.
    fn command(&mut self, command: Command, world: &World, area: Rect) -> Option<Action> {
        if self.scope() == Scope::Search {
            return self.type_command(command, world);
        }
        if let Some(motion) = motion(command) {
            self.step(motion, area);
            return None;
        }
        match command {
            Command::Search => self.search.open(),
            Command::Explain => self.search.toggle_explanation(),
            Command::Facets => self.toggle_facets(),
            Command::Scatter => return self.toggle_scatter(area),
            Command::FocusNext => self.focus_next(area),
            Command::FocusPrevious => self.focus_previous(area),
            Command::Include => self.name_value(query::Wish::Include),
            Command::Exclude => self.name_value(query::Wish::Exclude),
            Command::AddFacet => self.facets.begin_adding(),
            Command::RemoveFacet if !self.facets.remove(self.search.text()) => {
                return Some(Action::Say("only attributes that were added can be removed".into()));
            }
            Command::Select => self.scatter.toggle_selecting(),
            Command::Left => self.scatter.step((-1, 0)),
            Command::Right => self.scatter.step((1, 0)),
            Command::Open if self.focus == Focus::Scatter => self.select(),
            Command::Open => return self.state.selected().map(|id| Action::Open(id, None)),
            Command::Why => return Some(self.why(world)),
            other => self.list_command(other, world),
        }
        None
    }

    fn back(&mut self) -> bool {
        self.step_back() || self.search.clear()
    }

    /// Does what the mouse asks for: a click selects, a click on what is selected opens, one on a title sorts.
    fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let panes = self.panes(area);
        let at = (mouse.x, mouse.y).into();
        let in_facets = panes.facets.contains(at);
        match mouse.action {
            MouseAction::WheelUp | MouseAction::WheelDown => {
                let by = if mouse.action == MouseAction::WheelUp { -WHEEL_ROWS } else { WHEEL_ROWS };
                if in_facets {
                    self.facets.scroll(by, facets::rows(panes.facets).height.into());
                } else {
                    self.state.scroll(by, rows(&panes));
                }
                None
            }
            MouseAction::Click if panes.line.contains(at) => {
                self.click_line(mouse.x, &panes);
                None
            }
            MouseAction::Click if self.scope() == Scope::Search => None,
            MouseAction::Click if in_facets => {
                self.focus = Focus::Facets;
                let rows = facets::rows(panes.facets);
                if rows.contains(at) && self.facets.click(usize::from(mouse.y - rows.y)) {
                    self.name_value(query::Wish::Include);
                }
                None
            }
            MouseAction::Click if panes.scatter.contains(at) => {
                self.focus = Focus::Scatter;
                let plot = scatter::plot(panes.scatter);
                self.scatter.go_to((mouse.x.saturating_sub(plot.x), mouse.y.saturating_sub(plot.y)));
                None
            }
            MouseAction::Click => {
                self.focus = Focus::List;
                self.click_list(mouse, &panes)
            }
        }
    }

    /// Draws the screen.
    fn view(&self, canvas: &mut Canvas, area: Rect, world: &World) {
        let panes = self.panes(area);
        view::draw(&self.state, self.search.text(), canvas, &panes, world);
        if panes.scatter.height > 0 {
            scatter::draw(&self.scatter, canvas, panes.scatter, world, self.focus == Focus::Scatter);
        }
        facets::draw(&self.facets, canvas, panes.facets, self.focus == Focus::Facets);
        view::divider(canvas, panes.divider);
        if self.facets.adding().is_some() {
            facets::draw_adding(&self.facets, canvas, panes.line, panes.above);
            return;
        }
        let aside = view::aside(&self.state, canvas);
        search::draw_line(&self.search, canvas, panes.line, &aside);
        search::draw_over(&self.search, canvas, panes.line, panes.above, &aside);
    }
}

fn rows(panes: &Panes) -> usize {
    usize::from(panes.rows.height)
}

/// Returns how far a motion goes in the few rows of the scatter.
fn vertical(motion: Motion) -> i16 {
    match motion {
        Motion::Down(_) => 1,
        Motion::Up(_) => -1,
        Motion::HalfDown | Motion::PageDown => 4,
        Motion::HalfUp | Motion::PageUp => -4,
        Motion::First => i16::MIN,
        Motion::Last => i16::MAX,
    }
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

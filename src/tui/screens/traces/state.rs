//! What the list of traces shows: which page in which order, what is selected, and whether it follows the newest.

use std::sync::Arc;

use super::scatter::Selection;
use crate::model::{Timestamp, TraceId, TraceSummary};
use crate::query::Query;
use crate::source::{Page, Progress, Sort, SortKey, TraceFilter, TraceList, TraceStatus, TracesRequest, Window};
use crate::tui::settings::TimeWindow;
use crate::tui::widgets::cursor::{Cursor, Motion};
use crate::tui::world::{Pause, World};

/// The state of the list. The selection is a trace, not a row: it stays where it is while rows arrive above it.
#[derive(Debug, Default)]
pub struct State {
    window: TimeWindow,
    errors_only: bool,
    query: Option<Arc<Query>>,
    selection: Option<Selection>,
    sort: Sort,
    cursor: Cursor,
    selected: Option<TraceId>,
    following: bool,
    list: Option<TraceList>,
    failure: Option<String>,
    pause: Option<Hold>,
    /// The page asked for, and the revision it was chosen at.
    page: Page,
    page_revision: u64,
    page_moved: bool,
    /// Counts what was searched for, and which of it the list shows.
    searches: u64,
    shown_search: u64,
    /// How far a search has come that takes long, and whether it was stopped there.
    progress: Option<(Progress, bool)>,
}

/// A pause: the time it began, which the window ends at while it lasts, and the newest start that is still shown.
#[derive(Clone, Copy, Debug)]
struct Hold {
    pause: Pause,
    now: Timestamp,
    newest: Timestamp,
}

impl State {
    pub fn new() -> Self {
        Self { following: true, ..Self::default() }
    }

    /// Returns what to ask for a screen of `height` rows, and the version that says when to ask it again; none where the
    /// search was stopped.
    pub fn request(&mut self, world: &World, height: usize) -> Option<(TracesRequest, u64)> {
        if self.is_stopped() {
            return None;
        }
        let newest = if self.query.is_some() { world.steady_revision } else { world.revision };
        let version = self.pause.map_or(newest, |hold| hold.pause.revision);
        if std::mem::take(&mut self.page_moved) || version != self.page_revision || !self.covers(height) {
            self.page = self.page_around_cursor(height);
            self.page_revision = version;
        }
        let limit = (height * 3).clamp(1, 1000);
        Some((TracesRequest { filter: self.filter(world), sort: self.sort, page: self.page, limit }, version))
    }

    fn is_stopped(&self) -> bool {
        self.progress.is_some_and(|(_, is_stopped)| is_stopped)
    }

    /// Returns the stretch of time that the list is of.
    pub fn window_at(&self, world: &World) -> Window {
        let mut window = self.window.until(self.pause.map_or(world.now, |hold| hold.now));
        window.to = self.pause.map(|hold| hold.newest.plus(1));
        window
    }

    /// Returns which traces are listed.
    pub fn filter(&self, world: &World) -> TraceFilter {
        let filter = self.filter_without_selection(world);
        let Some(selection) = self.selection else { return filter };
        TraceFilter {
            window: selection.window,
            min_duration_ns: Some(selection.min_ns),
            max_duration_ns: Some(selection.max_ns),
            ..filter
        }
    }

    /// Returns which traces would be listed if no part of them had been selected.
    pub fn filter_without_selection(&self, world: &World) -> TraceFilter {
        TraceFilter {
            window: self.window_at(world),
            status: self.errors_only.then_some(TraceStatus::Error),
            query: self.query.clone(),
            ..TraceFilter::default()
        }
    }

    /// Lists what a query finds; returns whether it is another one.
    pub fn set_query(&mut self, query: Option<&Arc<Query>>) -> bool {
        let changes = self.query.as_ref() != query;
        if changes {
            self.query = query.cloned();
            self.search_anew();
        }
        changes
    }

    /// Lists only a part of the times and durations, or all; returns whether that is something else.
    pub fn select_part(&mut self, selection: Option<Selection>) -> bool {
        let changes = self.selection != selection;
        if changes {
            self.selection = selection;
            self.search_anew();
        }
        changes
    }

    /// Who searches wants to see what comes out on top.
    fn search_anew(&mut self) {
        self.restart();
        self.follow();
    }

    fn restart(&mut self) {
        self.searches += 1;
        self.progress = None;
    }

    /// Stops a search that takes long; what was found stays. Returns whether there was one.
    pub fn stop_searching(&mut self) -> bool {
        let under_way = self.progress.as_mut().filter(|(_, is_stopped)| !is_stopped);
        under_way.map(|(_, is_stopped)| *is_stopped = true).is_some()
    }

    /// Returns whether every visible row is loaded.
    fn covers(&self, height: usize) -> bool {
        self.list.as_ref().is_none_or(|list| {
            let last = (self.cursor.first + height).min(list.total);
            list.offset <= self.cursor.first.min(last) && last <= list.offset + list.rows.len()
        })
    }

    /// A page reaches one screen further up and down than what is visible, so that scrolling finds rows there.
    fn page_around_cursor(&self, height: usize) -> Page {
        let otherwise = self.cursor.first.saturating_sub(height);
        match self.selected {
            _ if self.following => Page::At(0),
            Some(trace) => Page::Around { trace, above: self.cursor.selected - otherwise, otherwise },
            None => Page::At(otherwise),
        }
    }

    /// Takes a page, or what was found of it so far. What is selected stays selected and on its line.
    pub fn show(&mut self, list: TraceList, height: usize) {
        self.failure = None;
        let is_part = !list.progress.is_complete();
        let was_shown = self.shown_search == self.searches && self.progress.is_none() && self.list.is_some();
        if is_part && was_shown {
            // The list is searched again as there is newer data: all of the old shows more than a part of the new.
            return;
        }
        self.progress = is_part.then_some((list.progress, self.is_stopped()));
        self.shown_search = self.searches;
        let line = self.cursor.selected - self.cursor.first;
        let place = self.selected.and_then(|id| list.rows.iter().position(|row| row.id == id));
        if self.following {
            self.cursor = Cursor::default();
        } else if let Some(i) = place {
            self.cursor.selected = list.offset + i;
            self.cursor.first = self.cursor.selected.saturating_sub(line);
        }
        self.cursor.clamp(list.total, height);
        self.list = Some(list);
        if self.following || place.is_none() {
            self.selected = self.row(self.cursor.selected).map(|row| row.id);
        }
    }

    /// Takes note that no more comes.
    pub fn end(&mut self) {
        if !self.is_stopped() {
            self.progress = None;
        }
    }

    /// Takes note that there was no answer; what is shown stays.
    pub fn fail(&mut self, message: String) {
        self.failure = Some(message);
    }

    pub fn step(&mut self, motion: Motion, height: usize) {
        let total = self.total();
        self.following = motion == Motion::First;
        self.cursor.step(motion, total, height);
        self.take_selection();
    }

    pub fn scroll(&mut self, rows: isize, height: usize) {
        self.following = false;
        self.cursor.scroll(rows, self.total(), height);
        self.take_selection();
    }

    /// Selects the row on that line, and returns whether it was selected before.
    pub fn click(&mut self, line: usize, height: usize) -> bool {
        let Some(row) = self.cursor.row_at(line, self.total()) else { return false };
        let again = row == self.cursor.selected && self.selected.is_some();
        self.following = false;
        self.cursor.select(row, self.total(), height);
        self.take_selection();
        again
    }

    fn take_selection(&mut self) {
        self.selected = self.row(self.cursor.selected).map(|row| row.id);
    }

    /// Goes to the top and stays there.
    pub fn follow(&mut self) {
        self.following = true;
        self.cursor = Cursor::default();
        self.page_moved = true;
        self.take_selection();
    }

    pub fn toggle_pause(&mut self, world: &World) {
        let newest = self.list.iter().flat_map(|list| &list.rows).map(|row| row.start).max();
        self.pause = match self.pause {
            Some(_) => None,
            None => Some(Hold {
                pause: Pause::begin(world, self.page_revision),
                now: world.now,
                newest: world.now.max(newest.unwrap_or_default()),
            }),
        };
    }

    pub fn set_window(&mut self, window: TimeWindow) {
        if self.window == window {
            return;
        }
        self.window = window;
        self.restart();
        self.page_moved = true;
    }

    pub fn toggle_errors_only(&mut self) {
        self.errors_only = !self.errors_only;
        self.search_anew();
    }

    /// Lists traces with and without errors.
    pub fn show_all_states(&mut self) {
        if self.errors_only {
            self.toggle_errors_only();
        }
    }

    /// Who sorts wants to see what comes out on top, so the selection goes there.
    pub fn sort_next(&mut self) {
        let next = (self.sort.key as usize + 1) % SortKey::ALL.len();
        self.sort = in_natural_order(SortKey::ALL[next].0);
        self.search_anew();
    }

    pub fn sort_reverse(&mut self) {
        self.sort.descending = !self.sort.descending;
        self.search_anew();
    }

    /// Sorts by a key; reverses the order where it is sorted by it already.
    pub fn sort_by(&mut self, key: SortKey) {
        if self.sort.key == key {
            self.sort_reverse();
        } else {
            self.sort = in_natural_order(key);
            self.search_anew();
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.window
    }

    pub fn errors_only(&self) -> bool {
        self.errors_only
    }

    pub fn selection(&self) -> Option<Selection> {
        self.selection
    }

    /// Returns a number that changes with what is searched for.
    pub fn searches(&self) -> u64 {
        self.searches
    }

    /// Returns how far a search has come that takes long, and whether it was stopped there.
    pub fn progress(&self) -> Option<(Progress, bool)> {
        self.progress
    }

    /// Returns whether nothing was received yet, or nothing is known.
    pub fn is_without_traces(&self) -> bool {
        self.list.as_ref().is_none_or(|list| list.held == 0)
    }

    pub fn sort(&self) -> Sort {
        self.sort
    }

    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub fn is_following(&self) -> bool {
        self.following
    }

    pub fn pause(&self) -> Option<Pause> {
        self.pause.map(|hold| hold.pause)
    }

    pub fn list(&self) -> Option<&TraceList> {
        self.list.as_ref()
    }

    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    pub fn selected(&self) -> Option<TraceId> {
        self.selected
    }

    pub fn total(&self) -> usize {
        self.list.as_ref().map_or(0, |list| list.total)
    }

    /// Returns a row by its place in the whole list, where it is loaded.
    pub fn row(&self, place: usize) -> Option<&TraceSummary> {
        let list = self.list.as_ref()?;
        list.rows.get(place.checked_sub(list.offset)?)
    }
}

/// Numbers begin with the greatest, names with A.
fn in_natural_order(key: SortKey) -> Sort {
    Sort { key, descending: !matches!(key, SortKey::RootService | SortKey::RootOperation) }
}

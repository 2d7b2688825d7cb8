//! What the list of traces shows: which page in which order, what is selected, and whether it follows the newest.

use crate::model::{Timestamp, TraceId, TraceSummary};
use crate::source::{Page, Sort, SortKey, TraceFilter, TraceList, TraceStatus, TracesRequest};
use crate::tui::settings::TimeWindow;
use crate::tui::widgets::cursor::{Cursor, Motion};
use crate::tui::world::{Pause, World};

/// The state of the list. The selection is a trace, not a row: it stays where it is while rows arrive above it.
#[derive(Debug, Default)]
pub struct State {
    window: TimeWindow,
    errors_only: bool,
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
}

/// A pause: the time it began, which the window ends at while it lasts, and the newest start that is still shown.
#[derive(Clone, Copy, Debug)]
struct Hold {
    pause: Pause,
    now: Timestamp,
    newest: Timestamp,
}

impl State {
    pub fn new(window: TimeWindow) -> Self {
        Self { window, following: true, ..Self::default() }
    }

    /// Returns what to ask for a screen of `height` rows, and the version that says when to ask it again.
    pub fn request(&mut self, world: &World, height: usize) -> (TracesRequest, u64) {
        let version = self.pause.map_or(world.revision, |hold| hold.pause.revision);
        if std::mem::take(&mut self.page_moved) || version != self.page_revision || !self.covers(height) {
            self.page = self.page_around_cursor(height);
            self.page_revision = version;
        }
        let mut window = self.window.until(self.pause.map_or(world.now, |hold| hold.now));
        window.to = self.pause.map(|hold| hold.newest.plus(1));
        let status = self.errors_only.then_some(TraceStatus::Error);
        let filter = TraceFilter { window, status, ..TraceFilter::default() };
        let limit = (height * 3).clamp(1, 1000);
        (TracesRequest { filter, sort: self.sort, page: self.page, limit }, version)
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

    /// Takes a page. What is selected stays selected and on its line.
    pub fn show(&mut self, list: TraceList, height: usize) {
        self.failure = None;
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
        self.window = window;
        self.page_moved = true;
    }

    pub fn toggle_errors_only(&mut self) {
        self.errors_only = !self.errors_only;
        self.follow();
    }

    /// Who sorts wants to see what comes out on top, so the selection goes there.
    pub fn sort_next(&mut self) {
        let next = (self.sort.key as usize + 1) % SortKey::ALL.len();
        self.sort = in_natural_order(SortKey::ALL[next].0);
        self.follow();
    }

    pub fn sort_reverse(&mut self) {
        self.sort.descending = !self.sort.descending;
        self.follow();
    }

    /// Sorts by a key; reverses the order where it is sorted by it already.
    pub fn sort_by(&mut self, key: SortKey) {
        if self.sort.key == key {
            self.sort_reverse();
        } else {
            self.sort = in_natural_order(key);
            self.follow();
        }
    }

    pub fn window(&self) -> TimeWindow {
        self.window
    }

    pub fn errors_only(&self) -> bool {
        self.errors_only
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

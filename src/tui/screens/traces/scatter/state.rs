//! What the scatter shows: traces by time and duration, and a part of them that is chosen.

use crate::model::Timestamp;
use crate::source::{Scatter, Window};

/// A rectangle of times and durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    pub window: Window,
    pub min_ns: u64,
    pub max_ns: u64,
}

/// A cell of the screen, from the top left.
pub(crate) type At = (u16, u16);

/// The state of the scatter.
#[derive(Debug, Default)]
pub(crate) struct State {
    scatter: Option<Scatter>,
    /// An answer that may be a part only, while one to the same question is shown.
    coming: Option<Scatter>,
    shown_search: u64,
    /// How many cells of the screen it is drawn on; the answer has two columns and four rows for each.
    size: At,
    cells: Vec<Shown>,
    cursor: At,
    /// Where a selection began.
    anchor: Option<At>,
    /// Whether it was hidden or shown by hand.
    is_hidden: bool,
}

/// What a cell of the screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The dots of a braille character, a bit each: columns by two, rows by four.
    pub dots: u8,
    pub traces: u32,
    pub errors: u32,
}

impl State {
    /// Takes an answer as far as it is known. Where an earlier one to the same question is shown, that stays until the new
    /// one is whole.
    pub(crate) fn show(&mut self, scatter: Scatter, search: u64) {
        if self.scatter.is_some() && self.shown_search == search {
            self.coming = Some(scatter);
            return;
        }
        self.coming = None;
        self.scatter = Some(scatter);
        self.shown_search = search;
        self.arrange();
    }

    /// Takes note that the answer is whole.
    pub(crate) fn end(&mut self) {
        if let Some(scatter) = self.coming.take() {
            self.scatter = Some(scatter);
            self.arrange();
        }
    }

    /// Fits everything to an area of so many cells.
    pub(crate) fn settle(&mut self, size: At) {
        if self.size != size {
            self.size = size;
            self.arrange();
        }
        for (x, y) in std::iter::once(&mut self.cursor).chain(&mut self.anchor) {
            (*x, *y) = ((*x).min(size.0.saturating_sub(1)), (*y).min(size.1.saturating_sub(1)));
        }
    }

    /// Puts the cells of the answer together to those of the screen. An answer for another size waits for a better one.
    fn arrange(&mut self) {
        const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (width, height) = (usize::from(self.size.0), usize::from(self.size.1));
        self.cells.clear();
        self.cells.resize(width * height, Shown::default());
        for cell in self.scatter.iter().flat_map(|scatter| &scatter.cells) {
            let (x, y) = (usize::from(cell.column / 2), usize::from(cell.row / 4));
            if x >= width {
                continue;
            }
            if let Some(shown) = self.cells.get_mut(y * width + x) {
                shown.dots |= DOTS[usize::from(cell.row % 4)][usize::from(cell.column % 2)];
                shown.traces = shown.traces.saturating_add(cell.traces);
                shown.errors = shown.errors.saturating_add(cell.errors);
            }
        }
    }

    pub(crate) fn toggle(&mut self) {
        self.is_hidden = !self.is_hidden;
        self.anchor = None;
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// Moves the cursor.
    pub(crate) fn step(&mut self, (dx, dy): (i16, i16)) {
        self.cursor = (self.cursor.0.saturating_add_signed(dx), self.cursor.1.saturating_add_signed(dy));
        self.settle(self.size);
    }

    /// Moves the cursor to the longest of the newest traces, where there is none under it.
    pub(crate) fn begin(&mut self) {
        let (width, height) = self.size;
        let has_traces = |at: &At| self.cell(*at).is_some_and(|cell| cell.traces > 0);
        let mut all = (0..width).rev().flat_map(|x| (0..height).map(move |y| (x, y)));
        if !has_traces(&self.cursor)
            && let Some(newest) = all.find(has_traces)
        {
            self.cursor = newest;
        }
    }

    /// Moves the cursor to a cell.
    pub(crate) fn go_to(&mut self, at: At) {
        self.cursor = at;
        self.settle(self.size);
    }

    /// Begins a selection where the cursor is, or forgets the one begun.
    pub(crate) fn toggle_selecting(&mut self) {
        self.anchor = if self.anchor.is_some() { None } else { Some(self.cursor) };
    }

    /// Forgets a selection that was begun; returns whether there was one.
    pub(crate) fn stop_selecting(&mut self) -> bool {
        self.anchor.take().is_some()
    }

    /// Ends the selection, and returns the times and durations in it.
    pub(crate) fn take_selection(&mut self) -> Option<Selection> {
        let selection = self.selection();
        self.anchor = None;
        selection
    }

    fn selection(&self) -> Option<Selection> {
        let ((left, top), (right, bottom)) = self.corners();
        let window = Window { from: self.time_at(left), to: self.time_at(right + 1) };
        let max_ns = self.duration_at(top)?.saturating_sub(1);
        Some(Selection { window, min_ns: self.duration_at(bottom + 1)?, max_ns })
    }

    /// Returns the top left and the bottom right cell of what is selected: where none is, the cursor.
    pub(crate) fn corners(&self) -> (At, At) {
        let (a, b) = (self.cursor, self.anchor.unwrap_or(self.cursor));
        ((a.0.min(b.0), a.1.min(b.1)), (a.0.max(b.0), a.1.max(b.1)))
    }

    /// Returns the least time in a column.
    pub(crate) fn time_at(&self, x: u16) -> Option<Timestamp> {
        Some(self.scatter.as_ref()?.column_start(x, self.size.0))
    }

    /// Returns the duration at the upper edge of a row: what is in it is shorter.
    pub(crate) fn duration_at(&self, y: u16) -> Option<u64> {
        Some(self.scatter.as_ref()?.row_top_ns(y, self.size.1))
    }

    /// Returns how many traces and how many errors are in what is selected.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let ((left, top), (right, bottom)) = self.corners();
        let cells = (top..=bottom).flat_map(|y| (left..=right).map(move |x| (x, y)));
        cells
            .filter_map(|at| self.cell(at))
            .fold((0, 0), |(traces, errors), cell| (traces + u64::from(cell.traces), errors + u64::from(cell.errors)))
    }

    pub(crate) fn cell(&self, (x, y): At) -> Option<Shown> {
        (x < self.size.0)
            .then(|| self.cells.get(usize::from(y) * usize::from(self.size.0) + usize::from(x)).copied())?
    }

    pub(crate) fn cursor(&self) -> At {
        self.cursor
    }

    pub(crate) fn scatter(&self) -> Option<&Scatter> {
        self.scatter.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Cell;

    fn state() -> State {
        let cell = |column, row, errors| Cell { column, row, traces: 2, errors };
        let scatter = Scatter {
            from: Timestamp(1_000),
            to: Timestamp(2_000),
            least_ns: 10,
            most_ns: 1_000_000,
            cells: vec![cell(0, 0, 0), cell(1, 3, 1), cell(19, 15, 0), cell(500, 500, 0)],
            ..Scatter::default()
        };
        let mut state = State::default();
        state.settle((10, 4));
        state.show(scatter, 0);
        state
    }

    #[test]
    fn cells_become_dots() {
        let state = state();
        assert_eq!(state.cell((0, 0)), Some(Shown { dots: 0x81, traces: 4, errors: 1 }));
        assert_eq!(state.cell((9, 3)), Some(Shown { dots: 0x80, traces: 2, errors: 0 }));
        assert_eq!((state.cell((10, 0)), state.cell((0, 4))), (None, None));
    }

    #[test]
    fn a_selection_is_times_and_durations() {
        let mut state = state();
        state.step((5, 1));
        state.toggle_selecting();
        state.step((-2, 1));
        assert_eq!(state.corners(), ((3, 1), (5, 2)));
        let window = Window { from: Some(Timestamp(1_301)), to: Some(Timestamp(1_601)) };
        let Selection { window: selected, min_ns, max_ns } = state.take_selection().unwrap();
        assert_eq!(selected, window);
        // About the middle two quarters of five decades, on a log scale.
        assert!((170..=190).contains(&min_ns) && (55_000..=60_000).contains(&max_ns), "{min_ns} {max_ns}");
        assert_eq!(state.corners(), ((3, 2), (3, 2)), "it ended");
    }

    #[test]
    fn it_begins_where_traces_are() {
        let mut state = state();
        state.begin();
        assert_eq!(state.cursor(), (0, 0), "there are some");
        state.step((5, 0));
        state.begin();
        assert_eq!(state.cursor(), (9, 3), "the newest");
    }

    #[test]
    fn all_of_it_is_everything() {
        let mut state = state();
        state.toggle_selecting();
        state.step((99, 99));
        assert_eq!(state.counts(), (6, 1));
        let Selection { window, min_ns, max_ns } = state.take_selection().unwrap();
        assert_eq!(window, Window { from: Some(Timestamp(1_000)), to: Some(Timestamp(2_001)) });
        assert!(min_ns <= 10 && max_ns >= 1_000_000);
    }

    #[test]
    fn one_trace_alone_can_be_selected() {
        let mut state = State::default();
        state.settle((3, 2));
        let cells = vec![Cell { column: 0, row: 0, traces: 1, errors: 0 }];
        let at = Timestamp(7);
        state.show(Scatter { from: at, to: at, least_ns: 0, most_ns: 0, cells, ..Scatter::default() }, 0);
        let selection = state.take_selection().unwrap();
        assert!(selection.window.contains(at) && selection.min_ns == 0);
    }

    #[test]
    fn a_part_does_not_take_the_place_of_a_whole() {
        let mut state = state();
        state.show(Scatter::default(), 0);
        assert_eq!(state.counts(), (4, 1));
        state.end();
        assert_eq!(state.counts(), (0, 0));
        state.show(state_of_one(), 1);
        assert_eq!(state.counts().0, 1, "another question does not wait");
    }

    fn state_of_one() -> Scatter {
        let cells = vec![Cell { column: 0, row: 0, traces: 1, errors: 0 }];
        Scatter { cells, ..Scatter::default() }
    }
}

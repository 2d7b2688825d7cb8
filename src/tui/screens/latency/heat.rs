//! Where one is in the heatmap: a time and a duration, and the part of it whose spans are listed. Both are kept as times and
//! durations, so that they stay with the data as it moves on.

use crate::model::Timestamp;
use crate::source::{Density, Window};
use crate::tui::widgets::heatmap::{self, At, Count, Grid, Marked};

/// The spans that began in a stretch of time and took from so long to less than so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) window: Window,
    pub(super) least_ns: u64,
    pub(super) most_ns: u64,
}

/// A point in the heatmap: the middle of what it was when one went there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    time: Timestamp,
    duration_ns: u64,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Heat {
    cursor: Option<Spot>,
    /// Where a selection began.
    anchor: Option<Spot>,
    part: Option<Part>,
}

impl Heat {
    /// Returns the part whose spans are listed.
    pub(super) fn part(&self) -> Option<Part> {
        self.part
    }

    /// Goes to the longest of the newest, where one was nowhere yet.
    pub(super) fn begin(&mut self, density: &Density, grid: &Grid) {
        if self.cursor.is_none()
            && let Some(at) = heatmap::newest(density, grid)
        {
            self.go_to(at, density, grid);
        }
    }

    /// Forgets where one was.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Goes to a place.
    pub(super) fn go_to(&mut self, at: At, density: &Density, grid: &Grid) {
        self.cursor = Some(spot(at, density, grid));
        self.choose(density, grid);
    }

    /// Moves by so many places to the right and down.
    pub(super) fn step(&mut self, (dx, dy): (i16, i16), density: &Density, grid: &Grid) {
        let Some((x, y)) = place(self.cursor, density, grid) else { return self.begin(density, grid) };
        let x = x.saturating_add_signed(dx).min(grid.columns.saturating_sub(1));
        let y = y.saturating_add_signed(dy).min(grid.rows.saturating_sub(1));
        self.go_to((x, y), density, grid);
    }

    /// Begins a selection where one is, unless there is one.
    pub(super) fn begin_selecting(&mut self) {
        self.anchor = self.anchor.or(self.cursor);
    }

    /// Begins a selection where one is, or ends the one there is.
    pub(super) fn toggle_selecting(&mut self, density: &Density, grid: &Grid) {
        self.anchor = if self.anchor.is_some() { None } else { self.cursor };
        self.choose(density, grid);
    }

    /// Ends a selection; returns whether there was one.
    pub(super) fn stop_selecting(&mut self, density: Option<&Density>, grid: Option<&Grid>) -> bool {
        let had_one = self.anchor.take().is_some();
        if let Some((density, grid)) = density.zip(grid).filter(|_| had_one) {
            self.choose(density, grid);
        }
        had_one
    }

    /// Returns the top left and the bottom right place of what is chosen.
    fn corners(&self, density: &Density, grid: &Grid) -> Option<(At, At)> {
        let one = place(self.cursor, density, grid)?;
        let other = place(self.anchor, density, grid).unwrap_or(one);
        Some(((one.0.min(other.0), one.1.min(other.1)), (one.0.max(other.0), one.1.max(other.1))))
    }

    fn choose(&mut self, density: &Density, grid: &Grid) {
        self.part = self.corners(density, grid).map(|((left, top), (right, bottom))| {
            let (least_ns, most_ns) = grid.durations(density, top, bottom);
            Part { window: grid.window(density, left, right), least_ns, most_ns }
        });
    }

    /// Returns what is marked.
    pub(super) fn marked(&self, density: &Density, grid: &Grid) -> Option<Marked> {
        let cursor = place(self.cursor, density, grid)?;
        Some(Marked { cursor, selected: self.anchor.and_then(|_| self.corners(density, grid)) })
    }

    /// Returns how many spans and errors are in what is chosen.
    pub(super) fn count(&self, density: &Density, grid: &Grid) -> Count {
        self.corners(density, grid).map_or(Count::default(), |corners| heatmap::count(density, grid, corners))
    }
}

fn place(spot: Option<Spot>, density: &Density, grid: &Grid) -> Option<At> {
    spot.map(|spot| grid.place(density, spot.time, spot.duration_ns))
}

fn spot(at: At, density: &Density, grid: &Grid) -> Spot {
    let window = grid.window(density, at.0, at.0);
    let (least_ns, most_ns) = grid.durations(density, at.1, at.1);
    let (from, to) = (window.from.unwrap_or_default(), window.to.unwrap_or_default());
    // The middle of a row on a log scale, which stays in it when the scale changes a little.
    let middle = (least_ns.max(1) as f64 * most_ns.max(1) as f64).sqrt() as u64;
    Spot { time: from.plus(to.since(from) / 2), duration_ns: middle.clamp(least_ns, most_ns.max(least_ns)) }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;
    use crate::source::{Cell, DensityColumn};

    const SECOND: u64 = 1_000_000_000;

    fn density(from: u64) -> Density {
        let cell = |column, row, errors| Cell { column, row, traces: 2, errors };
        Density {
            from: Timestamp(from * SECOND),
            to: Timestamp((from + 100) * SECOND),
            least_ns: 1_000,
            most_ns: 1_000_000_000,
            columns: vec![DensityColumn::default(); 10],
            rows: 12,
            cells: vec![cell(3, 2, 1), cell(7, 4, 0), cell(7, 5, 2)],
            ..Density::default()
        }
    }

    fn grid(density: &Density) -> Grid {
        Grid::of(density, Rect::new(0, 0, 19, 7))
    }

    #[test]
    fn it_begins_at_the_newest_and_moves_by_places() {
        let density = density(0);
        let (mut heat, grid) = (Heat::default(), grid(&density));
        assert_eq!((heat.part(), heat.count(&density, &grid).spans), (None, 0));
        heat.step((1, 0), &density, &grid);
        assert_eq!(heat.marked(&density, &grid).map(|marked| marked.cursor), Some((7, 2)));
        assert_eq!(heat.count(&density, &grid), Count { spans: 4, errors: 2 });
        heat.step((-4, -1), &density, &grid);
        let Part { window, least_ns, most_ns } = heat.part().unwrap();
        assert_eq!((window.from, window.to), (Some(Timestamp(30 * SECOND)), Some(Timestamp(40 * SECOND))));
        assert!((9_000_000..=11_000_000).contains(&least_ns) && (99_000_000..=101_000_000).contains(&most_ns));
        heat.step((99, i16::MIN), &density, &grid);
        assert_eq!(heat.marked(&density, &grid).map(|marked| marked.cursor), Some((9, 0)));
    }

    #[test]
    fn a_selection_is_a_rectangle() {
        let density = density(0);
        let (mut heat, grid) = (Heat::default(), grid(&density));
        heat.begin(&density, &grid);
        heat.begin_selecting();
        heat.step((-4, -1), &density, &grid);
        assert_eq!(heat.marked(&density, &grid).and_then(|marked| marked.selected), Some(((3, 1), (7, 2))));
        assert_eq!(heat.count(&density, &grid), Count { spans: 6, errors: 3 });
        assert!(heat.stop_selecting(Some(&density), Some(&grid)));
        assert_eq!(heat.count(&density, &grid).spans, 2, "what is under the cursor");
        assert!(!heat.stop_selecting(Some(&density), Some(&grid)));
    }

    #[test]
    fn what_is_chosen_stays_with_the_data() {
        let before = density(0);
        let mut heat = Heat::default();
        heat.begin(&before, &grid(&before));
        let (part, after) = (heat.part(), density(20));
        assert_eq!(heat.marked(&after, &grid(&after)).map(|marked| marked.cursor), Some((5, 2)));
        assert_eq!(heat.part(), part);
    }
}

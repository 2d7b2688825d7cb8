//! Where the cells of an answer stand on the screen, and how many spans are in each place.

use std::ops::Range;

use ratatui::layout::Rect;

use super::{At, LABELS};
use crate::model::Timestamp;
use crate::source::{Density, Window};

/// Spans of a place, and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub spans: u64,
    pub errors: u64,
}

/// How the columns and rows of an answer stand on characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Where the places are.
    pub plot: Rect,
    /// How many places there are, side by side and one above another.
    pub columns: u16,
    pub rows: u16,
    /// The characters of a place, side by side.
    pub(super) cells: u16,
    /// The columns and rows of the answer.
    of: (u16, u16),
}

/// Returns the area in which a heatmap has its places: without durations and times.
pub fn plot(area: Rect) -> Rect {
    let labels = if area.width >= 3 * LABELS { LABELS } else { 0 };
    let times = u16::from(area.height >= 3);
    Rect { x: area.x + labels, width: area.width - labels, height: area.height - times, ..area }
}

/// Returns the pieces of `all` that stand on place `number` of `places`.
fn pieces(number: u16, places: u16, all: u16) -> Range<u16> {
    let (number, places, all) = (u32::from(number), u32::from(places.max(1)), u32::from(all));
    let range = if all >= places {
        (number * all).div_ceil(places)..((number + 1) * all).div_ceil(places)
    } else {
        number * all / places..number * all / places + 1
    };
    range.start as u16..range.end.min(all) as u16
}

impl Grid {
    /// Returns how an answer stands in an area.
    pub fn of(density: &Density, area: Rect) -> Self {
        let plot = plot(area);
        let all = density.columns.len().min(usize::from(u16::MAX)) as u16;
        let columns = all.min(plot.width);
        let cells = plot.width.checked_div(columns).unwrap_or(1);
        let rows = if density.rows == 0 { 0 } else { plot.height };
        let plot = Rect { width: columns * cells, ..plot };
        Self { plot, columns, rows, cells, of: (all, density.rows) }
    }

    /// Returns the cells of so many places from one on, as far as they are there.
    pub(super) fn rect(&self, (x, y): At, (width, height): At) -> Rect {
        let at = (self.plot.x.saturating_add(x.saturating_mul(self.cells)), self.plot.y.saturating_add(y));
        Rect::new(at.0, at.1, width.saturating_mul(self.cells), height).intersection(self.plot)
    }

    /// Returns the place at a cell of the screen.
    pub fn at(&self, x: u16, y: u16) -> Option<At> {
        let is_inside = self.plot.contains((x, y).into());
        is_inside.then(|| ((x - self.plot.x) / self.cells.max(1), y - self.plot.y))
    }

    /// Returns the stretch of time of places from one to another.
    pub fn window(&self, density: &Density, left: u16, right: u16) -> Window {
        let start = |column: u16| density.column_start(pieces(column, self.columns, self.of.0).start);
        let to = if right + 1 >= self.columns { density.to } else { start(right + 1) };
        Window { from: Some(start(left)), to: Some(to) }
    }

    /// Returns the shortest duration of places from one row to another, and one past the longest.
    pub fn durations(&self, density: &Density, top: u16, bottom: u16) -> (u64, u64) {
        let rows = |row| pieces(row, self.rows, self.of.1);
        (density.row_top_ns(rows(bottom).end), density.row_top_ns(rows(top).start))
    }

    /// Returns the place at a time and a duration, or next to them.
    pub fn place(&self, density: &Density, time: Timestamp, duration_ns: u64) -> At {
        let last = (self.columns.saturating_sub(1), self.rows.saturating_sub(1));
        let is_in = |column: &u16| self.window(density, *column, *column).from.is_some_and(|from| from <= time);
        let is_under = |row: &u16| duration_ns < self.durations(density, *row, *row).1;
        let column = (0..self.columns).rev().find(is_in).unwrap_or(0);
        let row = (0..self.rows).rev().find(is_under).unwrap_or(0);
        (column.min(last.0), row.min(last.1))
    }
}

/// The counts of places, `halves` of them one above another in each row of characters.
#[derive(Debug)]
pub(super) struct Counts {
    columns: u16,
    rows: u16,
    all: Vec<Count>,
}

impl Counts {
    pub(super) fn of(density: &Density, grid: &Grid, halves: u16) -> Self {
        let (columns, rows) = (grid.columns, grid.rows * halves);
        let (wide, high) = (usize::from(grid.of.0), usize::from(grid.of.1));
        let mut plain = vec![Count::default(); wide * high];
        for cell in &density.cells {
            let (column, row) = (usize::from(cell.column), usize::from(cell.row));
            if let Some(count) = plain.get_mut(row * wide + column).filter(|_| column < wide) {
                *count = Count { spans: cell.traces.into(), errors: cell.errors.into() };
            }
        }
        let mut all = Vec::with_capacity(usize::from(columns) * usize::from(rows));
        for row in 0..rows {
            for column in 0..columns {
                let mut sum = Count::default();
                for y in pieces(row, rows, grid.of.1) {
                    for x in pieces(column, columns, grid.of.0) {
                        let count = plain.get(usize::from(y) * wide + usize::from(x)).copied().unwrap_or_default();
                        sum = Count { spans: sum.spans + count.spans, errors: sum.errors + count.errors };
                    }
                }
                all.push(sum);
            }
        }
        Self { columns, rows, all }
    }

    pub(super) fn get(&self, column: u16, row: u16) -> Count {
        let place = usize::from(row) * usize::from(self.columns) + usize::from(column);
        self.all.get(place).filter(|_| column < self.columns && row < self.rows).copied().unwrap_or_default()
    }

    pub(super) fn most(&self) -> u64 {
        self.all.iter().map(|count| count.spans).max().unwrap_or(0)
    }
}

/// Returns how many spans and errors are in places from one corner to another.
pub fn count(density: &Density, grid: &Grid, (from, to): (At, At)) -> Count {
    let counts = Counts::of(density, grid, 1);
    let places = (from.1..=to.1).flat_map(|y| (from.0..=to.0).map(move |x| (x, y)));
    places.fold(Count::default(), |sum, (x, y)| {
        let count = counts.get(x, y);
        Count { spans: sum.spans + count.spans, errors: sum.errors + count.errors }
    })
}

/// Returns the place with the longest spans among those that began last.
pub fn newest(density: &Density, grid: &Grid) -> Option<At> {
    let counts = Counts::of(density, grid, 1);
    let mut all = (0..grid.columns).rev().flat_map(|x| (0..grid.rows).map(move |y| (x, y)));
    all.find(|(x, y)| counts.get(*x, *y).spans > 0)
}

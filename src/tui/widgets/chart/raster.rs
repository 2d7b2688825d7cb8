//! The dots of a chart: two by four a cell, and whose line they are.

use super::axis::Axis;
use super::{Line, Stroke};

/// The bits of the dots of a braille character: columns by two, rows by four.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// What a cell shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) dots: u8,
    /// The line that has its colour: the one drawn last.
    pub(super) line: usize,
}

/// See the module.
pub(super) struct Raster {
    width: u16,
    height: u16,
    cells: Vec<Cell>,
}

/// Returns the dot at a share of the height of so many cells, counted from the top.
pub(super) fn dot_of(share: f64, height: u16) -> u16 {
    let last = height.saturating_mul(4).saturating_sub(1);
    ((1.0 - share) * f64::from(last)).round() as u16
}

impl Raster {
    pub(super) fn new(width: u16, height: u16) -> Self {
        Self { width, height, cells: vec![Cell::default(); usize::from(width) * usize::from(height)] }
    }

    /// Returns the cells that show something, and where they are.
    pub(super) fn cells(&self) -> impl Iterator<Item = ((u16, u16), Cell)> {
        let width = usize::from(self.width.max(1));
        let all = self.cells.iter().enumerate().filter(|(_, cell)| cell.dots != 0);
        all.map(move |(i, cell)| (((i % width) as u16, (i / width) as u16), *cell))
    }

    fn set(&mut self, x: u16, y: u16, number: usize, covers: bool) {
        let (column, row) = (x / 2, y / 4);
        if column >= self.width || row >= self.height {
            return;
        }
        let Some(cell) = self.cells.get_mut(usize::from(row) * usize::from(self.width) + usize::from(column)) else {
            return;
        };
        // What fills an area takes the place of what is there: its dots would have another colour.
        if covers && cell.line != number {
            cell.dots = 0;
        }
        cell.line = number;
        cell.dots |= DOTS[usize::from(y % 4)][usize::from(x % 2)];
    }

    /// Draws the line of a number.
    pub(super) fn draw(&mut self, line: &Line, number: usize, axis: &Axis) {
        let count = line.values.len();
        let heights: Vec<Option<u16>> = line.values.iter().map(|value| self.dot(axis, *value)).collect();
        if let Stroke::Shade(others) = line.stroke {
            let others: Vec<Option<u16>> = others.iter().map(|value| self.dot(axis, *value)).collect();
            return self.shade(&heights, &others, number);
        }
        let mut before: Option<(u16, u16)> = None;
        for (place, height) in heights.iter().enumerate() {
            let Some(y) = *height else {
                before = None;
                continue;
            };
            let x = self.column(place, count);
            let is_alone = before.is_none() && heights.get(place + 1).is_none_or(Option::is_none);
            let (from, to) = match before {
                None if is_alone => ((self.left(place, count), y), (self.right(place, count), y)),
                None => ((x, y), (x, y)),
                Some(from) => (from, (x, y)),
            };
            self.stretch(from, to, line, number);
            before = Some((x, y));
        }
    }

    fn dot(&self, axis: &Axis, value: Option<f64>) -> Option<u16> {
        value.filter(|value| value.is_finite()).map(|value| dot_of(axis.share(value), self.height))
    }

    /// Returns the column of dots in the middle of a value's stretch of time.
    fn column(&self, place: usize, count: usize) -> u16 {
        let dots = usize::from(self.width) * 2;
        ((2 * place + 1) * dots / (2 * count.max(1))) as u16
    }

    fn left(&self, place: usize, count: usize) -> u16 {
        (place * usize::from(self.width) * 2 / count.max(1)) as u16
    }

    fn right(&self, place: usize, count: usize) -> u16 {
        self.left(place + 1, count).saturating_sub(1).max(self.left(place, count))
    }

    /// Draws from a dot to another one that is not left of it.
    fn stretch(&mut self, (x0, y0): (u16, u16), (x1, y1): (u16, u16), line: &Line, number: usize) {
        let is_filled = matches!(line.stroke, Stroke::Filled);
        let mut last = y0;
        for x in x0..=x1 {
            let part = f64::from(x - x0) / f64::from((x1 - x0).max(1));
            let y = if x0 == x1 { y1 } else { (f64::from(y0) + (f64::from(y1) - f64::from(y0)) * part).round() as u16 };
            for y in last.min(y)..=last.max(y) {
                if !matches!(line.stroke, Stroke::Dotted) || (x / 2 + y / 2) % 2 == 0 {
                    self.set(x, y, number, is_filled);
                }
            }
            if is_filled {
                for y in y..self.height.saturating_mul(4) {
                    self.set(x, y, number, true);
                }
            }
            last = y;
        }
    }

    fn shade(&mut self, heights: &[Option<u16>], others: &[Option<u16>], number: usize) {
        let count = heights.len();
        for (place, pair) in heights.iter().zip(others).enumerate() {
            let (Some(one), Some(other)) = pair else { continue };
            for x in self.left(place, count)..=self.right(place, count) {
                for y in (*one.min(other)..=*one.max(other)).filter(|y| (x + y) % 2 == 0) {
                    self.set(x, y, number, false);
                }
            }
        }
    }
}

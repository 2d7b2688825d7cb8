//! Lines over time, in braille: several of them, with values at the left and times below. Where there is no data there is a
//! gap.

pub mod axis;
mod raster;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;
use ratatui::style::Style;

use self::axis::Axis;
pub use self::axis::Scale;
use self::raster::Raster;
use super::times;
use crate::model::Timestamp;
use crate::tui::canvas::Canvas;
use crate::tui::sanitize;

/// What the values at the left take, with the cell after them.
pub const LABELS: u16 = 9;
/// What the names at the right take at most, with the cell before them.
const MOST_NAMES: u16 = 9;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub enum Stroke<'a> {
    #[default]
    Line,
    /// A line with what is below it filled.
    Filled,
    /// Every other dot of a line, for what is not known but expected.
    Dotted,
    /// Nothing but a shade between these values and those of the line.
    Shade(&'a [Option<f64>]),
}

/// Values over time.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Stands at its right end where there are several lines.
    pub name: &'a str,
    pub style: Style,
    /// The character it is drawn with where there is no braille.
    pub sign: &'a str,
    pub stroke: Stroke<'a>,
    /// Of stretches of the same length, from the left edge of the chart to the right one; none where there is no data.
    pub values: &'a [Option<f64>],
}

/// A chart. A later line is drawn over the earlier ones.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    pub lines: &'a [Line<'a>],
    pub from: Timestamp,
    pub to: Timestamp,
    pub scale: Scale,
    /// The axis reaches up to this at least.
    pub least_top: f64,
    /// Values that a faint line is drawn at, such as limits.
    pub limits: &'a [f64],
    /// How a value is written, in at most eight cells.
    pub label: fn(f64) -> String,
}

/// The parts of a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    labels: Rect,
    plot: Rect,
    names: Rect,
    times: Rect,
}

fn parts(area: Rect, names: u16) -> Parts {
    let labels = if area.width >= 3 * LABELS { LABELS } else { 0 };
    let names = if area.width >= 5 * LABELS { names } else { 0 };
    let times = u16::from(area.height >= 3);
    let height = area.height - times;
    let width = area.width - labels - names;
    let plot = Rect { x: area.x + labels, width, height, ..area };
    Parts {
        labels: Rect { width: labels, height, ..area },
        plot,
        names: Rect { x: plot.right(), width: names, ..plot },
        times: Rect { y: plot.bottom(), height: times, ..plot },
    }
}

/// Returns how many dots of a chart of an area stand side by side: with more values nothing more is seen.
pub fn columns(area: Rect) -> u16 {
    parts(area, 0).plot.width.saturating_mul(2)
}

impl Chart<'_> {
    fn axis(&self, height: u16) -> Option<Axis> {
        let bounds = self.lines.iter().flat_map(|line| match line.stroke {
            Stroke::Shade(others) => others,
            _ => &[],
        });
        let values = self.lines.iter().flat_map(|line| line.values).chain(bounds).filter_map(|value| *value);
        let marks = match height {
            0..4 => 2,
            4..8 => 3,
            _ => 4,
        };
        Axis::of(values, self.scale, self.least_top, marks)
    }

    fn names_width(&self) -> u16 {
        if self.lines.len() < 2 {
            return 0;
        }
        let widest = self.lines.iter().map(|line| sanitize::width(line.name, MOST_NAMES)).max().unwrap_or(0);
        (widest + 1).min(MOST_NAMES)
    }

    /// Draws the chart; nothing where no line has a value.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let parts = parts(area, self.names_width());
        let (plot, Some(axis)) = (parts.plot, self.axis(parts.plot.height)) else { return };
        if plot.is_empty() {
            return;
        }
        self.marks(canvas, &parts, &axis);
        let mut raster = Raster::new(plot.width, plot.height);
        for (number, line) in (0..).zip(self.lines) {
            raster.draw(line, number, &axis);
        }
        for (at, cell) in raster.cells() {
            let Some(line) = self.lines.get(cell.line) else { continue };
            let at = (plot.x + at.0, plot.y + at.1);
            if canvas.symbols().ascii {
                canvas.symbol(at, line.sign, line.style);
            } else {
                let braille = char::from_u32(0x2800 + u32::from(cell.dots)).unwrap_or(' ');
                canvas.symbol(at, braille.encode_utf8(&mut [0; 4]), line.style);
            }
        }
        self.names(canvas, &parts, &axis);
        times::draw(canvas, parts.times, self.from, self.to);
    }

    /// The values at the left, and faint lines across.
    fn marks(&self, canvas: &mut Canvas, parts: &Parts, axis: &Axis) {
        let (theme, symbols) = (canvas.theme(), canvas.symbols());
        let plot = parts.plot;
        let row = |value: f64| plot.y + row_of(axis.share(value), plot.height);
        for &limit in self.limits {
            for x in plot.left()..plot.right() {
                canvas.symbol((x, row(limit)), symbols.separator, theme.faint());
            }
        }
        let mut lowest = None;
        for &mark in &axis.marks {
            let y = row(mark);
            if lowest.is_some_and(|lowest| y >= lowest) {
                continue;
            }
            lowest = Some(y);
            for x in (plot.left()..plot.right()).step_by(4) {
                canvas.symbol((x, y), symbols.separator, theme.faint());
            }
            let width = parts.labels.width.saturating_sub(1);
            canvas.text_right((parts.labels.x, y), width, &(self.label)(mark), theme.dim());
        }
    }

    /// The names at the height at which the lines end, so that they are told apart without colours as well.
    fn names(&self, canvas: &mut Canvas, parts: &Parts, axis: &Axis) {
        let names = parts.names;
        let mut taken = vec![false; usize::from(names.height)];
        if names.width == 0 {
            return;
        }
        for line in self.lines.iter().rev().filter(|line| !matches!(line.stroke, Stroke::Shade(_))) {
            let Some(last) = line.values.iter().rev().find_map(|value| *value) else { continue };
            let wanted = usize::from(row_of(axis.share(last), names.height));
            let free = |row: &usize| taken.get(*row) == Some(&false);
            let Some(row) = (wanted..taken.len()).chain((0..wanted).rev()).find(free) else { continue };
            if let Some(slot) = taken.get_mut(row) {
                *slot = true;
            }
            canvas.text((names.x + 1, names.y + row as u16), names.width - 1, line.name, line.style);
        }
    }
}

/// Returns the row of cells in which a share of the height lies, counted from the top.
fn row_of(share: f64, height: u16) -> u16 {
    raster::dot_of(share, height) / 4
}

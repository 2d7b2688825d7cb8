//! Durations over time as cells: the more spans began then and took so long, the more heat there is; what failed is red and
//! has a sign where there are no colours. Two cells share a character where the terminal has colours enough.

mod grid;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;
use ratatui::style::Style;

use self::grid::Counts;
pub use self::grid::{Count, Grid, count, newest, plot};
use super::{durations, times};
use crate::source::Density;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::theme::Failed;

/// What the durations at the left take, with the cell after them.
pub const LABELS: u16 = format::DURATION_WIDTH;
/// As many spans in one cell count as many where nowhere are more.
const FEW: u64 = 8;
/// The columns of a legend's ramp.
const LEGEND: u16 = 6;

/// A place: the column of time from the left, the row of characters from the top.
pub type At = (u16, u16);

/// What is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    pub cursor: At,
    /// The top left and the bottom right place of what is selected, where that is more than what is under the cursor.
    pub selected: Option<(At, At)>,
}

/// A heatmap.
#[derive(Clone, Copy, Debug)]
pub struct Heatmap<'a> {
    pub density: &'a Density,
    pub marked: Option<Marked>,
}

/// Returns how much heat so many spans are where nowhere are more than `most`: by the logarithm, since a few slow ones among
/// very many are what one looks for.
fn heat(spans: u64, most: u64) -> f64 {
    ((spans as f64).ln_1p() / (most.max(FEW) as f64).ln_1p()).clamp(0.0, 0.999)
}

fn has_halves(canvas: &Canvas) -> bool {
    canvas.theme().has_ramp() && !canvas.symbols().ascii
}

impl Heatmap<'_> {
    /// Draws the heatmap; nothing where there is no room.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let grid = Grid::of(self.density, area);
        if grid.plot.is_empty() || grid.rows == 0 {
            return;
        }
        self.durations(canvas, area, &grid);
        if has_halves(canvas) {
            self.selected(canvas, &grid);
        }
        let halves = if has_halves(canvas) { 2 } else { 1 };
        let counts = Counts::of(self.density, &grid, halves);
        let most = counts.most();
        for y in 0..grid.rows {
            for x in 0..grid.columns {
                for cell in 0..grid.cells {
                    let at = (grid.plot.x + x * grid.cells + cell, grid.plot.y + y);
                    let is_faded = self.is_faded((x, y));
                    if halves == 2 {
                        let both = (counts.get(x, 2 * y), counts.get(x, 2 * y + 1));
                        draw_halves(canvas, at, (both, most), is_faded);
                    } else {
                        draw_shade(canvas, at, (counts.get(x, y), most), is_faded);
                    }
                }
            }
        }
        if !has_halves(canvas) {
            self.selected(canvas, &grid);
        }
        self.cursor(canvas, &grid);
        if area.height > grid.plot.height {
            let line = Rect { y: grid.plot.bottom(), height: 1, ..grid.plot };
            times::draw(canvas, line, self.density.from, self.density.to);
        }
    }

    /// Returns whether a place is outside of what is selected.
    fn is_faded(&self, (x, y): At) -> bool {
        let selected = self.marked.and_then(|marked| marked.selected);
        selected
            .is_some_and(|((left, top), (right, bottom))| !(left..=right).contains(&x) || !(top..=bottom).contains(&y))
    }

    /// The durations at the left, with faint lines across.
    fn durations(&self, canvas: &mut Canvas, area: Rect, grid: &Grid) {
        let (theme, symbols, plot) = (canvas.theme(), canvas.symbols(), grid.plot);
        let (least, most) = (self.density.least_ns, self.density.most_ns);
        let mut lowest = None;
        for mark in durations::marks(least, most, usize::from(plot.height.div_ceil(2))) {
            let share = durations::share(mark, least, most);
            let row = (plot.height - 1).saturating_sub((share * f64::from(plot.height)) as u16);
            if lowest.is_some_and(|lowest| row >= lowest) {
                continue;
            }
            lowest = Some(row);
            for x in (plot.left()..plot.right()).step_by(4) {
                canvas.symbol((x, plot.y + row), symbols.separator, theme.faint());
            }
            let width = (plot.x - area.x).saturating_sub(1);
            canvas.text_right((area.x, plot.y + row), width, &durations::label(mark), theme.dim());
        }
    }

    /// What is selected: below cells that fill a character, over what is drawn with fewer colours.
    fn selected(&self, canvas: &mut Canvas, grid: &Grid) {
        if let Some((from, to)) = self.marked.and_then(|marked| marked.selected) {
            let size = (to.0.saturating_sub(from.0) + 1, to.1.saturating_sub(from.1) + 1);
            canvas.tint(grid.rect(from, size), canvas.theme().selected());
        }
    }

    fn cursor(&self, canvas: &mut Canvas, grid: &Grid) {
        let Some(marked) = self.marked else { return };
        let cursor = grid.rect(marked.cursor, (1, 1));
        if cursor.is_empty() {
            return;
        }
        for x in cursor.left()..cursor.right() {
            canvas.mark((x, cursor.y), canvas.symbols().event, canvas.theme().crosshair());
        }
    }
}

/// Draws two places in one character.
fn draw_halves(canvas: &mut Canvas, at: At, ((upper, lower), most): ((Count, Count), u64), is_faded: bool) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let color = |count: Count| {
        let style = theme.heat(heat(count.spans, most), Failed::of(count.errors, count.spans), is_faded);
        style.fg.filter(|_| count.spans > 0)
    };
    let (symbol, style) = match (color(upper), color(lower)) {
        (None, None) => return,
        (Some(upper), None) => (symbols.upper_half, Style::new().fg(upper)),
        (None, Some(lower)) => (symbols.lower[3], Style::new().fg(lower)),
        (Some(upper), Some(lower)) => (symbols.upper_half, Style::new().fg(upper).bg(lower)),
    };
    canvas.symbol(at, symbol, style);
}

/// Draws a place as a character that is the fuller the more there is, or where colours do not tell it, as the sign of errors.
fn draw_shade(canvas: &mut Canvas, at: At, (count, most): (Count, u64), is_faded: bool) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    if count.spans == 0 {
        return;
    }
    let (heat, failed) = (heat(count.spans, most), Failed::of(count.errors, count.spans));
    let level = (heat * symbols.shades.len() as f64) as usize;
    let shade = symbols.shades.get(level).copied().unwrap_or(symbols.ellipsis);
    let symbol = match failed {
        _ if theme.has_colors() && !symbols.ascii => shade,
        Failed::Little => shade,
        Failed::Some => symbols.some_errors,
        Failed::Most => symbols.error,
    };
    canvas.symbol(at, symbol, theme.heat(heat, failed, is_faded));
}

/// Draws what the cells of a heatmap mean, at most up to `right`; as much of it as there is room for.
pub fn legend(canvas: &mut Canvas, at: At, right: u16, density: &Density, area: Rect) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let grid = Grid::of(density, area);
    let most = Counts::of(density, &grid, if has_halves(canvas) { 2 } else { 1 }).most();
    let text = format::plural(most, "span");
    let width = 2 + LEGEND + 1 + text.len() as u16;
    if most == 0 || at.0.saturating_add(width) > right {
        return;
    }
    let mut x = canvas.text(at, 2, "1 ", theme.dim());
    for step in 0..LEGEND {
        let part = (f64::from(step) + 0.5) / f64::from(LEGEND);
        let level = (part * symbols.shades.len() as f64) as usize;
        let symbol =
            if has_halves(canvas) { symbols.left[7] } else { symbols.shades.get(level).copied().unwrap_or(" ") };
        canvas.symbol((x + step, at.1), symbol, theme.heat(part, Failed::Little, false));
    }
    x = canvas.text((x + LEGEND + 1, at.1), width, &text, theme.dim());
    let signs = [(Failed::Most, symbols.error, "failed"), (Failed::Some, symbols.some_errors, "in part")];
    for (failed, sign, name) in signs {
        let width = 4 + name.len() as u16;
        if x.saturating_add(width) > right {
            break;
        }
        let symbol = if theme.has_colors() && !symbols.ascii { symbols.left[7] } else { sign };
        canvas.symbol((x + 2, at.1), symbol, theme.heat(0.6, failed, false));
        x = canvas.text((x + 4, at.1), width, name, theme.dim());
    }
}

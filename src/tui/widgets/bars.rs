//! A histogram of durations: bars in eighths of a cell with the failed at their feet, round durations below them, and
//! marks where percentiles lie.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::durations;
use crate::source::Bar;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::sanitize;
use crate::tui::theme::Failed;

/// What the counts at the left take, with the cell after them.
const LABELS: u16 = 6;

/// A duration that is marked.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub name: &'static str,
    pub ns: u64,
    pub style: Style,
}

/// A histogram.
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    /// From the shortest on, each as wide as the next on a log scale.
    pub bars: &'a [Bar],
    /// From the shortest on.
    pub marks: &'a [Mark],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    labels: Rect,
    plot: Rect,
    marks: Rect,
    axis: Rect,
}

fn parts(area: Rect) -> Parts {
    let labels = if area.width >= 4 * LABELS { LABELS } else { 0 };
    let (axis, marks) = (u16::from(area.height >= 3), u16::from(area.height >= 4));
    let height = area.height - axis - marks;
    let plot = Rect { x: area.x + labels, width: area.width - labels, height, ..area };
    Parts {
        labels: Rect { width: labels, height, ..area },
        plot,
        marks: Rect { y: plot.bottom(), height: marks, ..plot },
        axis: Rect { y: plot.bottom() + marks, height: axis, ..plot },
    }
}

/// The bars as they are drawn: neighbours that share a cell put together.
struct Shown {
    bars: Vec<Bar>,
    /// The cells of each.
    cells: u16,
}

impl Shown {
    fn of(bars: &[Bar], width: u16) -> Self {
        let least = bars.len().div_ceil(usize::from(width.max(1))).max(1);
        let cells = |together: usize| width.checked_div(bars.len().div_ceil(together) as u16).unwrap_or(0);
        // Fewer wide bars may fill the width better than many narrow ones.
        let filled = |together: &usize| cells(*together) as usize * bars.len().div_ceil(*together);
        let together = if filled(&(least + 1)) > filled(&least) { least + 1 } else { least };
        let sum = |bars: &[Bar]| {
            let (first, last) = (bars.first()?, bars.last()?);
            let count = |of: fn(&Bar) -> u64| bars.iter().map(of).fold(0, u64::saturating_add);
            let (spans, errors) = (count(|bar| bar.spans), count(|bar| bar.errors));
            Some(Bar { from_ns: first.from_ns, to_ns: last.to_ns, spans, errors })
        };
        Self { cells: cells(together).max(1), bars: bars.chunks(together).filter_map(sum).collect() }
    }

    fn width(&self) -> u16 {
        self.bars.len() as u16 * self.cells
    }

    fn most(&self) -> u64 {
        self.bars.iter().map(|bar| bar.spans).max().unwrap_or(0)
    }

    /// Returns the cell in which a duration lies, from the left.
    fn cell_of(&self, ns: u64) -> Option<u16> {
        let last = self.width().checked_sub(1)?;
        let place = self.bars.iter().rposition(|bar| bar.from_ns <= ns).unwrap_or(0) as u16;
        let bar = self.bars.get(usize::from(place))?;
        let within = durations::share(ns, bar.from_ns, bar.to_ns) * f64::from(self.cells);
        Some((place * self.cells + (within as u16).min(self.cells - 1)).min(last))
    }
}

impl Bars<'_> {
    /// Draws the histogram; nothing where there are no spans, or no room.
    pub fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let parts = parts(area);
        let shown = Shown::of(self.bars, parts.plot.width);
        let most = shown.most();
        if most == 0 || parts.plot.is_empty() {
            return;
        }
        let theme = canvas.theme();
        canvas.text_right(
            (parts.labels.x, parts.labels.y),
            parts.labels.width.saturating_sub(1),
            &format::count(most),
            theme.dim(),
        );
        for mark in self.marks {
            line(canvas, &parts, &shown, mark);
        }
        for (place, bar) in (0..).zip(&shown.bars) {
            for cell in 0..shown.cells {
                column(canvas, parts.plot, place * shown.cells + cell, (bar, most));
            }
        }
        self.names(canvas, parts.marks, &shown);
        axis(canvas, parts.axis, &shown);
    }

    /// The names of the marks beside their signs, right of them or left, where there is room before the next.
    fn names(&self, canvas: &mut Canvas, line: Rect, shown: &Shown) {
        if line.height == 0 {
            return;
        }
        let mut free = line.x;
        for (number, mark) in self.marks.iter().enumerate() {
            let Some(x) = shown.cell_of(mark.ns).map(|cell| line.x + cell) else { continue };
            if x < free {
                continue;
            }
            let next = self.marks.get(number + 1).and_then(|mark| shown.cell_of(mark.ns));
            let end = next.map_or(line.right(), |cell| line.x + cell);
            let width = sanitize::width(mark.name, 8);
            canvas.symbol((x, line.y), canvas.symbols().above, mark.style);
            if x + 1 + width <= end {
                free = canvas.text((x + 1, line.y), width, mark.name, mark.style) + 1;
            } else if x >= free + width {
                canvas.text((x - width, line.y), width, mark.name, mark.style);
                free = x + 1;
            } else {
                free = x + 1;
            }
        }
    }
}

/// A faint line up from where a mark is.
fn line(canvas: &mut Canvas, parts: &Parts, shown: &Shown, mark: &Mark) {
    let Some(x) = shown.cell_of(mark.ns).filter(|_| parts.marks.height > 0) else { return };
    for y in parts.plot.top()..parts.plot.bottom() {
        canvas.symbol((parts.plot.x + x, y), canvas.symbols().grid, canvas.theme().faint());
    }
}

/// Draws a column of a bar; what is there is seen, be it ever so little.
fn column(canvas: &mut Canvas, plot: Rect, x: u16, (bar, most): (&Bar, u64)) {
    let share = |count: u64| count.min(most) as f64 / most.max(1) as f64 * f64::from(plot.height) * 8.0;
    let failed = Failed::of(bar.errors, bar.spans);
    let filled = share(bar.spans).ceil() as u16;
    // A little of what failed is not drawn as more than it is.
    let errors = (share(bar.errors).round() as u16).max(u16::from(failed != Failed::Little)).min(filled);
    for (y, below) in (plot.top()..plot.bottom()).rev().zip((0..).step_by(8)) {
        let within = |eighths: u16| eighths.saturating_sub(below).min(8);
        if within(filled) == 0 {
            break;
        }
        cell(canvas, (plot.x + x, y), (within(filled), within(errors)), failed);
    }
}

/// Draws a cell of which so many eighths are filled, the first of them by what failed.
fn cell(canvas: &mut Canvas, at: (u16, u16), (filled, errors): (u16, u16), failed: Failed) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let level = |eighths: u16| symbols.lower.get(usize::from(eighths).saturating_sub(1)).copied().unwrap_or(" ");
    let (fine, error) = (theme.bar(false), theme.error());
    match errors {
        0 => canvas.symbol(at, level(filled), fine),
        // Where colours do not tell it a sign does.
        _ if symbols.ascii || !theme.has_colors() => {
            let sign = if errors * 2 >= filled { symbols.error } else { symbols.some_errors };
            canvas.symbol(at, sign, error);
        }
        errors if errors >= filled => canvas.symbol(at, level(filled), error),
        errors if filled == 8 => canvas.symbol(at, level(errors), Style { bg: fine.fg, ..error }),
        // Three colours have no room in a cell.
        _ if failed == Failed::Most => canvas.symbol(at, level(filled), error),
        _ => canvas.symbol(at, level(filled), theme.some_errors()),
    }
}

/// Round durations at their places.
fn axis(canvas: &mut Canvas, line: Rect, shown: &Shown) {
    let bounds = shown.bars.first().map(|bar| bar.from_ns).zip(shown.bars.last().map(|bar| bar.to_ns));
    let Some((least, most)) = bounds.filter(|_| line.height > 0) else { return };
    let mut free = line.x;
    for mark in durations::marks(least, most, usize::from(line.width / 10)) {
        let text = durations::label(mark);
        let share = durations::share(mark, least, most);
        let x = line.x + (share * f64::from(shown.width())) as u16;
        let width = sanitize::width(&text, 12);
        if x >= free && x + width <= line.right() {
            free = canvas.text((x, line.y), width, &text, canvas.theme().dim()) + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::{Buffer, Cell};

    use super::*;
    use crate::tui::settings::ThemeChoice;
    use crate::tui::testing::{look, text};

    const MS: u64 = 1_000_000;

    /// Returns two humps, the second of which fails.
    fn bars(count: u32) -> Vec<Bar> {
        let bound = |place: u32| (f64::from(place) / f64::from(count) * (3e9_f64 / 4e5).ln()).exp() * 4e5;
        let hump = |at: f64, place: u32| (-((f64::from(place) / f64::from(count) - at) * 12.0).powi(2)).exp();
        let bar = |place: u32| {
            let (fine, failed) = ((hump(0.4, place) * 900.0) as u64, (hump(0.85, place) * 90.0) as u64);
            Bar { from_ns: bound(place) as u64, to_ns: bound(place + 1) as u64, spans: fine + failed, errors: failed }
        };
        (0..count).map(bar).collect()
    }

    fn drawn(bars: &[Bar], (width, height): (u16, u16), choice: ThemeChoice, ascii: bool) -> String {
        let look = look(choice, ascii);
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let mark = |name, ns| Mark { name, ns, style: look.theme.accent() };
        let marks = [mark("P50", 15 * MS), mark("P95", 600 * MS), mark("P99", 900 * MS)];
        Bars { bars, marks: &marks }.draw(&mut Canvas::new(&mut buffer, &look), area);
        text(&buffer)
    }

    #[test]
    fn bars_stand_over_durations_with_their_percentiles() {
        insta::assert_snapshot!("wide", drawn(&bars(60), (72, 10), ThemeChoice::Dark, false));
        insta::assert_snapshot!("narrow", drawn(&bars(60), (36, 6), ThemeChoice::Dark, false));
        insta::assert_snapshot!("mono", drawn(&bars(60), (72, 8), ThemeChoice::Mono, false));
        insta::assert_snapshot!("ascii", drawn(&bars(60), (72, 8), ThemeChoice::Mono, true));
    }

    #[test]
    fn one_duration_is_one_bar() {
        let one = [Bar { from_ns: 7, to_ns: 8, spans: 3, errors: 0 }];
        assert!(drawn(&one, (40, 5), ThemeChoice::Dark, false).contains('█'));
        assert!(drawn(&[], (40, 5), ThemeChoice::Dark, false).trim().is_empty());
    }

    fn any_bar() -> impl Strategy<Value = Bar> {
        (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(from_ns, to_ns, spans, errors)| Bar {
            from_ns,
            to_ns,
            spans: spans >> (spans % 64),
            errors: errors >> (errors % 64),
        })
    }

    proptest! {
        #[test]
        fn it_never_draws_outside(
            bars in proptest::collection::vec(any_bar(), 0..200),
            ns in proptest::collection::vec(any::<u64>(), 0..4),
            (x, y, width, height) in (0_u16..20, 0_u16..20, 0_u16..90, 0_u16..30),
            ascii: bool,
        ) {
            let look = look(ThemeChoice::Sixteen, ascii);
            let area = Rect::new(x, y, width, height);
            let mut buffer = Buffer::filled(Rect::new(0, 0, 120, 60), Cell::new("x"));
            let marks: Vec<Mark> = ns.into_iter().map(|ns| Mark { name: "P99.9", ns, style: Style::new() }).collect();
            Bars { bars: &bars, marks: &marks }.draw(&mut Canvas::new(&mut buffer, &look), area);
            for (x, y) in (0..60).flat_map(|y| (0..120).map(move |x| (x, y))) {
                let is_outside = !area.contains((x, y).into());
                prop_assert!(!is_outside || buffer.cell((x, y)).is_some_and(|cell| cell.symbol() == "x"), "{x},{y}");
            }
        }
    }
}

//! The parts of a waterfall: the time axis, and bars with the precision of an eighth of a cell.

use ratatui::style::{Modifier, Style};

use crate::tui::canvas::Canvas;
use crate::tui::format;

/// The stretch of time drawn, in nanoseconds since the trace began, and the cells it is drawn on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub from: u64,
    pub to: u64,
    pub width: u16,
}

impl Scale {
    /// Returns where a time is, in cells from the left; outside of the width where it is not shown.
    pub fn column(&self, time: u64) -> f64 {
        let length = self.to.saturating_sub(self.from).max(1) as f64;
        let offset = time as f64 - self.from as f64;
        offset / length * f64::from(self.width)
    }

    /// Returns the columns of the marks on the axis and their times: round numbers, some `apart` cells from one another.
    pub fn ticks(&self, apart: u16) -> Vec<(u16, u64)> {
        let length = self.to.saturating_sub(self.from).max(1);
        let step = round_step((length as f64 * f64::from(apart) / f64::from(self.width.max(1))).max(1.0));
        let first = self.from.div_ceil(step);
        (0..u64::from(self.width / apart.max(1) + 2))
            .filter_map(|i| first.checked_add(i)?.checked_mul(step))
            .map(|time| (self.column(time), time))
            .take_while(|(column, _)| *column < f64::from(self.width))
            .map(|(column, time)| (column as u16, time))
            .collect()
    }
}

/// Returns the least round number that is not less: 1, 2, 5, 10, 20, 50 … up to a second, then as clocks divide.
fn round_step(least: f64) -> u64 {
    const SECOND: f64 = 1e9;
    const CLOCK: [f64; 14] =
        [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 86_400.0];
    if least > SECOND / 2.0
        && let Some(seconds) = CLOCK.iter().find(|seconds| **seconds * SECOND >= least)
    {
        return (seconds * SECOND) as u64;
    }
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= least * 0.999);
    (step.unwrap_or(least) as u64).max(1)
}

/// Draws the labels of the axis. Marks without room for their label have none.
pub fn axis(canvas: &mut Canvas, at: (u16, u16), scale: Scale, ticks: &[(u16, u64)]) {
    let theme = canvas.theme();
    let mut free = 0;
    for &(column, time) in ticks {
        let label = format::tick(time);
        let width = crate::tui::sanitize::width(&label, 20);
        if column >= free && column + width <= scale.width {
            canvas.text((at.0 + column, at.1), width, &label, theme.dim());
            free = column + width + 1;
        }
    }
}

/// Draws a bar from `start` to `end` in cells from `at`; the shortest one is still seen. `width` cuts it on the right.
pub fn bar(canvas: &mut Canvas, at: (u16, u16), width: u16, (start, end): (f64, f64), style: Style) {
    let most = f64::from(width) * 8.0;
    if !(start < f64::from(width) && end >= 0.0) {
        return;
    }
    let first = (start * 8.0).clamp(0.0, most - 1.0) as u32;
    let last = ((end * 8.0).clamp(0.0, most).round() as u32).max(first + 1);
    for cell in first / 8..last.div_ceil(8) {
        let left = first.saturating_sub(cell * 8).min(8);
        let right = (last - cell * 8).min(8);
        let (symbol, reversed) = piece(canvas, left as usize, right as usize);
        let style = if reversed { style.add_modifier(Modifier::REVERSED) } else { style };
        canvas.mark((at.0 + cell as u16, at.1), symbol, style);
    }
}

/// Returns what fills a cell from `left` to `right` eighths. There are no blocks that begin within a cell, so the
/// block of what stays empty is drawn with its colours exchanged.
fn piece(canvas: &Canvas, left: usize, right: usize) -> (&'static str, bool) {
    let symbols = canvas.symbols();
    let thick = usize::from(right - left > 2);
    match (left, right) {
        (0, right) => (symbols.left[right - 1], false),
        (_, 8) if symbols.ascii => (symbols.right[thick], false),
        (left, 8) if left < 7 => (symbols.left[left - 1], true),
        (_, 8) | (6, 7) => (symbols.right[0], false),
        (1, 2) => (symbols.left[1], false),
        _ => (symbols.middle[thick], false),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;
    use crate::tui::canvas::Look;
    use crate::tui::settings::ThemeChoice;
    use crate::tui::symbols;
    use crate::tui::theme::{TerminalColors, Theme};

    /// Draws a bar on eight cells; `!` follows what is drawn with colours exchanged.
    fn check(start: f64, end: f64, expected: &str) {
        let theme = Theme::new(ThemeChoice::Mono, TerminalColors::default());
        let look = Look { theme, symbols: &symbols::UNICODE };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        bar(&mut Canvas::new(&mut buffer, &look), (0, 0), 8, (start, end), Style::new());
        let cell = |cell: &ratatui::buffer::Cell| {
            let mark = if cell.modifier.contains(Modifier::REVERSED) { "!" } else { "" };
            format!("{}{mark}", cell.symbol())
        };
        assert_eq!(buffer.content.iter().map(cell).collect::<String>(), expected);
    }

    #[test]
    fn bars_begin_and_end_within_a_cell() {
        check(0.0, 8.0, "████████");
        check(0.0, 2.5, "██▌     ");
        check(1.25, 3.0, " ▎!█     ");
        check(2.0, 2.0, "  ▏     ");
        check(2.5, 2.5, "  │     ");
        check(7.999, 7.999, "       ▕");
        check(-5.0, 1.0, "█       ");
        check(-5.0, -1.0, "        ");
        check(7.0, 1e18, "       █");
        check(9.0, 10.0, "        ");
    }

    #[test]
    fn marks_stand_at_round_times() {
        let scale = Scale { from: 0, to: 412_000_000, width: 60 };
        assert_eq!(
            scale.ticks(12),
            [(0, 0), (14, 100_000_000), (29, 200_000_000), (43, 300_000_000), (58, 400_000_000)]
        );
        let empty = Scale { from: 0, to: 0, width: 0 };
        assert!(empty.ticks(12).is_empty());
        let huge = Scale { from: 0, to: u64::MAX, width: 200 };
        assert!(huge.ticks(12).len() <= 20);
    }
}

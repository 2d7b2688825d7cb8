//! The parts of a waterfall: the time axis, and bars with the precision of an eighth of a cell.

use ratatui::style::{Modifier, Style};

use crate::tui::canvas::Canvas;
use crate::tui::{format, sanitize};

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

    /// Returns the columns of the marks on the axis and their times: round numbers as close as their labels allow, but
    /// no closer than six to a width.
    pub fn ticks(&self) -> Vec<(u16, u64)> {
        let length = self.to.saturating_sub(self.from).max(1);
        let mut step = round_step((length as f64 / 6.0).max(1.0));
        loop {
            let ticks = self.ticks_every(step);
            let crowded = |pair: &[(u16, u64)]| pair[1].0 - pair[0].0 <= label_width(pair[0].1);
            if !ticks.windows(2).any(crowded) {
                return ticks;
            }
            step = round_step(step as f64 * 1.01);
        }
    }

    fn ticks_every(&self, step: u64) -> Vec<(u16, u64)> {
        let first = self.from.div_ceil(step);
        (0..=u64::from(self.width))
            .map_while(|i| first.checked_add(i)?.checked_mul(step))
            .map(|time| (self.column(time), time))
            .take_while(|(column, _)| *column < f64::from(self.width))
            .map(|(column, time)| (column as u16, time))
            .collect()
    }
}

fn label_width(time: u64) -> u16 {
    sanitize::width(&format::tick(time), 20)
}

/// Returns the least round number that is not less: 1, 2, 2.5, 5, 10, 20 … up to a second, then as clocks divide.
fn round_step(least: f64) -> u64 {
    const SECOND: f64 = 1e9;
    const CLOCK: [f64; 16] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0,
        86_400.0,
    ];
    if least > SECOND / 2.0
        && let Some(seconds) = CLOCK.iter().find(|seconds| **seconds * SECOND >= least)
    {
        return (seconds * SECOND) as u64;
    }
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power);
    let step = steps.into_iter().find(|step| *step >= least * 0.999 && step.fract() == 0.0);
    (step.unwrap_or(least) as u64).max(1)
}

/// Draws the labels of the axis. Marks without room for their label have none.
pub fn axis(canvas: &mut Canvas, at: (u16, u16), scale: Scale, ticks: &[(u16, u64)]) {
    let theme = canvas.theme();
    let mut free = 0;
    for &(column, time) in ticks {
        let width = label_width(time);
        if column >= free && column + width <= scale.width {
            canvas.text((at.0 + column, at.1), width, &format::tick(time), theme.dim());
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
        let ms = |length: u64, width: u16| {
            let ticks = Scale { from: 0, to: length * 1_000_000, width }.ticks();
            ticks.iter().map(|(_, time)| time / 1_000_000).collect::<Vec<_>>()
        };
        assert_eq!(ms(412, 60), [0, 100, 200, 300, 400]);
        assert_eq!(ms(412, 31), [0, 100, 200, 300, 400]);
        assert_eq!(ms(550, 31), [0, 200, 400]);
        assert_eq!(ms(1_100, 31), [0, 250, 500, 750, 1000]);
        assert_eq!(ms(47_000, 33), [0, 10_000, 20_000, 30_000, 40_000]);
        assert_eq!(ms(412, 13), [0, 250]);
        let of = |from, to, width| Scale { from, to, width }.ticks();
        assert_eq!(of(0, 412_000_000, 31).first_chunk(), Some(&[(0, 0), (7, 100_000_000)]));
        assert_eq!(of(7, 11, 40), [(0, 7), (10, 8), (20, 9), (30, 10)]);
        assert!(of(0, 0, 0).is_empty());
        assert!(of(0, u64::MAX, 200).len() <= 7);
        assert!(of(u64::MAX - 5, u64::MAX, 200).len() <= 7);
    }

    proptest::proptest! {
        #[test]
        fn marks_lie_on_the_axis_and_their_labels_apart(from: u64, to: u64, width in 0_u16..400) {
            let ticks = Scale { from, to, width }.ticks();
            proptest::prop_assert!(ticks.len() <= 8 && ticks.iter().all(|(column, _)| *column < width));
        }
    }
}

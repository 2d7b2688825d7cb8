//! Draws the scatter: durations at the left, times below, and what is selected.

use ratatui::layout::Rect;

use super::state::State;
use crate::model::Timestamp;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::face;
use crate::tui::world::World;

/// What the durations at the left take.
const LABELS: u16 = format::DURATION_WIDTH + 1;

/// Returns where the dots are.
pub(crate) fn plot(area: Rect) -> Rect {
    let labels = LABELS.min(area.width);
    Rect {
        x: area.x + labels,
        width: area.width.saturating_sub(labels + 1),
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// Draws the scatter. With the focus it shows its cursor.
pub(crate) fn draw(state: &State, canvas: &mut Canvas, area: Rect, world: &World, focused: bool) {
    let plot = plot(area);
    if plot.is_empty() {
        return;
    }
    if state.scatter().is_some_and(|scatter| scatter.cells.is_empty()) {
        return face::draw(canvas, area, &[(canvas.theme().dim(), "nothing to show by time and duration".into())]);
    }
    for y in 0..plot.height {
        for x in 0..plot.width {
            dot(state, canvas, plot, (x, y));
        }
    }
    durations(state, canvas, area, plot);
    let axis = Rect { x: area.x, y: plot.bottom(), height: 1, width: area.width };
    if focused {
        selection(state, canvas, plot);
        told(state, canvas, axis, world);
    } else {
        times(state, canvas, plot, axis.y, world);
    }
}

fn dot(state: &State, canvas: &mut Canvas, plot: Rect, (x, y): (u16, u16)) {
    let theme = canvas.theme();
    let Some(cell) = state.cell((x, y)).filter(|cell| cell.traces > 0) else { return };
    let at = (plot.x + x, plot.y + y);
    let symbols = canvas.symbols();
    // Where many share a cell a few errors do not make all of it one: what fails altogether stands out.
    let (style, sign) = match cell.errors {
        0 => (theme.accent(), None),
        errors if errors.saturating_mul(2) >= cell.traces => (theme.error(), Some(symbols.error)),
        _ => (theme.some_errors(), Some(symbols.some_errors)),
    };
    if let Some(sign) = sign.filter(|_| symbols.ascii || !theme.has_colors()) {
        return canvas.symbol(at, sign, style);
    }
    if symbols.ascii {
        let symbol = if cell.dots.count_ones() > 2 { ":" } else { "." };
        return canvas.symbol(at, symbol, style);
    }
    let braille = char::from_u32(0x2800 + u32::from(cell.dots)).unwrap_or(' ');
    canvas.symbol(at, braille.encode_utf8(&mut [0; 4]), style);
}

/// The longest on top, the shortest below, and one in between where there is room.
fn durations(state: &State, canvas: &mut Canvas, area: Rect, plot: Rect) {
    let style = canvas.theme().dim();
    let last = plot.height - 1;
    let Some(scatter) = state.scatter() else { return };
    let mut label = |y: u16, duration: u64| {
        canvas.text_right((area.x, plot.y + y), LABELS - 1, &format::duration(duration), style);
    };
    label(0, scatter.most_ns);
    if plot.height >= 5 {
        label(plot.height / 2, scatter.row_top_ns(plot.height / 2, plot.height));
    }
    if last > 0 {
        label(last, scatter.least_ns);
    }
}

/// When the traces began, as ages, at the left edge of what they stand below.
fn times(state: &State, canvas: &mut Canvas, plot: Rect, y: u16, world: &World) {
    let style = canvas.theme().dim();
    let marks = (plot.width / 16).clamp(1, 6);
    for mark in 0..marks {
        let x = plot.width * mark / marks;
        if let Some(time) = state.time_at(x) {
            canvas.text((plot.x + x, y), 12, &format!("{} ago", format::age(time, world.now)), style);
        }
    }
    if let Some(time) = state.time_at(plot.width) {
        let text = format!("{} ago", format::age(time, world.now));
        canvas.text_right((plot.x + plot.width.saturating_sub(10), y), 10.min(plot.width), &text, style);
    }
}

fn selection(state: &State, canvas: &mut Canvas, plot: Rect) {
    let ((left, top), (right, bottom)) = state.corners();
    let area = Rect { x: plot.x + left, y: plot.y + top, width: right - left + 1, height: bottom - top + 1 };
    canvas.tint(area.intersection(plot), canvas.theme().selected());
    let (x, y) = state.cursor();
    canvas.tint(Rect { x: plot.x + x, y: plot.y + y, width: 1, height: 1 }.intersection(plot), canvas.theme().cursor());
}

/// What is under the cursor or in the selection.
fn told(state: &State, canvas: &mut Canvas, axis: Rect, world: &World) {
    let ((left, top), (right, bottom)) = state.corners();
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let (traces, errors) = state.counts();
    let durations = state.duration_at(bottom + 1).zip(state.duration_at(top));
    let times = state.time_at(left).zip(state.time_at(right + 1));
    let (Some((min, max)), Some((from, to)), Some(scatter)) = (durations, times, state.scatter()) else { return };
    let (min, max) = (min.max(scatter.least_ns), max.min(scatter.most_ns));
    let ages = format!("{} to {} ago", format::age(from, world.now), format::age(to, world.now));
    let text =
        format!("{}, {} to {}, {ages}", format::plural(traces, "trace"), format::duration(min), format::duration(max));
    let x = canvas.text((axis.x + 1, axis.y), axis.width.saturating_sub(2), &text, theme.strong());
    if errors > 0 {
        let text = format!("  {} {}", symbols.error, format::plural(errors, "error"));
        canvas.text((x, axis.y), axis.right().saturating_sub(x + 1), &text, theme.error());
    }
}

/// Returns the time of day of a time, in UTC as times are shown everywhere.
pub(crate) fn clock(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(11..19).unwrap_or(&text).to_owned()
}

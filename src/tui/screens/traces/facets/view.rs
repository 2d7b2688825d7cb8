//! Draws the facets: a title a field, a line a value with its count and a bar.

use ratatui::layout::Rect;

use super::state::{Row, State};
use crate::query::ast::Literal;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::search::{self, Mark};
use crate::tui::widgets::{face, gauge};

/// What a count takes.
const COUNT: u16 = 5;

/// Returns where the rows are.
pub(crate) fn rows(area: Rect) -> Rect {
    let title = area.height.min(1);
    Rect { y: area.y + title, height: area.height - title, ..area }
}

/// Draws the facets. With the focus they show their cursor.
pub(crate) fn draw(state: &State, canvas: &mut Canvas, area: Rect, focused: bool) {
    if area.is_empty() {
        return;
    }
    let theme = canvas.theme();
    canvas.fill(area, theme.base());
    title(state, canvas, area);
    let rows = rows(area);
    let cursor = state.cursor();
    for line in 0..rows.height {
        let Some(place) = cursor.row_at(usize::from(line), state.rows().len()) else { break };
        let at = Rect { y: rows.y + line, height: 1, ..rows };
        if let Some(row) = state.rows().get(place) {
            draw_row(state, canvas, at, row);
        }
        if focused && place == cursor.selected {
            canvas.tint(at, theme.selected());
            canvas.symbol((at.x, at.y), canvas.symbols().pointer, theme.accent());
        }
    }
    if state.rows().is_empty() && state.failure().is_none() {
        let text = format!("counting{}", canvas.symbols().ellipsis);
        face::draw(canvas, rows, &[(theme.dim(), text)]);
    }
}

fn title(state: &State, canvas: &mut Canvas, area: Rect) {
    let theme = canvas.theme();
    let width = area.width.saturating_sub(2);
    let at = (area.x + 1, area.y);
    if let Some(failure) = state.failure() {
        let text = format!("{} no answer: {failure}", canvas.symbols().error);
        canvas.text(at, width, &text, theme.error());
        return;
    }
    let x = canvas.text(at, width, "facets", theme.dim());
    let Some(facets) = state.facets() else { return };
    let of = format::plural(facets.traces, "trace");
    let of = if facets.is_all { format!("of {of}") } else { format!("of the newest {of}") };
    canvas.text((x + 1, area.y), area.right().saturating_sub(x + 2), &of, theme.dim());
}

fn draw_row(state: &State, canvas: &mut Canvas, area: Rect, row: &Row) {
    let theme = canvas.theme();
    let end = area.right().saturating_sub(1);
    match row {
        Row::Title { name, others, .. } => {
            let style = theme.accent().patch(theme.strong());
            let x = canvas.text((area.x + 1, area.y), end.saturating_sub(area.x + 1), name, style);
            if *others > 0 {
                let text = format!("{} more", format::count(*others));
                let room = end.saturating_sub(x + 1);
                canvas.text_right((x + 1, area.y), room, &text, theme.dim());
            }
        }
        Row::Value { value, count, mark, .. } => {
            let (sign, style) = match mark {
                Mark::None => (" ", theme.base()),
                Mark::Included => ("+", theme.key()),
                Mark::Excluded => ("-", theme.error()),
            };
            canvas.text((area.x + 1, area.y), 1, sign, style);
            let bar = (area.width / 5).min(9);
            let name = area.width.saturating_sub(3 + 1 + bar + 1 + COUNT + 1);
            let style = if *mark == Mark::None { ratatui::style::Style::new() } else { style };
            canvas.text((area.x + 3, area.y), name, &spelled(value), style);
            let all = state.facets().map_or(0, |facets| facets.traces).max(1);
            let is_error = matches!(value, Literal::Status(crate::model::StatusCode::Error));
            let x = area.x + 3 + name + 1;
            gauge::bar(canvas, (x, area.y), bar, *count as f64 / all as f64, theme.bar(is_error));
            canvas.text_right((x + bar + 1, area.y), COUNT, &format::count(*count), theme.dim());
        }
    }
}

/// Returns a value as one reads it in a list: an empty text is still seen.
fn spelled(value: &Literal) -> String {
    match value {
        Literal::String(text) if !text.is_empty() => text.to_string(),
        other => other.to_string(),
    }
}

/// Draws the line that asks for a name, and the names that fit above it.
pub(crate) fn draw_adding(state: &State, canvas: &mut Canvas, line: Rect, over: Rect) {
    let Some(adding) = state.adding() else { return };
    let theme = canvas.theme();
    canvas.fill(line, theme.base());
    let label = "attribute ";
    let x = canvas.text((line.x + 1, line.y), line.width.saturating_sub(1), label, theme.key());
    search::draw_input(&adding.input, canvas, Rect { x, width: line.right().saturating_sub(x + 1), ..line });
    search::draw_menu(canvas, over, x.saturating_sub(1), &adding.items, adding.cursor);
}

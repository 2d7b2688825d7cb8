//! Draws the detail of the selected span.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::detail::{Detail, Line, Role};
use super::panes::{Focus, Panes};
use super::state::State;
use crate::tui::canvas::Canvas;

pub(super) fn draw(detail: &Detail, state: &State, canvas: &mut Canvas, panes: &Panes, focus: Focus) {
    let focused = focus == Focus::Detail;
    separator(canvas, panes.line, focused);
    let Some(span) = state.selected_span() else { return };
    let area = panes.detail;
    let cursor = detail.cursor();
    for row in 0..area.height {
        let Some(place) = cursor.row_at(usize::from(row), detail.lines().len()) else { break };
        let at = Rect { y: area.y + row, height: 1, ..area };
        draw_line(canvas, at, &detail.lines()[place], &span.service);
        if focused && place == cursor.selected {
            canvas.tint(at, canvas.theme().selected());
            canvas.symbol((at.x, at.y), canvas.symbols().pointer, canvas.theme().accent());
        }
    }
    more(detail, canvas, area);
}

fn separator(canvas: &mut Canvas, line: Rect, focused: bool) {
    let (theme, symbols) = (canvas.theme(), canvas.symbols());
    let style = if focused { theme.accent() } else { theme.faint() };
    let symbol = if line.width == 1 { symbols.vertical } else { symbols.horizontal };
    for y in line.top()..line.bottom() {
        for x in line.left()..line.right() {
            canvas.symbol((x, y), symbol, style);
        }
    }
}

fn draw_line(canvas: &mut Canvas, area: Rect, line: &Line, service: &str) {
    let theme = canvas.theme();
    let style = match line.role {
        Role::Title => theme.accent().patch(theme.strong()),
        Role::Plain => Style::new(),
        Role::Dim => theme.dim(),
        Role::Error => theme.error(),
        Role::Warning => theme.warning(),
        Role::Service => theme.service(service),
    };
    let x = area.x + 1 + line.indent;
    let end = area.right().saturating_sub(1);
    let key_style = if line.target.is_some() { theme.key() } else { theme.dim() };
    if line.key_width == 0 {
        canvas.text((x, area.y), end.saturating_sub(x), &line.key, key_style);
    } else {
        canvas.text((x, area.y), (line.key_width - 1).min(end.saturating_sub(x)), &line.key, key_style);
    }
    let x = x + line.key_width;
    canvas.text((x, area.y), end.saturating_sub(x), &line.value, style);
}

/// Says at the lower edge that there is more, which a cut line alone does not.
fn more(detail: &Detail, canvas: &mut Canvas, area: Rect) {
    let below = detail.lines().len().saturating_sub(detail.cursor().first + usize::from(area.height));
    if below > 0 && area.height > 2 && area.width > 20 {
        let text = format!(" {} {below} ", canvas.symbols().descending);
        let at = (area.x, area.bottom() - 1);
        canvas.text_right(at, area.width, &text, canvas.theme().accent());
    }
}

//! What a screen shows when it has no rows to show: a few lines in the middle.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::source::Progress;
use crate::tui::canvas::Canvas;

/// Draws lines in the middle of an area, left-aligned to one another; the last ones go first where it is too low.
pub fn draw(canvas: &mut Canvas, area: Rect, lines: &[(Style, String)]) {
    let widest = lines.iter().map(|(_, line)| crate::tui::sanitize::width(line, area.width)).max().unwrap_or(0);
    let shown = lines.len().min(usize::from(area.height));
    let x = area.x + area.width.saturating_sub(widest) / 2;
    let y = area.y + (area.height - shown as u16) / 2;
    for (i, (style, line)) in lines.iter().take(shown).enumerate() {
        canvas.text((x, y + i as u16), area.right().saturating_sub(x), line, *style);
    }
}

/// Says that something is on its way, and how far it has come.
pub fn loading(canvas: &mut Canvas, area: Rect, what: &str, progress: Option<Progress>) {
    let ellipsis = canvas.symbols().ellipsis;
    let searched = progress.map(|progress| progress.searched.saturating_mul(100) / progress.of.max(1));
    let searched = searched.map_or(String::new(), |percent| format!(" {percent} %"));
    draw(canvas, area, &[(canvas.theme().dim(), format!("loading {what}{ellipsis}{searched}"))]);
}

/// Says that there is no answer, and why.
pub fn failing(canvas: &mut Canvas, area: Rect, failure: &str) {
    let theme = canvas.theme();
    let lines = [
        (theme.error(), format!("{} there is no answer", canvas.symbols().error)),
        (theme.base(), failure.to_owned()),
        (theme.dim(), "trying again every second".into()),
    ];
    draw(canvas, area, &lines);
}

/// Says that no span is found in a window by a query, where there is one, and which keys help.
pub fn nothing(canvas: &mut Canvas, area: Rect, text: &str, window: &str) {
    let theme = canvas.theme();
    let when = if window == "all" { String::new() } else { format!(" in the last {window}") };
    let matches = if text.is_empty() { "" } else { " matches" };
    let mut lines = vec![(theme.strong(), format!("no span{when}{matches}"))];
    if !text.is_empty() {
        lines.push((theme.accent(), crate::tui::sanitize::fit(text, area.width.saturating_sub(6).min(70))));
    }
    lines.push((theme.dim(), String::new()));
    if window != "all" {
        lines.push((theme.base(), "+    looks further back".into()));
    }
    if !text.is_empty() {
        lines.push((theme.base(), "/    changes the query, Esc shows all".into()));
    }
    draw(canvas, area, &lines);
}

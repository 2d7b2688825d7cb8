//! What a screen shows when it has no rows to show: a few lines in the middle.

use ratatui::layout::Rect;
use ratatui::style::Style;

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

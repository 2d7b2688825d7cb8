//! What lies over a screen and takes keys before it.

pub mod help;
pub mod why;

#[cfg(test)]
mod tests;

use ratatui::layout::Rect;

use super::canvas::Canvas;

/// Draws a frame with a title, filled.
fn frame(canvas: &mut Canvas, area: Rect, title: &str) {
    let theme = canvas.theme();
    canvas.fill(area, theme.base().patch(theme.panel()));
    if area.width < 2 || area.height < 2 {
        return;
    }
    let (style, symbols) = (theme.faint(), canvas.symbols());
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for x in area.x + 1..right {
        canvas.symbol((x, area.y), symbols.horizontal, style);
        canvas.symbol((x, bottom), symbols.horizontal, style);
    }
    for y in area.y + 1..bottom {
        canvas.symbol((area.x, y), symbols.vertical, style);
        canvas.symbol((right, y), symbols.vertical, style);
    }
    let corners = [(area.x, area.y), (right, area.y), (right, bottom), (area.x, bottom)];
    for (at, corner) in corners.into_iter().zip(symbols.corners) {
        canvas.symbol(at, corner, style);
    }
    canvas.text((area.x + 2, area.y), area.width.saturating_sub(4), title, theme.panel().patch(theme.strong()));
}

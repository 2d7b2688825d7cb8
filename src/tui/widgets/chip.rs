//! The chip of a service: its name on its colour.

use crate::tui::canvas::Canvas;
use crate::tui::sanitize;

/// Draws it in at most so many cells.
pub fn draw(canvas: &mut Canvas, at: (u16, u16), width: u16, service: &str) {
    let style = canvas.theme().chip(service);
    let name = width.saturating_sub(2).min(sanitize::width(service, width));
    canvas.text(at, width.min(1), " ", style);
    let after = canvas.text((at.0 + 1, at.1), name, service, style);
    canvas.text((after, at.1), (at.0 + width).saturating_sub(after).min(1), " ", style);
}

//! The way onto the screen: text is sanitised and cut as it becomes cells, and nothing is drawn outside.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::sanitize;
use super::symbols::Symbols;
use super::theme::Theme;

/// How things look: the theme and the characters to draw with.
#[derive(Clone, Debug)]
pub struct Look {
    pub theme: Theme,
    pub symbols: &'static Symbols,
}

/// A buffer to draw on, with the look to draw in.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    look: &'a Look,
}

impl<'a> Canvas<'a> {
    pub fn new(buffer: &'a mut Buffer, look: &'a Look) -> Self {
        Self { buffer, look }
    }

    /// Returns the theme, which outlives the borrow of the canvas.
    pub fn theme(&self) -> &'a Theme {
        &self.look.theme
    }

    /// Returns the characters to draw with.
    pub fn symbols(&self) -> &'static Symbols {
        self.look.symbols
    }

    /// Empties an area and gives it a style.
    pub fn fill(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buffer.area);
        let mut blank = Cell::EMPTY;
        blank.set_style(style);
        let stride = usize::from(self.buffer.area.width).max(1);
        let first = usize::from(area.y - self.buffer.area.y);
        let left = usize::from(area.x - self.buffer.area.x);
        for row in self.buffer.content.chunks_mut(stride).skip(first).take(area.height.into()) {
            row[left..left + usize::from(area.width)].fill(blank.clone());
        }
    }

    /// Lays a style over what is drawn.
    pub fn tint(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }

    /// Draws one cell; the symbol must be one of ours, one cell wide.
    pub fn symbol(&mut self, at: (u16, u16), symbol: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut(at) {
            cell.set_symbol(symbol).set_style(style);
        }
    }

    /// Draws a symbol of ours on the plain background, whatever was there before.
    pub fn mark(&mut self, at: (u16, u16), symbol: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut(at) {
            cell.modifier = Modifier::empty();
            cell.set_symbol(symbol).set_style(style);
        }
    }

    /// Draws text of any origin from `at`, at most `width` cells, cut with `…`. Returns the column after it.
    pub fn text(&mut self, at: (u16, u16), width: u16, text: &str, style: Style) -> u16 {
        let (x, y) = at;
        let width = width.min(self.buffer.area.right().saturating_sub(x));
        if width == 0 || y < self.buffer.area.top() || y >= self.buffer.area.bottom() {
            return x;
        }
        let fits = sanitize::width(text, width) <= width;
        let room = if fits { width } else { width - 1 };
        let mut used = 0;
        sanitize::cells(text, |symbol, cells| {
            let shown = used + cells <= room;
            if shown {
                self.cell(x + used, y, symbol, style);
                if cells == 2 {
                    self.cell(x + used + 1, y, "", style);
                }
                used += cells;
            }
            shown
        });
        if !fits {
            self.cell(x + used, y, self.look.symbols.ellipsis, style);
            used += 1;
        }
        x + used
    }

    /// Draws text that ends at the right edge of `width` cells.
    pub fn text_right(&mut self, at: (u16, u16), width: u16, text: &str, style: Style) {
        let used = sanitize::width(text, width).min(width);
        self.text((at.0 + width - used, at.1), used, text, style);
    }

    fn cell(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        let symbol = if self.look.symbols.ascii && is_picture(symbol) { "?" } else { symbol };
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(if symbol.is_empty() { " " } else { symbol }).set_style(style);
        }
    }
}

/// Returns whether the sanitiser put this where something dangerous was.
fn is_picture(symbol: &str) -> bool {
    symbol.chars().next().is_some_and(|c| matches!(c, '\u{2400}'..='\u{2426}' | '⇆' | '◌' | '¶'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::settings::ThemeChoice;
    use crate::tui::symbols;
    use crate::tui::theme::TerminalColors;

    fn drawn(text: &str, width: u16, symbols: &'static Symbols) -> String {
        let look = Look { theme: Theme::new(ThemeChoice::Mono, TerminalColors::default()), symbols };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        Canvas::new(&mut buffer, &look).text((1, 0), width, text, Style::new());
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn text_is_cut_where_it_is_told() {
        assert_eq!(drawn("checkout", 6, &symbols::UNICODE), " check…     ");
        assert_eq!(drawn("checkout", 50, &symbols::UNICODE), " checkout   ");
        assert_eq!(drawn("checkout and more", 50, &symbols::UNICODE), " checkout a…");
        assert_eq!(drawn("日本", 3, &symbols::UNICODE), " 日 …        ");
        assert_eq!(drawn("\x1b[1m", 9, &symbols::UNICODE), " ␛[1m       ");
        assert_eq!(drawn("\x1b[1m checkout", 9, &symbols::ASCII), " ?[1m che~  ");
    }
}

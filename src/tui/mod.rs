//! The screen.
pub mod format;
pub mod sanitize;
pub mod settings;
pub mod symbols;

/// Returns the terminal's width in columns, none where stdout is no terminal.
pub fn terminal_width() -> Option<usize> {
    crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns))
}

//! Where frames go: the terminal, or whoever stands in for it.

use std::io;

use ratatui::buffer::Buffer;

/// What the loop draws on.
pub(super) trait Display {
    /// Returns the size in cells; fails where the terminal is gone.
    fn size(&self) -> io::Result<(u16, u16)>;

    /// Shows a frame, and leaves another one in its place to draw the next one on.
    fn show(&mut self, frame: &mut Buffer) -> io::Result<()>;

    /// Forgets what is shown, so that the next frame is drawn anew.
    fn forget(&mut self);

    /// Gives the terminal to the shell and stops until continued, like any program at Ctrl-Z.
    fn suspend(&mut self) -> anyhow::Result<()>;

    /// Takes the terminal again after another program had it.
    fn resume(&mut self) -> anyhow::Result<()>;
}

//! The terminal while it is ours, and giving it back whatever happens: at the end, at a panic, when told to stop.

use std::io::{self, Write};
use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, ThreadId};

use anyhow::Context;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode, window_size};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;

use super::display::Display;
use super::event::Event;

/// Alternate screen, hidden cursor, bracketed paste (so that pasted text is not taken for keys).
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?2004h";
/// Clicks and wheel, with coordinates that have no limit. Not every movement: that floods a slow line.
const MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
const LEAVE: &str = "\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J";
/// Between these the terminal shows nothing half done.
const BEGIN_FRAME: &[u8] = b"\x1b[?2026h";
const END_FRAME: &[u8] = b"\x1b[?2026l";

static ENTERED: AtomicBool = AtomicBool::new(false);
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Gives the terminal back, once, from any thread.
pub(super) fn restore() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout().lock();
        // The terminal may be gone; there is nobody left to tell.
        drop(out.write_all(LEAVE.as_bytes()).and_then(|()| out.flush()));
        drop(disable_raw_mode());
    }
}

/// The terminal as long as this lives.
pub(super) struct Terminal {
    backend: CrosstermBackend<FrameWriter>,
    shown: Buffer,
    mouse: bool,
}

impl Terminal {
    /// Takes the terminal.
    pub(super) fn enter(mouse: bool) -> anyhow::Result<Self> {
        let mut terminal =
            Self { backend: CrosstermBackend::new(FrameWriter::default()), shown: Buffer::default(), mouse };
        terminal.take()?;
        Ok(terminal)
    }

    fn take(&mut self) -> anyhow::Result<()> {
        enable_raw_mode().context("cannot take the terminal: is standard output one?")?;
        ENTERED.store(true, Ordering::SeqCst);
        let mut out = io::stdout().lock();
        let mouse = if self.mouse { MOUSE } else { "" };
        out.write_all(format!("{ENTER}{mouse}").as_bytes()).and_then(|()| out.flush()).context("cannot write")?;
        self.shown = Buffer::default();
        Ok(())
    }
}

impl Display for Terminal {
    fn size(&self) -> io::Result<(u16, u16)> {
        let size = window_size()?;
        // A serial line knows no size.
        Ok(if size.columns == 0 || size.rows == 0 { (80, 24) } else { (size.columns, size.rows) })
    }

    /// Writes what differs from the last frame, in one write, and nothing at all where nothing differs.
    fn show(&mut self, frame: &mut Buffer) -> io::Result<()> {
        if frame.area != self.shown.area {
            self.shown = Buffer::empty(frame.area);
            self.backend.write_all(CLEAR)?;
        }
        let mut changes = self.shown.diff_iter(frame).peekable();
        if changes.peek().is_some() {
            self.backend.draw(changes)?;
        }
        std::mem::swap(&mut self.shown, frame);
        Backend::flush(&mut self.backend)
    }

    fn forget(&mut self) {
        self.shown = Buffer::default();
    }

    fn suspend(&mut self) -> anyhow::Result<()> {
        restore();
        stop();
        self.take()
    }

    fn resume(&mut self) -> anyhow::Result<()> {
        restore();
        self.take()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
        let told = PANICS.lock().map(|mut told| std::mem::take(&mut *told)).unwrap_or_default();
        for message in told {
            drop(writeln!(io::stderr(), "{message}"));
        }
    }
}

/// Stops the process group, as the terminal's own Ctrl-Z would; the shell's `kill` spares us an unsafe call.
fn stop() {
    if cfg!(unix) {
        drop(std::process::Command::new("sh").args(["-c", "kill -STOP 0"]).status());
    }
}

/// Collects a frame and writes it at once.
#[derive(Default)]
struct FrameWriter(Vec<u8>);

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            self.0.extend_from_slice(BEGIN_FRAME);
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.extend_from_slice(END_FRAME);
        let mut out = io::stdout().lock();
        let written = out.write_all(&self.0).and_then(|()| out.flush());
        self.0.clear();
        written
    }
}

/// Makes panics legible: one on the screen's own thread gives the terminal back before it is printed; one elsewhere is
/// logged, told on the screen, and printed when the terminal is given back.
pub(super) fn handle_panics(events: Sender<Event>) {
    let screen: ThreadId = thread::current().id();
    let events = Mutex::new(events);
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !ENTERED.load(Ordering::SeqCst) {
            return previous(info);
        }
        tracing::error!(panic = %info, "panic");
        if thread::current().id() == screen {
            restore();
            return previous(info);
        }
        let name = thread::current().name().unwrap_or("unnamed").to_owned();
        if let Ok(mut told) = PANICS.lock()
            && told.len() < 16
        {
            told.push(format!("thread '{name}': {info}"));
        }
        if let Ok(events) = events.lock() {
            drop(events.send(Event::Notice(format!("a part of spantop broke: thread '{name}'; see the log"))));
        }
    }));
}

/// Returns the terminal's width in columns, none where standard output is no terminal.
pub fn terminal_width() -> Option<usize> {
    crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns))
}

//! The whole screen without a terminal: keys in, buffer out. For benches and whoever wants to drive the screen without
//! a thread, a clock or waiting; or with its own loop, to see how long that takes.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use ratatui::buffer::Buffer;

use super::app::App;
use super::asker::Asker;
use super::canvas::Look;
use super::display::Display;
use super::effect::Effect;
use super::event::Event;
use super::keymap::Key;
use super::pace::Pace;
use super::search::history::History;
use super::settings::{Settings, ThemeChoice, TimeWindow};
use super::symbols;
use super::theme::{TerminalColors, Theme};
use super::{Loop, now};
use crate::model::Timestamp;
use crate::source::Source;

/// A screen on a source, of a fixed size.
pub struct Headless {
    app: App,
    source: Arc<dyn Source>,
}

impl Headless {
    /// Returns the screen as it opens at `now`, over everything held, in the dark theme.
    pub fn new(source: Arc<dyn Source>, (width, height): (u16, u16), now: Timestamp) -> Self {
        let mut screen = Self { app: App::new(dark(), TimeWindow::All, History::default()), source };
        screen.handle(Event::Resize(width, height));
        screen.tick(now);
        screen
    }

    /// Lets the screen notice what has changed, and the time.
    pub fn tick(&mut self, now: Timestamp) {
        self.handle(Event::Revision(self.source.revision()));
        self.handle(Event::Tick(now));
    }

    /// Presses a key, and hands over every answer that it asks for.
    pub fn press(&mut self, key: Key) {
        self.handle(Event::Key(key));
    }

    /// Draws the screen; the buffer takes its size.
    pub fn draw(&self, buffer: &mut Buffer) {
        self.app.draw(buffer);
    }

    fn handle(&mut self, event: Event) {
        let mut effects = self.app.update(event);
        while let Some(effect) = effects.pop() {
            if let Effect::Ask(ticket, request) = effect {
                let ended = self.source.ask(&request).map(|reply| {
                    effects.extend(self.app.update(Event::Reply(ticket, reply)));
                });
                effects.extend(self.app.update(Event::Answered(ticket, ended)));
            }
        }
    }
}

fn dark() -> Look {
    let colors = TerminalColors { background: None, truecolor: true };
    Look { theme: Theme::new(ThemeChoice::Dark, colors), symbols: &symbols::UNICODE }
}

/// Runs the screen's own loop over everything held, until it is told to quit; `shown` gets each frame as a terminal would.
///
/// # Errors
/// When a thread cannot be started.
pub fn run(
    source: Arc<dyn Source>,
    size: (u16, u16),
    (sender, events): (Sender<Event>, Receiver<Event>),
    shown: impl FnMut(&Buffer),
) -> anyhow::Result<()> {
    let asker = Asker::spawn(&source, &sender)?;
    let mut app = App::new(dark(), TimeWindow::All, History::default());
    app.update(Event::Resize(size.0, size.1));
    let display = Shown { size, shown };
    let pace = Pace::new(Settings::default().fps, now());
    Loop { app, asker, source, display, events, pace, remember: Box::new(|_| ()) }.run()
}

/// Stands in for a terminal.
struct Shown<F> {
    size: (u16, u16),
    shown: F,
}

impl<F: FnMut(&Buffer)> Display for Shown<F> {
    fn size(&self) -> io::Result<(u16, u16)> {
        Ok(self.size)
    }

    fn show(&mut self, frame: &mut Buffer) -> io::Result<()> {
        (self.shown)(frame);
        Ok(())
    }

    fn forget(&mut self) {}

    fn suspend(&mut self) -> anyhow::Result<()> {
        Ok(())
    }

    fn resume(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

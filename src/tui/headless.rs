//! The whole screen without a terminal: keys in, buffer out. For benches and whoever wants to drive the screen without
//! a thread, a clock or waiting.

use std::sync::Arc;

use ratatui::buffer::Buffer;

use super::app::App;
use super::canvas::Look;
use super::effect::Effect;
use super::event::Event;
use super::keymap::Key;
use super::settings::{ThemeChoice, TimeWindow};
use super::symbols;
use super::theme::{TerminalColors, Theme};
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
        let colors = TerminalColors { background: None, truecolor: true };
        let look = Look { theme: Theme::new(ThemeChoice::Dark, colors), symbols: &symbols::UNICODE };
        let mut screen = Self { app: App::new(look, TimeWindow::All), source };
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

    /// Draws the screen.
    pub fn draw(&self) -> Buffer {
        self.app.draw()
    }

    fn handle(&mut self, event: Event) {
        let mut effects = self.app.update(event);
        while let Some(effect) = effects.pop() {
            if let Effect::Ask(ticket, request) = effect {
                let reply = self.source.ask(&request);
                effects.extend(self.app.update(Event::Reply(ticket, reply)));
            }
        }
    }
}

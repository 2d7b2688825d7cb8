//! Keys in, screen out: the whole screen on a made-up source, with no thread, no clock and no waiting.

pub(crate) mod fake;
mod figures;
mod search;

use std::fmt::Write;
use std::sync::Arc;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::app::App;
use super::canvas::Look;
use super::effect::Effect;
use super::event::{Event, Mouse, MouseAction};
use super::keymap::{Code, Key};
use super::search::history::{History, Saved};
use super::settings::{ThemeChoice, TimeWindow};
use super::slots::Ticket;
use super::symbols;
use super::theme::{TerminalColors, Theme};
use crate::model::{Timestamp, Trace};
use crate::source::{Reply, Request, Source, SourceError};
use fake::{Fake, SECOND};

/// The time of every test: 2026-11-22T15:11:58Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_360_318 * SECOND);

/// Returns how things look in tests.
pub(crate) fn look(choice: ThemeChoice, ascii: bool) -> Look {
    let colors = TerminalColors { background: None, truecolor: true };
    let symbols = if ascii { &symbols::ASCII } else { &symbols::UNICODE };
    Look { theme: Theme::new(choice, colors), symbols }
}

/// A screen in use.
pub(crate) struct Session {
    pub(crate) app: App,
    pub(crate) source: Arc<Fake>,
    pub(crate) now: Timestamp,
    pub(crate) ended: bool,
    /// The requests put to the source.
    pub(crate) asked: Vec<Request>,
    /// The searches that are not at their end.
    pub(crate) under_way: Vec<Ticket>,
    /// The queries to be kept.
    pub(crate) remembered: Vec<String>,
}

impl Session {
    /// Returns a session with those traces that was drawn once.
    pub(crate) fn new(size: (u16, u16), traces: Vec<Trace>) -> Self {
        Self::with_look(size, traces, look(ThemeChoice::Dark, false))
    }

    pub(crate) fn with_look(size: (u16, u16), traces: Vec<Trace>, look: Look) -> Self {
        let saved = Saved { name: "failed checkouts".into(), query: "checkout status=error".into() };
        let history = History::new(vec![saved], ["service=cart", "{ duration > 1s }"].map(str::to_owned));
        let mut session = Self {
            app: App::new(look, TimeWindow::Minutes15, history),
            source: Arc::new(Fake::new(traces)),
            now: NOW,
            ended: false,
            asked: Vec::new(),
            under_way: Vec::new(),
            remembered: Vec::new(),
        };
        session.event(Event::Resize(size.0, size.1));
        session.event(Event::Revision(1));
        session.event(Event::Tick(NOW));
        session
    }

    /// Hands over an event and everything that follows from it.
    pub(crate) fn event(&mut self, event: Event) {
        let mut effects = self.app.update(event);
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Ask(ticket, request) => {
                    let reply = self.source.ask(&request);
                    self.asked.push(*request);
                    effects.extend(self.answer(ticket, reply));
                }
                Effect::Cancel(ticket) => {
                    self.under_way.retain(|known| *known != ticket);
                    effects.extend(self.app.update(Event::Answered(ticket, Ok(()))));
                }
                Effect::Remember(query) => self.remembered.push(query),
                Effect::Quit => self.ended = true,
                Effect::Redraw | Effect::Suspend | Effect::Retake => {}
            }
        }
    }

    /// Hands over an answer; one that is only a part of it stays under way.
    fn answer(&mut self, ticket: Ticket, reply: Result<Reply, SourceError>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let is_part = matches!(&reply, Ok(Reply::Traces(list)) if !list.progress.is_complete());
        let ended = reply.map(|reply| effects.extend(self.app.update(Event::Reply(ticket, reply))));
        if is_part {
            self.under_way.push(ticket);
        } else {
            effects.extend(self.app.update(Event::Answered(ticket, ended)));
        }
        effects
    }

    /// Types text.
    pub(crate) fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.event(Event::Key(Key::plain(Code::Char(c))));
        }
        self
    }

    /// Presses keys, written as in the keymap and apart by spaces.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split(' ').filter(|key| !key.is_empty()) {
            self.event(Event::Key(key.parse().unwrap()));
        }
        self
    }

    pub(crate) fn click(&mut self, x: u16, y: u16) -> &mut Self {
        self.event(Event::Mouse(Mouse { action: MouseAction::Click, x, y }));
        self
    }

    /// Lets a second pass, after which the source's revision is looked at.
    pub(crate) fn second(&mut self) -> &mut Self {
        self.now = self.now.plus(SECOND);
        self.event(Event::Revision(self.source.revision()));
        self.event(Event::Tick(self.now));
        self
    }

    /// Returns the screen as text, one line a row without blanks at the end.
    pub(crate) fn screen(&self) -> String {
        let (mut buffer, mut again) = (Buffer::default(), Buffer::filled(Rect::new(0, 0, 90, 9), Cell::new("x")));
        self.app.draw(&mut buffer);
        self.app.draw(&mut again);
        assert_eq!(buffer, again, "drawing changes nothing, and what was drawn before does not show");
        text(&buffer)
    }

    /// Returns the lines of the screen that contain a text.
    pub(crate) fn lines_with(&self, text: &str) -> Vec<String> {
        self.screen().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

/// Returns the characters of a buffer, and checks that no cell has what a terminal would obey.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer.cell((x, y)).map_or(" ", Cell::symbol);
            assert!(!symbol.chars().any(char::is_control), "{symbol:?} at {x},{y}");
            if skip == 0 {
                line.push_str(symbol);
                skip = symbol.width();
            }
            skip = skip.saturating_sub(1);
        }
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out
}

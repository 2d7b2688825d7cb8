//! The terminal screen: everything that happens is an [`event::Event`], everything it wants done an
//! [`effect::Effect`], and drawing is a function of state. This file is the loop, the only place that waits and reads
//! the clock. It learns of the world only through [`Source`].

pub mod answer;
mod app;
mod asker;
mod background;
pub mod canvas;
pub mod command;
mod display;
pub mod effect;
pub mod event;
pub mod findings;
pub mod format;
mod frame;
pub mod headless;
mod input;
pub mod keymap;
pub mod overlays;
mod pace;
pub mod sanitize;
pub mod screens;
pub mod search;
mod service_colors;
pub mod settings;
mod shown;
mod signals;
pub mod slots;
pub mod symbols;
mod terminal;
pub mod theme;
mod vitals;
pub mod watch;
pub mod widgets;
pub mod world;

#[cfg(test)]
mod disk_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use ratatui::buffer::Buffer;

pub use settings::{Settings, ThemeChoice, TimeWindow};
pub use terminal::terminal_width;

use crate::model::Timestamp;
use crate::source::Source;
use app::App;
use asker::Asker;
use canvas::Look;
use display::Display;
use effect::Effect;
use event::Event;
use pace::Pace;
use terminal::Terminal;
use theme::Theme;

/// How often the clock, the counters and the terminal are looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often the source is asked whether anything changed: data that streams in is fetched this often.
const POLL: Duration = Duration::from_millis(100);
/// How long a frame waits for the answer to what was just asked, so that a fast source never shows as a flicker.
const GRACE: Duration = Duration::from_millis(4);
/// How many events are handled before a frame is due, however many wait.
const MAX_EVENTS: usize = 256;

/// Shows the screen until the user leaves; `remember` gets each query to keep for the runs to come. Blocks: call it on a thread of its own, not on one that serves.
///
/// # Errors
/// When standard output is no terminal, or a thread cannot be started. A terminal that goes away ends the screen
/// without an error: there is nobody left to tell.
pub fn run(source: Arc<dyn Source>, settings: &Settings, remember: impl FnMut(&str) + 'static) -> anyhow::Result<()> {
    let (sender, events) = mpsc::channel();
    terminal::handle_panics(sender.clone());
    // Before the terminal is taken: a signal must not leave it so.
    signals::spawn(sender.clone())?;
    let terminal = Terminal::enter(settings.mouse)?;
    let look = look(settings);
    input::spawn(sender.clone())?;
    let asker = Asker::spawn(&source, &sender)?;
    let mut app = App::new(look, settings.window, settings.history.clone());
    let (width, height) = terminal.size().context("cannot find the size of the terminal")?;
    app.update(Event::Resize(width, height));
    let pace = Pace::new(settings.fps, now());
    Loop { app, asker, source, display: terminal, events, pace, remember: Box::new(remember) }.run()
}

fn look(settings: &Settings) -> Look {
    let choice = if settings.no_color { ThemeChoice::Mono } else { settings.theme };
    let colors = background::terminal_colors(choice == ThemeChoice::Auto);
    let symbols = if settings.ascii { &symbols::ASCII } else { &symbols::UNICODE };
    Look { theme: Theme::new(choice, colors), symbols }
}

struct Loop<D> {
    app: App,
    asker: Asker,
    source: Arc<dyn Source>,
    display: D,
    events: Receiver<Event>,
    pace: Pace,
    remember: Box<dyn FnMut(&str)>,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    End,
}

impl<D: Display> Loop<D> {
    fn run(mut self) -> anyhow::Result<()> {
        let mut revision = None;
        let (mut next_tick, mut next_poll) = (now(), now());
        let mut frame = Buffer::default();
        loop {
            let time = now();
            let mut pending = Vec::new();
            if time >= next_tick {
                next_tick = time + TICK;
                // Where the terminal hung up, reading it reports nothing: it would be read for ever.
                // A size that changed while we were stopped is noticed here as well.
                let Ok((width, height)) = self.display.size() else { return gone("its size") };
                pending.extend([Event::Resize(width, height), Event::Tick(wall_clock())]);
            }
            if time >= next_poll {
                next_poll = time + POLL;
                let newest = self.source.revision();
                if revision.replace(newest) != Some(newest) {
                    pending.push(Event::Revision(newest));
                }
            }
            if pending.is_empty() {
                let deadline = next_tick.min(next_poll);
                let deadline = self.pace.due().map_or(deadline, |due| due.min(deadline));
                match self.events.recv_timeout(deadline.saturating_duration_since(time)) {
                    Ok(event) => pending.push(event),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
            if self.handle(pending)? == Flow::End {
                return Ok(());
            }
            if self.pace.due().is_some_and(|due| due <= now()) {
                self.app.draw(&mut frame);
                if self.display.show(&mut frame).is_err() {
                    return gone("writing");
                }
                self.pace.shown(now());
            }
        }
    }

    /// Handles these events and all that wait, and gives answers to what they asked a moment to come.
    fn handle(&mut self, pending: Vec<Event>) -> anyhow::Result<Flow> {
        let mut patience = None;
        let mut queue = pending.into_iter();
        for _ in 0..MAX_EVENTS {
            let next = queue.next().or_else(|| self.events.try_recv().ok());
            let next = next.or_else(|| patience.take().and_then(|grace| self.events.recv_timeout(grace).ok()));
            let Some(event) = next else { break };
            self.pace.want(&event, now());
            for effect in self.app.update(event) {
                if matches!(effect, Effect::Ask(..)) {
                    patience = Some(GRACE);
                }
                if self.perform(effect)? == Flow::End {
                    return Ok(Flow::End);
                }
            }
        }
        Ok(Flow::On)
    }

    fn perform(&mut self, effect: Effect) -> anyhow::Result<Flow> {
        match effect {
            Effect::Ask(ticket, request) => self.asker.ask(ticket, *request)?,
            Effect::Cancel(ticket) => self.asker.cancel(ticket)?,
            Effect::Remember(query) => (self.remember)(&query),
            Effect::Redraw => self.display.forget(),
            Effect::Suspend => return Ok(self.kept(D::suspend)),
            Effect::Retake => return Ok(self.kept(D::resume)),
            Effect::Quit => return Ok(Flow::End),
        }
        Ok(Flow::On)
    }

    /// Hands the terminal over and back. A hang-up continues us as well, and then there is none to take.
    fn kept(&mut self, hand_over: fn(&mut D) -> anyhow::Result<()>) -> Flow {
        if hand_over(&mut self.display).is_ok() { Flow::On } else { Flow::End }
    }
}

/// Ends the screen since the terminal hung up; only the log can still be told.
#[expect(clippy::unnecessary_wraps, reason = "it is what the loop returns")]
fn gone(at: &'static str) -> anyhow::Result<()> {
    tracing::info!(at, "the terminal is gone");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the loop is the one place of the screen that reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the loop is the one place of the screen that reads the clock")]
fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

//! Signals of the operating system as events: being told to end, to stop and to go on.

use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::Context;

use super::event::Event;
use super::terminal;

/// Listens on a thread of its own; once this returns, signals are handled.
pub(super) fn spawn(events: Sender<Event>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot start the signal thread's runtime")?;
    let (ready, installed) = mpsc::channel();
    let listen = move || {
        if let Err(error) = runtime.block_on(listen(events, ready)) {
            tracing::warn!(%error, "signals are not handled");
        }
    };
    thread::Builder::new().name("spantop-signals".into()).spawn(listen).context("cannot start the signal thread")?;
    // Where they cannot be handled, the other end is dropped, and the log says so.
    installed.recv().ok();
    Ok(())
}

#[cfg(unix)]
async fn listen(events: Sender<Event>, ready: Sender<()>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // Without this the system ends us with the terminal still taken.
    let mut quit = signal(SignalKind::quit())?;
    // SIGTSTP has the same number wherever job control exists except on a few Linux ports.
    let mut stop = signal(SignalKind::from_raw(if cfg!(target_os = "linux") { 20 } else { 18 }))?;
    let mut resume = signal(SignalKind::from_raw(if cfg!(target_os = "linux") { 18 } else { 19 }))?;
    let mut relay = Relay { events, interrupted: false };
    ready.send(()).ok();
    loop {
        let event = tokio::select! {
            _ = interrupt.recv() => {
                if relay.interrupt() == Answer::Leave {
                    hard_exit();
                }
                continue;
            }
            _ = terminate.recv() => Event::Quit,
            _ = hangup.recv() => Event::Quit,
            _ = quit.recv() => Event::Quit,
            _ = stop.recv() => Event::Suspend,
            _ = resume.recv() => Event::Resume,
        };
        relay.pass_on(event);
    }
}

#[cfg(not(unix))]
async fn listen(events: Sender<Event>, ready: Sender<()>) -> std::io::Result<()> {
    let mut relay = Relay { events, interrupted: false };
    ready.send(()).ok();
    loop {
        tokio::signal::ctrl_c().await?;
        if relay.interrupt() == Answer::Leave {
            hard_exit();
        }
    }
}

/// The way of signals to the screen. It outlives the screen: while the program stops, nobody else hears an interrupt,
/// since the handlers stay installed.
struct Relay {
    events: Sender<Event>,
    interrupted: bool,
}

/// What an interrupt comes to.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The screen was told to end.
    Told,
    /// It was told before, or ended already: whatever still stops is not waited for.
    Leave,
}

impl Relay {
    fn interrupt(&mut self) -> Answer {
        let told_before = std::mem::replace(&mut self.interrupted, true);
        if self.pass_on(Event::Quit) && !told_before { Answer::Told } else { Answer::Leave }
    }

    /// Returns whether there is still a screen.
    fn pass_on(&self, event: Event) -> bool {
        self.events.send(event).is_ok()
    }
}

/// The user asked twice: whatever holds us up, we leave.
fn hard_exit() -> ! {
    terminal::restore();
    std::process::exit(130)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupt_ends_the_screen_and_a_second_one_the_program() {
        let (events, screen) = mpsc::channel();
        let mut relay = Relay { events, interrupted: false };
        assert_eq!(relay.interrupt(), Answer::Told);
        assert!(matches!(screen.try_recv(), Ok(Event::Quit)));
        assert_eq!(relay.interrupt(), Answer::Leave);
    }

    #[test]
    fn an_interrupt_after_the_screen_ends_the_program() {
        let (events, screen) = mpsc::channel();
        let mut relay = Relay { events, interrupted: false };
        drop(screen);
        assert!(!relay.pass_on(Event::Quit));
        assert_eq!(relay.interrupt(), Answer::Leave);
    }
}

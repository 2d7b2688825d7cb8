//! Signals of the operating system as events: being told to end, to stop and to go on.

use std::sync::mpsc::Sender;
use std::thread;

use anyhow::Context;

use super::event::Event;
use super::terminal;

/// Listens on a thread of its own.
pub(super) fn spawn(events: Sender<Event>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("cannot start the signal thread's runtime")?;
    let listen = move || {
        if let Err(error) = runtime.block_on(listen(&events)) {
            tracing::warn!(%error, "signals are not handled");
        }
    };
    thread::Builder::new().name("spantop-signals".into()).spawn(listen).context("cannot start the signal thread")?;
    Ok(())
}

#[cfg(unix)]
async fn listen(events: &Sender<Event>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // SIGTSTP has the same number wherever job control exists except on a few Linux ports.
    let mut stop = signal(SignalKind::from_raw(if cfg!(target_os = "linux") { 20 } else { 18 }))?;
    let mut resume = signal(SignalKind::from_raw(if cfg!(target_os = "linux") { 18 } else { 19 }))?;
    let mut interrupted = false;
    loop {
        let event = tokio::select! {
            _ = interrupt.recv() => {
                if std::mem::replace(&mut interrupted, true) {
                    hard_exit();
                }
                Event::Quit
            }
            _ = terminate.recv() => Event::Quit,
            _ = hangup.recv() => Event::Quit,
            _ = stop.recv() => Event::Suspend,
            _ = resume.recv() => Event::Resume,
        };
        if events.send(event).is_err() {
            return Ok(());
        }
    }
}

#[cfg(not(unix))]
async fn listen(events: &Sender<Event>) -> std::io::Result<()> {
    loop {
        tokio::signal::ctrl_c().await?;
        if events.send(Event::Quit).is_err() {
            hard_exit();
        }
    }
}

/// The user asked twice: whatever holds us up, we leave.
fn hard_exit() -> ! {
    terminal::restore();
    std::process::exit(130)
}

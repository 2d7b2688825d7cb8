//! `spantop serve`: the receivers and the API without a screen.

use std::process::ExitCode;

use clap::ArgMatches;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;
use super::log::{self, Fallback};
use super::output;
use super::receivers::Receivers;
use super::settings;
use crate::source::Priority;

/// The code that a shell gives a program that was interrupted.
const INTERRUPTED: u8 = 130;

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let loaded = settings::load(matches)?;
    log::start(&loaded.config.log, Fallback::Stderr)?;
    let receivers = Receivers::start(&loaded.config, Priority::Usual)?;
    // Before the addresses are printed: who has read them may tell us to stop at once.
    let mut signals = receivers.wait(async { Signals::new() })?;
    output::print(&format!("{}\n", receivers.addresses.join("\n")))?;
    let code = receivers.wait(signals.first());
    receivers.beside_stop(signals.second_interrupt());
    receivers.stop();
    Ok(code)
}

/// The signals that stop a daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// None where whoever started us, like nohup, wants us to outlive the terminal.
    hangup: Option<Signal>,
}

impl Signals {
    fn new() -> Result<Self, CliError> {
        let handle = |kind| signal(kind).map_err(|error| CliError::failed(format!("cannot wait for signals: {error}")));
        Ok(Self {
            terminate: handle(SignalKind::terminate())?,
            interrupt: handle(SignalKind::interrupt())?,
            hangup: (!ignores_hangup()).then(|| handle(SignalKind::hangup())).transpose()?,
        })
    }

    /// Waits until told to stop, and returns the exit code that goes with it.
    async fn first(&mut self) -> ExitCode {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => ExitCode::SUCCESS,
            _ = hangup => ExitCode::SUCCESS,
            _ = self.interrupt.recv() => ExitCode::from(INTERRUPTED),
        }
    }

    /// Who asks twice does not want to wait for requests that are still running.
    async fn second_interrupt(mut self) {
        self.interrupt.recv().await;
        std::process::exit(INTERRUPTED.into());
    }
}

/// Returns whether whoever started us had us ignore SIGHUP: the first bit of `SigIgn` in
/// Linux's /proc/self/status. A handler of ours would undo that.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

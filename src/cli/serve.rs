//! `spantop serve`: the receivers and the API without a screen.

use std::process::ExitCode;

use clap::ArgMatches;
use tokio::signal::unix::{SignalKind, signal};

use super::error::CliError;
use super::log::{self, Fallback};
use super::output;
use super::receivers::Receivers;
use super::settings;

/// The code that a shell gives a program that was interrupted.
const INTERRUPTED: u8 = 130;

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let loaded = settings::load(matches)?;
    log::start(&loaded.config.log, Fallback::Stderr)?;
    let receivers = Receivers::start(&loaded.config)?;
    output::print(&format!("{}\n", receivers.addresses.join("\n")))?;
    let code = receivers.wait(stop_signal())?;
    receivers.beside_stop(second_interrupt());
    receivers.stop();
    Ok(code)
}

/// Who asks twice does not want to wait for requests that are still running.
async fn second_interrupt() {
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(INTERRUPTED.into());
    }
}

/// Returns whether whoever started us, like nohup, wants us to outlive the terminal: the first bit of `SigIgn` in
/// Linux's /proc/self/status. A handler of ours would undo that.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

async fn stop_signal() -> Result<ExitCode, CliError> {
    let cannot_wait = |error| CliError::failed(format!("cannot wait for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_wait)?;
    let hangup = async {
        if ignores_hangup() {
            return std::future::pending().await;
        }
        signal(SignalKind::hangup()).map(|mut hangup| async move { hangup.recv().await })?.await;
        Ok(())
    };
    tokio::select! {
        _ = terminate.recv() => Ok(ExitCode::SUCCESS),
        hung_up = hangup => hung_up.map(|()| ExitCode::SUCCESS).map_err(cannot_wait),
        done = tokio::signal::ctrl_c() => done.map(|()| ExitCode::from(INTERRUPTED)).map_err(cannot_wait),
    }
}

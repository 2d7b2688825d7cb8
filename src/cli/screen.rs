//! `spantop`: the receivers and the screen on them.

use std::process::ExitCode;

use clap::ArgMatches;

use super::error::CliError;
use super::log::{self, Fallback};
use super::receivers::Receivers;
use super::settings;

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    run_with(matches, |_| Ok(()))
}

/// Opens the screen once `prepare` has had the receivers.
pub(super) fn run_with(
    matches: &ArgMatches,
    prepare: impl FnOnce(&mut Receivers) -> Result<(), CliError>,
) -> Result<ExitCode, CliError> {
    let loaded = settings::load(matches)?;
    log::start(&loaded.config.log, Fallback::Nowhere)?;
    let mut receivers = Receivers::start(&loaded.config)?;
    prepare(&mut receivers)?;
    receivers.stop();
    Ok(ExitCode::SUCCESS)
}

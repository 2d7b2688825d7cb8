//! The log: to a file where one is set, to stderr for the daemon, nowhere for the screen.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;

use super::error::CliError;
use crate::config::{Log, LogLevel};

/// Where the log goes when no file is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fallback {
    Stderr,
    Nowhere,
}

/// Starts logging.
pub(super) fn start(settings: &Log, fallback: Fallback) -> Result<(), CliError> {
    let level = match settings.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt().with_max_level(level).with_ansi(false);
    // A second start in one process, as tests do, keeps the first.
    match (&settings.file, fallback) {
        (Some(path), _) => {
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(|error| {
                CliError::failed(format!("cannot open the log {}: {error}", path.display()))
                    .hint("name another file with --log FILE")
            })?;
            log.with_writer(Mutex::new(file)).try_init().ok();
        }
        (None, Fallback::Stderr) => drop(log.with_writer(std::io::stderr).try_init()),
        (None, Fallback::Nowhere) => {}
    }
    Ok(())
}

//! Printing: to stdout, where a closed pipe is success.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use super::error::CliError;

/// How a command prints its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Table,
    /// The body of the matching endpoint.
    Json,
}

impl Format {
    /// Adds `--format` to a command.
    pub(super) fn argument() -> clap::Arg {
        clap::Arg::new("format")
            .long("format")
            .value_name("FORMAT")
            .value_parser(["table", "json"])
            .help("table for people, json for programs [default: table on a terminal, else json]")
    }

    pub(super) fn of(matches: &clap::ArgMatches) -> Self {
        match matches.get_one::<String>("format").map(String::as_str) {
            Some("table") => Self::Table,
            None if io::stdout().is_terminal() => Self::Table,
            _ => Self::Json,
        }
    }
}

/// Prints text as it is.
pub(super) fn print(text: &str) -> Result<ExitCode, CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

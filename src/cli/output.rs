//! Printing: to stdout, where a closed pipe is success.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use super::error::CliError;
use crate::tui::sanitize;

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

/// Prints JSON in one line. What a terminal could obey or be misled by is written as an escape, which means the same in
/// JSON; outside strings it has no place anyway.
pub(super) fn print_json(json: &str) -> Result<ExitCode, CliError> {
    print(&(safe_json(json) + "\n"))
}

/// Returns JSON in one line, in which nothing is left that a terminal could obey.
pub(super) fn safe_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + 1);
    for c in json.trim_end().chars() {
        match c {
            '\n' | '\r' | '\t' => safe.push(' '),
            _ if sanitize::is_dangerous(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    write!(safe, "\\u{unit:04x}").ok();
                }
            }
            _ => safe.push(c),
        }
    }
    safe
}

/// Prints a line, and returns whether anybody reads on.
pub(super) fn print_line(line: &str) -> Result<bool, CliError> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CliError::failed(format!("cannot write to stdout: {error}"))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_dangerous() {
        for c in ['\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2028}', '\u{200b}', '\u{e0041}'] {
            assert!(sanitize::is_dangerous(c), "{c:?}");
        }
        for c in ['a', 'é', '操', '🚀', '"', '\\'] {
            assert!(!sanitize::is_dangerous(c), "{c:?}");
        }
    }
}

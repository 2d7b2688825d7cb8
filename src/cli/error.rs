//! Errors at the edge: what was tried on what, a hint what to do, and an exit code.

use std::io::Write;
use std::process::ExitCode;

use crate::config::Problem;
use crate::remote::RemoteError;
use crate::store::segment::HomeError;
use crate::tui::sanitize;

/// An error as a person reads it.
#[derive(Debug)]
pub(super) struct CliError {
    /// Lines, lowercase.
    message: String,
    hint: Option<String>,
    code: u8,
}

impl CliError {
    /// Something failed.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: 1 }
    }

    /// The command was used wrongly.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::failed(message) }
    }

    /// Nothing was found where something was required.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self { code: 3, ..Self::failed(message) }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Prints the error on stderr and returns its exit code.
    pub(super) fn report(&self) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // Nobody is left to tell when stderr is closed.
        for line in self.message.lines() {
            writeln!(stderr, "{}", sanitize::clean(line)).ok();
        }
        if let Some(hint) = &self.hint {
            writeln!(stderr, "  hint: {}", sanitize::clean(hint)).ok();
        }
        ExitCode::from(self.code)
    }
}

impl From<Vec<Problem>> for CliError {
    fn from(problems: Vec<Problem>) -> Self {
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Self::usage(texts.join("\n"))
    }
}

impl From<Problem> for CliError {
    fn from(problem: Problem) -> Self {
        vec![problem].into()
    }
}

impl From<RemoteError> for CliError {
    fn from(error: RemoteError) -> Self {
        match &error {
            RemoteError::Unreachable { .. } | RemoteError::Nobody { .. } => Self::failed(error.to_string())
                .hint("start one with 'spantop' or 'spantop serve', or name another with --connect HOST:PORT"),
            RemoteError::NotFound { hint, .. } => Self::not_found(error.to_string()).hint(hint.clone()),
            RemoteError::Refused { hint, .. } => Self::failed(error.to_string()).hint(hint.clone()),
            RemoteError::Stranger { .. } => Self::failed(error.to_string())
                .hint("--connect takes the address after 'listening api' that spantop prints"),
        }
    }
}

impl From<HomeError> for CliError {
    fn from(error: HomeError) -> Self {
        Self::failed(error.to_string()).hint(error.hint())
    }
}

impl From<anyhow::Error> for CliError {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(format!("{error:#}"))
    }
}

//! Whom a command asks: a spantop over its API, or the files that it kept.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::{Arg, ArgMatches, Command};
use http_body_util::{BodyExt, Empty};

use super::error::CliError;
use super::progress::Progress;
use super::{connect, data_dir, settings};
use crate::analysis::{HealthRule, Rules};
use crate::api::Api;
use crate::config::Config;
use crate::remote::{Client, RemoteError};
use crate::source::{Reading, SourceError};
use crate::store::segment::Home;
use crate::tui::sanitize;

/// Who has what a command is about.
pub(super) enum Asked {
    Running(Client),
    /// A data directory that no spantop is known to use.
    Directory(PathBuf),
}

impl Asked {
    /// Returns who is named, else the spantop that runs here, else the files that it kept here.
    pub(super) fn of(matches: &ArgMatches) -> Result<Self, CliError> {
        if let Some(client) = connect::named(matches)? {
            return Ok(Self::Running(client));
        }
        if let Some(path) = matches.get_one::<String>("data-dir") {
            return Ok(Self::Directory(path.into()));
        }
        let config = settings::load(matches)?.config;
        if let Some(client) = connect::running(&config)? {
            return Ok(Self::Running(client));
        }
        match data_dir::of(&config)?.filter(|path| path.exists()) {
            Some(path) => {
                note(&format!("no spantop runs here: this is about what one kept in {}", path.display()));
                Ok(Self::Directory(path))
            }
            None => Err(CliError::failed("there is no spantop to ask, and no data directory")
                .hint("name one with --connect HOST:PORT or --data-dir DIR, or start one with 'spantop'")),
        }
    }
}

/// Adds `--connect`, `--data-dir` and `--config` to a command that does this with a data directory.
pub(super) fn arguments(command: Command, verb: &str) -> Command {
    let directory = Arg::new("data-dir")
        .long("data-dir")
        .value_name("DIR")
        .conflicts_with("connect")
        .help(format!("{verb} this data directory instead [default: that of this user, if no spantop runs here]"));
    settings::config_argument(command.arg(connect::argument()).arg(directory))
}

/// What answers: a spantop over its API, or the same API over the files of a data directory.
pub(super) enum Answers {
    Running(Client),
    Files(Api),
}

impl Answers {
    /// Returns what answers for whom a command asks.
    pub(super) fn of(matches: &ArgMatches) -> Result<Self, CliError> {
        match Asked::of(matches)? {
            Asked::Running(client) => Ok(Self::Running(client)),
            Asked::Directory(directory) => {
                let rules = rules(&settings::load(matches)?.config);
                Ok(Self::Files(Api::new(Arc::new(read(&directory)?.with_rules(rules)))))
            }
        }
    }

    /// Returns the body of an endpoint.
    pub(super) fn get(&self, path: &str) -> Result<String, CliError> {
        match self {
            Self::Running(client) => connect::text(&connect::wait(client.get(path))?),
            Self::Files(api) => connect::text(&connect::wait(get(api.clone(), path))?),
        }
    }
}

async fn get(api: Api, path: &str) -> Result<Bytes, RemoteError> {
    const HERE: &str = "localhost";
    let unreadable =
        |error: &dyn std::fmt::Display| RemoteError::Unreachable { target: HERE.to_owned(), reason: error.to_string() };
    let request = hyper::Request::get(path).header(hyper::header::HOST, HERE).body(Empty::<Bytes>::new());
    let response = api.handle(request.map_err(|error| unreadable(&error))?).await;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|error| unreadable(&error))?.to_bytes();
    if status.is_success() { Ok(body) } else { Err(RemoteError::of(HERE, status, &body)) }
}

/// Returns the body of an endpoint.
pub(super) fn body(matches: &ArgMatches, path: &str) -> Result<String, CliError> {
    Answers::of(matches)?.get(path)
}

/// Reads a data directory; another process may own it.
pub(super) fn read(path: &Path) -> Result<Reading, CliError> {
    let folder = Home::look(path)?;
    let mut progress = Progress::in_pieces("reading what was kept");
    let reading = Reading::open(Arc::new(folder), path.into(), |done, all| progress.at(done, all))
        .map_err(|error| CliError::failed(format!("cannot read the data directory {}: {error}", path.display())))?;
    if reading.spans() == 0 {
        note(&format!("there are no spans in {}", path.display()));
    }
    Ok(reading)
}

/// Returns how figures are made.
pub(super) fn rules(config: &Config) -> Rules {
    let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let health = &config.health;
    Rules {
        apdex_ns: ns(config.figures.apdex),
        apdex_of: config.figures.apdex_of.0.iter().map(|(name, time)| (name.clone(), ns(*time))).collect(),
        health: HealthRule {
            error_weight: health.error_weight.into(),
            performance_weight: health.performance_weight.into(),
            points_per_error_percent: health.points_per_error_percent.into(),
            ms_per_point: health.duration_per_point.as_secs_f64() * 1e3,
            warning_below: health.warning_below.into(),
            critical_below: health.critical_below.into(),
        },
    }
}

/// Says something beside the answer.
pub(super) fn note(text: &str) {
    // Nobody is left to tell when stderr is closed.
    writeln!(std::io::stderr(), "{}", sanitize::clean(text)).ok();
}

/// The error of a source that gives another answer than it was asked for, which none does.
pub(super) fn no_answer() -> CliError {
    CliError::failed("cannot make the answer")
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        Self::failed(error.to_string())
    }
}

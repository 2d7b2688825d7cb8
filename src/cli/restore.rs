//! `spantop restore SRC`: brings back a backup. An empty data directory becomes a copy of it; else its spans are put in like
//! ones that are received, by a spantop that runs or by this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use tokio::runtime::Runtime;

use super::error::CliError;
use super::exporter::Exporter;
use super::progress::Progress;
use super::{asked, backup, connect, data_dir, output, receivers, settings};
use crate::api::Stats;
use crate::config::Config;
use crate::otlp;
use crate::remote::Client;
use crate::source::{Engine, Priority, Reading};
use crate::store::segment::folder::Folder;
use crate::store::segment::{Home, is_ours};
use crate::tui::format;

/// How long to wait where a receiver is busy.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a receiver may say so of one request.
const TRIES: u32 = 60;

pub(super) fn arguments(command: Command) -> Command {
    let source = Arg::new("SRC")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("The directory that 'spantop backup' wrote, or any data directory");
    let directory = backup::directory("Bring it back to this data directory").conflicts_with("connect");
    let command = command.arg(source).arg(directory).arg(connect::argument()).after_help(
        "An empty data directory becomes a copy. To one that has traces, or a spantop that runs, the spans are \
         added: those that are there are left out, so it can be done again, and their retention begins anew.",
    );
    settings::config_argument(command)
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let source = matches.get_one::<PathBuf>("SRC").cloned().unwrap_or_default();
    let config = settings::load(matches)?.config;
    let named = matches.get_one::<PathBuf>("data-dir").cloned();
    let running = match connect::named(matches)? {
        None if named.is_none() => connect::running(&config)?,
        client => client,
    };
    if let Some(client) = running {
        return send(&asked::read(&source)?, &client);
    }
    let target = match named {
        Some(path) => path,
        None => data_dir::of(&config)?.ok_or_else(|| {
            CliError::usage("there is nowhere to restore to: store.ephemeral is set").hint("name it with --data-dir")
        })?,
    };
    let folder: Arc<dyn Folder> = Arc::new(Home::look(&source)?);
    backup::refuse_same(&source, &target)?;
    let home = Home::claim(&target)?;
    let cannot_list = |error| CliError::failed(format!("cannot list {}: {error}", target.display()));
    if home.folder().list().map_err(cannot_list)?.iter().any(|entry| is_ours(&entry.name)) {
        return add(&asked::read(&source)?, &home, &config);
    }
    let (copied, settled) = backup::copy_with_progress(&folder, &home, &source)?;
    backup::report(&copied, settled, "restored", &target)
}

/// Adds what was read to a data directory that nobody else has.
fn add(reading: &Reading, home: &Home, config: &Config) -> Result<ExitCode, CliError> {
    let cannot = |error: std::io::Error| CliError::failed(format!("cannot open {}: {error}", home.path().display()));
    let keeping = receivers::keeping(home, config);
    let (engine, writer) =
        Engine::start_kept(receivers::limits(config), Priority::Usual, &keeping, |_, _| ()).map_err(cannot)?;
    let runtime = runtime()?;
    let mut progress = Progress::new("restoring");
    let (mut stored, mut duplicates) = (0, 0);
    for (done, request) in reading.requests() {
        progress.at(done, reading.spans());
        // It comes from a store: it was scanned when it came there.
        let Ok(batch) = otlp::scan(request) else { continue };
        let outcome = runtime
            .block_on(engine.ingest(batch, None))
            .map_err(|error| CliError::failed(format!("cannot store what was read: {error}")))?;
        stored += outcome.stored;
        duplicates += outcome.duplicates;
    }
    drop(progress);
    runtime.block_on(engine.stop());
    writer.join();
    report(stored, duplicates, home.path())
}

fn report(stored: u64, duplicates: u64, to: &Path) -> Result<ExitCode, CliError> {
    let stored = format::plural(stored, "span");
    output::print(&format!("restored {stored} to {}; {duplicates} were there\n", to.display()))
}

/// Sends what was read to a spantop that runs.
fn send(reading: &Reading, client: &Client) -> Result<ExitCode, CliError> {
    let before = stats(client)?;
    let to = receiver(&before)?;
    let runtime = runtime()?;
    let mut exporter = Exporter::new(to);
    let mut progress = Progress::new("restoring");
    for (done, request) in reading.requests() {
        progress.at(done, reading.spans());
        runtime.block_on(export(&mut exporter, request))?;
    }
    drop(progress);
    let after = stats(client)?;
    let duplicates = after.spans.duplicates.saturating_sub(before.spans.duplicates);
    let sent = format::plural(reading.spans(), "span");
    output::print(&format!("sent {sent} to the spantop at {to}; {duplicates} were there\n"))
}

async fn export(exporter: &mut Exporter, request: bytes::Bytes) -> Result<(), CliError> {
    for _ in 0..TRIES {
        match exporter.export(request.clone()).await {
            Ok(status) if status.is_success() => return Ok(()),
            Ok(status) if status.is_client_error() => {
                return Err(CliError::failed(format!("cannot send spans: they were refused with {status}")));
            }
            Ok(_) => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(CliError::from(error).hint("run it again: what is there is left out")),
        }
    }
    Err(CliError::failed("cannot send spans: the receiver has been busy for a minute").hint("run it again later"))
}

fn stats(client: &Client) -> Result<Stats, CliError> {
    let body = connect::text(&connect::wait(client.get("/admin/tracing/stats"))?)?;
    serde_json::from_str(&body).map_err(|error| CliError::failed(format!("cannot read the answer: {error}")))
}

/// Returns where a spantop takes OTLP/HTTP.
fn receiver(stats: &Stats) -> Result<SocketAddr, CliError> {
    let addresses = stats.listening.iter().filter_map(|line| line.strip_prefix("otlp/http ")?.parse().ok());
    addresses.into_iter().next().ok_or_else(|| {
        CliError::failed("cannot send spans to the spantop that runs: its OTLP/HTTP receiver is off")
            .hint("start it with --http, or end it and restore to its data directory")
    })
}

fn runtime() -> Result<Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start: {error}")))
}

//! `spantop restore SRC`: brings back a backup. An empty data directory becomes a copy of it; else its spans are put in like
//! ones that are received, by a spantop that runs or by this process.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, value_parser};
use hyper::StatusCode;
use tokio::runtime::Runtime;

use super::error::CliError;
use super::exporter::Exporter;
use super::progress::Progress;
use super::{asked, backup, connect, data_dir, output, receivers, settings};
use crate::api::Stats;
use crate::config::Config;
use crate::otlp;
use crate::remote::Client;
use crate::source::{Collected, Collecting, Engine, Priority, Reading, Reason, collect, now};
use crate::store::segment::folder::Folder;
use crate::store::segment::{Home, HomeError, is_ours};
use crate::tui::{format, sanitize};

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
         added: those that are there are left out, so it can be done again, and their retention begins anew. \
         A copy keeps the time at which its spans came: open an old one with a --retention that is long enough.",
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
    let home = match Home::claim(&target) {
        Err(error @ HomeError::Owned { .. }) => return send_to_owner(&source, (&target, &error), &config),
        claimed => claimed?,
    };
    let cannot_list = |error| CliError::failed(format!("cannot list {}: {error}", target.display()));
    if home.folder().list().map_err(cannot_list)?.iter().any(|entry| is_ours(&entry.name)) {
        return add(&asked::read(&source)?, &home, &config);
    }
    let (copied, settled) = backup::copy_with_progress(&folder, &home, &source)?;
    note_old(&home, &config)?;
    backup::report(&copied, settled, "restored", &target)
}

/// Tells how much of a copy the next start lets go. What is copied keeps the time at which it came.
fn note_old(home: &Home, config: &Config) -> Result<(), CliError> {
    let folder: Arc<dyn Folder> = Arc::new(home.folder());
    let cannot = |error| CliError::failed(format!("cannot read {}: {error}", home.path().display()));
    let limits = receivers::limits(config);
    let gone = collect(&folder, (&limits, now()), Collecting::DryRun, |_, _| ()).map_err(cannot)?;
    if let Some(text) = too_old(&gone, limits.retention_ns) {
        asked::note(&text);
    }
    Ok(())
}

fn too_old(gone: &Collected, retention_ns: u64) -> Option<String> {
    let spans = gone.removed.iter().filter(|gone| gone.reason == Reason::Age).map(|gone| gone.spans).sum();
    let (text, retention) = (format::plural(spans, "span"), format::duration(retention_ns));
    let told =
        format!("{text} came more than {retention} ago: the next start lets them go, unless --retention is longer");
    (spans > 0).then_some(told)
}

/// Sends to the spantop that has a directory, if it is the one that runs here.
fn send_to_owner(source: &Path, (target, error): (&Path, &HomeError), config: &Config) -> Result<ExitCode, CliError> {
    let real = |path: &Path| path.canonicalize().ok();
    if let Some(client) = connect::running(config)?
        && let Some(disk) = stats(&client)?.disk
        && real(Path::new(&disk.path)) == real(target)
    {
        return send(&asked::read(source)?, &client);
    }
    Err(CliError::failed(error.to_string())
        .hint("name the API of that one with --connect HOST:PORT: it takes the spans in"))
}

/// Adds what was read to a data directory that nobody else has.
fn add(reading: &Reading, home: &Home, config: &Config) -> Result<ExitCode, CliError> {
    let cannot = |error: std::io::Error| CliError::failed(format!("cannot open {}: {error}", home.path().display()));
    let keeping = receivers::keeping(home, config);
    let (engine, writer) =
        Engine::start_kept(receivers::limits(config), Priority::Usual, &keeping, |_, _| ()).map_err(cannot)?;
    let runtime = runtime()?;
    let mut progress = Progress::in_pieces("restoring spans");
    let (mut stored, mut duplicates) = (0, 0);
    let mut requests = reading.requests();
    while let Some(request) = requests.next() {
        progress.at(requests.done(), reading.spans());
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
    let (stored, to) = (format::plural(stored, "span"), sanitize::clean(&home.path().display().to_string()));
    report(&format!("restored {stored} to {to}; {duplicates} were there\n"), requests.lost())
}

/// Says what became of the spans, and fails where some were damaged.
fn report(done: &str, lost: u64) -> Result<ExitCode, CliError> {
    output::print(done)?;
    if lost == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    Err(CliError::failed(format!("cannot restore {}: they are damaged", format::plural(lost, "span")))
        .hint("everything else is restored"))
}

/// Sends what was read to a spantop that runs.
fn send(reading: &Reading, client: &Client) -> Result<ExitCode, CliError> {
    let before = stats(client)?;
    let to = receiver(&before, client.host())?;
    let runtime = runtime()?;
    let mut exporter = Exporter::new(to);
    let mut progress = Progress::in_pieces("restoring spans");
    let mut requests = reading.requests();
    while let Some(request) = requests.next() {
        progress.at(requests.done(), reading.spans());
        runtime.block_on(export(&mut exporter, request))?;
    }
    drop(progress);
    let after = stats(client)?;
    let duplicates = after.spans.duplicates.saturating_sub(before.spans.duplicates);
    let sent = format::plural(requests.done() - requests.lost(), "span");
    report(&format!("sent {sent} to the spantop at {to}; {duplicates} were there\n"), requests.lost())
}

async fn export(exporter: &mut Exporter, request: bytes::Bytes) -> Result<(), CliError> {
    for _ in 0..TRIES {
        match exporter.export(request.clone()).await {
            Ok(status) if status.is_success() => return Ok(()),
            Ok(StatusCode::TOO_MANY_REQUESTS) => tokio::time::sleep(PAUSE).await,
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

/// Returns where the spantop of a host takes OTLP/HTTP.
fn receiver(stats: &Stats, host: &str) -> Result<SocketAddr, CliError> {
    let addresses = stats.listening.iter().filter_map(|line| line.strip_prefix("otlp/http ")?.parse().ok());
    let addresses: Vec<SocketAddr> = addresses.collect();
    let Some(&first) = addresses.first() else {
        return Err(CliError::failed("cannot send spans to the spantop that runs: its OTLP/HTTP receiver is off")
            .hint("start it with --http, or end it and restore to its data directory"));
    };
    let host = host.trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if is_here {
        return Ok(first);
    }
    // What is loopback there is somebody else here.
    let port = addresses.iter().find(|address| !address.ip().is_loopback()).map(SocketAddr::port);
    let resolved = port.and_then(|port| (host, port).to_socket_addrs().ok()?.next());
    resolved.ok_or_else(|| {
        CliError::failed(format!("cannot send spans to {host}: its OTLP/HTTP receiver listens on that machine only"))
            .hint("restore on that machine")
    })
}

fn runtime() -> Result<Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Removed, Status};

    #[test]
    fn what_is_too_old_is_told() {
        let removed = |reason| Removed { file: None, reason, spans: 12, bytes: 0 };
        let told = |reasons: &[Reason]| {
            let removed = reasons.iter().copied().map(removed).collect();
            too_old(&Collected { is_dry_run: true, removed }, 3_600_000_000_000)
        };
        assert_eq!(told(&[Reason::Bytes, Reason::Traces]), None);
        let expected =
            "24 spans came more than 1 h 00 m ago: the next start lets them go, unless --retention is longer";
        assert_eq!(told(&[Reason::Age, Reason::Bytes, Reason::Age]).as_deref(), Some(expected));
    }

    #[test]
    fn spans_are_sent_to_a_receiver_of_the_machine_that_is_named() {
        let receiver = |listening: &[&str], host: &str| {
            let listening = listening.iter().map(|&line| line.to_owned()).collect();
            let stats = Stats { listening, ..Stats::of(&Status::default()) };
            receiver(&stats, host).map(|address| address.to_string()).map_err(|error| format!("{error:?}"))
        };
        let loopback = ["otlp/grpc 127.0.0.1:1", "otlp/http 127.0.0.1:2", "otlp/http [::1]:2"];
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(receiver(&loopback, host).as_deref(), Ok("127.0.0.1:2"));
        }
        assert!(receiver(&loopback, "192.0.2.1").unwrap_err().contains("listens on that machine only"));
        assert_eq!(receiver(&["otlp/http 0.0.0.0:2"], "192.0.2.1").as_deref(), Ok("192.0.2.1:2"));
        assert!(receiver(&["otlp/grpc 127.0.0.1:1"], "localhost").unwrap_err().contains("is off"));
    }
}

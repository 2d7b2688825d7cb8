//! `spantop stats`: what a running spantop holds, and what became of every span.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::connect;
use super::error::CliError;
use super::output::{self, Format};
use crate::api::Stats;
use crate::tui::{format, sanitize};

pub(super) fn arguments(command: Command) -> Command {
    connect::arguments(command).arg(Format::argument())
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let body = connect::get(matches, "/admin/tracing/stats")?;
    if Format::of(matches) == Format::Json {
        return output::print_json(&body);
    }
    let stats: Stats =
        serde_json::from_str(&body).map_err(|error| CliError::failed(format!("cannot read the answer: {error}")))?;
    let lines = rows(&stats).into_iter().map(|(name, value)| format!("{name:18}{}\n", sanitize::clean(&value)));
    output::print(&lines.collect::<String>())
}

fn rows(stats: &Stats) -> Vec<(&'static str, String)> {
    let spans = &stats.spans;
    let mut rows = vec![
        ("version", format!("{} (pid {})", stats.version, stats.pid)),
        ("up", format::duration((stats.uptime_seconds * 1e9) as u64)),
        ("traces", format::grouped(stats.total_traces)),
        ("traces in error", format::grouped(stats.error_traces)),
        ("spans received", format::grouped(spans.received)),
        ("  stored", format::grouped(spans.stored)),
        ("  duplicates", format::grouped(spans.duplicates)),
        ("  rejected", format::grouped(spans.rejected)),
        ("  excluded", format::grouped(spans.excluded)),
        ("spans in memory", format::grouped(spans.in_memory)),
        ("spans evicted", format::grouped(spans.evicted)),
        ("spans a second", format::grouped(u64::from(stats.spans_per_second))),
        ("memory", format!("{} of {}", format::bytes(stats.bytes.memory), format::bytes(stats.memory_budget_bytes))),
        ("blocks", format::grouped(stats.blocks)),
        ("oldest arrival", stats.oldest_arrival.clone().unwrap_or_else(|| "–".into())),
        ("refused requests", format::grouped(stats.refused_requests)),
    ];
    rows.extend(stats.last_refusal.iter().map(|reason| ("  the last for", reason.clone())));
    rows.extend(stats.listening.iter().map(|address| ("listening", address.clone())));
    rows
}

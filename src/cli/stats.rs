//! `spantop stats`: what a running spantop or a data directory holds, and what became of every span.

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use super::asked;
use super::error::CliError;
use super::output::{self, Format};
use crate::api::{Disk, Stats};
use crate::tui::{format, sanitize};

pub(super) fn arguments(command: Command) -> Command {
    asked::arguments(command, "Read").arg(Format::argument())
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let body = asked::body(matches, "/admin/tracing/stats")?;
    if Format::of(matches) == Format::Json {
        return output::print_json(&body);
    }
    let stats: Stats =
        serde_json::from_str(&body).map_err(|error| CliError::failed(format!("cannot read the answer: {error}")))?;
    output::print(&table(&stats))
}

/// A name, and what it is.
type Row = (&'static str, String);

/// Returns the table for people.
fn table(stats: &Stats) -> String {
    let mut rows = counters(stats);
    rows.push(("memory", filled(stats.bytes.memory, stats.memory_budget_bytes)));
    rows.push(("  blocks", format::grouped(stats.blocks)));
    match &stats.disk {
        Some(disk) => rows.extend(disk_rows(disk, stats.bytes.disk)),
        None => rows.push(("disk", "nothing is kept there".into())),
    }
    rows.push(("oldest arrival", stats.oldest_arrival.clone().unwrap_or_else(|| NONE.into())));
    rows.push(("refused requests", format::grouped(stats.refused_requests)));
    rows.extend(stats.last_refusal.iter().map(|reason| ("  the last for", reason.clone())));
    rows.extend(stats.listening.iter().map(|address| ("listening", address.clone())));
    let lines = rows.into_iter().map(|(name, value)| format!("{name:18}{}", sanitize::clean(&value)));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// Stands for what there is not.
const NONE: &str = "–";

/// Returns how much is taken of a budget, if there is one.
fn filled(bytes: u64, budget: u64) -> String {
    match budget {
        0 => format::bytes(bytes),
        budget => format!("{} of {}", format::bytes(bytes), format::bytes(budget)),
    }
}

/// Returns how long it is up; what is read from files is not.
fn up(seconds: f64) -> String {
    if seconds > 0.0 { format::duration((seconds * 1e9) as u64) } else { NONE.into() }
}

/// What is held, and what became of every span.
fn counters(stats: &Stats) -> Vec<Row> {
    let spans = &stats.spans;
    vec![
        ("version", format!("{} (pid {})", stats.version, stats.pid)),
        ("up", up(stats.uptime_seconds)),
        ("traces", format::grouped(stats.total_traces)),
        ("traces in error", format::grouped(stats.error_traces)),
        ("spans received", format::grouped(spans.received)),
        ("  recovered", format::grouped(spans.recovered)),
        ("  stored", format::grouped(spans.stored)),
        ("  duplicates", format::grouped(spans.duplicates)),
        ("  rejected", format::grouped(spans.rejected)),
        ("  excluded", format::grouped(spans.excluded)),
        ("spans in memory", format::grouped(spans.in_memory)),
        ("  only on disk", format::grouped(spans.on_disk)),
        ("  evicted", format::grouped(spans.evicted)),
        ("spans a second", format::grouped(u64::from(stats.spans_per_second))),
    ]
}

/// What is on disk, and what was wrong there.
fn disk_rows(disk: &Disk, bytes: u64) -> Vec<Row> {
    let mut rows = vec![
        ("disk", filled(bytes, disk.budget_bytes)),
        ("  folder", disk.path.clone()),
        ("  segments", format::grouped(disk.segments)),
        ("  spans in them", format::grouped(disk.segment_spans)),
        ("  packed", disk.ratio.map_or_else(|| NONE.into(), |ratio| format!("{ratio:.1} times smaller than sent"))),
        ("  oldest arrival", disk.oldest.clone().unwrap_or_else(|| NONE.into())),
    ];
    rows.extend(disk.trouble.iter().map(|trouble| ("  trouble", format!("kept in memory only: {trouble}"))));
    let recovery = &disk.recovery;
    if recovery.damaged > 0 || recovery.lost_spans > 0 {
        let lost = match recovery.lost_spans {
            // Of a damaged stretch of a log nobody knows how many spans were in it.
            0 => "what was there is lost".to_owned(),
            spans => format!("at least {} lost", format::plural(spans, "span")),
        };
        rows.push(("  damaged", format!("{}: {lost}", format::plural(recovery.damaged, "place"))));
    }
    if recovery.torn_bytes > 0 {
        rows.push(("  cut off", format!("{} at the end of the last run", format::bytes(recovery.torn_bytes))));
    }
    if recovery.left_alone > 0 {
        rows.push((
            "  left alone",
            format!("{} of another version, or not ours", format::plural(recovery.left_alone, "file")),
        ));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{DiskStatus, Recovery, Status};

    fn disk() -> DiskStatus {
        DiskStatus {
            path: "/var/lib/spantop".into(),
            bytes: 740 << 20,
            budget_bytes: 2 << 30,
            segments: 97,
            segment_spans: 6_357_000,
            segment_bytes: 700 << 20,
            received_bytes: 4_900 << 20,
            oldest_ns: Some(1_795_353_691_000_000_000),
            ..DiskStatus::default()
        }
    }

    /// Returns the lines of the table from the counters of spans to what is on disk.
    fn lines(disk: Option<DiskStatus>) -> String {
        let mut status = Status { disk, memory_bytes: 110 << 20, memory_budget: 512 << 20, ..Status::default() };
        status.counters.received = 1_000_000;
        status.counters.recovered = 6_400_000;
        status.counters.stored = 7_400_000;
        status.counters.in_memory = 1_100_000;
        status.counters.on_disk = 6_300_000;
        let table = table(&Stats::of(&status));
        table.lines().skip(4).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_on_disk_is_told() {
        insta::assert_snapshot!(lines(Some(disk())), @"
        spans received    1,000,000
          recovered       6,400,000
          stored          7,400,000
          duplicates      0
          rejected        0
          excluded        0
        spans in memory   1,100,000
          only on disk    6,300,000
          evicted         0
        spans a second    0
        memory            110 MiB of 512 MiB
          blocks          0
        disk              740 MiB of 2.00 GiB
          folder          /var/lib/spantop
          segments        97
          spans in them   6,357,000
          packed          7.0 times smaller than sent
          oldest arrival  2026-11-22T13:21:31.000000000Z
        oldest arrival    –
        refused requests  0
        ");
    }

    #[test]
    fn trouble_and_damage_are_told() {
        let trouble = Some("cannot write to /var/lib/spantop/\x1b[2J: no space left on device".into());
        let recovery = Recovery { torn_bytes: 1_270, damaged: 3, lost_spans: 1_204, left_alone: 1 };
        let empty = DiskStatus { segments: 0, segment_spans: 0, segment_bytes: 0, oldest_ns: None, ..disk() };
        insta::assert_snapshot!(lines(Some(DiskStatus { trouble, recovery, ..empty })), @"
        spans received    1,000,000
          recovered       6,400,000
          stored          7,400,000
          duplicates      0
          rejected        0
          excluded        0
        spans in memory   1,100,000
          only on disk    6,300,000
          evicted         0
        spans a second    0
        memory            110 MiB of 512 MiB
          blocks          0
        disk              740 MiB of 2.00 GiB
          folder          /var/lib/spantop
          segments        0
          spans in them   0
          packed          –
          oldest arrival  –
          trouble         kept in memory only: cannot write to /var/lib/spantop/␛[2J: no space left on device
          damaged         3 places: at least 1,204 spans lost
          cut off         1.24 KiB at the end of the last run
          left alone      1 file of another version, or not ours
        oldest arrival    –
        refused requests  0
        ");
    }

    #[test]
    fn without_a_disk_it_says_so() {
        let lines = lines(None);
        assert!(lines.contains("\ndisk              nothing is kept there\n"), "{lines}");
    }
}

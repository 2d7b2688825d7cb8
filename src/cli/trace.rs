//! `spantop trace ID`: one trace of a running spantop or a data directory, as a tree with bars or as OTLP/JSON.

use std::fmt::Write;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use super::asked;
use super::error::CliError;
use super::output::{self, Format};
use crate::model::tree::{Node, Place};
use crate::model::{Timestamp, Trace, TraceId};
use crate::otlp;
use crate::source::{Reply, Request, answer};
use crate::store::{Limits, Writer};
use crate::tui::{format, sanitize};

pub(super) fn arguments(command: Command) -> Command {
    let id = Arg::new("ID").required(true).help("The trace id: 32 hex digits");
    asked::arguments(command, "Read").arg(id).arg(Format::argument())
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let given = matches.get_one::<String>("ID").map(String::as_str).unwrap_or_default();
    let id: TraceId =
        given.parse().map_err(|error: crate::model::ids::InvalidId| CliError::usage(error.to_string()))?;
    let body = asked::body(matches, &format!("/admin/tracing/traces/{id}"))?;
    match Format::of(matches) {
        Format::Json => output::print_json(&body),
        Format::Table => {
            let trace = read(&body, id)?;
            output::print(&tree(&trace, terminal_width()))
        }
    }
}

/// Reads a trace out of OTLP/JSON as a receiver would.
fn read(body: &str, id: TraceId) -> Result<std::sync::Arc<Trace>, CliError> {
    let unreadable = |error: &dyn std::fmt::Display| CliError::failed(format!("cannot read the answer: {error}"));
    let protobuf = otlp::json::to_protobuf(body.as_bytes()).map_err(|error| unreadable(&error))?;
    let batch = otlp::scan(protobuf.into()).map_err(|error| unreadable(&error))?;
    let (store, mut writer) = Writer::new(Limits { memory_bytes: usize::MAX, ..Limits::default() });
    writer.append(&batch, Timestamp::default());
    match answer(&Request::Trace(id), &store.snapshot()) {
        Reply::Trace(Some(trace)) => Ok(trace),
        _ => Err(CliError::not_found(format!("the answer holds nothing of trace {id}"))),
    }
}

fn terminal_width() -> usize {
    crate::tui::terminal_width().unwrap_or(100).clamp(40, 400)
}

/// Draws one line a span: the tree, a bar over the trace's time, the duration.
fn tree(trace: &Trace, width: usize) -> String {
    const DURATION: usize = 11;
    let bar = (width / 3).clamp(10, 60);
    let label = width.saturating_sub(bar + DURATION + 2).max(16);
    let summary = &trace.summary;
    let mut out = format!(
        "trace {}  {}, {}, {}, {}\n",
        summary.id,
        format::plural(u64::from(summary.span_count), "span"),
        format::plural(summary.services.len() as u64, "service"),
        format::duration(summary.duration_ns),
        format::plural(u64::from(summary.error_count), "error"),
    );
    let mut branches: Vec<bool> = Vec::new();
    for node in &trace.tree.nodes {
        let span = &trace.spans[node.span as usize];
        branches.truncate(node.depth as usize);
        let text = format!("{}{} {} {}", prefix(&branches, node), sign(trace, node), span.service, span.operation);
        branches.push(!node.is_last);
        let text = sanitize::fit(&text, label as u16);
        let padding = label.saturating_sub(usize::from(sanitize::width(&text, u16::MAX)));
        let duration = format::duration(span.duration_ns);
        // Writing to a String does not fail.
        writeln!(out, "{text}{:padding$} {} {duration:>DURATION$}", "", self::bar(trace, node, bar)).ok();
    }
    out
}

/// Deep trees are drawn at most this deep; deeper spans keep that place.
const MAX_DEPTH: usize = 40;

fn prefix(branches: &[bool], node: &Node) -> String {
    let mut prefix = String::new();
    let shown = &branches[branches.len().saturating_sub(MAX_DEPTH)..];
    for &goes_on in shown.iter().skip(1) {
        prefix.push_str(if goes_on { "│ " } else { "  " });
    }
    if node.depth > 0 {
        prefix.push_str(if node.is_last { "└─" } else { "├─" });
    }
    prefix
}

fn sign(trace: &Trace, node: &Node) -> &'static str {
    match node.place {
        _ if trace.spans[node.span as usize].is_error() => "✖",
        Place::Orphan => "?",
        Place::Cycle => "↻",
        Place::Root | Place::Child => "●",
    }
}

fn bar(trace: &Trace, node: &Node, width: usize) -> String {
    let span = &trace.spans[node.span as usize];
    let whole = trace.summary.duration_ns.max(1) as f64;
    let column = |time: Timestamp| (time.since(trace.summary.start) as f64 / whole * width as f64) as usize;
    let start = column(span.start).min(width - 1);
    let end = column(span.end()).clamp(start + 1, width);
    format!("{}{}{}", " ".repeat(start), "█".repeat(end - start), " ".repeat(width - end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::fixture::{TestSpan, batch, span};

    #[test]
    fn a_trace_is_drawn_as_a_tree_with_bars() {
        let (store, mut writer) = Writer::new(Limits::default());
        let spans = [
            TestSpan { duration: 100, service: "web", name: "GET /", ..span(1, 1, 0, 0) },
            TestSpan { duration: 50, service: "cart", name: "add\x1b[31m", error: true, ..span(1, 2, 1, 50) },
            TestSpan { duration: 10, ..span(1, 3, 1, 10) },
        ];
        writer.append(&batch(&spans), Timestamp(0));
        let id = TraceId(u128::from_be_bytes([1; 16]));
        let Reply::Trace(Some(trace)) = answer(&Request::Trace(id), &store.snapshot()) else { panic!() };
        insta::assert_snapshot!(tree(&trace, 60), @r"
        trace 01010101010101010101010101010101  3 spans, 3 services, 100 µs, 1 error
        ● web GET /                 ████████████████████      100 µs
        ├─● shop work                 ██                     10.0 µs
        └─✖ cart add␛[31m                     ██████████     50.0 µs
        ");
    }
}

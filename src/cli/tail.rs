//! `spantop tail`: finished traces, or spans, as they come, one line each.

use std::collections::{HashMap, HashSet};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::asked::{self, Answers};
use super::error::CliError;
use super::query::{duration, parse, read, short_time};
use super::rows::{self, ListFormat};
use super::url::Url;
use super::{connect, output};
use crate::api::{SpanRow, Spans, TraceRow, Traces};
use crate::tui::sanitize;

const AFTER_HELP: &str = "A trace is finished when it is complete and nothing of it has come for 2 seconds; one that stays \
incomplete, after 10. Traces that were there before are not shown, and none twice.";

/// How often is asked.
const EVERY: Duration = Duration::from_secs(1);
/// How many times in a row a trace has to be the same to be finished, if it is complete or not.
const QUIET: u32 = 2;
const QUIET_INCOMPLETE: u32 = 10;
/// How far back is asked: traces that began earlier and go on are not seen.
const BACK: &str = "15m";
const MOST: &str = "10000";

pub(super) fn arguments(command: Command) -> Command {
    let query = Arg::new("QUERY").allow_hyphen_values(true).help("TraceQL, or the shorthand [default: everything]");
    let spans = Arg::new("spans").long("spans").action(ArgAction::SetTrue).help("Spans, not traces");
    let count = Arg::new("count")
        .long("count")
        .value_name("N")
        .value_parser(clap::value_parser!(u64).range(1..))
        .help("End after so many lines");
    asked::arguments(command, "Read").arg(query).arg(spans).arg(count).arg(ListFormat::lines()).after_help(AFTER_HELP)
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let text = matches.get_one::<String>("QUERY").map_or("{ }", String::as_str);
    if parse(text)?.query.metrics.is_some() {
        let hint = "ask 'spantop query' for them, or leave out the function";
        return Err(CliError::usage("a metrics query gives series, which do not come one by one").hint(hint));
    }
    let answers = Answers::of(matches)?;
    if let Answers::Files(_) = answers {
        let hint = "start a spantop, or name one with --connect HOST:PORT";
        return Err(CliError::failed("nothing comes to a data directory that no spantop uses").hint(hint));
    }
    let is_spans = matches.get_flag("spans");
    let path = if is_spans { "/admin/tracing/spans" } else { "/admin/tracing" };
    let url = Url::new(path).with("q", text).with("since", BACK).with("limit", MOST).finish();
    let mut left = matches.get_one::<u64>("count").copied().unwrap_or(u64::MAX);
    let format = ListFormat::of(matches);
    let mut tail = Tail::default();
    let mut is_first = true;
    loop {
        let body = answers.get(&url)?;
        let lines = if is_spans { tail.spans(&read(&body)?, format)? } else { tail.traces(&read(&body)?, format)? };
        // What was there before is known now, and not shown.
        if !is_first {
            for line in lines.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
                if !output::print_line(&line)? {
                    return Ok(ExitCode::SUCCESS);
                }
                left -= 1;
            }
        }
        is_first = false;
        if left == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        connect::pause(EVERY)?;
    }
}

/// What was shown, and what is watched.
#[derive(Debug, Default)]
struct Tail {
    is_begun: bool,
    shown: HashSet<String>,
    /// How many spans a trace had, and for how many times in a row.
    watched: HashMap<String, (u32, u32)>,
}

impl Tail {
    /// Returns lines for the traces that are finished now, the oldest first.
    fn traces(&mut self, list: &Traces, format: ListFormat) -> Result<Vec<String>, CliError> {
        let is_begun = std::mem::replace(&mut self.is_begun, true);
        let held: HashSet<&str> = list.traces.iter().map(|trace| trace.trace_id.as_str()).collect();
        self.shown.retain(|id| held.contains(id.as_str()));
        self.watched.retain(|id, _| held.contains(id.as_str()));
        let mut lines = Vec::new();
        for trace in list.traces.iter().rev() {
            if self.shown.contains(&trace.trace_id) {
                continue;
            }
            if !is_begun {
                self.shown.insert(trace.trace_id.clone());
                continue;
            }
            let (spans, quiet) = self.watched.entry(trace.trace_id.clone()).or_insert((0, 0));
            *quiet = if *spans == trace.span_count { *quiet + 1 } else { 0 };
            *spans = trace.span_count;
            if *quiet >= if trace.complete { QUIET } else { QUIET_INCOMPLETE } {
                self.watched.remove(&trace.trace_id);
                self.shown.insert(trace.trace_id.clone());
                lines.push(line(format, trace, trace_line)?);
            }
        }
        Ok(lines)
    }

    /// Returns lines for the spans that are new, the oldest first.
    fn spans(&mut self, list: &Spans, format: ListFormat) -> Result<Vec<String>, CliError> {
        let key = |span: &SpanRow| format!("{}{}", span.trace_id, span.span_id);
        let new = list.spans.iter().rev().filter(|span| !self.shown.contains(&key(span)));
        let lines = new.map(|span| line(format, span, span_line)).collect();
        self.shown = list.spans.iter().map(key).collect();
        lines
    }
}

fn line<T: serde::Serialize>(format: ListFormat, row: &T, table: impl Fn(&T) -> String) -> Result<String, CliError> {
    match format {
        ListFormat::Table => Ok(sanitize::clean(&table(row))),
        _ => rows::json_line(row),
    }
}

fn trace_line(trace: &TraceRow) -> String {
    let sign = if trace.error_count > 0 { "✖" } else { "●" };
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "–".to_owned());
    format!(
        "{} {sign} {:>10} {:>5} spans  {} {}  {}",
        short_time(&trace.start_time),
        duration(trace.duration_ms),
        trace.span_count,
        name(&trace.root_service),
        name(&trace.root_operation),
        trace.trace_id,
    )
}

fn span_line(span: &SpanRow) -> String {
    let sign = if span.status == "error" { "✖" } else { "●" };
    format!(
        "{} {sign} {:>10}  {} {}  {}  {} {}",
        short_time(&span.start_time),
        duration(span.duration_ms),
        span.service,
        span.operation,
        span.kind,
        span.trace_id,
        span.span_id,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(id: &str, spans: u32, complete: bool) -> TraceRow {
        TraceRow {
            trace_id: id.into(),
            root_service: complete.then(|| "web".into()),
            root_operation: complete.then(|| "GET /".into()),
            start_time: "2026-11-22T10:00:00.123456789Z".into(),
            duration_ms: 12.5,
            span_count: spans,
            error_count: 0,
            services: vec!["web".into()],
            roots: 1,
            missing_parents: 0,
            complete,
            partial: false,
        }
    }

    fn seen(tail: &mut Tail, traces: &[TraceRow]) -> Vec<String> {
        let list = Traces { total: traces.len(), traces: traces.to_vec() };
        tail.traces(&list, ListFormat::Table).unwrap()
    }

    #[test]
    fn a_trace_is_shown_once_when_nothing_of_it_comes_any_more() {
        let mut tail = Tail::default();
        assert_eq!(seen(&mut tail, &[trace("old", 1, true)]).len(), 0, "it was there before");
        let new = |spans| [trace("old", 1, true), trace("new", spans, true)];
        assert!(seen(&mut tail, &new(1)).is_empty() && seen(&mut tail, &new(1)).is_empty());
        assert!(seen(&mut tail, &new(2)).is_empty() && seen(&mut tail, &new(2)).is_empty());
        assert_eq!(seen(&mut tail, &new(2)), ["2026-11-22 10:00:00.123 ●    12.5 ms     2 spans  web GET /  new"]);
        assert!(seen(&mut tail, &new(2)).is_empty() && seen(&mut tail, &new(2)).is_empty());
    }

    #[test]
    fn a_trace_that_stays_incomplete_is_shown_later() {
        let mut tail = Tail::default();
        seen(&mut tail, &[]);
        let polls = (0..20).position(|_| !seen(&mut tail, &[trace("half", 1, false)]).is_empty());
        assert_eq!(polls, Some(QUIET_INCOMPLETE as usize));
    }
}

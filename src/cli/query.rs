//! `spantop query`: the traces that match, the spans that are returned, or the series of a metrics query.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::asked::{self, Answers};
use super::error::CliError;
use super::output;
use super::rows::{self, Column, ListFormat};
use super::url::Url;
use super::window;
use crate::api::{Explained, Metrics, SeriesRow, SpanRow, Spans, TraceRow, Traces};
use crate::query::{self, Parsed};
use crate::tui::format;

const AFTER_HELP: &str = "A query is TraceQL, or a shorthand: words, service=cart, duration>500ms, error, slow, -word. Examples:\n  \
spantop query 'service=cart error'\n  \
spantop query --spans '{ span.http.status_code >= 500 } | select(span.http.route)'\n  \
spantop query '{ kind = server } | rate() by(resource.service.name)'\n\
docs/search.md has the language.";

pub(super) fn arguments(command: Command) -> Command {
    let query = Arg::new("QUERY").required(true).allow_hyphen_values(true).help("TraceQL, or the shorthand");
    let spans = Arg::new("spans").long("spans").action(ArgAction::SetTrue).help("List the spans, not their traces");
    let explain = Arg::new("explain")
        .long("explain")
        .action(ArgAction::SetTrue)
        .help("Show what the query means in TraceQL, and what there is to look at for it");
    let step = Arg::new("step")
        .long("step")
        .value_name("DURATION")
        .help("Of a metrics query: the time from one sample to the next [default: so that there are up to 240]");
    let command = asked::arguments(command, "Read").arg(query).arg(spans).arg(explain).arg(step);
    listing(command).arg(ListFormat::argument()).after_help(AFTER_HELP)
}

/// Adds the window and the size of a list to a command.
fn listing(command: Command) -> Command {
    let limit =
        Arg::new("limit").long("limit").value_name("N").default_value("100").help("How many rows at most, up to 10000");
    let sort = Arg::new("sort")
        .long("sort")
        .value_name("KEY")
        .allow_hyphen_values(true)
        .help("Of traces: start_time, duration_ms, span_count, error_count, root_service or root_operation, - before it for descending");
    window::arguments(command).arg(limit).arg(sort)
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let text = matches.get_one::<String>("QUERY").map(String::as_str).unwrap_or_default();
    let parsed = parse(text)?;
    let is_metrics = parsed.query.metrics.is_some();
    let has = |name: &str| matches.get_one::<String>(name).is_some();
    if is_metrics && matches.get_flag("spans") {
        return Err(CliError::usage("a metrics query gives series, not spans").hint("leave out --spans"));
    }
    for (option, is_known, what) in [
        ("step", is_metrics, "a metrics query"),
        ("sort", !is_metrics && !matches.get_flag("spans"), "a list of traces"),
    ] {
        if has(option) && !is_known {
            return Err(CliError::usage(format!("--{option} is for {what}")).hint(format!("leave out --{option}")));
        }
    }
    let answers = Answers::of(matches)?;
    if matches.get_flag("explain") {
        return explain(&answers, matches, text);
    }
    let format = ListFormat::of(matches);
    match (is_metrics, matches.get_flag("spans")) {
        (true, _) => print_series(&answers.get(&url("/admin/tracing/metrics", text, matches, &["step"]))?, format),
        (_, true) => print_spans(&answers.get(&url("/admin/tracing/spans", text, matches, &["limit"]))?, format),
        _ => print_traces(&answers.get(&url("/admin/tracing", text, matches, &["limit", "sort"]))?, format),
    }
}

/// Reads a query, or says what is wrong with it and where.
pub(super) fn parse(text: &str) -> Result<Parsed, CliError> {
    // A query may begin with a minus, but none begins with two.
    if text.starts_with("--") {
        return Err(CliError::usage(format!("unknown option '{text}'")).hint("--help lists the options"));
    }
    query::parse(text).map_err(|problems| CliError::usage(problems.render(text)))
}

fn url(path: &str, query: &str, matches: &ArgMatches, options: &[&'static str]) -> String {
    let mut url = window::with(Url::new(path).with("q", query), matches);
    for &option in options {
        url = url.with_some(option, matches.get_one::<String>(option));
    }
    url.finish()
}

pub(super) fn read<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, CliError> {
    serde_json::from_str(body).map_err(|error| CliError::failed(format!("cannot read the answer: {error}")))
}

fn print_traces(body: &str, format: ListFormat) -> Result<ExitCode, CliError> {
    if format == ListFormat::Json {
        return output::print_json(body);
    }
    let traces: Traces = read(body)?;
    match format {
        ListFormat::Ndjson => rows::print_ndjson(&traces.traces),
        ListFormat::Csv => {
            const TITLES: [&str; 9] = [
                "trace_id",
                "start_time",
                "duration_ms",
                "span_count",
                "error_count",
                "root_service",
                "root_operation",
                "services",
                "complete",
            ];
            let cells: Vec<Vec<String>> = traces.traces.iter().map(trace_csv).collect();
            output::print(&rows::csv(&TITLES, &cells))
        }
        _ => {
            let cells: Vec<Vec<String>> = traces.traces.iter().map(trace_cells).collect();
            output::print(&(rows::table(&trace_columns(), &cells) + &total(traces.total, cells.len(), "trace")))
        }
    }
}

fn trace_columns() -> [Column; 7] {
    [
        Column::text("START"),
        Column::number("DURATION"),
        Column::number("SPANS"),
        Column::number("ERRORS"),
        Column::text("ROOT SERVICE"),
        Column::text("ROOT OPERATION"),
        Column::text("TRACE ID"),
    ]
}

fn trace_cells(trace: &TraceRow) -> Vec<String> {
    let or_none = |name: &Option<String>| name.clone().unwrap_or_else(|| "–".to_owned());
    vec![
        short_time(&trace.start_time),
        duration(trace.duration_ms),
        trace.span_count.to_string(),
        trace.error_count.to_string(),
        or_none(&trace.root_service),
        or_none(&trace.root_operation),
        trace.trace_id.clone(),
    ]
}

fn trace_csv(trace: &TraceRow) -> Vec<String> {
    vec![
        trace.trace_id.clone(),
        trace.start_time.clone(),
        trace.duration_ms.to_string(),
        trace.span_count.to_string(),
        trace.error_count.to_string(),
        trace.root_service.clone().unwrap_or_default(),
        trace.root_operation.clone().unwrap_or_default(),
        trace.services.join(" "),
        trace.complete.to_string(),
    ]
}

fn print_spans(body: &str, format: ListFormat) -> Result<ExitCode, CliError> {
    if format == ListFormat::Json {
        return output::print_json(body);
    }
    let spans: Spans = read(body)?;
    let selected: Vec<String> =
        spans.spans.first().map(|span| span.selected.keys().cloned().collect()).unwrap_or_default();
    match format {
        ListFormat::Ndjson => rows::print_ndjson(&spans.spans),
        ListFormat::Csv => {
            let mut titles =
                vec!["trace_id", "span_id", "start_time", "duration_ms", "service", "operation", "kind", "status"];
            titles.extend(selected.iter().map(String::as_str));
            let cells: Vec<Vec<String>> = spans.spans.iter().map(|span| span_csv(span, &selected)).collect();
            output::print(&rows::csv(&titles, &cells))
        }
        _ => {
            let cells: Vec<Vec<String>> = spans.spans.iter().map(|span| span_cells(span, &selected)).collect();
            let mut columns: Vec<Column> = ["START", "DURATION", "SERVICE", "OPERATION", "KIND", "STATUS"]
                .map(|title| if title == "DURATION" { Column::number(title) } else { Column::text(title) })
                .to_vec();
            columns.extend(selected.iter().map(Column::text));
            columns.extend(["TRACE ID", "SPAN ID"].map(Column::text));
            output::print(&(rows::table(&columns, &cells) + &total(spans.total, cells.len(), "span")))
        }
    }
}

fn span_cells(span: &SpanRow, selected: &[String]) -> Vec<String> {
    let mut cells = vec![
        short_time(&span.start_time),
        duration(span.duration_ms),
        span.service.clone(),
        span.operation.clone(),
        span.kind.clone(),
        span.status.clone(),
    ];
    cells.extend(selected_cells(span, selected));
    cells.extend([span.trace_id.clone(), span.span_id.clone()]);
    cells
}

fn span_csv(span: &SpanRow, selected: &[String]) -> Vec<String> {
    let mut cells = vec![
        span.trace_id.clone(),
        span.span_id.clone(),
        span.start_time.clone(),
        span.duration_ms.to_string(),
        span.service.clone(),
        span.operation.clone(),
        span.kind.clone(),
        span.status.clone(),
    ];
    cells.extend(selected_cells(span, selected));
    cells
}

fn selected_cells(span: &SpanRow, selected: &[String]) -> Vec<String> {
    selected.iter().map(|name| span.selected.get(name).map(spelled).unwrap_or_default()).collect()
}

fn spelled(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn print_series(body: &str, format: ListFormat) -> Result<ExitCode, CliError> {
    if format == ListFormat::Json {
        return output::print_json(body);
    }
    let metrics: Metrics = read(body)?;
    let labels = |series: &SeriesRow| {
        let pair = |(name, value): (&String, &serde_json::Value)| format!("{name}={}", spelled(value));
        series.labels.iter().map(pair).collect::<Vec<_>>().join(" ")
    };
    match format {
        ListFormat::Ndjson => rows::print_ndjson(&metrics.series),
        ListFormat::Csv => {
            let of = |series: &SeriesRow| {
                let labels = labels(series);
                let row = move |sample: &crate::api::Sample| {
                    vec![labels.clone(), sample.time.clone(), sample.value.to_string()]
                };
                series.samples.iter().map(row).collect::<Vec<_>>()
            };
            let cells: Vec<Vec<String>> = metrics.series.iter().flat_map(of).collect();
            output::print(&rows::csv(&["series", "time", "value"], &cells))
        }
        _ => {
            let cells: Vec<Vec<String>> =
                metrics.series.iter().map(|series| series_cells(labels(series), series)).collect();
            let columns = [
                Column::text("SERIES"),
                Column::number("LAST"),
                Column::number("LEAST"),
                Column::number("MEAN"),
                Column::number("MOST"),
                Column::text("OVER TIME"),
            ];
            let count = format::grouped(cells.len() as u64);
            let note = format!("{count} series, a sample each {} s\n", metrics.step_seconds);
            output::print(&(rows::table(&columns, &cells) + &note))
        }
    }
}

/// How many signs a small chart has at most.
const CHART: usize = 40;

fn series_cells(labels: String, series: &SeriesRow) -> Vec<String> {
    let values: Vec<f64> = series.samples.iter().map(|sample| sample.value).collect();
    let number = |value: f64| format!("{}", (value * 1e4).round() / 1e4);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let last = values.last().copied().unwrap_or_default();
    let labels = if labels.is_empty() { "all".to_owned() } else { labels };
    vec![labels, number(last), number(least), number(mean), number(most), chart(&values, most)]
}

/// Returns one sign for each of the last samples, or for the greatest of some side by side.
fn chart(values: &[f64], most: f64) -> String {
    const SIGNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let sign = |values: &[f64]| {
        let greatest = values.iter().copied().fold(0.0, f64::max);
        let part = if most > 0.0 { greatest / most } else { 0.0 };
        SIGNS[((part * 7.0).round() as usize).min(7)]
    };
    values.chunks(values.len().div_ceil(CHART).max(1)).map(sign).collect()
}

fn explain(answers: &Answers, matches: &ArgMatches, text: &str) -> Result<ExitCode, CliError> {
    let body = answers.get(&Url::new("/admin/tracing/query").with("q", text).finish())?;
    if ListFormat::of(matches) != ListFormat::Table {
        return output::print_json(&body);
    }
    let explained: Explained = read(&body)?;
    let mut out = format!("TraceQL   {}\n", explained.traceql);
    for note in &explained.notes {
        out.extend(["note      ", note, "\n"]);
    }
    let [spans, blocks] = [explained.spans, explained.blocks].map(format::grouped);
    out.extend(["held      ", &spans, " spans in ", &blocks, " blocks\n\n"]);
    let columns = [
        Column::text("FILTER"),
        Column::number("BLOCKS SKIPPED"),
        Column::number("SPANS LEFT"),
        Column::number("SPANS READ"),
        Column::number("SPANS MATCHED"),
    ];
    let cells = |filter: &crate::api::Filter| {
        let numbers = [filter.blocks_skipped, filter.spans_left, filter.spans_read, filter.spans_matched];
        std::iter::once(filter.filter.clone()).chain(numbers.map(format::grouped)).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = explained.filters.iter().map(cells).collect();
    out.push_str(&rows::table(&columns, &rows));
    output::print(&out)
}

/// Says how many there are where not all are shown.
fn total(total: usize, shown: usize, noun: &str) -> String {
    match total {
        0 => format!("no {noun} matches\n"),
        _ if total > shown => format!("{shown} of {}\n", format::plural(total as u64, noun)),
        _ => String::new(),
    }
}

pub(super) fn duration(ms: f64) -> String {
    let duration = Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default();
    format::duration(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// Leaves out what says little in a list: the sign of the zone, and all after milliseconds.
pub(super) fn short_time(time: &str) -> String {
    let (day, clock) = time.split_once('T').unwrap_or(("", time));
    let clock: String = clock.chars().take("00:00:00.000".len()).collect();
    format!("{day} {}", clock.trim_end_matches('Z'))
}

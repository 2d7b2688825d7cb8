//! `spantop analyze`: what the numbers say. A file each thing to know, a row each in the table of them.

mod compare;
mod dependencies;
mod errors;
mod explain;
mod findings;
mod health;
mod performance;
mod slow;
mod trends;

use std::cmp::Ordering;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command};

use super::asked::{self, Answers};
use super::error::CliError;
use super::output;
use super::query;
use super::rows::{self, Column, ListFormat};
use super::url::Url;
use super::window;

/// Something to know.
struct Topic {
    name: &'static str,
    about: &'static str,
    /// The endpoint that tells it.
    path: &'static str,
    takes: Takes,
    columns: &'static [Field],
    /// By which it is sorted if nothing else is said.
    sort: &'static str,
    /// Returns the rows in the body of the endpoint, as objects; each has all columns.
    rows: fn(&str) -> Result<Vec<Row>, CliError>,
    /// Returns what is said below the table.
    note: fn(&str) -> Result<String, CliError>,
}

/// The options of a topic beside those that all have.
enum Takes {
    /// `--service` and `--query`.
    Selection,
    SelectionAnd(&'static [More]),
    Only(&'static [More]),
}

/// An option that goes to the endpoint as it is.
struct More {
    name: &'static str,
    parameter: &'static str,
    value: &'static str,
    help: &'static str,
}

impl Takes {
    fn more(&self) -> &'static [More] {
        match self {
            Self::Selection => &[],
            Self::SelectionAnd(more) | Self::Only(more) => more,
        }
    }
}

/// A row: a value for each column.
type Row = serde_json::Map<String, serde_json::Value>;

/// A column, by its key in JSON.
struct Field {
    key: &'static str,
    title: &'static str,
    shape: Shape,
}

/// How values are shown to people.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Text,
    Count,
    /// Milliseconds.
    Duration,
    Percent,
    /// Milliseconds more, or less.
    Change,
    /// From 0 to 1, shown as percent.
    Share,
    /// With so many digits after the point.
    Number(usize),
    /// Not in the table.
    Hidden,
}

const TOPICS: &[Topic] = &[
    performance::TOPIC,
    performance::SERVICES,
    dependencies::TOPIC,
    errors::TOPIC,
    findings::TOPIC,
    explain::TOPIC,
    compare::TOPIC,
    health::TOPIC,
    trends::TOPIC,
    slow::TOPIC,
];

const AFTER_HELP: &str = "Figures of a service are over its requests, those of an operation over its spans. Examples:\n  \
spantop analyze services --since 15m\n  \
spantop analyze performance --service cart --sort -p99_ms\n  \
spantop analyze dependencies --service cart\n  \
spantop analyze errors --since 1h --service checkout\n  \
spantop analyze findings --since 15m\n  \
spantop analyze explain --query '{ name = \"POST /checkout\" && duration > 2s }'\n  \
spantop analyze compare --a '{ resource.service.version = \"1.4\" }' --b '{ resource.service.version = \"1.5\" }'\n  \
spantop analyze slow --query '{ kind = server }' --limit 10\n\
docs/figures.md says what each number means.";

pub(super) fn arguments(command: Command) -> Command {
    let topics = TOPICS.iter().map(|topic| with_options(Command::new(topic.name).about(topic.about), topic));
    command.subcommand_required(true).subcommand_value_name("WHAT").subcommands(topics).after_help(AFTER_HELP)
}

fn with_options(command: Command, topic: &Topic) -> Command {
    let keys: Vec<&str> = topic.columns.iter().map(|field| field.key).collect();
    let sort = Arg::new("sort").long("sort").value_name("KEY").allow_hyphen_values(true).help(format!(
        "By {}; - before it for descending [default: {}]",
        keys.join(", "),
        topic.sort
    ));
    let service = Arg::new("service").long("service").value_name("NAME").help("Only this service");
    let query =
        Arg::new("query").long("query").short('q').value_name("QUERY").help("Only the spans that a query returns");
    let limit =
        Arg::new("limit").long("limit").value_name("N").default_value("100").help("How many rows at most, up to 10000");
    let mut command = window::arguments(asked::arguments(command, "Read"));
    if !matches!(topic.takes, Takes::Only(_)) {
        command = command.arg(service).arg(query);
    }
    let more = topic.takes.more().iter();
    let more = more.map(|more| Arg::new(more.name).long(more.name).value_name(more.value).help(more.help));
    command.args(more).arg(limit).arg(sort).arg(ListFormat::argument())
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, CliError> {
    let (name, matches) = matches.subcommand().ok_or_else(|| CliError::usage("say what to analyze"))?;
    let topic = TOPICS.iter().find(|topic| topic.name == name);
    let topic = topic.ok_or_else(|| CliError::usage(format!("there is no analysis '{name}'")))?;
    let limit = limit(matches)?;
    let (key, is_descending) = sort(topic, matches)?;
    let mut url = window::with(Url::new(topic.path), matches);
    for (name, parameter) in [("service", "service_name"), ("query", "q")] {
        // Not every topic takes these.
        if let Ok(Some(text)) = matches.try_get_one::<String>(name) {
            if name == "query" && query::parse(text)?.query.metrics.is_some() {
                return Err(CliError::usage("a metrics query gives series, not spans").hint("leave out its last part"));
            }
            url = url.with(parameter, text);
        }
    }
    for more in topic.takes.more() {
        url = url.with_some(more.parameter, matches.get_one::<String>(more.name));
    }
    let is_cut = [performance::PATH, errors::PATH, findings::PATH, explain::PATH, compare::PATH].contains(&topic.path);
    let url = if is_cut { url.with("limit", "10000") } else { url };
    let body = Answers::of(matches)?.get(&url.finish())?;
    let format = ListFormat::of(matches);
    if format == ListFormat::Json {
        return output::print_json(&body);
    }
    let mut rows = (topic.rows)(&body)?;
    rows.sort_by(|a, b| compare(a.get(key), b.get(key), is_descending));
    let total = rows.len();
    rows.truncate(limit);
    print(topic, (rows, total), format, &body)
}

fn limit(matches: &ArgMatches) -> Result<usize, CliError> {
    let text = matches.get_one::<String>("limit").map(String::as_str).unwrap_or_default();
    let limit = text.parse().ok().filter(|limit| (1..=10_000).contains(limit));
    limit.ok_or_else(|| {
        CliError::usage(format!("'{text}' is no value of --limit")).hint("it takes a number from 1 to 10000")
    })
}

/// Returns the key to sort by, and whether the greatest comes first.
fn sort<'m>(topic: &Topic, matches: &'m ArgMatches) -> Result<(&'m str, bool), CliError> {
    let given = matches.get_one::<String>("sort").map_or(topic.sort, String::as_str);
    let (key, is_descending) = given.strip_prefix('-').map_or((given, false), |key| (key, true));
    if topic.columns.iter().any(|field| field.key == key) {
        return Ok((key, is_descending));
    }
    let keys: Vec<&str> = topic.columns.iter().map(|field| field.key).collect();
    let hint = format!("{} is sorted by one of {}", topic.name, keys.join(", "));
    Err(CliError::usage(format!("'{key}' is no value of --sort")).hint(hint))
}

/// What is not known comes last in either direction.
fn compare(a: Option<&serde_json::Value>, b: Option<&serde_json::Value>, is_descending: bool) -> Ordering {
    let [a, b] = [a, b].map(|value| value.filter(|value| !value.is_null()));
    let (Some(a), Some(b)) = (a, b) else { return a.is_none().cmp(&b.is_none()) };
    let order = match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.as_str().cmp(&b.as_str()),
    };
    if is_descending { order.reverse() } else { order }
}

fn print(
    topic: &Topic,
    (rows, total): (Vec<Row>, usize),
    format: ListFormat,
    body: &str,
) -> Result<ExitCode, CliError> {
    match format {
        ListFormat::Ndjson => rows::print_ndjson(&rows),
        ListFormat::Csv => {
            let titles: Vec<&str> = topic.columns.iter().map(|field| field.key).collect();
            let cell = |row: &Row, field: &Field| match row.get(field.key) {
                None | Some(serde_json::Value::Null) => String::new(),
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(serde_json::Value::Array(all)) => {
                    all.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join("; ")
                }
                Some(other) => other.to_string(),
            };
            let cells: Vec<Vec<String>> =
                rows.iter().map(|row| topic.columns.iter().map(|field| cell(row, field)).collect()).collect();
            output::print(&rows::csv(&titles, &cells))
        }
        _ => {
            let shown: Vec<&Field> = topic.columns.iter().filter(|field| field.shape != Shape::Hidden).collect();
            let columns: Vec<Column> = shown.iter().map(|field| field.column()).collect();
            let cells: Vec<Vec<String>> =
                rows.iter().map(|row| shown.iter().map(|field| field.shown(row.get(field.key))).collect()).collect();
            let note = (topic.note)(body)?;
            let count = match (cells.len(), total) {
                (0, _) if note.is_empty() => "nothing to tell: no spans\n".to_owned(),
                (shown, total) if shown < total => format!("{shown} of {total} rows\n"),
                _ => String::new(),
            };
            output::print(&(rows::table(&columns, &cells) + &count + &note))
        }
    }
}

impl Field {
    const fn new(key: &'static str, title: &'static str, shape: Shape) -> Self {
        Self { key, title, shape }
    }

    fn column(&self) -> Column {
        if self.shape == Shape::Text { Column::text(self.title) } else { Column::number(self.title) }
    }

    fn shown(&self, value: Option<&serde_json::Value>) -> String {
        const NONE: &str = "–";
        let number = || value.and_then(serde_json::Value::as_f64);
        let shown = match self.shape {
            Shape::Text | Shape::Hidden => match value {
                Some(serde_json::Value::Array(all)) => {
                    Some(all.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join("; "))
                }
                value => value.and_then(serde_json::Value::as_str).map(str::to_owned),
            },
            Shape::Count => value.and_then(serde_json::Value::as_u64).map(crate::tui::format::grouped),
            Shape::Duration => number().map(query::duration),
            Shape::Change => {
                number().map(|ms| format!("{}{}", if ms < 0.0 { "-" } else { "+" }, query::duration(ms.abs())))
            }
            Shape::Percent => number().map(|percent| format!("{percent:.2} %")),
            Shape::Share => number().map(|share| format!("{:.0} %", share * 100.0)),
            Shape::Number(digits) => number().map(|number| format!("{number:.digits$}")),
        };
        shown.unwrap_or_else(|| NONE.to_owned())
    }
}

/// Returns a row as an object.
fn object(row: &impl serde::Serialize) -> Result<Row, CliError> {
    match serde_json::to_value(row) {
        Ok(serde_json::Value::Object(object)) => Ok(object),
        _ => Err(asked::no_answer()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_comes_last_in_either_direction() {
        let mut values = vec![json!(null), json!(2.5), json!(10), json!(1)];
        values.sort_by(|a, b| compare(Some(a), Some(b), false));
        assert_eq!(values, [json!(1), json!(2.5), json!(10), json!(null)]);
        values.sort_by(|a, b| compare(Some(a), Some(b), true));
        assert_eq!(values, [json!(10), json!(2.5), json!(1), json!(null)]);
    }

    #[test]
    fn values_are_shown_to_people_and_what_is_not_there_as_a_dash() {
        let shown = |shape, value: serde_json::Value| Field::new("key", "KEY", shape).shown(Some(&value));
        assert_eq!(shown(Shape::Duration, json!(12.345)), "12.3 ms");
        assert_eq!(shown(Shape::Percent, json!(0.8)), "0.80 %");
        assert_eq!(shown(Shape::Count, json!(12_345)), "12,345");
        assert_eq!(shown(Shape::Number(1), json!(99.96)), "100.0");
        assert_eq!(shown(Shape::Text, json!(["a", "b"])), "a; b");
        assert_eq!(shown(Shape::Duration, json!(null)), "–");
    }

    #[test]
    fn every_topic_sorts_by_a_column_of_its_own() {
        for topic in TOPICS {
            assert!(
                topic.columns.iter().any(|field| field.key == topic.sort.trim_start_matches('-')),
                "{}",
                topic.name
            );
        }
    }
}

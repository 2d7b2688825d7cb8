//! `spantop analyze compare`: two traces, or two sets of them, side by side.

use serde_json::{Map, Value, json};

use super::{Field, More, Row, Shape, Takes, Topic, query};
use crate::api::{CompareBody, CompareRow, SideRow, StepRow};
use crate::cli::error::CliError;

pub(super) const PATH: &str = "/admin/tracing/analysis/compare";

const fn more(name: &'static str, parameter: &'static str, value: &'static str, help: &'static str) -> More {
    More { name, parameter, value, help }
}

pub(super) const TOPIC: Topic = Topic {
    name: "compare",
    about: "Two traces, two versions or two times side by side, operation by operation",
    path: PATH,
    takes: Takes::Only(&[
        more("a", "a", "TRACE|QUERY", "One side: the id of a trace, or a query for the traces of its spans"),
        more("b", "b", "TRACE|QUERY", "The other side"),
        more("a-from", "a_start", "TIME", "Of side a only what began then or later"),
        more("a-to", "a_end", "TIME", "Of side a only what began before that"),
        more("b-from", "b_start", "TIME", "Of side b only what began then or later"),
        more("b-to", "b_end", "TIME", "Of side b only what began before that"),
    ]),
    columns: &[
        Field::new("difference_ms", "DIFFERENCE", Shape::Change),
        Field::new("a_count", "A", Shape::Count),
        Field::new("b_count", "B", Shape::Count),
        Field::new("a_mean_ms", "A MEAN", Shape::Duration),
        Field::new("b_mean_ms", "B MEAN", Shape::Duration),
        Field::new("a_p95_ms", "A P95", Shape::Duration),
        Field::new("b_p95_ms", "B P95", Shape::Duration),
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("operation", "OPERATION", Shape::Text),
        Field::new("path", "PATH", Shape::Hidden),
        Field::new("a_errors", "A ERRORS", Shape::Hidden),
        Field::new("b_errors", "B ERRORS", Shape::Hidden),
        Field::new("a_self_ms", "A SELF", Shape::Hidden),
        Field::new("b_self_ms", "B SELF", Shape::Hidden),
    ],
    sort: "-difference_ms",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let found: CompareBody = query::read(body)?;
    Ok(found.rows.iter().map(row).collect())
}

fn row(row: &CompareRow) -> Row {
    let last = row.path.last();
    let of = |step: fn(&StepRow) -> &String| last.map(|last| step(last).clone());
    let path: Vec<String> = row.path.iter().map(|step| format!("{} {}", step.service, step.operation)).collect();
    let mut all = Map::new();
    let mut add = |key: &str, value: Value| _ = all.insert(key.to_owned(), value);
    add("difference_ms", json!(row.difference_ms));
    for (name, side) in [("a", &row.a), ("b", &row.b)] {
        let of = |value: fn(&SideRow) -> Value| side.as_ref().map_or(Value::Null, value);
        add(&format!("{name}_count"), of(|side| json!(side.count)));
        add(&format!("{name}_errors"), of(|side| json!(side.errors)));
        add(&format!("{name}_mean_ms"), of(|side| json!(side.mean_ms)));
        add(&format!("{name}_p95_ms"), of(|side| json!(side.p95_ms)));
        add(&format!("{name}_self_ms"), of(|side| json!(side.self_ms)));
    }
    add("service", json!(of(|step| &step.service)));
    add("operation", json!(of(|step| &step.operation)));
    add("path", json!(path));
    all
}

fn note(body: &str) -> Result<String, CliError> {
    let found: CompareBody = query::read(body)?;
    let (a, b) = (found.a_traces, found.b_traces);
    Ok(format!("{a} traces on side a, {b} on side b; the difference is that of the self time in a trace\n"))
}

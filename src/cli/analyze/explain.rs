//! `spantop analyze explain`: why some traces differ.

use super::{Field, More, Row, Shape, Takes, Topic, object, query};
use crate::api::ExplainBody;
use crate::cli::error::CliError;

pub(super) const PATH: &str = "/admin/tracing/analysis/explain";

pub(super) const TOPIC: Topic = Topic {
    name: "explain",
    about: "Why some traces are slow or fail: what sets those with a selected span apart from others like them",
    path: PATH,
    takes: Takes::SelectionAnd(&[More {
        name: "against",
        parameter: "against",
        value: "QUERY",
        help: "Compare with the traces of the spans that this returns [default: all that are not selected]",
    }]),
    columns: &[
        Field::new("rank", "", Shape::Count),
        Field::new("selected_percent", "THESE", Shape::Percent),
        Field::new("baseline_percent", "OTHERS", Shape::Percent),
        Field::new("evidence", "WHAT SETS THEM APART", Shape::Text),
        Field::new("service", "SERVICE", Shape::Hidden),
        Field::new("operation", "OPERATION", Shape::Hidden),
        Field::new("kind", "KIND", Shape::Hidden),
        Field::new("attribute", "ATTRIBUTE", Shape::Hidden),
        Field::new("value", "VALUE", Shape::Hidden),
        Field::new("score", "SCORE", Shape::Hidden),
        Field::new("p_value", "P", Shape::Hidden),
    ],
    sort: "rank",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let found: ExplainBody = query::read(body)?;
    let operations = found.operations.iter().map(object);
    let mut rows: Vec<Row> = operations.chain(found.attributes.iter().map(object)).collect::<Result<_, _>>()?;
    for row in &mut rows {
        // Each is one or the other.
        for key in ["operation", "kind", "attribute", "value"] {
            row.entry(key).or_insert(serde_json::Value::Null);
        }
    }
    Ok(rows)
}

fn note(body: &str) -> Result<String, CliError> {
    let found: ExplainBody = query::read(body)?;
    let (selected, baseline) = (found.selected, found.baseline);
    let of = format!("of {selected} selected traces and {baseline} others with the same root operations\n");
    Ok(if found.operations.is_empty() && found.attributes.is_empty() { format!("{}; {of}", found.verdict) } else { of })
}

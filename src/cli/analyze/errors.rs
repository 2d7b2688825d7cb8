//! `spantop analyze errors`: which errors there are.

use super::{Field, Row, Shape, Takes, Topic, object, query};
use crate::api::ErrorsBody;
use crate::cli::error::CliError;

pub(super) const PATH: &str = "/admin/tracing/analysis/errors";

pub(super) const TOPIC: Topic = Topic {
    name: "errors",
    about: "Which errors there are: spans with the same cause as one group",
    path: PATH,
    takes: Takes::Selection,
    columns: &[
        Field::new("count", "COUNT", Shape::Count),
        Field::new("last_seen", "LAST SEEN", Shape::Text),
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("operation", "OPERATION", Shape::Text),
        Field::new("exception_type", "TYPE", Shape::Text),
        Field::new("pattern", "MESSAGE", Shape::Text),
        Field::new("new_in", "NEW IN", Shape::Text),
        Field::new("fingerprint", "FINGERPRINT", Shape::Text),
        Field::new("first_seen", "FIRST SEEN", Shape::Hidden),
        Field::new("message", "EXAMPLE", Shape::Hidden),
        Field::new("sample_trace_ids", "TRACES", Shape::Hidden),
    ],
    sort: "-count",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let found: ErrorsBody = query::read(body)?;
    found.groups.iter().map(object).collect()
}

/// Says how many there are altogether.
fn note(body: &str) -> Result<String, CliError> {
    let found: ErrorsBody = query::read(body)?;
    let groups = found.total_groups;
    Ok(match found.total {
        0 => String::new(),
        total => format!("{total} spans with an error in {groups} {}\n", if groups == 1 { "group" } else { "groups" }),
    })
}

//! `spantop analyze dependencies`: who calls whom.

use super::{Field, Row, Shape, Takes, Topic, object, query};
use crate::api::DependenciesBody;
use crate::cli::error::CliError;

pub(super) const TOPIC: Topic = Topic {
    name: "dependencies",
    about: "Who calls whom: services, and the databases, queues and third parties that they call",
    path: "/admin/tracing/analysis/services",
    takes: Takes::Selection,
    columns: &[
        Field::new("caller", "CALLER", Shape::Text),
        Field::new("callee", "CALLEE", Shape::Text),
        Field::new("kind", "KIND", Shape::Text),
        Field::new("calls", "CALLS", Shape::Count),
        Field::new("calls_per_minute", "PER MINUTE", Shape::Number(1)),
        Field::new("errors", "ERRORS", Shape::Count),
        Field::new("error_rate_percent", "RATE", Shape::Percent),
        Field::new("mean_ms", "MEAN", Shape::Duration),
        Field::new("p50_ms", "P50", Shape::Duration),
        Field::new("p95_ms", "P95", Shape::Duration),
        Field::new("p99_ms", "P99", Shape::Duration),
        Field::new("caller_p95_ms", "CALLER'S P95", Shape::Duration),
        Field::new("caller_errors", "CALLER'S ERRORS", Shape::Hidden),
        Field::new("virtual", "VIRTUAL", Shape::Hidden),
    ],
    sort: "-calls",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let found: DependenciesBody = query::read(body)?;
    found.edges.iter().map(object).collect()
}

/// Says what the table leaves out.
fn note(body: &str) -> Result<String, CliError> {
    let found: DependenciesBody = query::read(body)?;
    let virtuals = found.nodes.iter().filter(|node| node.r#virtual).count();
    let near = if found.percentiles == "exact" { "" } else { "; percentiles are within 1 %" };
    let left_out = found.total_edges - found.edges.len().min(found.total_edges);
    let left_out = if left_out > 0 { format!("; {left_out} more that are called less") } else { String::new() };
    Ok(match found.nodes.len() {
        0 => String::new(),
        all => format!("{} services, {virtuals} that send no spans{left_out}{near}\n", all - virtuals),
    })
}

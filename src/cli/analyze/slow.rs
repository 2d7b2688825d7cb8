//! `spantop analyze slow`: the operations that time is spent in.

use super::performance::{PATH, note};
use super::{Field, Row, Shape, Takes, Topic, object, query};
use crate::api::Performance;
use crate::cli::error::CliError;

pub(super) const TOPIC: Topic = Topic {
    name: "slow",
    about: "The operations that most time is spent in: in their spans, without those below them",
    path: PATH,
    takes: Takes::Selection,
    columns: &[
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("operation", "OPERATION", Shape::Text),
        Field::new("kind", "KIND", Shape::Text),
        Field::new("count", "SPANS", Shape::Count),
        Field::new("total_ms", "SELF TIME", Shape::Duration),
        Field::new("share_percent", "SHARE", Shape::Percent),
        Field::new("p95_ms", "P95", Shape::Duration),
        Field::new("p99_ms", "P99", Shape::Duration),
    ],
    sort: "-total_ms",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let performance: Performance = query::read(body)?;
    performance.slow_operations.iter().map(object).collect()
}

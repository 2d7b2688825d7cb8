//! `spantop analyze findings`: what stands out in traces.

use super::{Field, Row, Shape, Takes, Topic, object, query};
use crate::api::FindingsBody;
use crate::cli::error::CliError;

pub(super) const PATH: &str = "/admin/tracing/analysis/findings";

pub(super) const TOPIC: Topic = Topic {
    name: "findings",
    about: "What stands out: N+1 calls, retries, gaps, waits for pools, swallowed errors and more, with what helps",
    path: PATH,
    takes: Takes::Selection,
    columns: &[
        Field::new("cost_ms", "COST", Shape::Duration),
        Field::new("traces", "TRACES", Shape::Count),
        Field::new("kind", "KIND", Shape::Text),
        Field::new("confidence", "SURE", Shape::Share),
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("evidence", "EVIDENCE", Shape::Text),
        Field::new("operation", "OPERATION", Shape::Hidden),
        Field::new("subject", "SUBJECT", Shape::Hidden),
        Field::new("sentence", "WHAT HELPS", Shape::Hidden),
        Field::new("count", "COUNT", Shape::Hidden),
        Field::new("last_seen", "LAST SEEN", Shape::Hidden),
        Field::new("sample_trace_ids", "EXAMPLES", Shape::Hidden),
    ],
    sort: "-cost_ms",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let found: FindingsBody = query::read(body)?;
    found.findings.iter().map(object).collect()
}

/// Says what helps, a line each kind that was found.
fn note(body: &str) -> Result<String, CliError> {
    let found: FindingsBody = query::read(body)?;
    let mut told: Vec<&str> = Vec::new();
    let mut advice: Vec<String> = Vec::new();
    for finding in &found.findings {
        if !told.contains(&finding.kind.as_str()) {
            told.push(&finding.kind);
            advice.push(format!("{}: {}\n", finding.kind, finding.sentence));
        }
    }
    Ok(if advice.is_empty() {
        format!("nothing stands out in {} traces\n", found.traces)
    } else {
        format!("\n{}", advice.concat())
    })
}

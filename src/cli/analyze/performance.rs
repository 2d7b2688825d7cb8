//! `spantop analyze performance` and `spantop analyze services`: the figures of operations, and of services.

use super::{Field, Row, Shape, Takes, Topic, object, query};
use crate::api::{Performance, ServiceRow};
use crate::cli::error::CliError;

pub(super) const PATH: &str = "/admin/tracing/analysis/performance";

pub(super) const TOPIC: Topic = Topic {
    name: "performance",
    about: "Figures of every operation: its spans, errors, durations, throughput, Apdex",
    path: PATH,
    takes: Takes::Selection,
    columns: &[
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("operation", "OPERATION", Shape::Text),
        Field::new("kind", "KIND", Shape::Text),
        Field::new("requests", "SPANS", Shape::Count),
        ERRORS,
        ERROR_RATE,
        MEAN,
        MEDIAN,
        P90,
        P95,
        P99,
        P999,
        MAX,
        APDEX,
        PER_MINUTE,
        PER_HOUR,
        PEAK,
    ],
    sort: "service",
    rows: operations,
    note,
};

pub(super) const SERVICES: Topic = Topic {
    name: "services",
    about: "Figures of every service: its requests, errors, durations, throughput, Apdex",
    path: PATH,
    takes: Takes::Selection,
    columns: &[
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("requests", "REQUESTS", Shape::Count),
        ERRORS,
        ERROR_RATE,
        MEAN,
        MEDIAN,
        P90,
        P95,
        P99,
        P999,
        MAX,
        APDEX,
        PER_MINUTE,
        PER_HOUR,
        PEAK,
    ],
    sort: "service",
    rows: services,
    note,
};

const ERRORS: Field = Field::new("errors", "ERRORS", Shape::Count);
const ERROR_RATE: Field = Field::new("error_rate_percent", "RATE", Shape::Percent);
const MEAN: Field = Field::new("mean_ms", "MEAN", Shape::Duration);
const MEDIAN: Field = Field::new("median_ms", "P50", Shape::Duration);
const P90: Field = Field::new("p90_ms", "P90", Shape::Hidden);
const P95: Field = Field::new("p95_ms", "P95", Shape::Duration);
const P99: Field = Field::new("p99_ms", "P99", Shape::Duration);
const P999: Field = Field::new("p999_ms", "P99.9", Shape::Hidden);
const MAX: Field = Field::new("max_ms", "MAX", Shape::Duration);
const APDEX: Field = Field::new("apdex", "APDEX", Shape::Number(3));
const PER_MINUTE: Field = Field::new("throughput_per_minute", "PER MINUTE", Shape::Number(1));
const PER_HOUR: Field = Field::new("throughput_per_hour", "PER HOUR", Shape::Hidden);
const PEAK: Field = Field::new("peak_per_minute", "PEAK", Shape::Count);

fn operations(body: &str) -> Result<Vec<Row>, CliError> {
    let performance: Performance = query::read(body)?;
    let of_service = |service: &ServiceRow| {
        let row = |operation| {
            let mut row = object(operation)?;
            row.insert("service".to_owned(), service.service.clone().into());
            Ok(row)
        };
        service.operations.iter().map(row).collect::<Vec<_>>()
    };
    performance.services.iter().flat_map(of_service).collect()
}

fn services(body: &str) -> Result<Vec<Row>, CliError> {
    let performance: Performance = query::read(body)?;
    let row = |service: &ServiceRow| {
        let mut row = object(service)?;
        row.remove("operations");
        Ok(row)
    };
    performance.services.iter().map(row).collect()
}

/// Says over what the figures are.
pub(super) fn note(body: &str) -> Result<String, CliError> {
    let performance: Performance = query::read(body)?;
    let near = if performance.percentiles == "exact" { "" } else { "; percentiles are within 1 %" };
    let window = &performance.window;
    Ok(match (&window.start, &window.end) {
        (Some(start), Some(end)) => {
            format!("from {} to {}{near}\n", query::short_time(start), query::short_time(end))
        }
        _ => String::new(),
    })
}

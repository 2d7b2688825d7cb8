//! `spantop analyze health`: how well services do.

use super::{Field, Row, Shape, Takes, Topic, object, query};
use crate::api::SystemHealthBody;
use crate::cli::error::CliError;
use crate::tui::sanitize;

pub(super) const TOPIC: Topic = Topic {
    name: "health",
    about: "How well every service does, from 0 to 100, and why it is not 100",
    path: "/admin/tracing/health",
    takes: Takes::Selection,
    columns: &[
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("health_score", "HEALTH", Shape::Number(1)),
        Field::new("status", "STATUS", Shape::Text),
        Field::new("error_score", "ERRORS", Shape::Number(1)),
        Field::new("performance_score", "DURATIONS", Shape::Number(1)),
        Field::new("error_rate_percent", "RATE", Shape::Percent),
        Field::new("mean_ms", "MEAN", Shape::Duration),
        Field::new("requests", "REQUESTS", Shape::Count),
        Field::new("reasons", "WHY", Shape::Text),
    ],
    sort: "health_score",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let health: SystemHealthBody = query::read(body)?;
    health.services.iter().map(object).collect()
}

fn note(body: &str) -> Result<String, CliError> {
    let health: SystemHealthBody = query::read(body)?;
    let Some((score, status)) = health.health_score.zip(health.status) else { return Ok(String::new()) };
    let reasons: Vec<String> = health.reasons.iter().map(|reason| format!("\n  {}", sanitize::clean(reason))).collect();
    Ok(format!("all together: {score:.1}, {status}{}\n", reasons.concat()))
}

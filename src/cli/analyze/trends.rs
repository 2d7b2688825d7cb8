//! `spantop analyze trends`: where the figures of services are going.

use super::{Field, Row, Shape, Takes, Topic, object, query};
use crate::api::{TrendRow, Trends};
use crate::cli::error::CliError;
use crate::tui::sanitize;

pub(super) const TOPIC: Topic = Topic {
    name: "trends",
    about: "Where every service is going: slopes with a test, changes of level, and what its health will be",
    path: "/admin/tracing/analysis/trends",
    takes: Takes::Selection,
    columns: &[
        Field::new("service", "SERVICE", Shape::Text),
        Field::new("minutes", "MINUTES", Shape::Count),
        Field::new("slope_per_hour", "P95 MS/H", Shape::Number(2)),
        Field::new("p_value", "CHANCE", Shape::Number(3)),
        Field::new("error_rate_slope_per_hour", "ERRORS %/H", Shape::Number(2)),
        Field::new("error_rate_p_value", "CHANCE", Shape::Number(3)),
        Field::new("health_slope_per_hour", "HEALTH /H", Shape::Number(1)),
        Field::new("health_p_value", "CHANCE", Shape::Number(3)),
        Field::new("health_score", "HEALTH", Shape::Number(1)),
        Field::new("expected_in_an_hour", "IN AN HOUR", Shape::Number(1)),
        Field::new("change_points", "P95 CHANGED", Shape::Text),
    ],
    sort: "service",
    rows,
    note,
};

fn rows(body: &str) -> Result<Vec<Row>, CliError> {
    let trends: Trends = query::read(body)?;
    let row = |trend: &TrendRow| {
        let mut row = object(trend)?;
        // A row is a line: the series and the forecast are in --format json.
        row.remove("series");
        row.remove("forecast");
        row.insert("minutes".to_owned(), trend.series.len().into());
        row.insert("health_score".to_owned(), trend.series.last().and_then(|minute| minute.health_score).into());
        row.insert("expected_in_an_hour".to_owned(), trend.forecast.last().map(|expected| expected.value).into());
        Ok(row)
    };
    trends.services.iter().map(row).collect()
}

fn note(body: &str) -> Result<String, CliError> {
    let trends: Trends = query::read(body)?;
    let warning = |trend: &TrendRow| {
        let warning = trend.warning.as_ref()?;
        let service = sanitize::clean(&trend.service);
        Some(format!("{service}: health crosses {} in about {} min\n", warning.limit, warning.in_minutes))
    };
    Ok(trends.services.iter().filter_map(warning).collect::<Vec<_>>().concat())
}

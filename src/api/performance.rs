//! `GET /admin/tracing/analysis/performance`: the figures of services and their operations.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json, milliseconds};
use crate::analysis::{Figures, Performance as Found, ServiceFigures, SlowOperation};
use crate::source::{self, FiguresRequest, Reply, Request, Selection, Slow, SlowOrder, SlowRequest};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    pub window: WindowBody,
    /// `exact`, or `approximate` where durations are within 1 %.
    pub percentiles: String,
    pub services: Vec<ServiceRow>,
    pub slow_operations: Vec<SlowRow>,
}

/// What the figures are over: the window, or where it is open from the first span held to after the last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowBody {
    pub start: Option<String>,
    pub end: Option<String>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceRow {
    pub service: String,
    #[serde(flatten)]
    pub figures: FiguresRow,
    pub operations: Vec<OperationRow>,
}

/// An operation of a service; its requests are its spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationRow {
    pub operation: String,
    pub kind: String,
    #[serde(flatten)]
    pub figures: FiguresRow,
}

/// Figures; null where there is nothing to compute them from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FiguresRow {
    pub requests: u64,
    pub errors: u64,
    pub error_rate_percent: Option<f64>,
    pub mean_ms: Option<f64>,
    pub median_ms: Option<f64>,
    pub p90_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub p999_ms: Option<f64>,
    pub max_ms: Option<f64>,
    pub apdex: Option<f64>,
    pub throughput_per_minute: Option<f64>,
    pub throughput_per_hour: Option<f64>,
    pub peak_per_minute: u64,
}

/// An operation that time is spent in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlowRow {
    pub service: String,
    pub operation: String,
    pub kind: String,
    pub count: u64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    /// Its self time, and the part of all self time that it is.
    pub total_ms: f64,
    pub share_percent: f64,
}

impl Performance {
    /// Returns the body for what was found.
    pub fn of(found: &Found, slow: &Slow) -> Self {
        let time = |time: Option<crate::model::Timestamp>| time.map(|time| time.to_string());
        Self {
            window: WindowBody { start: time(found.from), end: time(found.to) },
            percentiles: if found.is_approximate { "approximate" } else { "exact" }.to_owned(),
            services: found.services.iter().map(ServiceRow::of).collect(),
            slow_operations: slow.operations.iter().map(SlowRow::of).collect(),
        }
    }
}

impl ServiceRow {
    fn of(service: &ServiceFigures) -> Self {
        let operations = service.operations.iter().map(|operation| OperationRow {
            operation: operation.operation.to_string(),
            kind: operation.kind.name().to_owned(),
            figures: FiguresRow::of(&operation.figures),
        });
        Self {
            service: service.service.to_string(),
            figures: FiguresRow::of(&service.figures),
            operations: operations.collect(),
        }
    }
}

impl FiguresRow {
    /// Returns the row of figures.
    pub fn of(figures: &Figures) -> Self {
        let percentiles = figures.percentiles.map(|percentiles| percentiles.all().map(milliseconds));
        let percentile = |place: usize| percentiles.map(|all| all[place]);
        Self {
            requests: figures.requests,
            errors: figures.errors,
            error_rate_percent: figures.error_rate_percent(),
            mean_ms: figures.mean_ns().map(|ns| ns / 1e6),
            median_ms: percentile(0),
            p90_ms: percentile(1),
            p95_ms: percentile(2),
            p99_ms: percentile(3),
            p999_ms: percentile(4),
            max_ms: (figures.requests > 0).then(|| milliseconds(figures.max_ns)),
            apdex: figures.apdex,
            throughput_per_minute: figures.per_minute(),
            throughput_per_hour: figures.per_hour(),
            peak_per_minute: figures.peak_per_minute,
        }
    }
}

impl SlowRow {
    fn of(slow: &SlowOperation) -> Self {
        Self {
            service: slow.service.to_string(),
            operation: slow.operation.to_string(),
            kind: slow.kind.name().to_owned(),
            count: slow.spans,
            p95_ms: milliseconds(slow.p95_ns),
            p99_ms: milliseconds(slow.p99_ns),
            total_ms: slow.self_ns as f64 / 1e6,
            share_percent: slow.share_percent,
        }
    }
}

pub(super) async fn performance(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let (of, limit) = (selection(&mut given)?, given.limit()?);
    given.finish()?;
    let figures = FiguresRequest { of: of.clone(), with_operations: true, ..FiguresRequest::default() };
    let Reply::Figures(figured) = ask(source.clone(), Request::Figures(figures)).await? else {
        return Err(ApiError::internal("the source answered something else".into()));
    };
    let slow = SlowRequest { of, order: SlowOrder::Total, with_before: false, limit };
    match ask(source, Request::Slow(slow)).await? {
        Reply::Slow(slow) => Ok(json(&Performance::of(&figured.performance, &slow))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

/// Takes which spans are asked for: `service_name`, the window, and `q`.
pub(super) fn selection(given: &mut Parameters) -> Result<Selection, ApiError> {
    Ok(Selection { window: given.window(source::now())?, query: given.query()?, service: given.text("service_name") })
}

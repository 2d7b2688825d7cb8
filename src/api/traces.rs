//! `GET /admin/tracing`: the list of traces.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json, milliseconds};
use crate::model::TraceSummary;
use crate::source::{self, Page, Reply, Request, Sort, SortKey, TraceFilter, TraceList, TraceStatus, TracesRequest};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Traces {
    pub total: usize,
    pub traces: Vec<TraceRow>,
}

/// A trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceRow {
    pub trace_id: String,
    pub root_service: Option<String>,
    pub root_operation: Option<String>,
    pub start_time: String,
    pub duration_ms: f64,
    pub span_count: u32,
    pub error_count: u32,
    pub services: Vec<String>,
    pub roots: u32,
    pub missing_parents: u32,
    pub complete: bool,
    pub partial: bool,
}

pub(super) async fn list(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let request = request(&uri)?;
    match ask(source, Request::Traces(request)).await? {
        Reply::Traces(list) => Ok(json(&Traces::of(&list))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

fn request(uri: &Uri) -> Result<TracesRequest, ApiError> {
    let mut given = Parameters::of(uri)?;
    let request = TracesRequest {
        filter: TraceFilter {
            window: given.window(source::now())?,
            service: given.text("service_name"),
            operation: given.text("operation"),
            status: given.read("status", "ok or error", status)?,
            query: given.query()?,
            min_duration_ns: given.milliseconds("min_duration_ms")?,
            max_duration_ns: given.milliseconds("max_duration_ms")?,
        },
        sort: given.read("sort", &sort_keys(), sort)?.unwrap_or_default(),
        page: Page::At(given.offset()?),
        limit: given.limit()?,
    };
    given.finish()?;
    Ok(request)
}

fn status(text: &str) -> Option<TraceStatus> {
    match text {
        "ok" => Some(TraceStatus::Ok),
        "error" => Some(TraceStatus::Error),
        _ => None,
    }
}

fn sort(text: &str) -> Option<Sort> {
    let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
    SortKey::ALL.iter().find(|(_, known)| *known == name).map(|&(key, _)| Sort { key, descending })
}

fn sort_keys() -> String {
    let names: Vec<&str> = SortKey::ALL.iter().map(|(_, name)| *name).collect();
    format!("{}, with - before it for descending", names.join(", "))
}

impl Traces {
    /// Returns the body for a list.
    pub fn of(list: &TraceList) -> Self {
        Self { total: list.total, traces: list.rows.iter().map(TraceRow::of).collect() }
    }
}

impl TraceRow {
    fn of(trace: &TraceSummary) -> Self {
        Self {
            trace_id: trace.id.to_string(),
            root_service: trace.root.as_ref().map(|root| root.service.to_string()),
            root_operation: trace.root.as_ref().map(|root| root.operation.to_string()),
            start_time: trace.start.to_string(),
            duration_ms: milliseconds(trace.duration_ns),
            span_count: trace.span_count,
            error_count: trace.error_count,
            services: trace.services.iter().map(ToString::to_string).collect(),
            roots: trace.roots,
            missing_parents: trace.missing_parents,
            complete: trace.is_complete(),
            partial: trace.partial,
        }
    }
}

//! `GET /admin/tracing/spans`: the spans that a query returns.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json, literal, milliseconds};
use crate::query::Query;
use crate::source::{self, FoundSpan, Reply, Request, SpanList, SpansRequest};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spans {
    pub total: usize,
    pub spans: Vec<SpanRow>,
}

/// A span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanRow {
    pub trace_id: String,
    pub span_id: String,
    pub service: String,
    pub operation: String,
    pub kind: String,
    pub status: String,
    pub start_time: String,
    pub duration_ms: f64,
    /// What the query selects, by the names of its fields.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub selected: Map<String, Value>,
}

impl Spans {
    /// Returns the body for what was found by a query.
    pub fn of(list: &SpanList, query: &Query) -> Self {
        let fields: Vec<String> = query.selected().map(ToString::to_string).collect();
        Self { total: list.total, spans: list.rows.iter().map(|row| SpanRow::of(row, &fields)).collect() }
    }
}

impl SpanRow {
    fn of(span: &FoundSpan, fields: &[String]) -> Self {
        let selected = fields.iter().cloned().zip(span.selected.iter().map(literal)).collect();
        Self {
            trace_id: span.trace.to_string(),
            span_id: span.id.to_string(),
            service: span.service.to_string(),
            operation: span.operation.to_string(),
            kind: span.kind.name().to_owned(),
            status: span.status.name().to_owned(),
            start_time: span.start.to_string(),
            duration_ms: milliseconds(span.duration_ns),
            selected,
        }
    }
}

pub(super) async fn list(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let request = request(&uri)?;
    let query = request.query.clone();
    match ask(source, Request::Spans(request)).await? {
        Reply::Spans(list) => Ok(json(&Spans::of(&list, &query))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

fn request(uri: &Uri) -> Result<SpansRequest, ApiError> {
    let mut given = Parameters::of(uri)?;
    let request = SpansRequest {
        query: given.query()?.unwrap_or_else(|| Query::everything().into()),
        window: given.window(source::now())?,
        service: given.text("service_name"),
        limit: given.limit()?,
        offset: given.offset()?,
    };
    given.finish()?;
    Ok(request)
}

//! `GET /admin/tracing/traces/{id}`: one trace as OTLP/JSON.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use bytes::Bytes;

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json_bytes, shortened};
use crate::model::TraceId;
use crate::otlp::encode;
use crate::source::{Reply, Request};

/// Returns the body of the answer: OTLP/JSON of a trace in `ExportTraceServiceRequest` messages.
pub fn trace_body(messages: &[Bytes]) -> String {
    encode::traces_json(messages)
}

pub(super) async fn otlp(
    State(source): State<Shared>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, ApiError> {
    Parameters::of(&uri)?.finish()?;
    let Path(id) = path.map_err(|error| ApiError::bad_request(error.body_text(), "a trace id is 32 hex digits"))?;
    let id: TraceId = id.parse().map_err(|_| {
        let message = format!("'{}' is not a trace id", shortened(&id));
        ApiError::bad_request(message, "a trace id is 32 hex digits, not all zero")
    })?;
    match ask(source, Request::TraceOtlp(id)).await? {
        Reply::Otlp(Some(messages)) => {
            let text = tokio::task::spawn_blocking(move || trace_body(&messages)).await;
            text.map(json_bytes).map_err(|_| ApiError::internal("cannot write the trace".into()))
        }
        _ => Err(ApiError::not_found(
            format!("trace {id} is not held"),
            "it never came, or it is gone: 'spantop stats' tells how far back traces are held",
        )),
    }
}

//! `GET /admin/tracing/stats`: counters, fill and age.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json};
use crate::source::{Counters, Reply, Request, Status};

/// The body of the answer; the command line reads it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stats {
    pub version: String,
    pub pid: u32,
    pub total_traces: u64,
    pub error_traces: u64,
    pub memory_traces_count: u64,
    pub spans: Counters,
    pub bytes: Bytes,
    pub memory_budget_bytes: u64,
    pub blocks: u64,
    /// The earliest arrival that may still be held, RFC 3339.
    pub oldest_arrival: Option<String>,
    /// Spans stored in the last whole second.
    pub spans_per_second: u32,
    pub refused_requests: u64,
    pub last_refusal: Option<String>,
    /// The bound addresses, as `otlp/grpc 127.0.0.1:4317`.
    pub listening: Vec<String>,
    pub uptime_seconds: f64,
}

/// What the spans held take.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bytes {
    pub memory: u64,
    pub disk: u64,
}

pub(super) async fn stats(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    Parameters::of(&uri)?.finish()?;
    match ask(source, Request::Status).await? {
        Reply::Status(status) => Ok(json(&Stats::of(&status))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

impl Stats {
    fn of(status: &Status) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            total_traces: status.total_traces,
            error_traces: status.error_traces,
            memory_traces_count: status.memory_traces,
            spans: status.counters,
            bytes: Bytes { memory: status.memory_bytes, disk: 0 },
            memory_budget_bytes: status.memory_budget,
            blocks: status.blocks,
            oldest_arrival: status.oldest.map(|time| time.to_string()),
            spans_per_second: status.spans_per_second.last().copied().unwrap_or(0),
            refused_requests: status.refused_requests,
            last_refusal: status.last_refusal.clone(),
            listening: status.listening.clone(),
            uptime_seconds: status.uptime_ns as f64 / 1e9,
        }
    }
}

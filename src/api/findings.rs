//! `GET /admin/tracing/analysis/findings`: what stands out in traces.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::performance::selection;
use super::{Shared, ask, json};
use crate::analysis::findings::FindingGroup;
use crate::source::{Findings as Found, Reply, Request};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindingsBody {
    /// How many traces were looked at.
    pub traces: u64,
    /// How many there are, told or not.
    pub total: usize,
    /// Those that cost most first.
    pub findings: Vec<FindingRow>,
}

/// The same finding in one trace or many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindingRow {
    /// As `n_plus_one`.
    pub kind: String,
    /// Where it is.
    pub service: String,
    pub operation: String,
    /// What is called or repeated; empty where nothing is.
    pub subject: String,
    /// From 0 to 1, as the next two of the trace in which it costs most.
    pub confidence: f64,
    pub evidence: String,
    /// What helps.
    pub sentence: String,
    pub count: u64,
    pub traces: u64,
    /// By how much requests could at most have been shorter, all together; 0 where it costs no time.
    pub cost_ms: f64,
    pub last_seen: String,
    /// Those in which it costs most.
    pub sample_trace_ids: Vec<String>,
}

impl FindingsBody {
    /// Returns the body for what was found, with so many findings at most.
    pub fn of(found: &Found, limit: usize) -> Self {
        Self {
            traces: found.traces,
            total: found.groups.len(),
            findings: found.groups.iter().take(limit).map(FindingRow::of).collect(),
        }
    }
}

impl FindingRow {
    fn of(group: &FindingGroup) -> Self {
        let worst = &group.worst;
        let finder = worst.kind.finder();
        Self {
            kind: finder.name.to_owned(),
            service: worst.service.to_string(),
            operation: worst.operation.to_string(),
            subject: worst.subject.clone(),
            confidence: worst.confidence,
            evidence: worst.evidence.clone(),
            sentence: finder.advice.to_owned(),
            count: group.count,
            traces: group.traces,
            cost_ms: group.cost_ns as f64 / 1e6,
            last_seen: group.last_seen.to_string(),
            sample_trace_ids: group.samples.iter().map(ToString::to_string).collect(),
        }
    }
}

pub(super) async fn findings(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let of = selection(&mut given)?;
    let limit = given.limit()?;
    given.finish()?;
    match ask(source, Request::Findings(of)).await? {
        Reply::Findings(found) => Ok(json(&FindingsBody::of(&found, limit))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

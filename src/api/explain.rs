//! `GET /admin/tracing/analysis/explain`: what sets selected traces apart from others.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::performance::selection;
use super::{Shared, ask, json};
use crate::analysis::explain::{Cause, What};
use crate::source::{ExplainRequest, Explained as Found, Reply, Request, Selection};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainBody {
    /// Traces that are selected, and others with the same root operations.
    pub selected: u64,
    pub baseline: u64,
    /// How many of each were compared: chosen by chance where there are many.
    pub compared_selected: usize,
    pub compared_baseline: usize,
    /// What comes first of all, as a sentence; or that nothing sets them apart.
    pub verdict: String,
    /// The most telling first, as the next.
    pub operations: Vec<FaultRow>,
    pub attributes: Vec<ValueRow>,
}

/// An operation that sets them apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRow {
    /// Its place among operations and attributes together, from 1.
    pub rank: usize,
    pub service: String,
    pub operation: String,
    pub kind: String,
    /// By how much more of the selected traces it is so, from 0 to 1.
    pub score: f64,
    pub selected_percent: f64,
    pub baseline_percent: f64,
    pub p_value: f64,
    pub evidence: String,
}

/// A value of an attribute that sets them apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueRow {
    pub rank: usize,
    /// Whose spans have it; or of an attribute of the resource, who runs with it.
    pub service: String,
    /// With `resource.` before it where it is of the resource.
    pub attribute: String,
    pub value: String,
    pub score: f64,
    pub selected_percent: f64,
    pub baseline_percent: f64,
    pub p_value: f64,
    pub evidence: String,
}

impl ExplainBody {
    /// Returns the body for what was found, with so many rows of each at most.
    pub fn of(found: &Found, limit: usize) -> Self {
        let (mut operations, mut attributes) = (Vec::new(), Vec::new());
        for (rank, cause) in (1..).zip(&found.explanation.causes) {
            let Cause { what, association } = cause;
            let (selected_percent, baseline_percent) = (association.selected * 100.0, association.rest * 100.0);
            let (score, p_value, evidence) = (cause.score(), association.p_value, cause.sentence());
            match what {
                What::Operation { of, .. } => operations.push(FaultRow {
                    rank,
                    service: of.service.to_string(),
                    operation: of.name.to_string(),
                    kind: of.kind.name().to_owned(),
                    score,
                    selected_percent,
                    baseline_percent,
                    p_value,
                    evidence,
                }),
                What::Value { of, value } => attributes.push(ValueRow {
                    rank,
                    service: of.service.to_string(),
                    attribute: format!("{}{}", if of.is_of_resource { "resource." } else { "" }, of.name),
                    value: value.clone(),
                    score,
                    selected_percent,
                    baseline_percent,
                    p_value,
                    evidence,
                }),
            }
        }
        operations.truncate(limit);
        attributes.truncate(limit);
        Self {
            selected: found.selected,
            baseline: found.rest,
            compared_selected: found.explanation.selected,
            compared_baseline: found.explanation.rest,
            verdict: found.explanation.verdict(),
            operations,
            attributes,
        }
    }
}

pub(super) async fn explain(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let of = selection(&mut given)?;
    let against = Selection { query: given.query_named("against")?, window: of.window, service: None };
    let limit = given.limit()?;
    given.finish()?;
    if of.query.is_none() && of.service.is_none() {
        return Err(ApiError::bad_request(
            "there is nothing to explain".into(),
            "q takes a query that selects spans, as { status = error }",
        ));
    }
    match ask(source, Request::Explain(ExplainRequest { of, against })).await? {
        Reply::Explained(found) => Ok(json(&ExplainBody::of(&found, limit))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

//! `GET /admin/tracing/query`: what a query means, and what there is to look at for it.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json};
use crate::query::Parsed;
use crate::source::{Plan, Reply, Request};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// The query in TraceQL.
    pub traceql: String,
    pub shorthand: bool,
    /// What of it is ours, and not in TraceQL.
    pub notes: Vec<String>,
    /// All spans, and the blocks that they are in.
    pub spans: u64,
    pub blocks: u64,
    pub filters: Vec<Filter>,
}

/// What there is to look at for a filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    pub filter: String,
    /// Blocks of which columns, names and filters tell that no span matches.
    pub blocks_skipped: u64,
    /// Spans left by columns, names and filters.
    pub spans_left: u64,
    /// Those of them that are looked at one by one.
    pub spans_read: u64,
    pub spans_matched: u64,
}

impl Explained {
    /// Returns the body for a query and its plan.
    pub fn of(parsed: &Parsed, plan: &Plan) -> Self {
        let filter = |filter: &crate::source::FilterPlan| Filter {
            filter: filter.filter.clone(),
            blocks_skipped: filter.blocks_skipped,
            spans_left: filter.spans_left,
            spans_read: filter.spans_read,
            spans_matched: filter.spans_matched,
        };
        Self {
            traceql: parsed.query.to_string(),
            shorthand: parsed.is_shorthand,
            notes: parsed.notes.iter().map(ToString::to_string).collect(),
            spans: plan.spans,
            blocks: plan.blocks,
            filters: plan.filters.iter().map(filter).collect(),
        }
    }
}

pub(super) async fn explained(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let parsed = given.parsed()?;
    given.finish()?;
    match ask(source, Request::Plan(parsed.query.clone().into())).await? {
        Reply::Plan(plan) => Ok(json(&Explained::of(&parsed, &plan))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

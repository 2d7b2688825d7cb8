//! `GET /admin/tracing/analysis/compare`: two traces, or two sets of them, side by side.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json, milliseconds};
use crate::analysis::compare::{Compared as Row, Side};
use crate::model::TraceId;
use crate::source::{self, CompareRequest, CompareSide, Compared as Found, Reply, Request, Selection, Window};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareBody {
    pub a_traces: u64,
    pub b_traces: u64,
    /// `approximate` where percentiles are within 1 %.
    pub percentiles: String,
    /// How many rows there are, told or not.
    pub total: usize,
    /// Those that differ most first.
    pub rows: Vec<CompareRow>,
}

/// Spans with the same path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareRow {
    /// From the root down to the spans.
    pub path: Vec<StepRow>,
    /// Null where a side has none.
    pub a: Option<SideRow>,
    pub b: Option<SideRow>,
    /// How much more self time they take in a trace of side b.
    pub difference_ms: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    pub service: String,
    pub operation: String,
}

/// Spans with one path on one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideRow {
    pub count: u64,
    pub errors: u64,
    pub mean_ms: f64,
    pub p95_ms: f64,
    /// Of all of them in a trace.
    pub self_ms: f64,
}

impl CompareBody {
    /// Returns the body for what was found, with so many rows at most.
    pub fn of(found: &Found, limit: usize) -> Self {
        let comparison = &found.comparison;
        Self {
            a_traces: comparison.traces[0],
            b_traces: comparison.traces[1],
            percentiles: if comparison.is_approximate { "approximate" } else { "exact" }.to_owned(),
            total: comparison.rows.len(),
            rows: comparison.rows.iter().take(limit).map(CompareRow::of).collect(),
        }
    }
}

impl CompareRow {
    fn of(row: &Row) -> Self {
        let side = |side: Side| SideRow {
            count: side.count,
            errors: side.errors,
            mean_ms: milliseconds(side.mean_ns),
            p95_ms: milliseconds(side.p95_ns),
            self_ms: milliseconds(side.self_ns),
        };
        let steps = row
            .path
            .iter()
            .map(|step| StepRow { service: step.service.to_string(), operation: step.operation.to_string() });
        Self {
            path: steps.collect(),
            a: row.a.map(side),
            b: row.b.map(side),
            difference_ms: row.difference_ns as f64 / 1e6,
        }
    }
}

pub(super) async fn compare(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let window = given.window(source::now())?;
    let names = [("a", "a_start", "a_end"), ("b", "b_start", "b_end")];
    let mut sides = Vec::new();
    for names in names {
        sides.push(side(&mut given, names, window)?);
    }
    let limit = given.limit()?;
    given.finish()?;
    let sides: [CompareSide; 2] =
        sides.try_into().map_err(|_| ApiError::internal("a comparison has two sides".into()))?;
    if sides[0] == sides[1] {
        let hint = "a and b take a trace id or a query each; a_start, a_end, b_start and b_end take times";
        return Err(ApiError::bad_request("both sides are the same".into(), hint));
    }
    for side in &sides {
        if let CompareSide::Trace(id) = side
            && !matches!(ask(source.clone(), Request::Trace(*id)).await?, Reply::Trace(Some(_)))
        {
            return Err(ApiError::not_found(format!("no trace {id} is held"), "it may have left, or never come"));
        }
    }
    match ask(source, Request::Compare(CompareRequest { sides })).await? {
        Reply::Compared(found) => Ok(json(&CompareBody::of(&found, limit))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

/// Takes a side: a trace by its id, or what a query selects in its own window or that of both.
fn side(
    given: &mut Parameters,
    (name, start, end): (&'static str, &'static str, &'static str),
    window: Window,
) -> Result<CompareSide, ApiError> {
    let own = given.between(start, end)?;
    let id = given.peek(name).filter(|text| text.len() == 32).and_then(|text| text.parse::<TraceId>().ok());
    if let Some(id) = id {
        given.text(name);
        return Ok(CompareSide::Trace(id));
    }
    let query = given.query_named(name)?;
    let window = Window { from: own.from.or(window.from), to: own.to.or(window.to) };
    Ok(CompareSide::Selection(Selection { query, window, service: None }))
}

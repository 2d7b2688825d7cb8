//! `GET /admin/tracing/analysis/services`: who calls whom.

use std::cmp::Reverse;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::performance::{FiguresRow, selection};
use super::{Shared, ask, json, milliseconds};
use crate::analysis::Graph;
use crate::analysis::graph::{Edge, Node};
use crate::source::{DependenciesRequest, Reply, Request};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DependenciesBody {
    /// `exact`, or `approximate` where durations are within 1 %.
    pub percentiles: String,
    pub nodes: Vec<NodeRow>,
    pub edges: Vec<EdgeRow>,
    /// How many edges there are, told or not.
    pub total_edges: usize,
}

/// A service, or what services call that sends no spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeRow {
    pub service: String,
    /// Whether it sends no spans and is known by what its callers say.
    pub r#virtual: bool,
    /// What it is, where it is virtual: `database`, `messaging`, `rpc` or `external`.
    pub kind: Option<String>,
    #[serde(flatten)]
    pub figures: FiguresRow,
}

/// The calls from one to another; null where there is nothing to compute it from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EdgeRow {
    pub caller: String,
    pub callee: String,
    /// Whether the callee is virtual.
    pub r#virtual: bool,
    pub kind: String,
    pub calls: u64,
    pub errors: u64,
    pub error_rate_percent: Option<f64>,
    pub calls_per_minute: Option<f64>,
    pub mean_ms: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// The same calls as the caller saw them: with what networks and queues take.
    pub caller_p95_ms: Option<f64>,
    pub caller_errors: u64,
}

impl DependenciesBody {
    /// Returns the body for a graph, with at most so many edges: those with the most calls.
    pub fn of(graph: &Graph, limit: usize) -> Self {
        let mut edges: Vec<&Edge> = graph.edges.iter().collect();
        if edges.len() > limit {
            edges.sort_by_key(|edge| (Reverse(edge.calls.requests), edge.caller, edge.callee, edge.kind));
            edges.truncate(limit);
            edges.sort_by_key(|edge| (edge.caller, edge.callee, edge.kind));
        }
        Self {
            percentiles: if graph.is_approximate { "approximate" } else { "exact" }.to_owned(),
            nodes: graph.nodes.iter().map(NodeRow::of).collect(),
            edges: edges.into_iter().map(|edge| EdgeRow::of(graph, edge)).collect(),
            total_edges: graph.edges.len(),
        }
    }
}

impl NodeRow {
    fn of(node: &Node) -> Self {
        Self {
            service: node.name.to_string(),
            r#virtual: node.outside.is_some(),
            kind: node.outside.map(|kind| kind.name().to_owned()),
            figures: FiguresRow::of(&node.figures),
        }
    }
}

impl EdgeRow {
    fn of(graph: &Graph, edge: &Edge) -> Self {
        let node = |place: usize| graph.nodes.get(place);
        let name = |place: usize| node(place).map(|node| node.name.to_string()).unwrap_or_default();
        let (calls, callers) = (&edge.calls, edge.by_caller.as_ref().unwrap_or(&edge.calls));
        let p95 = callers.percentiles.map(|percentiles| milliseconds(percentiles.p95_ns));
        let row = FiguresRow::of(calls);
        Self {
            caller: name(edge.caller),
            callee: name(edge.callee),
            r#virtual: node(edge.callee).is_some_and(|node| node.outside.is_some()),
            kind: edge.kind.name().to_owned(),
            calls: row.requests,
            errors: row.errors,
            error_rate_percent: row.error_rate_percent,
            calls_per_minute: row.throughput_per_minute,
            mean_ms: row.mean_ms,
            p50_ms: row.median_ms,
            p95_ms: row.p95_ms,
            p99_ms: row.p99_ms,
            caller_p95_ms: p95,
            caller_errors: callers.errors,
        }
    }
}

/// No more edges are told at once.
const MOST_EDGES: usize = 10_000;

pub(super) async fn dependencies(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let of = selection(&mut given)?;
    // Half of a graph is none: all edges are told unless fewer are asked for.
    let limit = given.given_limit()?.unwrap_or(MOST_EDGES);
    given.finish()?;
    match ask(source, Request::Dependencies(DependenciesRequest { of, is_quick: false })).await? {
        Reply::Dependencies(found) => Ok(json(&DependenciesBody::of(&found.graph, limit))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

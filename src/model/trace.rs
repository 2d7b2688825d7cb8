//! Traces: the row of a list, and one opened trace with its tree.

use std::sync::Arc;

use super::tree::Tree;
use super::{Span, Timestamp, TraceId};

/// One row per trace, whatever pieces it came in.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSummary {
    pub id: TraceId,
    /// The root that names the trace; none where no root is held.
    pub root: Option<Root>,
    /// The least start of the held spans.
    pub start: Timestamp,
    /// Greatest end minus least start over the held spans.
    pub duration_ns: u64,
    pub span_count: u32,
    pub error_count: u32,
    /// The services with a span in this trace, sorted by name.
    pub services: Vec<Arc<str>>,
    /// How many spans without a parent id are held.
    pub roots: u32,
    /// How many spans name a parent that is not held.
    pub missing_parents: u32,
    /// Whether a part of the trace was evicted.
    pub partial: bool,
}

impl TraceSummary {
    /// Returns whether the trace has a root and no orphan.
    pub fn is_complete(&self) -> bool {
        self.roots > 0 && self.missing_parents == 0
    }
}

/// The span that names a trace: of its roots the one that starts first, then has the smallest id.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    pub service: Arc<str>,
    pub operation: Arc<str>,
}

/// One trace with every held span and their tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    pub summary: TraceSummary,
    /// The held spans, in order of arrival.
    pub spans: Vec<Span>,
    pub tree: Tree,
}

//! Two sets of traces side by side: spans are aligned by their path, the services and operations from the root down to them, so that
//! what became slower, what is new and what is missing stands in one row each.

mod collecting;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use collecting::Collecting;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step {
    pub service: Arc<str>,
    pub operation: Arc<str>,
}

/// Spans with one path, on both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// From the root on.
    pub path: Vec<Step>,
    /// None where a side has no such span.
    pub a: Option<Side>,
    pub b: Option<Side>,
    /// How much longer such spans take themselves on side b, in a trace in the middle of all, in nanoseconds.
    pub difference_ns: i64,
}

/// Spans with one path on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side {
    pub count: u64,
    pub errors: u64,
    pub mean_ns: u64,
    pub p95_ns: u64,
    /// The sum of their self times, for each trace of the side.
    pub self_ns: u64,
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// How many traces are on each side.
    pub traces: [u64; 2],
    /// Those that differ most first.
    pub rows: Vec<Compared>,
    /// How many spans are in none, as there are too many paths.
    pub others: u64,
    pub is_approximate: bool,
}

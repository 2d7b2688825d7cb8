//! The figures of services and of their operations.

use std::sync::Arc;

use super::Figures;
use crate::model::{Kind, Timestamp};

/// The figures of everything that was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Performance {
    /// From the first to after the last span: the window, where it has ends.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Whether percentiles and Apdex are within 1 % of the durations, not exact.
    pub is_approximate: bool,
    /// By name.
    pub services: Vec<ServiceFigures>,
    /// Each tick's length; the first of [`ServiceFigures::ticks`] begins at [`Performance::first_tick`].
    pub tick_ns: u64,
    pub first_tick: Timestamp,
}

/// The figures of a service: of its requests.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceFigures {
    pub service: Arc<str>,
    pub figures: Figures,
    /// Of the window before, as long; none where that was not asked for, or the window has no beginning.
    pub before: Option<Figures>,
    /// Its requests over the window.
    pub ticks: Vec<Tick>,
    /// Those that took the longest together first.
    pub operations: Vec<OperationFigures>,
}

/// The requests that began in a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    pub requests: u64,
    pub errors: u64,
    /// Of their durations.
    pub sum_ns: u128,
}

/// The figures of the spans of a service, operation and kind.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationFigures {
    pub operation: Arc<str>,
    pub kind: Kind,
    pub figures: Figures,
    /// As [`ServiceFigures::before`].
    pub before: Option<Figures>,
}

/// An operation that time is spent in.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowOperation {
    pub service: Arc<str>,
    pub operation: Arc<str>,
    pub kind: Kind,
    pub spans: u64,
    pub p95_ns: u64,
    pub p99_ns: u64,
    /// Time spent in its spans and not in their children.
    pub self_ns: u128,
    /// Of the self time of all operations.
    pub share_percent: f64,
    /// How it did in the window before, where that was asked for and it was there.
    pub change: Option<Change>,
}

/// Durations against those of the window before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    pub p95_before_ns: u64,
    /// How likely a span of now takes longer than one of before; 0.5 where nothing changed.
    pub slower: f64,
    /// How likely so much of a difference is chance.
    pub p_value: f64,
}

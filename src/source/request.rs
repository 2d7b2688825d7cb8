//! What can be asked.

use std::sync::Arc;

use crate::model::{Held, SpanId, Timestamp, TraceId};
use crate::query::Query;
use crate::query::ast::{Field, Scope};

/// A question. Each later capability brings its own, with one [`super::Reply`].
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A page of the list of traces; answered by [`super::Reply::Traces`].
    Traces(TracesRequest),
    /// One trace with all its spans; answered by [`super::Reply::Trace`], none where it is not held.
    Trace(TraceId),
    /// What came of a trace after what the asker has; answered by [`super::Reply::Newer`], or where what the asker has is
    /// not all held any more as [`Request::Trace`].
    Newer(TraceId, Held),
    /// One trace as it was received: answered by [`super::Reply::Otlp`], none where it is not held.
    TraceOtlp(TraceId),
    /// Everything kept of one span; answered by [`super::Reply::Span`], none where it is not held.
    Span(TraceId, SpanId),
    /// The spans that a query returns; answered by [`super::Reply::Spans`].
    Spans(SpansRequest),
    /// The series of a metrics query; answered by [`super::Reply::Series`].
    Series(SeriesRequest),
    /// The spans of one trace that a query returns; answered by [`super::Reply::Matches`].
    Matches(TraceId, Arc<Query>),
    /// How often values of fields are there in the traces of a list; answered by [`super::Reply::Facets`].
    Facets(FacetsRequest),
    /// When the traces of a list began and how long they took; answered by [`super::Reply::Scatter`].
    Scatter(ScatterRequest),
    /// The figures of services and operations; answered by [`super::Reply::Figures`].
    Figures(FiguresRequest),
    /// How durations are spread over time; answered by [`super::Reply::Density`].
    Density(DensityRequest),
    /// The operations that time is spent in; answered by [`super::Reply::Slow`].
    Slow(SlowRequest),
    /// Who calls whom; answered by [`super::Reply::Dependencies`].
    Dependencies(DependenciesRequest),
    /// Which errors there are; answered by [`super::Reply::Errors`].
    Errors(Selection),
    /// What stands out in the traces that have a selected span; answered by [`super::Reply::Findings`].
    Findings(Selection),
    /// What stands out in one trace; answered by [`super::Reply::TraceFindings`], none where it is not held.
    TraceFindings(TraceId),
    /// What sets selected traces apart; answered by [`super::Reply::Explained`].
    Explain(ExplainRequest),
    /// Two traces, or two sets of them, side by side; answered by [`super::Reply::Compared`].
    Compare(CompareRequest),
    /// How well services do; answered by [`super::Reply::Health`].
    Health(Selection),
    /// Where the figures of services are going; answered by [`super::Reply::Trends`].
    Trends(Selection),
    /// What there is to look at for a query; answered by [`super::Reply::Plan`].
    Plan(Arc<Query>),
    /// The names of attributes that spans have; answered by [`super::Reply::Attributes`].
    Attributes(AttributesRequest),
    /// Counters, fill and age of the store; answered by [`super::Reply::Status`].
    Status,
    /// Everything that has to go by the limits, let go now, or only named; answered by [`super::Reply::Gc`].
    Gc { is_dry_run: bool },
}

impl Request {
    /// Returns whether the answer may take the time to look at every span held.
    pub fn is_search(&self) -> bool {
        match self {
            Self::Traces(TracesRequest { filter, .. }) => filter.query.is_some(),
            Self::Spans(_)
            | Self::Series(_)
            | Self::Matches(..)
            | Self::Facets(_)
            | Self::Scatter(_)
            | Self::Figures(_)
            | Self::Density(_)
            | Self::Slow(_)
            | Self::Dependencies(_)
            | Self::Errors(_)
            | Self::Findings(_)
            | Self::Explain(_)
            | Self::Compare(_)
            | Self::TraceFindings(_)
            | Self::Health(_)
            | Self::Trends(_)
            | Self::Plan(_)
            | Self::Attributes(_) => true,
            _ => false,
        }
    }

    /// Returns whether an answer to `asked` also serves who asks this: it asks the same, or goes on from what was asked.
    pub fn is_served_by(&self, asked: &Self) -> bool {
        match (self, asked) {
            (Self::Newer(id, _), Self::Newer(asked, _) | Self::Trace(asked)) => id == asked,
            _ => self == asked,
        }
    }
}

/// A page of traces: which, in what order, from where.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracesRequest {
    pub filter: TraceFilter,
    pub sort: Sort,
    pub page: Page,
    /// How many rows at most.
    pub limit: usize,
}

/// A page of the spans that a query returns, those that began last first.
#[derive(Clone, Debug, PartialEq)]
pub struct SpansRequest {
    pub query: Arc<Query>,
    /// In which the spans began.
    pub window: Window,
    /// Of which they are.
    pub service: Option<String>,
    pub offset: usize,
    pub limit: usize,
}

/// Series over a window.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRequest {
    /// One with metrics.
    pub query: Arc<Query>,
    pub window: Window,
    pub service: Option<String>,
    /// The time from one sample to the next; by default the window ÷ 240, rounded to a readable one.
    pub step_ns: Option<u64>,
}

/// Spans that figures are of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// In which the spans began.
    pub window: Window,
    /// That the query returns.
    pub query: Option<Arc<Query>>,
    /// Of which they are.
    pub service: Option<String>,
}

/// Figures of services and operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FiguresRequest {
    pub of: Selection,
    /// Whether percentiles and Apdex may be within 1 % only, which takes a tenth of the time where much is held.
    pub is_quick: bool,
    /// Whether the operations of each service are told as well.
    pub with_operations: bool,
    /// Whether the window before, as long, is told as well.
    pub with_before: bool,
    /// How many ticks of a minute or more the requests of each service are counted in at most; 0 for none.
    pub ticks: u16,
}

/// Durations in cells: the columns divide the time, the rows the logarithm of the duration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DensityRequest {
    pub of: Selection,
    /// Only the spans of this operation, of all kinds.
    pub operation: Option<String>,
    /// Whether all spans count, or requests only.
    pub all_spans: bool,
    pub columns: u16,
    pub rows: u16,
}

/// Operations that time is spent in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlowRequest {
    pub of: Selection,
    pub order: SlowOrder,
    /// Whether they are compared with the window before.
    pub with_before: bool,
    pub limit: usize,
}

/// Services, what they call, and the edges between them. An edge has the calls of which the callee is selected, or where
/// that sends no spans the caller. Of a service there are its own edges alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DependenciesRequest {
    pub of: Selection,
    /// Whether percentiles may be off by 1 %.
    pub is_quick: bool,
}

/// What sets the traces that have a selected span apart from others with the same root operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExplainRequest {
    pub of: Selection,
    /// The others: those of these traces that are not selected.
    pub against: Selection,
}

/// What is compared with what.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareRequest {
    pub sides: [CompareSide; 2],
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum CompareSide {
    Trace(TraceId),
    /// The traces that have a selected span.
    Selection(Selection),
    /// No trace: the other side is to be told alone.
    Nothing,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowOrder {
    /// What most time is spent in.
    #[default]
    Total,
    /// Of which one in a hundred takes the longest.
    P99,
    /// What became slower most surely.
    Change,
}

/// Values of fields and how many traces have them.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetsRequest {
    /// The traces that are looked at.
    pub filter: TraceFilter,
    pub fields: Vec<Field>,
    /// Only values that begin with this, in any case.
    pub prefix: String,
    /// How many values of each field at most, the most frequent first.
    pub limit: usize,
}

/// Traces as points, in cells: the columns divide the time, the rows the logarithm of the duration.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterRequest {
    pub filter: TraceFilter,
    pub columns: u16,
    pub rows: u16,
}

/// Names of attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributesRequest {
    pub window: Window,
    /// [`Scope::Either`] asks for those of span and resource.
    pub scope: Scope,
    /// Only names that have this in them, in any case.
    pub part: String,
    pub limit: usize,
}

/// Which traces are asked for; every part that is set must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceFilter {
    pub window: Window,
    /// With [`TraceFilter::operation`]: one span of the trace has both.
    pub service: Option<String>,
    pub operation: Option<String>,
    pub status: Option<TraceStatus>,
    /// What the trace must match.
    pub query: Option<Arc<Query>>,
    /// Of the trace, inclusive.
    pub min_duration_ns: Option<u64>,
    /// Of the trace, inclusive.
    pub max_duration_ns: Option<u64>,
}

/// A stretch of time: from ≤ start < to; open where an end is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl Window {
    /// Returns whether `time` lies inside.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

/// Whether a trace has an error span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceStatus {
    Ok,
    Error,
}

/// The order of a list; ties are broken by trace id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::StartTime, descending: true }
    }
}

/// What a list of traces can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    StartTime,
    Duration,
    SpanCount,
    ErrorCount,
    RootService,
    RootOperation,
}

impl SortKey {
    /// Every key with its name in the API and on the command line.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::StartTime, "start_time"),
        (Self::Duration, "duration_ms"),
        (Self::SpanCount, "span_count"),
        (Self::ErrorCount, "error_count"),
        (Self::RootService, "root_service"),
        (Self::RootOperation, "root_operation"),
    ];

    /// Returns the name in the API and on the command line.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// This many rows are skipped.
    At(usize),
    /// The page on which this trace stands `above` rows below the top, as far as the list reaches; where the trace is
    /// not in the list, the page at `otherwise`. Keeps what one reads in its place while rows arrive.
    Around { trace: TraceId, above: usize, otherwise: usize },
}

impl Default for Page {
    fn default() -> Self {
        Self::At(0)
    }
}

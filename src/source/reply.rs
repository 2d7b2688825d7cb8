//! What is answered.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::analysis::compare::Comparison;
use crate::analysis::errors::ErrorGroup;
use crate::analysis::explain::Explanation;
use crate::analysis::findings::{Finding, FindingGroup};
use crate::analysis::trend::{InMinute, Trend};
use crate::analysis::{Figures, Graph, Percentiles, Performance, SlowOperation, SystemHealth};
use crate::model::{Held, Kind, Span, SpanDetail, SpanId, StatusCode, Timestamp, Trace, TraceId, TraceSummary};
use crate::query::ast::{Field, Literal};
use crate::store::{Counters, Losses};

/// An answer; the variant is the one its [`super::Request`] names.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Traces(TraceList),
    Trace(Option<Arc<Trace>>),
    /// The spans of a trace that came after those, in order of arrival.
    Newer(Held, Vec<Span>),
    /// `ExportTraceServiceRequest` messages in protobuf, one per piece of the trace.
    Otlp(Option<Vec<Bytes>>),
    Span(Option<Box<SpanDetail>>),
    Spans(SpanList),
    Series(Series),
    /// In order of their starts.
    Matches(Vec<SpanId>),
    Facets(Facets),
    Scatter(Scatter),
    Figures(Box<Figured>),
    Density(Box<Density>),
    Slow(Slow),
    Dependencies(Box<Dependencies>),
    Errors(Box<Errors>),
    Findings(Box<Findings>),
    TraceFindings(Option<Vec<Finding>>),
    Explained(Box<Explained>),
    Compared(Box<Compared>),
    Health(SystemHealth),
    Trends(Trends),
    Plan(Plan),
    /// How many of the spans looked at have each, the most frequent first.
    Attributes(Vec<(Arc<str>, u64)>),
    Status(Box<Status>),
    Gc(Collected),
}

/// What went by the limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Whether it is there still, and would go.
    pub is_dry_run: bool,
    pub removed: Vec<Removed>,
}

/// A block that went, a file, or both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// None where it was in memory only.
    pub file: Option<String>,
    pub reason: Reason,
    /// The spans that are gone with it.
    pub spans: u64,
    /// The bytes of the file.
    pub bytes: u64,
}

/// Why something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It came too long ago.
    Age,
    /// There were too many traces.
    Traces,
    /// There were too many bytes on disk.
    Bytes,
    /// It was damaged, and set aside for as long as traces are kept.
    SetAside,
    /// An earlier run did not end it.
    Unfinished,
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The spans that were looked at, or need not be.
    pub searched: u64,
    /// All spans.
    pub of: u64,
}

impl Progress {
    /// That of who has not come far enough to tell.
    pub const BEGUN: Self = Self { searched: 0, of: 1 };

    /// Returns whether everything was searched.
    pub fn is_complete(self) -> bool {
        self.searched >= self.of
    }
}

/// A page of spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanList {
    /// How many spans are returned by the query, before offset and limit, as far as it has come.
    pub total: usize,
    pub rows: Vec<FoundSpan>,
    pub progress: Progress,
}

/// A span that a query returned.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSpan {
    pub trace: TraceId,
    pub id: SpanId,
    pub service: Arc<str>,
    pub operation: Arc<str>,
    pub kind: Kind,
    pub status: StatusCode,
    pub start: Timestamp,
    pub duration_ns: u64,
    /// The values of the fields that the query selects, in its order; [`Literal::Nil`] where a span has none.
    pub selected: Vec<Literal>,
}

/// The answer to a metrics query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    pub step_ns: u64,
    pub series: Vec<OneSeries>,
    /// Whether percentiles are within 1 % only, as there were too many values.
    pub is_approximate: bool,
    pub progress: Progress,
}

/// Numbers over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OneSeries {
    /// By which it differs from the others.
    pub labels: Vec<(Arc<str>, Literal)>,
    /// In order of time; where there was nothing to compute from, nothing.
    pub samples: Vec<(Timestamp, f64)>,
}

/// What there is to look at for a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// All spans, and the blocks that they are in.
    pub spans: u64,
    pub blocks: u64,
    pub filters: Vec<FilterPlan>,
}

/// What there is to look at for a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterPlan {
    /// As it is written.
    pub filter: String,
    /// Blocks of which columns, names and filters tell that no span matches.
    pub blocks_skipped: u64,
    /// Spans left by columns, names and filters.
    pub spans_left: u64,
    /// Those of them that are looked at one by one.
    pub spans_read: u64,
    pub spans_matched: u64,
}

/// How often values are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facets {
    /// In the order asked for.
    pub facets: Vec<Facet>,
    /// How many traces were looked at: the newest ones, where they are too many.
    pub traces: u64,
    /// Whether these are all.
    pub is_all: bool,
}

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    pub field: Field,
    /// How many traces have a span with each value, most first.
    pub values: Vec<(Literal, u64)>,
    /// How many more values there are. Where there are very many, or very long ones, each time one came counts.
    pub others: u64,
}

/// Traces as points in cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// The left end of the first column and the right end of the last one: the window, or the starts of the first and the
    /// last trace.
    pub from: Timestamp,
    pub to: Timestamp,
    /// The shortest and the longest duration.
    pub least_ns: u64,
    pub most_ns: u64,
    /// Cells that have a trace, in order of column and row; the longest durations are in row 0.
    pub cells: Vec<Cell>,
    pub progress: Progress,
}

/// A cell of a scatter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub column: u16,
    pub row: u16,
    pub traces: u32,
    pub errors: u32,
}

/// The figures of services and operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figured {
    pub performance: Performance,
    pub progress: Progress,
}

/// Durations in cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// The left end of the first column and the right end of the last one.
    pub from: Timestamp,
    pub to: Timestamp,
    /// The lower end of the last row and the upper end of row 0. The rows between divide the logarithm evenly.
    pub least_ns: u64,
    pub most_ns: u64,
    pub columns: Vec<DensityColumn>,
    /// How many rows there are.
    pub rows: u16,
    /// Cells that have a span, in order of column and row; the longest durations are in row 0. `traces` counts spans.
    pub cells: Vec<Cell>,
    /// How many spans took how long, from the shortest on.
    pub histogram: Vec<Bar>,
    /// Of all of them; percentiles are exact.
    pub figures: Figures,
    pub progress: Progress,
}

/// A stretch of time; percentiles are within 1 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DensityColumn {
    pub spans: u64,
    pub errors: u64,
    /// None without spans.
    pub percentiles: Option<Percentiles>,
    pub max_ns: u64,
}

/// Spans that took from so long to so long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    pub from_ns: u64,
    /// One past the longest.
    pub to_ns: u64,
    pub spans: u64,
    pub errors: u64,
}

/// The operations that time is spent in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slow {
    pub operations: Vec<SlowOperation>,
    /// How many operations there are.
    pub total: usize,
    /// The self time of all.
    pub self_ns: u128,
    pub progress: Progress,
}

/// Who calls whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependencies {
    pub graph: Graph,
    pub progress: Progress,
}

/// Which errors there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors {
    /// Those with the most spans first.
    pub groups: Vec<ErrorGroup>,
    /// Spans with an error.
    pub total: u64,
    /// Those of them that are in no group, as there are too many groups.
    pub others: u64,
    /// What series are over, in nanoseconds since 1970.
    pub window: (u64, u64),
    pub progress: Progress,
}

/// What stands out in many traces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Those that cost most first.
    pub groups: Vec<FindingGroup>,
    /// How many traces were looked at.
    pub traces: u64,
    pub progress: Progress,
}

/// What sets selected traces apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explained {
    pub explanation: Explanation,
    /// How many traces are selected, and how many others have the same root operations; of many, some are compared.
    pub selected: u64,
    pub rest: u64,
    pub progress: Progress,
}

/// Two sets of traces side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    pub comparison: Comparison,
    pub progress: Progress,
}

/// Where the figures of services are going.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trends {
    /// By name.
    pub services: Vec<ServiceTrend>,
    pub progress: Progress,
}

/// Where the figures of a service are going.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceTrend {
    pub service: Arc<str>,
    /// The minutes in which it had requests.
    pub minutes: Vec<InMinute>,
    pub trend: Trend,
}

/// A page of the list of traces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceList {
    /// How many traces match, before offset and limit.
    pub total: usize,
    /// How many traces are held, whether they match or not.
    pub held: usize,
    /// How many matching traces stand before the first row.
    pub offset: usize,
    pub rows: Vec<TraceSummary>,
    /// How far the search for them has come; total and rows are those found so far.
    pub progress: Progress,
}

/// The state of the store and of the receivers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    pub counters: Counters,
    /// Traces held now, and how many of them have an error span.
    pub total_traces: u64,
    pub error_traces: u64,
    /// Traces with a span in memory.
    pub memory_traces: u64,
    /// Bytes that blocks and indexes take, and what they may take: 0 where nothing limits them.
    pub memory_bytes: u64,
    pub memory_budget: u64,
    pub blocks: u64,
    /// What is on disk; none where nothing is written there.
    pub disk: Option<DiskStatus>,
    /// The earliest arrival still held.
    pub oldest: Option<Timestamp>,
    /// The spans stored in each of the last seconds, oldest first, the running second left out.
    pub spans_per_second: Vec<u32>,
    pub uptime_ns: u64,
    /// Requests refused whole since the start, and the newest reason.
    pub refused_requests: u64,
    pub last_refusal: Option<String>,
    /// The bound addresses, as `otlp/grpc 127.0.0.1:4317`.
    pub listening: Vec<String>,
    /// Whether spans are still stored: false once the program stops.
    pub is_taking: bool,
}

/// What is on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskStatus {
    /// The folder.
    pub path: String,
    /// Bytes of all files, and what they may take: 0 where only their owner knows.
    pub bytes: u64,
    pub budget_bytes: u64,
    /// Sealed blocks that have a file.
    pub segments: u64,
    /// The spans in them, the bytes of their files, and what their messages took as they came.
    pub segment_spans: u64,
    pub segment_bytes: u64,
    pub received_bytes: u64,
    /// The earliest arrival of a span there, in nanoseconds since 1970.
    pub oldest_ns: Option<u64>,
    /// Why what comes in is kept in memory only at present.
    pub trouble: Option<String>,
    /// What was found at the start.
    pub recovery: Recovery,
}

impl DiskStatus {
    /// Returns what is in a folder: what the store tells of the files of blocks there, and so many bytes of logs.
    pub(super) fn in_folder(path: &Path, segments: Option<Self>, log_bytes: u64) -> Self {
        let segments = segments.unwrap_or_default();
        Self { path: path.display().to_string(), bytes: segments.segment_bytes + log_bytes, ..segments }
    }
}

/// What was found on disk at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Requests whose writing was cut off by the end of the last run, and their bytes.
    pub torn_bytes: u64,
    /// Stretches of logs, and blocks of files, that were damaged.
    pub damaged: u64,
    /// Spans that were in them.
    pub lost_spans: u64,
    /// Files that are of another version, or not ours.
    pub left_alone: u64,
}

impl From<Losses> for Recovery {
    fn from(losses: Losses) -> Self {
        let Losses { torn_bytes, damaged, left_alone } = losses;
        Self { torn_bytes, damaged, lost_spans: 0, left_alone }
    }
}

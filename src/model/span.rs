//! Spans: the row a list or waterfall shows, and the whole of one that was opened.

use std::sync::Arc;

use super::{Attribute, SpanId, Timestamp, TraceId};

/// The role of a span in its trace (OTLP `SpanKind`); a number newer than this list reads as unspecified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    #[default]
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

impl Kind {
    /// Every kind, in the order of OTLP's numbers.
    pub const ALL: [Self; 6] =
        [Self::Unspecified, Self::Internal, Self::Server, Self::Client, Self::Producer, Self::Consumer];

    /// Returns the kind of an OTLP number.
    pub fn from_number(number: i32) -> Self {
        usize::try_from(number).ok().and_then(|i| Self::ALL.get(i)).copied().unwrap_or_default()
    }

    /// Returns the name used in queries, JSON and on screens: `server`.
    pub fn name(self) -> &'static str {
        ["unspecified", "internal", "server", "client", "producer", "consumer"][self as usize]
    }
}

/// The outcome a span reported (OTLP `StatusCode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StatusCode {
    #[default]
    Unset,
    Ok,
    Error,
}

impl StatusCode {
    /// Returns the status of an OTLP number; an unknown one reads as unset.
    pub fn from_number(number: i32) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::Error,
            _ => Self::Unset,
        }
    }

    /// Returns the name used in queries, JSON and on screens: `error`.
    pub fn name(self) -> &'static str {
        ["unset", "ok", "error"][self as usize]
    }
}

/// A span as lists and waterfalls need it; its attributes stay where they are until it is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub id: SpanId,
    /// The parent's id; none for a root (an absent or all-zero id).
    pub parent: Option<SpanId>,
    pub start: Timestamp,
    /// End minus start, 0 where the end came before the start.
    pub duration_ns: u64,
    pub kind: Kind,
    pub status: StatusCode,
    pub service: Arc<str>,
    pub operation: Arc<str>,
    /// When its events happened, in the order sent, at most [`Span::MAX_EVENT_MARKS`].
    pub event_times: Vec<Timestamp>,
    /// At most 8,191, as the next.
    pub event_count: u32,
    pub link_count: u32,
    /// Whether the sender's end lay before its start.
    pub ends_before_start: bool,
}

impl Span {
    /// How many events of one span a waterfall marks.
    pub const MAX_EVENT_MARKS: usize = 32;

    /// Returns the end: start plus duration.
    pub fn end(&self) -> Timestamp {
        self.start.plus(self.duration_ns)
    }

    /// Returns whether the span's status is ERROR (an exception event alone does not count).
    pub fn is_error(&self) -> bool {
        self.status == StatusCode::Error
    }
}

/// Everything that is kept of one span, decoded for a person to read.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanDetail {
    pub trace: TraceId,
    pub span: Span,
    pub body: SpanBody,
    pub scope: Scope,
    pub resource: Resource,
    /// The size of the span in bytes of OTLP protobuf.
    pub encoded_bytes: usize,
}

/// The parts of a span that only its bytes have, until someone looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanBody {
    pub status_message: String,
    pub trace_state: String,
    /// W3C trace flags and OTLP's own bits above them.
    pub flags: u32,
    pub attributes: Vec<Attribute>,
    pub dropped_attributes: u32,
    pub events: Vec<Event>,
    pub dropped_events: u32,
    pub links: Vec<Link>,
    pub dropped_links: u32,
}

/// Something that happened during a span; an exception is an event named `exception`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    pub time: Timestamp,
    pub name: String,
    pub attributes: Vec<Attribute>,
    pub dropped_attributes: u32,
}

/// A pointer from a span to another one, perhaps in another trace; ids as they came, so none where invalid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    pub trace: Option<TraceId>,
    pub span: Option<SpanId>,
    pub trace_state: String,
    pub attributes: Vec<Attribute>,
    pub dropped_attributes: u32,
}

/// The instrumentation scope that produced a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    pub name: String,
    pub version: String,
    pub attributes: Vec<Attribute>,
    pub schema_url: String,
}

/// The entity that produced a span: service, host, process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    pub attributes: Vec<Attribute>,
    pub schema_url: String,
}

//! What the scanner finds in one request: hot columns and byte ranges, no object per span.

use bytes::Bytes;

use crate::model::{Kind, StatusCode};

/// A stretch of the request's bytes. Requests are smaller than 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub start: u32,
    pub len: u32,
}

impl Range {
    /// Returns the bytes of this stretch of `bytes`; nothing where it lies outside.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        bytes.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// One scanned request. Everything in it was validated; ranges lie within [`Batch::bytes`].
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The request as it came, in protobuf; where a resource or scope was sent in pieces, their union is appended. The
    /// store keeps these very bytes, so they should be an allocation of their own, not a slice of a larger buffer.
    pub bytes: Bytes,
    pub resources: Vec<ResourceRow>,
    pub scopes: Vec<ScopeRow>,
    pub spans: Vec<SpanRow>,
    /// Spans left out for an invalid id.
    pub rejected: u64,
    /// Why the first of them was left out.
    pub rejection: Option<&'static str>,
}

/// A resource of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceRow {
    /// The `Resource` message.
    pub message: Range,
    pub schema_url: Range,
    /// The text of `service.name`; empty where it is absent, empty or no string.
    pub service: Range,
}

/// A scope of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScopeRow {
    /// Index into the batch's resources.
    pub resource: u32,
    /// The `InstrumentationScope` message.
    pub message: Range,
    pub schema_url: Range,
}

/// The hot columns of one span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanRow {
    pub trace_id: u128,
    pub span_id: u64,
    /// 0 for a root.
    pub parent_id: u64,
    pub start_ns: u64,
    /// End minus start, 0 where the end came before.
    pub duration_ns: u64,
    /// Index into the batch's scopes.
    pub scope: u32,
    /// The `Span` message.
    pub message: Range,
    /// The text of its name.
    pub name: Range,
    pub kind: Kind,
    pub status: StatusCode,
    pub ends_before_start: bool,
    /// How many events and links, at most 65,535 of each.
    pub events: u16,
    pub links: u16,
}

impl Batch {
    /// Returns the name of the service of a resource, as analysis defines it.
    pub fn service(&self, resource: &ResourceRow) -> &str {
        match self.text(resource.service) {
            "" => UNKNOWN_SERVICE,
            name => name,
        }
    }

    /// Returns the text of a range that the scanner has validated.
    pub fn text(&self, range: Range) -> &str {
        std::str::from_utf8(range.of(&self.bytes)).unwrap_or_default()
    }
}

/// The name of a service that gave none.
pub const UNKNOWN_SERVICE: &str = "unknown_service";

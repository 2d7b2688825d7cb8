//! Everything kept of one span.

use super::trace::span;
use crate::model::{SpanDetail, SpanId, TraceId};
use crate::otlp::decode;
use crate::store::Snapshot;

/// Returns the span with its bytes decoded, none where it is not held.
pub(super) fn open(trace: TraceId, id: SpanId, snapshot: &Snapshot) -> Option<Box<SpanDetail>> {
    let (parts, _) = snapshot.parts(snapshot.newest_part(trace.0)?);
    let (view, row) = parts.iter().find_map(|&(position, part)| {
        let view = &snapshot.views()[position];
        Some((view, view.row(view.find_span(part, id.0)?)))
    })?;
    let message = view.span_message(&row);
    let (scope, scope_schema) = view.scope_message(&row);
    let (resource, resource_schema) = view.resource_message(&row);
    Some(Box::new(SpanDetail {
        trace,
        span: span(&row, view, [row.service, row.operation].map(|name| view.name(name))),
        body: decode::span(message),
        scope: decode::scope(scope, scope_schema),
        resource: decode::resource(resource, resource_schema),
        encoded_bytes: message.len(),
    }))
}

//! Everything kept of one span.

use super::trace::span;
use crate::model::{SpanDetail, SpanId, TraceId};
use crate::otlp::decode;
use crate::store::Snapshot;

/// Returns the span with its bytes decoded, none where it is not held.
pub(super) fn open(trace: TraceId, id: SpanId, snapshot: &Snapshot) -> Option<Box<SpanDetail>> {
    let (parts, _) = snapshot.parts(snapshot.newest_part(trace.0)?);
    let (view, index) = parts.iter().find_map(|&(position, part)| {
        let view = snapshot.view(position);
        Some((view, view.find_span(part, id.0)?))
    })?;
    let row = view.row(index);
    let mut reader = view.reader();
    let span = span(index, &row, &mut reader, [row.service, row.operation].map(|name| view.name(name)));
    let message = reader.span(index);
    let (body, encoded_bytes) = (decode::span(message), message.len());
    let (scope, schema_url) = reader.scope(row.scope);
    let scope = decode::scope(scope, schema_url);
    let (resource, schema_url) = reader.resource(row.scope);
    let resource = decode::resource(resource, schema_url);
    Some(Box::new(SpanDetail { trace, span, body, scope, resource, encoded_bytes }))
}

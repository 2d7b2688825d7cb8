//! One trace: its spans and tree, or its bytes as they were received.

use std::sync::Arc;

use bytes::Bytes;

use super::summary::{NameCache, rows};
use crate::model::tree::{Place, Tree};
use crate::model::{Root, Span, SpanId, Timestamp, Trace, TraceId, TraceSummary};
use crate::otlp::{decode, wire};
use crate::store::{Reader, Row, Snapshot};

/// Returns the whole trace, none where nothing of it is held.
pub(super) fn open(id: TraceId, snapshot: &Snapshot) -> Option<Arc<Trace>> {
    let (parts, partial) = rows(snapshot.newest_part(id.0)?, snapshot);
    let mut names = NameCache::default();
    let mut spans = Vec::with_capacity(parts.iter().map(|part| part.rows.len()).sum());
    for part in parts {
        let view = snapshot.view(part.position);
        let mut reader = view.reader();
        spans.extend(part.rows.into_iter().map(|index| {
            let row = view.row(index);
            let names = [row.service, row.operation].map(|name| names.name(part.position, name, snapshot));
            span(index, &row, &mut reader, names)
        }));
    }
    let tree = Tree::of(&spans);
    Some(Arc::new(Trace { summary: summary(id, &spans, &tree, partial), spans, tree }))
}

/// Returns a span's columns as the model has them; `names` are its service and operation.
pub(super) fn span(index: u32, row: &Row, reader: &mut Reader, names: [Arc<str>; 2]) -> Span {
    let [service, operation] = names;
    let event_times = if row.facts.events() > 0 { decode::event_times(reader.span(index)) } else { Vec::new() };
    Span {
        id: SpanId(row.span_id),
        parent: (row.parent_id != 0).then_some(SpanId(row.parent_id)),
        start: Timestamp(row.start_ns),
        duration_ns: row.duration_ns,
        kind: row.facts.kind(),
        status: row.facts.status(),
        service,
        operation,
        event_times,
        event_count: row.facts.events(),
        link_count: row.facts.links(),
        ends_before_start: row.facts.ends_before_start(),
    }
}

fn summary(id: TraceId, spans: &[Span], tree: &Tree, partial: bool) -> TraceSummary {
    let start = spans.iter().map(|span| span.start).min().unwrap_or_default();
    let end = spans.iter().map(Span::end).max().unwrap_or_default();
    let mut services: Vec<Arc<str>> = spans.iter().map(|span| Arc::clone(&span.service)).collect();
    services.sort_unstable();
    services.dedup();
    // Tops stand in order of start, then id, so the first root among them names the trace.
    let root = tree.nodes.iter().find(|node| node.place == Place::Root).map(|node| {
        let span = &spans[node.span as usize];
        Root { service: Arc::clone(&span.service), operation: Arc::clone(&span.operation) }
    });
    TraceSummary {
        id,
        root,
        start,
        duration_ns: end.since(start),
        span_count: spans.len() as u32,
        error_count: spans.iter().filter(|span| span.is_error()).count() as u32,
        services,
        roots: spans.iter().filter(|span| span.parent.is_none()).count() as u32,
        missing_parents: tree.nodes.iter().filter(|node| node.place == Place::Orphan).count() as u32,
        partial,
    }
}

/// Returns the trace as `ExportTraceServiceRequest` messages, one for each run of spans that came with the same scope.
pub(super) fn otlp(id: TraceId, snapshot: &Snapshot) -> Option<Vec<Bytes>> {
    let (parts, _) = rows(snapshot.newest_part(id.0)?, snapshot);
    let mut messages = Vec::new();
    for part in parts {
        let view = snapshot.view(part.position);
        let mut reader = view.reader();
        let scope = |row: &u32| view.row(*row).scope;
        let runs = part.rows.chunk_by(|a, b| scope(a) == scope(b));
        messages.extend(runs.map(|run| message(run, scope(&run[0]), &mut reader)));
    }
    Some(messages)
}

fn message(rows: &[u32], scope: u32, reader: &mut Reader) -> Bytes {
    let mut scope_spans = Vec::new();
    for &row in rows {
        wire::put_bytes(&mut scope_spans, 2, reader.span(row));
    }
    let (message, schema_url) = reader.scope(scope);
    wire::put_bytes(&mut scope_spans, 1, message);
    wire::put_bytes(&mut scope_spans, 3, schema_url.as_bytes());
    let mut resource_spans = Vec::new();
    let (message, schema_url) = reader.resource(scope);
    wire::put_bytes(&mut resource_spans, 1, message);
    wire::put_bytes(&mut resource_spans, 2, &scope_spans);
    wire::put_bytes(&mut resource_spans, 3, schema_url.as_bytes());
    let mut request = Vec::new();
    wire::put_bytes(&mut request, 1, &resource_spans);
    request.into()
}

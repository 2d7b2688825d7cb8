//! One trace: its spans and tree, or its bytes as they were received.

use std::sync::Arc;

use bytes::Bytes;

use super::summary::{NameCache, PartRows, rows};
use crate::model::{Held, Span, SpanId, Timestamp, Trace, TraceId};
use crate::otlp::decode;
use crate::source::Reply;
use crate::store::{Reader, Row, Snapshot};

/// Returns the whole trace, none where nothing of it is held.
pub(super) fn open(id: TraceId, snapshot: &Snapshot) -> Option<Arc<Trace>> {
    let (parts, partial) = rows(snapshot.newest_part(id.0)?, snapshot);
    Some(Arc::new(Trace::of(id, spans(&parts, snapshot), partial)))
}

/// Returns what came after what is held elsewhere, or the whole trace where that cannot be told.
pub(super) fn newer(id: TraceId, held: Held, snapshot: &Snapshot) -> Reply {
    match rows_after(id, held, snapshot) {
        Some(parts) => Reply::Newer(held, spans(&parts, snapshot)),
        None => Reply::Trace(open(id, snapshot)),
    }
}

/// Gathers the rows after the last one held elsewhere, none where the first one left: then older ones did as well.
fn rows_after(id: TraceId, held: Held, snapshot: &Snapshot) -> Option<Vec<PartRows>> {
    let (parts, _) = snapshot.parts(snapshot.newest_part(id.0)?);
    let &(position, part) = parts.last()?;
    let oldest = snapshot.view(position);
    if oldest.row(oldest.first_row(part)?).span_id != held.first.0 {
        return None;
    }
    let mut newer = Vec::new();
    for (position, part) in parts {
        let view = snapshot.view(position);
        let mut is_found = false;
        let mut rows: Vec<u32> = view
            .newest_rows(part)
            .take_while(|&row| {
                is_found = view.row(row).span_id == held.last.0;
                !is_found
            })
            .collect();
        rows.reverse();
        newer.push(PartRows { position, rows });
        if is_found {
            newer.reverse();
            return Some(newer);
        }
    }
    None
}

/// Returns the spans of these rows.
fn spans(parts: &[PartRows], snapshot: &Snapshot) -> Vec<Span> {
    let mut names = NameCache::default();
    let mut spans = Vec::with_capacity(parts.iter().map(|part| part.rows.len()).sum());
    for PartRows { position, rows } in parts {
        let view = snapshot.view(*position);
        let mut reader = view.reader();
        spans.extend(rows.iter().map(|&index| {
            let row = view.row(index);
            let names = [row.service, row.operation].map(|name| names.name(*position, name, snapshot));
            span(index, &row, &mut reader, names)
        }));
    }
    spans
}

/// Returns the places of a trace's spans, in order: of its block among the views, and the row there.
pub(super) fn places(id: TraceId, snapshot: &Snapshot) -> Vec<(usize, u32)> {
    let Some(newest) = snapshot.newest_part(id.0) else { return Vec::new() };
    let (parts, _) = rows(newest, snapshot);
    parts.into_iter().flat_map(|part| part.rows.into_iter().map(move |row| (part.position, row))).collect()
}

/// Returns a span's columns as the model has them; `names` are its service and operation.
pub(super) fn span(index: u32, row: &Row, reader: &mut Reader, names: [Arc<str>; 2]) -> Span {
    let event_times = if row.facts.events() > 0 { decode::event_times(reader.span(index)) } else { Vec::new() };
    Span { event_times, ..plain_span(row, names) }
}

/// Returns a span's columns as the model has them, without the times of its events, which are not among them.
pub(super) fn plain_span(row: &Row, [service, operation]: [Arc<str>; 2]) -> Span {
    Span {
        id: SpanId(row.span_id),
        parent: (row.parent_id != 0).then_some(SpanId(row.parent_id)),
        start: Timestamp(row.start_ns),
        duration_ns: row.duration_ns,
        kind: row.facts.kind(),
        status: row.facts.status(),
        service,
        operation,
        event_times: Vec::new(),
        event_count: row.facts.events(),
        link_count: row.facts.links(),
        ends_before_start: row.facts.ends_before_start(),
    }
}

/// Returns the trace as `ExportTraceServiceRequest` messages, one for each block that holds a part of it. Each resource and
/// each scope is in a message once, however its spans lie: their bytes may be many.
pub(super) fn otlp(id: TraceId, snapshot: &Snapshot) -> Option<Vec<Bytes>> {
    let (parts, _) = rows(snapshot.newest_part(id.0)?, snapshot);
    Some(parts.iter().map(|part| snapshot.view(part.position).request(&part.rows)).collect())
}

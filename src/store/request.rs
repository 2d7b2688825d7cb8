//! Rows of a block as the request that they might have come in.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Snapshot;
use super::view::{Reader, View};
use crate::otlp::{UNKNOWN_SERVICE, wire};

// Fields of opentelemetry.proto.trace.v1.
const RESOURCE_SPANS: u32 = 1;
const RESOURCE: u32 = 1;
const SCOPE_SPANS: u32 = 2;
const SCOPE: u32 = 1;
const SPANS: u32 = 2;
const SCHEMA_URL: u32 = 3;

/// Spans of one request.
const REQUEST: u32 = 1_000;

/// Returns all spans that can be seen as requests, oldest blocks first, each with how many spans were in those before.
pub fn requests(snapshot: Snapshot) -> impl Iterator<Item = (u64, Bytes)> {
    let (mut position, mut row, mut done) = (0, 0, 0);
    std::iter::from_fn(move || {
        loop {
            let view = snapshot.views().nth(position)?;
            let rows: Vec<u32> = (row..view.len()).take(REQUEST as usize).collect();
            if rows.is_empty() {
                (position, row) = (position + 1, 0);
                continue;
            }
            let before = done;
            row += rows.len() as u32;
            done += rows.len() as u64;
            return Some((before, view.request(&rows)));
        }
    })
}

impl View<'_> {
    /// Returns an `ExportTraceServiceRequest` message of these rows. Each resource and each scope is in it once, however its
    /// spans lie: their bytes may be many.
    pub(crate) fn request(&self, rows: &[u32]) -> Bytes {
        let mut reader = self.reader();
        let mut resources: BTreeMap<u32, BTreeMap<u32, Vec<u32>>> = BTreeMap::new();
        for &row in rows {
            let scope = self.row(row).scope;
            resources.entry(self.resource(scope)).or_default().entry(scope).or_default().push(row);
        }
        let mut request = Vec::new();
        for scopes in resources.values() {
            let mut resource_spans = Vec::new();
            for (&scope, rows) in scopes {
                wire::put_bytes(&mut resource_spans, SCOPE_SPANS, &scope_spans(scope, rows, &mut reader));
            }
            if let Some((&scope, &row)) = scopes.iter().find_map(|(scope, rows)| Some((scope, rows.first()?))) {
                let (message, schema_url) = reader.resource(scope);
                if message.is_empty() {
                    // It had no attributes, or its page is damaged: the service is known all the same.
                    wire::put_bytes(&mut resource_spans, RESOURCE, &resource_of(self.text(self.service(row))));
                } else {
                    wire::put_bytes(&mut resource_spans, RESOURCE, message);
                }
                wire::put_bytes(&mut resource_spans, SCHEMA_URL, schema_url.as_bytes());
            }
            wire::put_bytes(&mut request, RESOURCE_SPANS, &resource_spans);
        }
        request.into()
    }
}

fn scope_spans(scope: u32, rows: &[u32], reader: &mut Reader) -> Vec<u8> {
    let mut scope_spans = Vec::new();
    for &row in rows {
        wire::put_bytes(&mut scope_spans, SPANS, reader.span(row));
    }
    let (message, schema_url) = reader.scope(scope);
    wire::put_bytes(&mut scope_spans, SCOPE, message);
    wire::put_bytes(&mut scope_spans, SCHEMA_URL, schema_url.as_bytes());
    scope_spans
}

/// Returns a `Resource` message that names a service and says nothing else.
fn resource_of(service: &str) -> Vec<u8> {
    let (mut value, mut attribute, mut resource) = (Vec::new(), Vec::new(), Vec::new());
    if service != UNKNOWN_SERVICE {
        wire::put_bytes(&mut value, 1, service.as_bytes());
        wire::put_bytes(&mut attribute, 1, b"service.name");
        wire::put_bytes(&mut attribute, 2, &value);
        wire::put_bytes(&mut resource, 1, &attribute);
    }
    resource
}

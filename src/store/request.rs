//! Rows of a block as the request that they might have come in.

use std::collections::{BTreeMap, VecDeque};

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

/// Spans of one request at most, and bytes if it has more than one span: less than any receiver refuses.
const MOST_SPANS: u32 = 1_000;
const MOST_BYTES: usize = 2 << 20;

/// All spans that can be seen as requests that they might have come in, oldest blocks first. Of a damaged block only those
/// that are whole.
#[derive(Debug)]
pub struct Requests {
    snapshot: Snapshot,
    /// The place of the block at hand, and how many rows of it are given out.
    position: usize,
    row: u32,
    /// What is left of a damaged block.
    salvaged: VecDeque<Bytes>,
    done: u64,
    lost: u64,
}

impl Requests {
    /// Returns the requests of a store as it is now.
    pub fn of(snapshot: Snapshot) -> Self {
        Self { snapshot, position: 0, row: 0, salvaged: VecDeque::new(), done: 0, lost: 0 }
    }

    /// Returns how many spans are past: given out, or lost.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Returns how many spans were damaged.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

impl Iterator for Requests {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(request) = self.salvaged.pop_front() {
                return Some(request);
            }
            if self.position >= self.snapshot.views().len() {
                return None;
            }
            let view = self.snapshot.view(self.position);
            if let Some(salvage) = (self.row == 0).then(|| view.salvage()).flatten() {
                self.lost += salvage.lost;
                self.done += u64::from(view.len());
                self.salvaged = salvage.requests.into();
                self.position += 1;
                continue;
            }
            let rows: Vec<u32> = (self.row..view.len()).take(MOST_SPANS as usize).collect();
            if rows.is_empty() {
                (self.position, self.row) = (self.position + 1, 0);
                continue;
            }
            let (spans, request) = view.fitting_request(&rows);
            self.row += spans as u32;
            self.done += spans as u64;
            return Some(request);
        }
    }
}

impl View<'_> {
    /// Returns a request of the first of these rows, and of how many.
    fn fitting_request(&self, rows: &[u32]) -> (usize, Bytes) {
        let mut spans = rows.len();
        loop {
            let request = self.request(&rows[..spans]);
            if spans == 1 || request.len() <= MOST_BYTES {
                return (spans, request);
            }
            spans = spans.div_ceil(2);
        }
    }

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

//! What a process has to export: spans wait here until they ended and its batch processor's time came.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use super::instrumentation::Scope;
use super::resource::{SCHEMA_URL, resource_of};
use super::scene::Draft;
use super::services::Process;

/// The usual maximum of the SDKs' batch processors, in spans; the rest comes with the next request.
const MAX_BATCH_SPANS: usize = 512;

/// The spans of one process by when they end; ties in the order they came.
#[derive(Debug)]
pub(super) struct Outbox {
    process: Process,
    waiting: BTreeMap<(u64, u64), Draft>,
    count: u64,
}

impl Outbox {
    pub(super) fn new(process: Process) -> Self {
        Self { process, waiting: BTreeMap::new(), count: 0 }
    }

    pub(super) fn push(&mut self, draft: Draft) {
        self.count += 1;
        self.waiting.insert((draft.span.end_time_unix_nano, self.count), draft);
    }

    /// Returns when the next batch leaves: at the first tick of the processor after a span ended, if one waits.
    pub(super) fn due(&self) -> Option<u64> {
        let profile = self.process.service.profile();
        let &(end, _) = self.waiting.keys().next()?;
        let period = profile.flush_ms * 1_000_000;
        // Processes do not tick in step.
        let phase = (self.process.service as u64 * 7 + self.process.instance as u64 * 3) % 10 * period / 10;
        let ready = end + profile.lag_ms * 1_000_000;
        Some((ready.saturating_sub(phase) / period + 1) * period + phase)
    }

    /// Takes what can leave at `now` as one request.
    pub(super) fn flush(&mut self, now: u64) -> ExportTraceServiceRequest {
        let mut by_scope: BTreeMap<Scope, Vec<Span>> = BTreeMap::new();
        let ended = now - self.process.service.profile().lag_ms * 1_000_000;
        for _ in 0..MAX_BATCH_SPANS {
            let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= ended) else { break };
            let Draft { scope, mut span, .. } = first.remove();
            shift(&mut span, self.process.host().clock_behind_ms * 1_000_000);
            by_scope.entry(scope).or_default().push(span);
        }
        let scope_spans = by_scope.into_iter().map(|(scope, spans)| scope_spans(scope, spans)).collect();
        let resource_spans =
            ResourceSpans { resource: Some(resource_of(self.process)), scope_spans, schema_url: SCHEMA_URL.to_owned() };
        ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
    }
}

fn scope_spans(scope: Scope, spans: Vec<Span>) -> ScopeSpans {
    let scope = InstrumentationScope {
        name: scope.name.to_owned(),
        version: scope.version.to_owned(),
        ..InstrumentationScope::default()
    };
    ScopeSpans { scope: Some(scope), spans, schema_url: String::new() }
}

/// Gives a span the times that a clock `behind` nanoseconds late showed.
fn shift(span: &mut Span, behind: u64) {
    span.start_time_unix_nano = span.start_time_unix_nano.saturating_sub(behind);
    span.end_time_unix_nano = span.end_time_unix_nano.saturating_sub(behind);
    for event in &mut span.events {
        event.time_unix_nano = event.time_unix_nano.saturating_sub(behind);
    }
}

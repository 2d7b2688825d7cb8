//! Small requests for tests, written down in a line each.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

use super::{Batch, scan};

/// A span of a test: small numbers for ids, microseconds for times.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TestSpan {
    pub(crate) trace: u8,
    pub(crate) id: u64,
    pub(crate) parent: u64,
    pub(crate) start: u64,
    pub(crate) duration: u64,
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    /// As in OTLP.
    pub(crate) kind: i32,
    pub(crate) error: bool,
}

/// Returns a span of 10 µs of service `shop`.
pub(crate) fn span(trace: u8, id: u64, parent: u64, start: u64) -> TestSpan {
    TestSpan { trace, id, parent, start, duration: 10, service: "shop", name: "work", kind: 2, error: false }
}

fn key_value(key: &str, text: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(text.into())) };
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

fn proto(span: &TestSpan) -> Span {
    Span {
        trace_id: vec![span.trace; 16],
        span_id: span.id.to_be_bytes().to_vec(),
        parent_span_id: span.parent.to_be_bytes().to_vec(),
        name: span.name.into(),
        kind: span.kind,
        start_time_unix_nano: span.start * 1_000,
        end_time_unix_nano: (span.start + span.duration) * 1_000,
        attributes: vec![key_value("id", &span.id.to_string())],
        status: span.error.then(|| Status { code: 2, message: String::new() }),
        ..Span::default()
    }
}

/// Returns the request in which each span comes with a resource and scope of its own.
pub(crate) fn message(spans: &[TestSpan]) -> Vec<u8> {
    let resource_spans = spans
        .iter()
        .map(|span| ResourceSpans {
            resource: Some(Resource {
                attributes: vec![key_value("service.name", span.service)],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope { name: "test".into(), ..InstrumentationScope::default() }),
                spans: vec![proto(span)],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        })
        .collect();
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// Returns the scanned request of these spans.
pub(crate) fn batch(spans: &[TestSpan]) -> Batch {
    scan(message(spans).into()).expect("what prost writes is valid")
}

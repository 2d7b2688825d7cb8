//! Requests of the shape that real SDKs send, as docs/performance.md describes it.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event};
use prost::Message;

/// Spans in a request.
pub(crate) const SPANS: usize = 512;

const SERVICES: u64 = 12;
const SCOPES: usize = 5;

/// A random number generator that gives the same requests every time (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(Value::StringValue(value.into())) }),
        ..KeyValue::default()
    }
}

fn number(key: &str, value: i64) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(Value::IntValue(value)) }), ..KeyValue::default() }
}

fn resource(service: u64) -> Resource {
    let keys = [
        "service.version",
        "service.instance.id",
        "telemetry.sdk.language",
        "telemetry.sdk.name",
        "telemetry.sdk.version",
        "host.name",
        "os.type",
        "process.runtime.name",
        "k8s.pod.name",
        "k8s.namespace.name",
        "deployment.environment.name",
    ];
    let mut attributes = vec![text("service.name", format!("service-{service}"))];
    attributes.extend(keys.iter().map(|key| text(key, format!("{key}-{service}-0123456789"))));
    Resource { attributes, ..Resource::default() }
}

/// About 9 attributes and 440 bytes a span, 2 % of them errors with an exception event.
fn span(random: &mut Random, trace: u128, parent: u64, start: u64) -> Span {
    let operation = random.below(40);
    let mut attributes = vec![
        text("http.request.method", "GET"),
        text("url.scheme", "https"),
        text("server.address", format!("service-{}.shop.svc.cluster.local", random.below(SERVICES))),
        number("server.port", 8_080),
        number("http.response.status_code", 200),
        text("http.route", format!("/api/v1/resource-{operation}/items/{{id}}")),
        text("url.path", format!("/api/v1/resource-{operation}/items/{}", random.below(1_000_000))),
        text("user_agent.original", "shop-client/2.3.1 (linux; x86_64)"),
        number("thread.id", random.below(64) as i64),
    ];
    if random.below(3) == 0 {
        attributes.push(text("enduser.id", format!("user-{}", random.below(100_000))));
    }
    let is_error = random.below(50) == 0;
    Span {
        trace_id: trace.to_be_bytes().to_vec(),
        span_id: (random.next() | 1).to_be_bytes().to_vec(),
        parent_span_id: if parent == 0 { Vec::new() } else { parent.to_be_bytes().to_vec() },
        flags: 0x101,
        name: format!("GET /api/v1/resource-{operation}/items/{{id}}"),
        kind: 1 + random.below(5) as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: start + random.below(50_000_000),
        attributes,
        events: if is_error { vec![exception(start)] } else { Vec::new() },
        status: Some(Status { code: if is_error { 2 } else { 0 }, message: String::new() }),
        ..Span::default()
    }
}

fn exception(time: u64) -> Event {
    let stack = "  at shop.Cart.add(Cart.java:42)\n".repeat(12);
    let attributes = vec![
        text("exception.type", "java.lang.IllegalStateException"),
        text("exception.message", "the cart is locked"),
        text("exception.stacktrace", stack),
    ];
    Event { time_unix_nano: time, name: "exception".into(), attributes, ..Event::default() }
}

/// Returns `count` encoded requests of [`SPANS`] spans; traces have 3 to 63 spans and lie across requests.
pub(crate) fn requests(count: usize, seed: u64) -> Vec<Bytes> {
    let mut random = Random(seed);
    let mut traces: Vec<(u128, u64)> = Vec::new();
    (0..count)
        .map(|index| {
            let start = 1_700_000_000_000_000_000 + index as u64 * 10_000_000;
            let spans: Vec<Span> = (0..SPANS).map(|_| next_span(&mut random, &mut traces, start)).collect();
            let scope_spans = spans.chunks(SPANS.div_ceil(SCOPES)).enumerate().map(|(scope, spans)| ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: format!("io.opentelemetry.instrumentation-{scope}"),
                    version: "2.9.0".into(),
                    ..InstrumentationScope::default()
                }),
                spans: spans.to_vec(),
                ..ScopeSpans::default()
            });
            let resource_spans = vec![ResourceSpans {
                resource: Some(resource(index as u64 % SERVICES)),
                scope_spans: scope_spans.collect(),
                ..ResourceSpans::default()
            }];
            ExportTraceServiceRequest { resource_spans }.encode_to_vec().into()
        })
        .collect()
}

/// A span of one of the traces that are under way; each ends after 3 to 63 spans.
fn next_span(random: &mut Random, traces: &mut Vec<(u128, u64)>, start: u64) -> Span {
    if traces.len() < 24 || random.below(33) == 0 {
        traces.push((u128::from(random.next()) << 64 | u128::from(random.next() | 1), 0));
    }
    let which = random.below(traces.len() as u64) as usize;
    let (trace, parent) = traces[which];
    let jitter = random.below(9_000_000);
    let span = span(random, trace, parent, start + jitter);
    if parent == 0 {
        traces[which].1 = u64::from_be_bytes(span.span_id.clone().try_into().unwrap());
    }
    if traces.len() > 40 {
        traces.swap_remove(which);
    }
    span
}

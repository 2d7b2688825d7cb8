//! The spans of `fixture.txt` as requests of OTLP, and their short names.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use serde_json::Value;
use spantop::model::{Kind, SpanId, TraceId};

/// When the fixture begins, in nanoseconds since 1970.
pub(crate) const BEGIN_NS: u64 = 1_700_000_000 * 1_000_000_000;
const MS: f64 = 1e6;

/// Returns the requests in order.
pub(crate) fn requests() -> Vec<ExportTraceServiceRequest> {
    let mut requests: Vec<ExportTraceServiceRequest> = Vec::new();
    for line in include_str!("fixture.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = Words(line.trim_start());
        match words.word() {
            "request" => requests.push(ExportTraceServiceRequest::default()),
            "resource" => {
                let resource = Resource { attributes: words.attributes(), ..Resource::default() };
                let resource = ResourceSpans { resource: Some(resource), ..ResourceSpans::default() };
                requests.last_mut().unwrap().resource_spans.push(resource);
            }
            "scope" => scopes(&mut requests).push(scope(&mut words)),
            "event" => {
                let span = last_span(&mut requests);
                span.events.push(event(&mut words, span.start_time_unix_nano));
            }
            "link" => last_span(&mut requests).links.push(link(&mut words)),
            name => {
                let span = span(name, &mut words);
                if scopes(&mut requests).is_empty() {
                    scopes(&mut requests).push(ScopeSpans::default());
                }
                scopes(&mut requests).last_mut().unwrap().spans.push(span);
            }
        }
    }
    requests
}

/// Returns the same spans, each in a request of its own.
pub(crate) fn one_by_one() -> Vec<ExportTraceServiceRequest> {
    let mut single = Vec::new();
    for resource in requests().iter().flat_map(|request| &request.resource_spans) {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let scope_spans = vec![ScopeSpans { spans: vec![span.clone()], ..scope.clone() }];
                let resource_spans = vec![ResourceSpans { scope_spans, ..resource.clone() }];
                single.push(ExportTraceServiceRequest { resource_spans });
            }
        }
    }
    single
}

/// Returns the id of trace `a`, which is also what `a1` begins with.
pub(crate) fn trace_id(name: &str) -> TraceId {
    TraceId(u128::from_be_bytes([name.as_bytes()[0]; 16]))
}

/// Returns the id of span `a1`.
pub(crate) fn span_id(name: &str) -> SpanId {
    let letter = name.as_bytes()[0];
    let number: u8 = name[1..].parse().unwrap_or_else(|_| panic!("'{name}' is no span"));
    SpanId(u64::from_be_bytes([letter, letter, letter, letter, letter, letter, letter, number]))
}

/// Returns the name of a trace.
pub(crate) fn trace_name(id: TraceId) -> String {
    char::from(id.0.to_be_bytes()[0]).into()
}

/// Returns the name of a span.
pub(crate) fn span_name(id: SpanId) -> String {
    let bytes = id.0.to_be_bytes();
    format!("{}{}", char::from(bytes[0]), bytes[7])
}

fn scopes(requests: &mut [ExportTraceServiceRequest]) -> &mut Vec<ScopeSpans> {
    &mut requests.last_mut().unwrap().resource_spans.last_mut().unwrap().scope_spans
}

fn last_span(requests: &mut [ExportTraceServiceRequest]) -> &mut Span {
    scopes(requests).last_mut().unwrap().spans.last_mut().unwrap()
}

fn scope(words: &mut Words) -> ScopeSpans {
    let (name, version) = (words.text(), words.text());
    let scope =
        InstrumentationScope { name, version, attributes: words.attributes(), ..InstrumentationScope::default() };
    ScopeSpans { scope: Some(scope), ..ScopeSpans::default() }
}

fn event(words: &mut Words, start_ns: u64) -> Event {
    let (name, after) = (words.text(), words.ms());
    Event { name, time_unix_nano: start_ns + after, attributes: words.attributes(), ..Event::default() }
}

fn link(words: &mut Words) -> Link {
    let name = words.word();
    Link {
        trace_id: trace_id(name).0.to_be_bytes().to_vec(),
        span_id: span_id(name).0.to_be_bytes().to_vec(),
        attributes: words.attributes(),
        ..Link::default()
    }
}

fn span(name: &str, words: &mut Words) -> Span {
    let parent = words.word();
    let kind = words.word();
    let kind = Kind::ALL.iter().position(|known| known.name() == kind).expect("a kind");
    let status = words.status();
    let (operation, start, duration) = (words.text(), words.ms(), words.ms());
    Span {
        trace_id: trace_id(name).0.to_be_bytes().to_vec(),
        span_id: span_id(name).0.to_be_bytes().to_vec(),
        parent_span_id: if parent == "-" { Vec::new() } else { span_id(parent).0.to_be_bytes().to_vec() },
        name: operation,
        kind: kind as i32,
        start_time_unix_nano: BEGIN_NS + start,
        end_time_unix_nano: BEGIN_NS + start + duration,
        attributes: words.attributes(),
        status: Some(status),
        ..Span::default()
    }
}

/// What is left of a line.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn word(&mut self) -> &'a str {
        let end = self.0.find(' ').unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest.trim_start();
        word
    }

    fn ms(&mut self) -> u64 {
        let word = self.word();
        (word.parse::<f64>().unwrap_or_else(|_| panic!("'{word}' is no number")) * MS) as u64
    }

    /// Takes a value in JSON.
    fn value(&mut self) -> Value {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<Value>();
        let value = values.next().expect("a value").unwrap_or_else(|error| panic!("{}: {error}", self.0));
        self.0 = &self.0[values.byte_offset()..];
        value
    }

    fn text(&mut self) -> String {
        let text = self.value().as_str().expect("a text").to_owned();
        self.0 = self.0.trim_start();
        text
    }

    fn status(&mut self) -> Status {
        let end = self.0.find([' ', ':']).expect("a status");
        let code = ["unset", "ok", "error"].iter().position(|known| *known == &self.0[..end]).expect("a status");
        let has_message = self.0[end..].starts_with(':');
        self.0 = self.0[end + 1..].trim_start();
        Status { code: code as i32, message: if has_message { self.text() } else { String::new() } }
    }

    fn attributes(&mut self) -> Vec<KeyValue> {
        let mut attributes = Vec::new();
        while !self.0.is_empty() {
            let key = if self.0.starts_with('"') {
                self.text()
            } else {
                let (key, rest) = self.0.split_once('=').expect("an attribute");
                self.0 = &self.0[key.len()..];
                assert!(!rest.is_empty());
                key.to_owned()
            };
            self.0 = self.0.strip_prefix('=').expect("a value");
            attributes.push(KeyValue { key, value: Some(any_value(self.value())), ..KeyValue::default() });
            self.0 = self.0.trim_start();
        }
        attributes
    }
}

fn any_value(value: Value) -> AnyValue {
    use any_value::Value as Any;
    let value = match value {
        Value::Null => None,
        Value::Bool(value) => Some(Any::BoolValue(value)),
        Value::Number(number) => {
            Some(number.as_i64().map_or_else(|| Any::DoubleValue(number.as_f64().unwrap()), Any::IntValue))
        }
        Value::String(text) => Some(Any::StringValue(text)),
        Value::Array(values) => {
            Some(Any::ArrayValue(ArrayValue { values: values.into_iter().map(any_value).collect() }))
        }
        Value::Object(map) if map.contains_key("$bytes") => Some(Any::BytesValue(vec![1, 2, 3])),
        Value::Object(map) => {
            let pair = |(key, value)| KeyValue { key, value: Some(any_value(value)), ..KeyValue::default() };
            Some(Any::KvlistValue(KeyValueList { values: map.into_iter().map(pair).collect() }))
        }
    };
    AnyValue { value }
}

//! The recorded bodies of real SDKs, read twice: by this module and, independently, from a tree of serde_json.

use super::read;
use crate::otlp::encode::{to_json, traces_json};
use crate::otlp::json::to_protobuf;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

/// The manifest lines of a capture's trace requests, each with its body.
fn bodies(capture: &str) -> Vec<(Value, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(capture);
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let lines = manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["signal"] == "traces")
        .map(|line| {
            let body = fs::read(folder.join(line["file"].as_str().unwrap())).unwrap();
            if line["encoding"] != "gzip" {
                return (line, body);
            }
            let mut inflated = Vec::new();
            flate2::read::MultiGzDecoder::new(body.as_slice()).read_to_end(&mut inflated).unwrap();
            (line, inflated)
        })
        .collect()
}

fn spans(request: &ExportTraceServiceRequest) -> impl Iterator<Item = &Span> {
    request.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
}

#[test]
fn every_recorded_json_body_is_read_whole() {
    let bodies = bodies("node-json");
    assert_eq!(bodies.len(), 8);
    for (line, body) in bodies {
        let request = read(std::str::from_utf8(&body).unwrap());
        let is_error = |span: &&Span| span.status.as_ref().is_some_and(|status| status.code == 2);
        assert_eq!(spans(&request).count() as u64, line["spans"], "{line}");
        assert_eq!(spans(&request).filter(is_error).count() as u64, line["errors"], "{line}");
        assert!(request == by_tree(std::str::from_utf8(&body).unwrap()), "{line}");
    }
}

#[test]
fn every_recorded_protobuf_body_survives_json() {
    let bodies: Vec<_> = ["rust-proto", "python-grpc"].iter().flat_map(|capture| bodies(capture)).collect();
    assert!(bodies.len() > 50, "{}", bodies.len());
    for (line, body) in bodies {
        let mut json = String::new();
        to_json(&body, &mut json);
        let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
        assert!(read(&json) == request, "{line}");
        assert!(by_tree(&json) == request, "{line}");
    }
}

#[test]
fn several_requests_become_one_document() {
    let bodies: Vec<Bytes> = bodies("rust-proto").into_iter().map(|(_, body)| body.into()).collect();
    let merged = read(&traces_json(&bodies));
    let all = bodies.concat();
    assert_eq!(merged, ExportTraceServiceRequest::decode(all.as_slice()).unwrap());
    assert_eq!(spans(&merged).count(), 225);
    assert_eq!(traces_json(&[]), r#"{"resourceSpans":[]}"#);
}

#[test]
fn protobuf_is_much_shorter_than_json() {
    for (line, body) in bodies("node-json") {
        let protobuf = to_protobuf(&body).unwrap();
        assert!(protobuf.len() * 2 < body.len(), "{line}: {}", protobuf.len());
    }
}

fn by_tree(body: &str) -> ExportTraceServiceRequest {
    let root: Value = serde_json::from_str(&with_quoted_doubles(body)).unwrap();
    let resource = |tree: &Value| Resource { attributes: list(&tree["attributes"], attribute), ..Default::default() };
    let scope = |tree: &Value| InstrumentationScope {
        name: text(&tree["name"]),
        version: text(&tree["version"]),
        attributes: list(&tree["attributes"], attribute),
        ..Default::default()
    };
    let scope_spans = |tree: &Value| ScopeSpans {
        scope: tree.get("scope").map(scope),
        spans: list(&tree["spans"], span),
        schema_url: text(&tree["schemaUrl"]),
    };
    let resource_spans = |tree: &Value| ResourceSpans {
        resource: tree.get("resource").map(resource),
        scope_spans: list(&tree["scopeSpans"], scope_spans),
        schema_url: text(&tree["schemaUrl"]),
    };
    ExportTraceServiceRequest { resource_spans: list(&root["resourceSpans"], resource_spans) }
}

/// serde_json reads doubles fast, not exactly.
fn with_quoted_doubles(body: &str) -> String {
    let quoted = |piece: &str| {
        let (number, rest) = piece.split_once('}').unwrap();
        format!("\"doubleValue\":\"{number}\"}}{rest}")
    };
    let (head, tail) = body.split_once("\"doubleValue\":").unwrap_or((body, ""));
    let pieces = tail.split("\"doubleValue\":").filter(|piece| !piece.is_empty());
    head.to_owned() + &pieces.map(quoted).collect::<String>()
}

fn span(tree: &Value) -> Span {
    let event = |tree: &Value| Event {
        time_unix_nano: number(&tree["timeUnixNano"]) as u64,
        name: text(&tree["name"]),
        attributes: list(&tree["attributes"], attribute),
        dropped_attributes_count: number(&tree["droppedAttributesCount"]) as u32,
    };
    let link = |tree: &Value| Link {
        trace_id: id(&tree["traceId"]),
        span_id: id(&tree["spanId"]),
        trace_state: text(&tree["traceState"]),
        attributes: list(&tree["attributes"], attribute),
        dropped_attributes_count: number(&tree["droppedAttributesCount"]) as u32,
        flags: number(&tree["flags"]) as u32,
    };
    let status = |tree: &Value| Status { message: text(&tree["message"]), code: number(&tree["code"]) as i32 };
    Span {
        trace_id: id(&tree["traceId"]),
        span_id: id(&tree["spanId"]),
        trace_state: text(&tree["traceState"]),
        parent_span_id: id(&tree["parentSpanId"]),
        flags: number(&tree["flags"]) as u32,
        name: text(&tree["name"]),
        kind: number(&tree["kind"]) as i32,
        start_time_unix_nano: number(&tree["startTimeUnixNano"]) as u64,
        end_time_unix_nano: number(&tree["endTimeUnixNano"]) as u64,
        attributes: list(&tree["attributes"], attribute),
        dropped_attributes_count: number(&tree["droppedAttributesCount"]) as u32,
        events: list(&tree["events"], event),
        dropped_events_count: number(&tree["droppedEventsCount"]) as u32,
        links: list(&tree["links"], link),
        dropped_links_count: number(&tree["droppedLinksCount"]) as u32,
        status: tree.get("status").map(status),
    }
}

fn attribute(tree: &Value) -> KeyValue {
    KeyValue { key: text(&tree["key"]), value: tree.get("value").map(any_value), ..Default::default() }
}

fn any_value(tree: &Value) -> AnyValue {
    let value = tree.as_object().unwrap().iter().next().map(|(name, value)| match name.as_str() {
        "stringValue" => Any::StringValue(text(value)),
        "boolValue" => Any::BoolValue(value.as_bool().unwrap()),
        "intValue" => Any::IntValue(number(value) as i64),
        "doubleValue" => Any::DoubleValue(text(value).parse().unwrap()),
        "arrayValue" => Any::ArrayValue(ArrayValue { values: list(&value["values"], any_value) }),
        "kvlistValue" => Any::KvlistValue(KeyValueList { values: list(&value["values"], attribute) }),
        other => panic!("{other} is not in the corpus"),
    });
    AnyValue { value }
}

fn list<T>(tree: &Value, element: impl Fn(&Value) -> T) -> Vec<T> {
    tree.as_array().into_iter().flatten().map(element).collect()
}

fn text(tree: &Value) -> String {
    tree.as_str().unwrap_or_default().into()
}

fn number(tree: &Value) -> i128 {
    match tree {
        Value::Null => 0,
        Value::String(text) => text.parse().unwrap(),
        number => number.to_string().parse().unwrap(),
    }
}

fn id(tree: &Value) -> Vec<u8> {
    let digits = text(tree);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

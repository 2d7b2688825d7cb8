use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::model::{Kind, SpanId, StatusCode, TraceId};
use crate::otlp::{SpanRow, decode, wire};

pub(super) fn text_value(text: &str) -> AnyValue {
    AnyValue { value: Some(any_value::Value::StringValue(text.into())) }
}

pub(super) fn key_value(key: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

pub(super) fn span(id: u8) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        name: "GET /cart".into(),
        kind: 3,
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 4_000,
        attributes: vec![key_value("http.route", text_value("/cart"))],
        events: vec![span::Event { time_unix_nano: 2_000, name: "exception".into(), ..Default::default() }],
        links: vec![span::Link { trace_id: vec![9; 16], span_id: vec![8; 8], ..Default::default() }],
        status: Some(Status { message: "boom".into(), code: 2 }),
        ..Span::default()
    }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource { attributes: vec![key_value("service.name", text_value("cart"))], ..Resource::default() };
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }],
    }
}

fn scanned(request: &ExportTraceServiceRequest) -> Batch {
    scan(request.encode_to_vec().into()).unwrap()
}

#[test]
fn hot_columns_are_what_was_sent() {
    let batch = scanned(&request(vec![span(1)]));
    let row = batch.spans[0];
    assert_eq!((row.trace_id, row.span_id, row.parent_id), (u128::from_be_bytes([7; 16]), 0x0101_0101_0101_0101, 0));
    assert_eq!((row.start_ns, row.duration_ns, row.events, row.links), (1_000, 3_000, 1, 1));
    assert_eq!((row.kind, row.status, row.ends_before_start), (Kind::Client, StatusCode::Error, false));
    assert_eq!(batch.text(row.name), "GET /cart");
    assert_eq!(batch.service(&batch.resources[0]), "cart");
    let body = decode::span(row.message.of(&batch.bytes));
    assert_eq!(body.status_message, "boom");
    assert_eq!(body.attributes[0].value, Value::String("/cart".into()));
    assert_eq!(body.links[0].trace, Some(TraceId(u128::from_be_bytes([9; 16]))));
}

#[test]
fn spans_with_invalid_ids_are_rejected_one_by_one() {
    let invalid = [
        Span { trace_id: vec![0; 16], ..span(1) },
        Span { trace_id: vec![1; 15], ..span(1) },
        Span { span_id: vec![], ..span(1) },
        Span { parent_span_id: vec![1; 3], ..span(1) },
    ];
    let mut spans = invalid.to_vec();
    spans.push(span(2));
    let batch = scanned(&request(spans));
    assert_eq!((batch.rejected, batch.spans.len()), (4, 1));
    assert_eq!(batch.rejection, Some("a trace_id is 16 bytes, not all zero"));
}

#[test]
fn an_all_zero_parent_is_no_parent() {
    let batch = scanned(&request(vec![Span { parent_span_id: vec![0; 8], ..span(1) }]));
    assert_eq!(batch.spans[0].parent_id, 0);
}

#[test]
fn an_end_before_the_start_is_flagged_and_lasts_nothing() {
    let batch = scanned(&request(vec![Span { end_time_unix_nano: 1, ..span(1) }]));
    assert_eq!((batch.spans[0].duration_ns, batch.spans[0].ends_before_start), (0, true));
}

#[test]
fn a_service_without_a_name_is_unknown() {
    for value in [text_value(""), AnyValue { value: Some(any_value::Value::IntValue(3)) }, AnyValue::default()] {
        let mut request = request(vec![span(1)]);
        request.resource_spans[0].resource =
            Some(Resource { attributes: vec![key_value("service.name", value)], ..Resource::default() });
        let batch = scanned(&request);
        assert_eq!(batch.service(&batch.resources[0]), "unknown_service");
    }
}

#[test]
fn a_resource_sent_in_pieces_and_after_its_spans_is_their_union() {
    let resource = |key: &str, value: &str| {
        Resource { attributes: vec![key_value(key, text_value(value))], ..Resource::default() }.encode_to_vec()
    };
    let spans = ScopeSpans { spans: vec![span(1)], ..ScopeSpans::default() }.encode_to_vec();
    let mut message = Vec::new();
    wire::put_bytes(&mut message, 1, &resource("host.name", "h"));
    wire::put_bytes(&mut message, 2, &spans);
    wire::put_bytes(&mut message, 1, &resource("service.name", "late"));
    wire::put_bytes(&mut message, 1, &resource("os.type", "linux"));
    let mut body = Vec::new();
    wire::put_bytes(&mut body, 1, &message);
    let batch = scan(body.into()).unwrap();
    assert_eq!(batch.service(&batch.resources[0]), "late");
    let resource = decode::resource(batch.resources[0].message.of(&batch.bytes), "");
    let keys: Vec<&str> = resource.attributes.iter().map(|a| a.key.as_str()).collect();
    assert_eq!(keys, ["host.name", "service.name", "os.type"]);
}

#[test]
fn many_pieces_take_no_more_room_than_they_came_in() {
    let mut message = Vec::new();
    wire::put_bytes(
        &mut message,
        1,
        &Resource { attributes: vec![key_value("a", text_value("b"))], ..Resource::default() }.encode_to_vec(),
    );
    for _ in 0..1_000 {
        wire::put_bytes(&mut message, 1, b"");
        wire::put_bytes(&mut message, 1, &[0x10, 0x01]);
    }
    let mut body = Vec::new();
    wire::put_bytes(&mut body, 1, &message);
    let batch = scan(body.clone().into()).unwrap();
    assert!(batch.bytes.len() <= 2 * body.len(), "{} of {}", batch.bytes.len(), body.len());
    assert_eq!(decode::resource(batch.resources[0].message.of(&batch.bytes), "").attributes.len(), 1);
}

fn nested_arrays(levels: usize) -> AnyValue {
    // Built from the inside out as bytes: prost would recurse.
    let mut message = text_value("deep").encode_to_vec();
    for _ in 0..levels {
        let mut array = Vec::new();
        wire::put_bytes(&mut array, 1, &message);
        message.clear();
        wire::put_bytes(&mut message, 5, &array);
    }
    AnyValue { value: Some(any_value::Value::BytesValue(message)) }
}

#[test]
fn values_nested_too_deep_are_cut_and_the_batch_is_kept() {
    for (levels, cut) in [(64, false), (128, false), (129, true), (20_000, true)] {
        let Some(any_value::Value::BytesValue(message)) = nested_arrays(levels).value else { panic!() };
        let mut attribute = Vec::new();
        wire::put_bytes(&mut attribute, 1, b"deep");
        wire::put_bytes(&mut attribute, 2, &message);
        let mut span_bytes = span(1).encode_to_vec();
        wire::put_bytes(&mut span_bytes, 9, &attribute);
        let mut body = Vec::new();
        for field in [2, 2, 1] {
            body.clear();
            wire::put_bytes(&mut body, field, &span_bytes);
            span_bytes.clone_from(&body);
        }
        let batch = scan(body.into()).unwrap();
        let value = decode::span(batch.spans[0].message.of(&batch.bytes)).attributes.remove(1).value;
        assert_eq!(value.to_string().contains('…'), cut, "{levels}");
        assert_eq!(value.to_string().contains("deep"), !cut, "{levels}");
    }
}

#[test]
fn unknown_groups_are_skipped_without_recursion() {
    let check = |depth: usize| {
        let mut body = vec![0x7b; depth];
        body.extend(vec![0x7c; depth]);
        scan(body.into()).is_ok()
    };
    assert!(check(1));
    assert!(check(100));
    assert!(!check(1_000_000));
}

#[test]
fn damaged_requests_are_refused_with_a_place() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(scan(bytes.to_vec().into()).unwrap_err().to_string(), expected);
    };
    check(&[0x0a, 0x05, 0x00], "a length beyond the end of its message at byte 2");
    check(&[0x08, 0x01], "a known field with the wrong wire type at byte 1");
    check(&[0x00], "an invalid field number at byte 1");
    check(&[0xff], "an unfinished varint at byte 0");
    check(&[0x0c], "a known field with the wrong wire type at byte 1");
}

/// Real messages: every protobuf body of the recorded corpus that holds traces.
fn corpus() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/python-grpc");
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    manifest
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|entry| entry["signal"] == "traces")
        .map(|entry| std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap())
        .collect()
}

/// The law: prost and the scanner accept and reject the same bytes, and find the same spans; and these are the same when
/// prost writes them again, in the layout that the scanner expects.
pub(super) fn agree(body: &[u8]) {
    match (ExportTraceServiceRequest::decode(body), scan(body.to_vec().into())) {
        (Ok(message), Ok(batch)) => {
            same_spans(&message, &batch);
            assert_eq!(rows(&scanned(&message)), rows(&batch));
        }
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => assert!(error.to_string().contains("recursion limit"), "only prost refuses: {error}"),
        (Ok(_), Err(error)) => panic!("only the scanner refuses: {error}"),
    }
}

/// Returns the rows of a batch and their names, without the places where the spans are.
pub(super) fn rows(batch: &Batch) -> Vec<(SpanRow, &str)> {
    let nowhere = Range::default();
    let row = |row: &SpanRow| (SpanRow { message: nowhere, name: nowhere, ..*row }, batch.text(row.name));
    batch.spans.iter().map(row).collect()
}

fn same_spans(message: &ExportTraceServiceRequest, batch: &Batch) {
    let mut rows = batch.spans.iter();
    let mut rejected = 0;
    for resource_spans in &message.resource_spans {
        for scope_spans in &resource_spans.scope_spans {
            for span in &scope_spans.spans {
                let ids = (TraceId::from_bytes(&span.trace_id), SpanId::from_bytes(&span.span_id));
                let (Some(trace_id), Some(span_id), 0 | 8) = (ids.0, ids.1, span.parent_span_id.len()) else {
                    rejected += 1;
                    continue;
                };
                let row = rows.next().unwrap();
                assert_eq!((row.trace_id, row.span_id), (trace_id.0, span_id.0));
                assert_eq!(batch.text(row.name), span.name);
                assert_eq!(row.start_ns, span.start_time_unix_nano);
                assert_eq!(row.duration_ns, span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano));
                assert_eq!(row.kind, Kind::from_number(span.kind));
                assert_eq!(row.status, StatusCode::from_number(span.status.as_ref().map_or(0, |s| s.code)));
                assert_eq!((row.events as usize, row.links as usize), (span.events.len(), span.links.len()));
                assert_eq!(decode::span(row.message.of(&batch.bytes)).attributes.len(), span.attributes.len());
            }
        }
    }
    assert_eq!(rows.next(), None);
    assert_eq!(batch.rejected, rejected);
}

#[test]
fn prost_and_the_scanner_agree_on_real_messages() {
    for body in corpus() {
        agree(&body);
    }
}

#[test]
fn prost_and_the_scanner_agree_on_every_cut_of_a_real_message() {
    let body = request(vec![span(1), span(2)]).encode_to_vec();
    for len in 0..body.len() {
        agree(&body[..len]);
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Set(usize, u8),
    Flip(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = 0..100_000_usize;
    prop_oneof![
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (place.clone(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
        (place.clone(), 1..40_usize).prop_map(|(at, len)| Mutation::Remove(at, len)),
        (place, 1..40_usize).prop_map(|(at, len)| Mutation::Repeat(at, len)),
    ]
}

fn mutate(body: &mut Vec<u8>, mutation: &Mutation) {
    let len = body.len().max(1);
    match *mutation {
        _ if body.is_empty() => {}
        Mutation::Set(at, byte) => body[at % len] = byte,
        Mutation::Flip(at, bit) => body[at % len] ^= 1 << bit,
        Mutation::Insert(at, byte) => body.insert(at % len, byte),
        Mutation::Remove(at, count) => drop(body.drain(at % len..(at % len + count).min(len))),
        Mutation::Repeat(at, count) => {
            let piece = body[at % len..(at % len + count).min(len)].to_vec();
            body.splice(at % len..at % len, piece);
        }
    }
}

fn any_span() -> impl Strategy<Value = Span> {
    let ids = (prop::collection::vec(any::<u8>(), 14..18), prop::collection::vec(any::<u8>(), 7..10));
    (ids, "\\PC{0,12}", any::<(i32, u64, u64, i32)>(), any::<f64>()).prop_map(
        |((trace_id, span_id), name, n, double)| {
            let values = vec![
                text_value(&name),
                AnyValue { value: Some(any_value::Value::DoubleValue(double)) },
                AnyValue { value: Some(any_value::Value::IntValue(n.1 as i64)) },
                AnyValue { value: Some(any_value::Value::BoolValue(n.0 > 0)) },
                AnyValue { value: Some(any_value::Value::BytesValue(trace_id.clone())) },
                AnyValue::default(),
            ];
            let array = AnyValue { value: Some(any_value::Value::ArrayValue(ArrayValue { values })) };
            Span {
                trace_id,
                span_id,
                name,
                kind: n.0,
                start_time_unix_nano: n.1,
                end_time_unix_nano: n.2,
                attributes: vec![key_value("mixed", array)],
                status: Some(Status { code: n.3 % 4, message: String::new() }),
                ..span(1)
            }
        },
    )
}

proptest! {
    #[test]
    fn prost_and_the_scanner_agree_on_mutated_real_messages(
        which in any::<prop::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 0..4),
    ) {
        thread_local!(static CORPUS: Vec<Vec<u8>> = corpus());
        let mut body = CORPUS.with(|corpus| which.get(corpus).clone());
        for mutation in &mutations {
            mutate(&mut body, mutation);
        }
        agree(&body);
    }

    #[test]
    fn prost_and_the_scanner_agree_on_mutated_small_messages(
        spans in prop::collection::vec(any_span(), 0..4),
        mutations in prop::collection::vec(mutation(), 0..4),
    ) {
        let mut body = request(spans).encode_to_vec();
        for mutation in &mutations {
            mutate(&mut body, mutation);
        }
        agree(&body);
    }

    #[test]
    fn prost_and_the_scanner_agree_on_any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        agree(&body);
    }
}

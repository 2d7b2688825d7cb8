//! OTLP/HTTP: the checklist of OTLP 1.11.

use hyper::Method;
use serde_json::json;

use crate::support::{Answer, Spantop, exchange, gzip, message};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

fn span(trace: &str) -> String {
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": trace, "spanId": "00f067aa0ba902b7", "name": "GET /", "kind": 2}
    ]}]}]})
    .to_string()
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Every refusal's body is a Status in the request's encoding.
#[track_caller]
fn check(answer: &Answer, status: u16, said: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    if answer.header("content-type") == "application/json" {
        assert!(answer.json()["message"].as_str().unwrap().contains(said), "{}", answer.text());
    } else {
        assert_eq!(answer.header("content-type"), "application/x-protobuf");
        assert!(answer.text().contains(said), "{}", answer.text());
    }
}

#[test]
fn success_is_answered_in_the_encoding_of_the_request() {
    let spantop = Spantop::start();
    for types in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        let answer = spantop.post("/v1/traces", &[("content-type", types)], span(TRACE));
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "{}"));
        assert_eq!(answer.header("content-type"), "application/json");
    }
    let answer = spantop.post("/v1/traces", &[PROTOBUF], message(&[(1, 1, 0)]));
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), "application/x-protobuf");
    assert_eq!(spantop.json("/admin/tracing")["total"], 2);
}

#[test]
fn empty_requests_succeed() {
    let spantop = Spantop::start();
    assert_eq!(spantop.post("/v1/traces", &[PROTOBUF], "").status, 200);
    assert_eq!(spantop.post("/v1/traces", &[JSON], "{}").status, 200);
    assert_eq!(spantop.post("/v1/traces", &[JSON], r#"{"resourceSpans":null}"#).status, 200);
}

#[test]
fn every_coding_is_taken() {
    let spantop = Spantop::start();
    let body = message(&[(1, 1, 0)]);
    let packed = [
        ("identity", body.clone()),
        ("gzip", gzip(&body)),
        ("x-gzip", gzip(&body)),
        ("gzip", [gzip(&body[..9]), gzip(&body[9..])].concat()),
        ("zstd", zstd::stream::encode_all(&body[..], 1).unwrap()),
    ];
    for (coding, body) in packed {
        let answer = spantop.post("/v1/traces", &[PROTOBUF, ("content-encoding", coding)], body);
        assert_eq!(answer.status, 200, "{coding}: {answer:?}");
    }
    let answer = spantop.post("/v1/traces", &[JSON, ("content-encoding", "gzip")], gzip(span(TRACE).as_bytes()));
    assert_eq!(answer.status, 200);
    let stats = spantop.json("/admin/tracing/stats");
    assert_eq!((&stats["spans"]["stored"], &stats["spans"]["duplicates"]), (&2.into(), &4.into()));
}

#[test]
fn refusals_say_why_in_the_encoding_of_the_request() {
    let spantop = Spantop::start();
    for encoding in [PROTOBUF, JSON] {
        check(&spantop.post("/v1/traces", &[encoding], "damaged"), 400, "cannot read the request as OTLP");
        check(&spantop.post("/v2/traces", &[encoding], ""), 404, "there is nothing at '/v2/traces'");
        let answer = spantop.post("/v1/traces", &[encoding, ("content-encoding", "br")], "");
        check(&answer, 415, "unknown content coding 'br'");
        let answer = exchange(spantop.http, Method::GET, "/v1/traces", &[encoding], "".into());
        check(&answer, 405, "GET is not taken here");
        assert_eq!(answer.header("allow"), "POST");
    }
    check(&spantop.post("/v1/traces", &[("content-type", "text/plain")], ""), 415, "unknown content type 'text/plain'");
    check(&spantop.post("/v1/traces", &[], ""), 415, "application/x-protobuf and application/json are taken");
    let grpc_path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    check(&spantop.post(grpc_path, &[PROTOBUF], ""), 404, "OTLP/gRPC has a port of its own");
    check(&spantop.post("/v1/traces/v1/traces", &[PROTOBUF], ""), 404, "the SDK adds /v1/traces");
    assert_eq!(spantop.json("/admin/tracing/stats")["refused_requests"], 12);
}

#[test]
fn bad_data_names_the_field_and_the_place() {
    let spantop = Spantop::start();
    let answer = spantop.post("/v1/traces", &[JSON], span("xyz"));
    check(&answer, 400, "line 1, column");
    let violation = &answer.json()["details"][0]["fieldViolations"][0];
    assert_eq!(violation["field"], "resourceSpans[0].scopeSpans[0].spans[0].traceId");
    let answer =
        spantop.post("/v1/traces", &[JSON], span(TRACE).replace(r#""kind":2"#, r#""kind":"SPAN_KIND_SERVER""#));
    check(&answer, 400, "integer");
}

#[test]
fn a_body_that_is_too_large_is_413_before_and_after_unpacking() {
    let spantop = Spantop::with(&["--memory", "16MiB"]);
    let large = vec![0; (4 << 20) + 1];
    check(&spantop.post("/v1/traces", &[PROTOBUF], large.clone()), 413, "larger than 4194304 bytes");
    let packed = [PROTOBUF, ("content-encoding", "gzip")];
    check(&spantop.post("/v1/traces", &packed, gzip(&large)), 413, "larger than 4194304 bytes once unpacked");
    // A bomb: 300 MB of zeros in 300 kB.
    check(&spantop.post("/v1/traces", &packed, gzip(&vec![0; 300_000_000])), 413, "once unpacked");
}

#[test]
fn rejected_spans_are_counted_in_the_answer() {
    let spantop = Spantop::start();
    let answer = spantop.post("/v1/traces", &[JSON], span("00000000000000000000000000000000"));
    assert_eq!(answer.status, 200);
    let partial = &answer.json()["partialSuccess"];
    assert_eq!(partial["rejectedSpans"], "1");
    assert!(partial["errorMessage"].as_str().unwrap().contains("trace_id"));
}

#[test]
fn logs_and_metrics_are_answered_with_the_variable_that_switches_them_off() {
    let spantop = Spantop::start();
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{}, {"body": {"stringValue": "hi"}}]}]}]});
    let answer = spantop.post("/v1/logs", &[JSON], logs.to_string());
    let partial = &answer.json()["partialSuccess"];
    assert_eq!(partial["rejectedLogRecords"], "2");
    assert!(partial["errorMessage"].as_str().unwrap().contains("OTEL_LOGS_EXPORTER=none"));
    let points = json!({"dataPoints": [{}, {}, {}]});
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"sum": points}, {"gauge": points}]}]}]});
    let answer = spantop.post("/v1/metrics", &[JSON], metrics.to_string());
    assert_eq!(answer.json()["partialSuccess"]["rejectedDataPoints"], "6");
    assert_eq!(spantop.post("/v1/metrics", &[PROTOBUF], "").body.len(), 0);
    check(&spantop.post("/v1/logs", &[JSON], "["), 400, "cannot read the request as OTLP/JSON");
}

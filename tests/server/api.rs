//! The HTTP API: the list, one trace, the stats, and who may ask.

use hyper::Method;
use serde_json::Value;

use crate::support::{Spantop, exchange, message};

fn filled() -> Spantop {
    let spantop = Spantop::start();
    spantop.export(&message(&[(1, 1, 0), (1, 2, 1), (2, 1, 9), (3, 1, 0)]));
    spantop
}

fn ids(list: &Value) -> Vec<u64> {
    let last_byte =
        |trace: &Value| u128::from_str_radix(trace["trace_id"].as_str().unwrap(), 16).unwrap() as u64 & 0xff;
    list["traces"].as_array().unwrap().iter().map(last_byte).collect()
}

#[test]
fn the_list_has_every_field_and_pages() {
    let spantop = filled();
    let list = spantop.json("/admin/tracing");
    assert_eq!((list["total"].as_u64(), ids(&list)), (Some(3), vec![1, 2, 3]));
    assert_eq!(
        list["traces"][0],
        serde_json::json!({
            "trace_id": "01010101010101010101010101010101",
            "root_service": "unknown_service",
            "root_operation": "work 1",
            "start_time": "1970-01-01T00:00:00.001000000Z",
            "duration_ms": 2.5,
            "span_count": 2,
            "error_count": 0,
            "services": ["unknown_service"],
            "roots": 1,
            "missing_parents": 0,
            "complete": true,
            "partial": false,
        })
    );
    assert_eq!(list["traces"][1]["root_service"], Value::Null);
    assert_eq!(ids(&spantop.json("/admin/tracing?limit=1&offset=1")), [2]);
    assert_eq!(ids(&spantop.json("/admin/tracing?sort=-span_count")), [1, 2, 3]);
    assert_eq!(ids(&spantop.json("/admin/tracing?operation=work%202")), [1]);
    assert_eq!(spantop.json("/admin/tracing?hours=1")["total"], 0);
    assert_eq!(spantop.json("/admin/tracing?start_date=1970-01-01&end_date=1970-01-01")["total"], 3);
    assert_eq!(spantop.json("/admin/tracing?end_date=1970-01-01T00:00:00.001Z")["total"], 0);
}

#[test]
fn what_is_wrong_with_a_parameter_is_said() {
    let spantop = filled();
    let check = |query: &str, message: &str| {
        let (status, body) = spantop.get(&format!("/admin/tracing?{query}"));
        assert_eq!((status.as_u16(), body["error"]["message"].as_str()), (400, Some(message)), "{body}");
        assert!(!body["error"]["hint"].as_str().unwrap().is_empty(), "{body}");
    };
    check("limits=3", "unknown parameter 'limits'");
    check("q={+status+=+eror+}", "cannot read the query: 'eror' is no field and no value, at byte 11");
    check("q={", "cannot read the query: expected a field, a value or '(', found the end, at byte 1");
    check("q={+}+|+rate()", "this query gives series, not traces or spans");
    check("limit=0", "'0' is not a value of 'limit'");
    check("limit=10001", "'10001' is not a value of 'limit'");
    check("offset=-1", "'-1' is not a value of 'offset'");
    check("sort=color", "'color' is not a value of 'sort'");
    check("status=bad", "'bad' is not a value of 'status'");
    check("min_duration_ms=NaN", "'NaN' is not a value of 'min_duration_ms'");
    check("since=soon", "'soon' is not a value of 'since'");
    check("start_date=2026-13-01", "'2026-13-01' is not a value of 'start_date'");
    check("hours=1&since=1m", "the window is given in more than one way");
}

#[test]
fn a_trace_is_given_out_as_otlp_json_and_can_be_sent_back() {
    let spantop = filled();
    let trace = spantop.json("/admin/tracing/traces/01010101010101010101010101010101");
    let other = Spantop::start();
    let answer = other.post("/v1/traces", &[("content-type", "application/json")], trace.to_string());
    assert_eq!(answer.text(), "{}");
    assert_eq!(other.json("/admin/tracing/traces/01010101010101010101010101010101"), trace);
    let (status, body) = spantop.get("/admin/tracing/traces/09090909090909090909090909090909");
    assert_eq!((status.as_u16(), &body["error"]["code"]), (404, &"not_found".into()));
    assert_eq!(spantop.get("/admin/tracing/traces/xyz").0, 400);
    assert_eq!(spantop.get("/admin/tracing/traces/%ff").1["error"]["code"], "bad_request");
}

#[test]
fn counters_add_up() {
    let spantop = filled();
    spantop.export(&message(&[(1, 1, 0), (0, 1, 0)]));
    let spans = &spantop.json("/admin/tracing/stats")["spans"];
    let count = |name: &str| spans[name].as_u64().unwrap();
    assert_eq!((count("received"), count("duplicates"), count("rejected")), (6, 1, 1));
    let received = count("received") + count("recovered");
    assert_eq!(received, count("stored") + count("duplicates") + count("rejected") + count("excluded"));
    assert_eq!(count("stored"), count("in_memory") + count("on_disk") + count("evicted"));
}

#[test]
fn pages_of_strangers_are_kept_out() {
    let spantop = filled();
    let check = |headers: &[(&str, &str)], expected: u16| {
        let answer = exchange(spantop.api, Method::GET, "/admin/tracing", headers, "".into());
        assert_eq!(answer.status.as_u16(), expected, "{headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    };
    check(&[("host", "localhost:4319")], 200);
    check(&[("host", "127.0.0.1")], 200);
    check(&[("host", "[::1]:4319")], 200);
    check(&[("host", "evil.example:4319")], 403);
    check(&[("host", "localhost.evil.example")], 403);
    check(&[("host", "localhost"), ("origin", "http://localhost:3000")], 200);
    check(&[("host", "localhost"), ("origin", "https://evil.example")], 403);
    check(&[("host", "localhost"), ("origin", "null")], 403);
}

#[test]
fn only_programs_and_pages_of_this_machine_may_have_something_done() {
    let spantop = filled();
    let check = |path: &str, headers: &[(&str, &str)], expected: u16| {
        let answer = exchange(spantop.api, Method::POST, path, headers, "".into());
        assert_eq!(answer.status.as_u16(), expected, "{path} {headers:?}: {}", answer.text());
    };
    check("/admin/tracing/gc", &[("host", "localhost:4319")], 200);
    check("/admin/tracing/gc?dry_run=true", &[("host", "localhost"), ("origin", "http://localhost:3000")], 200);
    check("/admin/tracing/gc", &[("host", "localhost"), ("origin", "https://evil.example")], 403);
    check("/admin/tracing/gc", &[("host", "evil.example")], 403);
    check("/admin/tracing/gc?dry_run=perhaps", &[], 400);
    check("/admin/tracing/gc?dry=true", &[], 400);
}

#[test]
fn unknown_places_and_methods_are_errors_with_a_hint() {
    let spantop = filled();
    let (status, body) = spantop.get("/admin/traces");
    assert_eq!((status.as_u16(), &body["error"]["message"]), (404, &"there is nothing at '/admin/traces'".into()));
    let answer = exchange(spantop.api, Method::POST, "/admin/tracing", &[], "".into());
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET,HEAD"));
    let answer = exchange(spantop.api, Method::GET, "/admin/tracing/gc", &[], "".into());
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    assert_eq!(spantop.json("/healthz")["status"], "ok");
}

/// A query as it stands in a URL.
fn encoded(query: &str) -> String {
    query.bytes().fold(String::new(), |escaped, byte| format!("{escaped}%{byte:02X}"))
}

#[test]
fn a_query_chooses_traces_and_spans() {
    let spantop = filled();
    let ask = |path: &str, query: &str| spantop.json(&format!("{path}?q={}", encoded(query)));
    let traces = |query: &str| ids(&ask("/admin/tracing", query));
    assert_eq!(traces("{ name = \"work 2\" }"), [1]);
    assert_eq!(traces("{ } > { }"), [1]);
    assert_eq!(traces("{ trace:rootName = nil }"), [2]);
    assert_eq!(traces("operation=\"work 2\""), [1]);
    let spans = ask("/admin/tracing/spans", "{ name = \"work 2\" } | select(span:duration)");
    assert_eq!(
        spans,
        serde_json::json!({
            "total": 1,
            "spans": [{
                "trace_id": "01010101010101010101010101010101",
                "span_id": "0202020202020202",
                "service": "unknown_service",
                "operation": "work 2",
                "kind": "server",
                "status": "unset",
                "start_time": "1970-01-01T00:00:00.001000000Z",
                "duration_ms": 2.5,
                "selected": { "span:duration": 2.5 },
            }],
        })
    );
    assert_eq!(spantop.json("/admin/tracing/spans")["total"], 4);
    assert_eq!(spantop.json("/admin/tracing/spans?limit=1&offset=3")["spans"].as_array().unwrap().len(), 1);
    assert_eq!(spantop.json("/admin/tracing/spans?service_name=cart")["total"], 0);
}

#[test]
fn a_metrics_query_gives_series() {
    let spantop = filled();
    let series =
        spantop.json(&format!("/admin/tracing/metrics?step=1s&q={}", encoded("{ } | count_over_time() by(name)")));
    let of = |name: &str| {
        let all = series["series"].as_array().unwrap();
        all.iter().find(|series| series["labels"]["span:name"] == name).unwrap()["samples"].clone()
    };
    assert_eq!(of("work 1"), serde_json::json!([{ "time": "1970-01-01T00:00:00.000000000Z", "value": 3.0 }]));
    assert_eq!((series["step_seconds"].as_f64(), series["percentiles"].as_str()), (Some(1.0), Some("exact")));
    let (status, body) = spantop.get(&format!("/admin/tracing/metrics?q={}", encoded("{ }")));
    assert_eq!(status.as_u16(), 400);
    assert!(body["error"]["hint"].as_str().unwrap().contains("rate()"), "{body}");
}

#[test]
fn a_query_is_explained() {
    let spantop = filled();
    let explained = spantop.json(&format!("/admin/tracing/query?q={}", encoded("name=\"work 2\"")));
    assert_eq!((explained["shorthand"].as_bool(), explained["spans"].as_u64()), (Some(true), Some(4)));
    assert_eq!(explained["filters"][0]["spans_matched"], 1);
}

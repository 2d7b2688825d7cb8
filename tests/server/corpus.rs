//! Recorded traffic of real SDKs, sent to the receivers as it came, against its ground truth.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Answer, Spantop, corpus, framed};

fn read(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(corpus().join(path)).unwrap()).unwrap()
}

/// Sends one recorded body to the receiver it was recorded at.
fn send(spantop: &Spantop, capture: &str, entry: &Value) -> Answer {
    let body = std::fs::read(corpus().join(capture).join(entry["file"].as_str().unwrap())).unwrap();
    let signal = entry["signal"].as_str().unwrap();
    if entry["transport"] == "grpc" {
        let service = match signal {
            "traces" => "trace.v1.TraceService",
            "logs" => "logs.v1.LogsService",
            _ => "metrics.v1.MetricsService",
        };
        return spantop.call(&format!("/opentelemetry.proto.collector.{service}/Export"), &[], framed(0, &body));
    }
    let headers = [
        ("content-type", entry["content_type"].as_str().unwrap()),
        ("content-encoding", entry["encoding"].as_str().unwrap()),
    ];
    spantop.post(&format!("/v1/{signal}"), &headers, body)
}

fn send_all(spantop: &Spantop) {
    for capture in ["python-grpc", "node-json", "rust-proto"] {
        let manifest = std::fs::read_to_string(corpus().join(capture).join("manifest.jsonl")).unwrap();
        for line in manifest.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let answer = send(spantop, capture, &entry);
            assert_eq!(answer.status, 200, "{line}: {}", answer.text());
            if entry["transport"] == "grpc" {
                assert_eq!(answer.header("grpc-status"), "0", "{line}");
            }
            let is_kept = entry["signal"] == "traces";
            let advice = format!("OTEL_{}_EXPORTER=none", entry["signal"].as_str().unwrap().to_uppercase());
            assert_eq!(answer.text().contains(&advice), !is_kept, "{line}: {}", answer.text());
        }
    }
}

/// The fields of a trace that both the API and the ground truth have, in the API's words.
fn expected(trace: &Value) -> Value {
    json!({
        "span_count": trace["spans"],
        "error_count": trace["errors"],
        "services": trace["services"],
        "roots": trace["roots"],
        "missing_parents": trace["missing_parents"],
        "duration_ms": trace["duration_ns"].as_u64().unwrap() as f64 / 1e6,
        "root_service": trace["root_service"],
        "root_operation": trace["root_name"],
    })
}

fn check_traces(spantop: &Spantop, truth: &Value) {
    let list = spantop.json("/admin/tracing?limit=10000");
    assert_eq!(list["total"], truth["all"]["traces"]["count"]);
    let mut found: BTreeMap<&str, &Value> =
        list["traces"].as_array().unwrap().iter().map(|trace| (trace["trace_id"].as_str().unwrap(), trace)).collect();
    for capture in truth["captures"].as_object().unwrap().values() {
        for trace in capture["trace_list"].as_array().unwrap() {
            let id = trace["trace_id"].as_str().unwrap();
            let row = found.remove(id).unwrap_or_else(|| panic!("{id} is missing"));
            let expected = expected(trace);
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&row[key], value, "{key} of {id}");
            }
            let complete = trace["roots"].as_u64() > Some(0) && trace["missing_parents"] == 0;
            assert_eq!(row["complete"], complete, "{id}");
        }
    }
    assert!(found.is_empty(), "{found:?}");
}

/// Counts spans and errors per service in the traces as they are given out, in OTLP/JSON.
fn services(spantop: &Spantop) -> BTreeMap<String, (u64, u64)> {
    let mut services: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in spantop.json("/admin/tracing?limit=10000")["traces"].as_array().unwrap() {
        let trace = spantop.json(&format!("/admin/tracing/traces/{}", row["trace_id"].as_str().unwrap()));
        for resource in trace["resourceSpans"].as_array().unwrap() {
            let attributes = resource["resource"]["attributes"].as_array().unwrap();
            let name = attributes.iter().find(|attribute| attribute["key"] == "service.name").unwrap();
            let counts = services.entry(name["value"]["stringValue"].as_str().unwrap().to_owned()).or_default();
            for scope in resource["scopeSpans"].as_array().unwrap() {
                for span in scope["spans"].as_array().unwrap() {
                    counts.0 += 1;
                    counts.1 += u64::from(span["status"]["code"] == 2);
                }
            }
        }
    }
    services
}

fn check_services(spantop: &Spantop, truth: &Value) {
    let expected: BTreeMap<String, (u64, u64)> = truth["all"]["services"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, service)| {
            (name.clone(), (service["spans"].as_u64().unwrap(), service["errors"].as_u64().unwrap()))
        })
        .collect();
    assert_eq!(services(spantop), expected);
}

fn check_stats(spantop: &Spantop, truth: &Value, times_sent: u64) {
    let spans = truth["all"]["span_count"].as_u64().unwrap();
    let stats = spantop.json("/admin/tracing/stats");
    assert_eq!(stats["total_traces"], truth["all"]["traces"]["count"]);
    assert_eq!(stats["error_traces"], truth["all"]["traces"]["with_any_error"]);
    assert_eq!(stats["spans"]["received"], spans * times_sent);
    assert_eq!(stats["spans"]["stored"], spans);
    assert_eq!(stats["spans"]["duplicates"], spans * (times_sent - 1));
    assert_eq!(stats["spans"]["rejected"], 0);
    assert_eq!(stats["spans"]["in_memory"], spans);
    assert_eq!(stats["refused_requests"], 0);
}

#[test]
fn real_traffic_gives_the_figures_of_its_ground_truth_also_when_sent_twice() {
    let truth = read("truth.json");
    let spantop = Spantop::start();
    send_all(&spantop);
    check_traces(&spantop, &truth);
    check_services(&spantop, &truth);
    check_stats(&spantop, &truth, 1);
    send_all(&spantop);
    check_traces(&spantop, &truth);
    check_services(&spantop, &truth);
    check_stats(&spantop, &truth, 2);
    let slow = spantop.json("/admin/tracing?min_duration_ms=100&limit=1");
    assert_eq!(slow["total"], truth["all"]["queries"]["traces duration>=100ms"]);
    let failed = spantop.json("/admin/tracing?status=error&limit=1");
    assert_eq!(failed["total"], truth["all"]["traces"]["with_any_error"]);
}

fn near(found: &Value, expected: f64, what: &str) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{what}: {found}"));
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} for {expected}");
}

/// Checks the figures of a row of the API, in milliseconds, against those of the ground truth, in nanoseconds.
fn check_figures(what: &str, row: &Value, expected: &Value, count: &str) {
    assert_eq!(row["requests"], expected[count], "{what}");
    assert_eq!(row["errors"], expected["errors"], "{what}");
    near(&row["mean_ms"], expected["mean_ns"].as_f64().unwrap() / 1e6, what);
    for (key, at) in [("median_ms", "p50_ns"), ("p95_ms", "p95_ns"), ("p99_ms", "p99_ns")] {
        assert_eq!(row[key], expected["nearest"][at].as_u64().unwrap() as f64 / 1e6, "{key} of {what}");
    }
    assert_eq!(row["max_ms"], expected["max_ns"].as_u64().unwrap() as f64 / 1e6, "{what}");
    let rate = expected["errors"].as_f64().unwrap() * 100.0 / expected[count].as_f64().unwrap();
    near(&row["error_rate_percent"], rate, what);
    near(&row["throughput_per_hour"], row["throughput_per_minute"].as_f64().unwrap() * 60.0, what);
}

fn check_performance(body: &Value, truth: &Value) {
    assert_eq!(body["percentiles"], "exact");
    let services = body["services"].as_array().unwrap();
    assert_eq!(services.len(), truth["services"].as_object().unwrap().len());
    let mut operations = 0;
    for service in services {
        let name = service["service"].as_str().unwrap();
        check_figures(name, service, &truth["services"][name]["requests"], "requests");
        for row in service["operations"].as_array().unwrap() {
            let is_it = |expected: &&Value| {
                let kind = expected["kind"].as_str().unwrap().to_lowercase();
                expected["service"] == name && expected["name"] == row["operation"] && row["kind"] == kind
            };
            let expected = truth["operations"].as_array().unwrap().iter().find(is_it).unwrap();
            check_figures(name, row, expected, "spans");
            operations += 1;
        }
    }
    assert_eq!(operations, truth["operations"].as_array().unwrap().len());
    let slow = body["slow_operations"].as_array().unwrap();
    assert_eq!(slow.len(), operations);
    let totals: Vec<f64> = slow.iter().map(|row| row["total_ms"].as_f64().unwrap()).collect();
    assert!(totals.is_sorted_by(|a, b| a >= b), "{totals:?}");
    near(&slow.iter().map(|row| row["share_percent"].as_f64().unwrap()).sum::<f64>().into(), 100.0, "shares");
}

fn check_health(body: &Value, truth: &Value) {
    let services = body["services"].as_array().unwrap();
    assert_eq!(services.len(), truth["services"].as_object().unwrap().len());
    for service in services {
        let name = service["service"].as_str().unwrap();
        let expected = &truth["services"][name]["requests"];
        for (key, at) in
            [("health_score", "health"), ("error_score", "error_score"), ("performance_score", "perf_score")]
        {
            near(&service[key], expected[at].as_f64().unwrap(), name);
        }
        assert_eq!(service["requests"], expected["requests"]);
        let score = expected["health"].as_f64().unwrap();
        let status = if score < 40.0 {
            "critical"
        } else if score < 70.0 {
            "warning"
        } else {
            "ok"
        };
        assert_eq!(service["status"], status, "{name}");
        // Whose score is not 100 knows why.
        assert_eq!(service["reasons"].as_array().unwrap().is_empty(), score > 99.0, "{service}");
    }
}

fn check_dependencies(body: &Value, truth: &Value) {
    assert_eq!(body["percentiles"], "exact");
    let found: BTreeMap<String, Value> = body["edges"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|edge| edge["virtual"] == false)
        .map(|edge| (format!("{} {} {}", edge["caller"], edge["callee"], edge["kind"]), edge.clone()))
        .collect();
    let expected = truth["edges"].as_array().unwrap();
    assert_eq!(found.len(), expected.len());
    for edge in expected {
        let row = &found[&format!("{} {} {}", edge["from"], edge["to"], edge["type"])];
        assert_eq!((&row["calls"], &row["errors"]), (&edge["calls"], &edge["errors"]), "{row}");
        let [p95, by_caller] = ["p95_ms", "caller_p95_ms"].map(|key| row[key].as_f64().unwrap());
        assert!(p95 > 0.0 && by_caller > 0.0, "{row}");
    }
    let nodes = body["nodes"].as_array().unwrap();
    let services = nodes.iter().filter(|node| node["virtual"] == false);
    for service in services.clone() {
        let name = service["service"].as_str().unwrap();
        check_figures(name, service, &truth["services"][name]["requests"], "requests");
    }
    assert_eq!(services.count(), truth["services"].as_object().unwrap().len());
    let is_database = |node: &&Value| node["kind"] == "database" && node["requests"].as_u64() > Some(0);
    assert!(nodes.iter().filter(is_database).count() > 1, "{nodes:?}");
}

/// Checks what sets failed traces apart, and two sides of the recorded traffic, by API and on the command line.
fn check_explain_and_compare(spantop: &Spantop) {
    let printed = |arguments: &[&str]| {
        let api = spantop.api.to_string();
        let output = crate::support::run(&[&["analyze"], arguments, &["--connect", &api]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |arguments: &[&str]| {
        serde_json::from_str::<Value>(&printed(&[arguments, &["--format", "json"]].concat())).unwrap()
    };
    let q = "%7B%20resource.service.name%20%3D%20%22ingest-rs%22%20%26%26%20status%20%3D%20error%20%7D";
    let explained = spantop.json(&format!("/admin/tracing/analysis/explain?q={q}"));
    assert_eq!((&explained["selected"], &explained["baseline"]), (&Value::from(9), &Value::from(31)), "{explained}");
    let query = ["explain", "--query", "{ resource.service.name = \"ingest-rs\" && status = error }"];
    assert_eq!(json(&query), explained);
    let first = explained["operations"][0].clone();
    assert!(first["evidence"].as_str().unwrap().starts_with("errors begin in"), "{explained}");
    assert_eq!(explained["verdict"], first["evidence"]);
    assert!(printed(&query).contains(first["evidence"].as_str().unwrap()));
    let (status, body) = spantop.get("/admin/tracing/analysis/explain");
    assert_eq!((status.as_u16(), body["error"]["message"].as_str()), (400, Some("there is nothing to explain")));

    let sides =
        ["compare", "--a", "{ resource.service.name = \"gateway\" }", "--b", "{ resource.service.name = \"worker\" }"];
    let compared = json(&sides);
    assert_eq!((compared["a_traces"].as_u64(), compared["b_traces"].as_u64()), (Some(149), Some(317)));
    let table = printed(&[&sides[..], &["--format", "table"]].concat());
    assert!(table.contains("149 traces on side a, 317 on side b"), "{table}");
    let findings = printed(&["findings", "--format", "table"]);
    assert!(findings.contains("n_plus_one: Fetch everything with one call"), "{findings}");
    let rows = compared["rows"].as_array().unwrap();
    let alone = |side: &str| rows.iter().any(|row| row[side].is_null());
    assert!(alone("a") && alone("b"));
    let traces = spantop.json("/admin/tracing?limit=2&sort=-span_count");
    let id = |at: usize| traces["traces"][at]["trace_id"].as_str().unwrap();
    let compared = spantop.json(&format!("/admin/tracing/analysis/compare?a={}&b={}&limit=10000", id(0), id(1)));
    let count = |side: &str| {
        let rows = compared["rows"].as_array().unwrap().iter();
        rows.filter_map(|row| row[side]["count"].as_u64()).sum::<u64>()
    };
    assert_eq!(
        (traces["traces"][0]["span_count"].as_u64(), traces["traces"][1]["span_count"].as_u64()),
        (Some(count("a")), Some(count("b")))
    );
    assert_eq!(compared["percentiles"], "exact");
    let missing = "0123456789abcdef0123456789abcdef";
    assert_eq!(spantop.get(&format!("/admin/tracing/analysis/compare?a={missing}&b={}", id(1))).0, 404);
    assert_eq!(spantop.get("/admin/tracing/analysis/compare").0, 400);
}

/// Checks that repeated siblings are found, those that truth lists.
fn check_findings(answers: [Value; 2], truth: &Value) {
    for findings in answers {
        assert_eq!(findings["traces"], truth["traces"]["count"]);
        let repeated = findings["findings"].as_array().unwrap().iter();
        let repeated = repeated.filter(|finding| finding["kind"] == "n_plus_one" || finding["kind"] == "fan_out");
        assert_eq!(repeated.map(|finding| finding["count"].as_u64().unwrap()).sum::<u64>(), 66);
    }
}

#[test]
fn figures_and_health_are_true_by_api_and_on_the_command_line() {
    let truth = &read("truth.json")["all"];
    let spantop = Spantop::start();
    send_all(&spantop);
    let api = spantop.api.to_string();
    let printed = |topic: &str, format: &str| {
        let output = crate::support::run(&["analyze", topic, "--connect", &api, "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |topic: &str| serde_json::from_str::<Value>(&printed(topic, "json")).unwrap();
    let errors = spantop.json("/admin/tracing/analysis/errors");
    assert_eq!(errors["total"], truth["error_spans"]);
    assert_eq!(json("errors"), errors);
    let groups = errors["groups"].as_array().unwrap();
    assert_eq!(printed("errors", "ndjson").lines().count(), groups.len());
    assert!(printed("errors", "table").ends_with(&format!(
        "{} spans with an error in {} groups\n",
        errors["total"],
        groups.len()
    )));
    for group in groups {
        let trace = group["sample_trace_ids"][0].as_str().unwrap();
        assert_eq!(spantop.get(&format!("/admin/tracing/traces/{trace}")).0, 200, "{group}");
        assert_eq!(group["fingerprint"].as_str().unwrap().len(), 16);
    }
    check_explain_and_compare(&spantop);
    check_findings([spantop.json("/admin/tracing/analysis/findings"), json("findings")], truth);
    check_performance(&spantop.json("/admin/tracing/analysis/performance?limit=1000"), truth);
    check_performance(&json("performance"), truth);
    check_performance(&json("services"), truth);
    check_dependencies(&spantop.json("/admin/tracing/analysis/services"), truth);
    check_dependencies(&json("dependencies"), truth);
    let fewer = spantop.json("/admin/tracing/analysis/services?limit=2");
    assert_eq!(fewer["edges"].as_array().unwrap().len(), 2);
    assert!(fewer["total_edges"].as_u64() > Some(7));
    check_health(&spantop.json("/admin/tracing/health"), truth);
    check_health(&json("health"), truth);
    let trends = json("trends");
    assert_eq!(trends["services"].as_array().unwrap().len(), truth["services"].as_object().unwrap().len());
    for trend in trends["services"].as_array().unwrap() {
        let name = trend["service"].as_str().unwrap();
        let minutes = trend["series"].as_array().unwrap();
        let requests: u64 = minutes.iter().map(|minute| minute["requests"].as_u64().unwrap()).sum();
        assert_eq!(truth["services"][name]["requests"]["requests"], requests, "{name}");
        assert!(minutes.is_sorted_by_key(|minute| minute["time"].as_str().unwrap().to_owned()));
    }
    let one = spantop.json("/admin/tracing/health/orders");
    near(&one["health_score"], truth["services"]["orders"]["requests"]["health"].as_f64().unwrap(), "orders");
    let rows: Vec<Value> =
        printed("services", "ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), truth["services"].as_object().unwrap().len());
    for row in &rows {
        let name = row["service"].as_str().unwrap();
        check_figures(name, row, &truth["services"][name]["requests"], "requests");
    }
    let table = printed("services", "table");
    assert!(table.starts_with("SERVICE        REQUESTS  ERRORS     RATE"), "{table}");
    let first = printed("slow", "csv").lines().nth(1).unwrap().to_owned();
    let all = spantop.json("/admin/tracing/analysis/performance");
    let slowest = &all["slow_operations"][0];
    assert!(first.starts_with(slowest["service"].as_str().unwrap()), "{first}");
    // A window that nothing began in has services that rest, and no figures.
    let empty = spantop.json("/admin/tracing/health/orders?start_date=1999-01-01&end_date=1999-01-02");
    assert_eq!((&empty["health_score"], &empty["requests"]), (&Value::Null, &json!(0)));
    let empty = spantop.json("/admin/tracing/analysis/performance?end_date=1999-01-02");
    assert_eq!((&empty["services"], &empty["slow_operations"]), (&json!([]), &json!([])));
    assert_eq!(spantop.get("/admin/tracing/health/nobody").0, 404);
    let searched =
        spantop.json("/admin/tracing/analysis/performance?service_name=orders&q=%7B%20status%20%3D%20error%20%7D");
    assert_eq!(searched["services"][0]["requests"], truth["services"]["orders"]["requests"]["errors"]);
    assert_eq!(searched["services"].as_array().unwrap().len(), 1);
}

//! Queries on recorded traffic, against its ground truth: counts of searches, calls between services, attributes, and the
//! numbers of services and operations.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use spantop::otlp::Batch;
use spantop::query::ast::Literal;
use spantop::query::{Query, parse};
use spantop::source::{Reply, Request, SeriesRequest, TraceFilter, TracesRequest, Window, answer};

use crate::recorded::{CAPTURES, requests, truth};
use crate::spans_request;
use crate::stores::{self, Blocks, Form};

/// Longer than the recording.
const ONE_STEP_NS: u64 = 7 * 24 * 3_600 * 1_000_000_000;

fn query(text: &str) -> Arc<Query> {
    Arc::new(parse(text).unwrap_or_else(|problems| panic!("{}", problems.render(text))).query)
}

fn count_spans(form: &Form, text: &str) -> usize {
    match answer(&spans_request(&query(text)), &form.snapshot) {
        Reply::Spans(list) => list.total,
        other => panic!("{other:?}"),
    }
}

fn count_traces(form: &Form, text: &str) -> usize {
    let filter = TraceFilter { query: Some(query(text)), ..TraceFilter::default() };
    match answer(&Request::Traces(TracesRequest { filter, ..TracesRequest::default() }), &form.snapshot) {
        Reply::Traces(list) => list.total,
        other => panic!("{other:?}"),
    }
}

/// Returns the one number of each series, by the texts of its labels.
fn numbers(form: &Form, text: &str) -> BTreeMap<Vec<String>, f64> {
    let request =
        SeriesRequest { query: query(text), window: Window::default(), service: None, step_ns: Some(ONE_STEP_NS) };
    let Reply::Series(series) = answer(&Request::Series(request), &form.snapshot) else { panic!("no series") };
    assert!(!series.is_approximate);
    let label = |value: &Literal| match value {
        Literal::String(text) => text.to_string(),
        other => other.to_string(),
    };
    let pair = |one: spantop::source::OneSeries| {
        assert_eq!(one.samples.len(), 1, "{one:?}");
        (one.labels.iter().map(|(_, value)| label(value)).collect(), one.samples[0].1)
    };
    series.series.into_iter().map(pair).collect()
}

/// Returns the query of a title of the ground truth, which counts spans or traces.
fn traceql(title: &str) -> String {
    let what = match title {
        "duration>=100ms" => "trace:duration >= 100ms",
        "duration>=50ms" => "span:duration >= 50ms",
        "with exception event" => "event:name = \"exception\"",
        "with links" => "link:spanID != nil",
        "with events" => "event:name != nil",
        "name contains 'SELECT'" => "span:name =~ \".*SELECT.*\"",
        other => match other.split_once('=').expect("a field and its value") {
            ("kind", kind) => return format!("{{ span:kind = {} }}", kind.to_lowercase()),
            (field, value) => return format!("{{ span.{field} = {value} }}"),
        },
    };
    format!("{{ {what} }}")
}

fn check_counts(form: &Form, truth: &Value) {
    let titles = truth["queries"].as_object().unwrap();
    assert!(titles.len() >= 26);
    for (title, expected) in titles {
        let (what, title) = title.split_once(' ').unwrap();
        let text = traceql(title);
        let found = if what == "spans" { count_spans(form, &text) } else { count_traces(form, &text) };
        assert_eq!(found as u64, expected.as_u64().unwrap(), "{what} {text}");
    }
    for (key, expected) in truth["attribute_keys"].as_object().unwrap() {
        let found = count_spans(form, &format!("{{ span.{key} != nil }}"));
        assert_eq!(found as u64, expected.as_u64().unwrap(), "{key}");
    }
}

fn check_traces(form: &Form, truth: &Value) {
    let traces = |text: &str, key: &str| {
        assert_eq!(count_traces(form, text) as u64, truth["traces"][key].as_u64().unwrap(), "{key}");
    };
    traces("{ }", "count");
    traces("{ trace:rootName = nil }", "with_no_root");
    traces("{ status = error }", "with_any_error");
    traces("{ span:parentID = \"\" && status = error }", "with_root_error");
    traces("{ span:parentID != \"\" && parent.name = nil }", "with_missing_parents");
    traces("{ } !> { span:parentID != \"\" }", "with_missing_parents");
    let most = truth["traces"]["max_spans"].as_u64().unwrap();
    assert!(count_traces(form, &format!("spans>={most}")) > 0);
    assert_eq!(count_traces(form, &format!("spans>{most}")), 0);
    let deepest = truth["traces"]["max_depth"].as_u64().unwrap() as usize;
    let levels = |count: usize| vec!["{ }"; count].join(" > ");
    assert!(count_spans(form, &levels(deepest)) > 0);
    assert_eq!(count_spans(form, &levels(deepest + 1)), 0);
    let roots = count_spans(form, "{ span:parentID = \"\" }");
    assert_eq!(roots as u64, truth["root_spans"].as_u64().unwrap());
}

/// Calls between services are those between all pairs, and the children and parents of such a call are as many.
fn check_edges(form: &Form, truth: &Value) {
    let services: Vec<&String> = truth["services"].as_object().unwrap().keys().collect();
    let edges = truth["cross_service_parent_child"].as_array().unwrap();
    let service = |name: &str| format!("{{ resource.service.name = \"{name}\" }}");
    for (from, to) in services.iter().flat_map(|from| services.iter().map(move |to| (*from, *to))) {
        if from != to {
            let edge = edges.iter().find(|edge| edge["from"] == **from && edge["to"] == **to);
            let expected = edge.map_or(0, |edge| edge["calls"].as_u64().unwrap()) as usize;
            let (from, to) = (service(from), service(to));
            assert_eq!(count_spans(form, &format!("{from} > {to}")), expected, "{from} > {to}");
            let (parents, both) = (format!("{to} < {from}"), format!("{from} &> {to}"));
            assert_eq!(count_spans(form, &parents) + expected, count_spans(form, &both), "{both}");
            let others = count_spans(form, &format!("{from} !> {to}"));
            assert_eq!(count_spans(form, &to), expected + others, "{from} !> {to}");
        }
    }
    let crossing = count_spans(form, "{ resource.service.name != parent.resource.service.name }");
    let calls = edges.iter().map(|edge| edge["calls"].as_u64().unwrap());
    assert_eq!(crossing as u64, calls.sum::<u64>());
}

fn count(numbers: &BTreeMap<Vec<String>, f64>, key: &[String]) -> u64 {
    numbers.get(key).map_or(0, |number| *number as u64)
}

fn is_near(found: f64, expected_ns: &Value) -> bool {
    (found * 1e9 - expected_ns.as_f64().unwrap()).abs() < 1.0
}

fn check_services(form: &Form, truth: &Value) {
    let services = truth["services"].as_object().unwrap();
    let by_service = |what: &str| numbers(form, &format!("{{ }} | {what} by(resource.service.name)"));
    let spans = by_service("count_over_time()");
    assert_eq!(spans.len(), services.len());
    let times = |function: &str| by_service(&format!("{function}_over_time(duration)"));
    let (least, most, mean, sum) = (times("min"), times("max"), times("avg"), times("sum"));
    let quantiles = by_service("quantile_over_time(duration, 0.5, 0.95, 0.99)");
    let errors = numbers(form, "{ status = error } | count_over_time() by(resource.service.name)");
    for (name, service) in services {
        let key = vec![name.clone()];
        assert_eq!(count(&spans, &key), service["spans"].as_u64().unwrap(), "{name}");
        assert_eq!(count(&errors, &key), service["errors"].as_u64().unwrap(), "{name}");
        for (found, figure) in [(&least, "min_ns"), (&most, "max_ns"), (&mean, "mean_ns"), (&sum, "sum_ns")] {
            assert!(is_near(found[&key], &service[figure]), "{figure} of {name}");
        }
        for (quantile, figure) in [("0.5", "p50_ns"), ("0.95", "p95_ns"), ("0.99", "p99_ns")] {
            let found = quantiles[&vec![name.clone(), quantile.to_owned()]];
            assert!(is_near(found, &service["nearest"][figure]), "{figure} of {name}: {found}");
        }
    }
}

fn check_operations(form: &Form, truth: &Value) {
    let counted = |filter: &str| {
        numbers(form, &format!("{{ {filter} }} | count_over_time() by(resource.service.name, name, kind)"))
    };
    let (spans, errors) = (counted(""), counted("status = error"));
    let operations = truth["operations"].as_array().unwrap();
    assert_eq!(spans.len(), operations.len());
    for operation in operations {
        let text = |key: &str| operation[key].as_str().unwrap().to_owned();
        let key = vec![text("service"), text("name"), text("kind").to_lowercase()];
        assert_eq!(count(&spans, &key), operation["spans"].as_u64().unwrap(), "{key:?}");
        assert_eq!(count(&errors, &key), operation["errors"].as_u64().unwrap(), "{key:?}");
    }
}

fn check(batches: &[Batch], truth: &Value) {
    for blocks in [Blocks::Open, Blocks::Each] {
        let form = stores::of_batches(batches, blocks);
        check_counts(&form, truth);
        check_traces(&form, truth);
        check_edges(&form, truth);
        check_services(&form, truth);
        check_operations(&form, truth);
    }
}

#[test]
fn queries_on_each_recording_give_its_figures() {
    for capture in CAPTURES {
        check(&requests(capture), &truth()["captures"][capture]);
    }
}

#[test]
fn queries_on_all_recordings_give_their_figures() {
    let batches: Vec<Batch> = CAPTURES.iter().flat_map(|capture| requests(capture)).collect();
    check(&batches, &truth()["all"]);
}

//! Figures of recorded traffic.

use serde_json::Value;
use spantop::analysis::{Figures, Performance};
use spantop::otlp::Batch;
use spantop::source::{Reply, Request, Selection, answer};

use crate::figures;
use crate::recorded::{CAPTURES, requests, truth};
use crate::stores::{self, Blocks, Form};

fn number(of: &Value, key: &str) -> u64 {
    of[key].as_u64().unwrap_or_else(|| panic!("{key} of {of}"))
}

/// Counts, sums and percentiles are the same to the last digit; what is divided, to rounding.
fn check(what: &str, found: &Figures, expected: &Value, count: &str) {
    assert_eq!(found.requests, number(expected, count), "{what}");
    assert_eq!(found.errors, number(expected, "errors"), "{what}");
    assert_eq!(found.sum_ns, u128::from(number(expected, "sum_ns")), "{what}");
    assert_eq!(found.max_ns, number(expected, "max_ns"), "{what}");
    assert!((found.mean_ns().unwrap() - expected["mean_ns"].as_f64().unwrap()).abs() < 1e-3, "{what}");
    let percentiles = found.percentiles.unwrap();
    for (found, key) in [(percentiles.p50_ns, "p50_ns"), (percentiles.p95_ns, "p95_ns"), (percentiles.p99_ns, "p99_ns")]
    {
        assert_eq!(found, number(&expected["nearest"], key), "{key} of {what}");
    }
}

/// What is quick is right but for durations, which are within a hundredth.
fn check_near(what: &str, quick: &Figures, exact: &Figures) {
    let [rough, sharp] = [quick, exact].map(|figures| figures.percentiles.unwrap().all());
    for (rough, sharp) in rough.into_iter().zip(sharp) {
        assert!(rough.abs_diff(sharp) as f64 <= sharp as f64 * 0.01, "{what}: {rough} for {sharp}");
    }
    let rest = |figures: &Figures| Figures { percentiles: None, apdex: None, ..figures.clone() };
    assert_eq!(rest(quick), rest(exact), "{what}");
}

fn check_services(found: &Performance, quick: &Performance, truth: &Value) {
    let services = truth["services"].as_object().unwrap();
    let names: Vec<&str> = found.services.iter().map(|service| &*service.service).collect();
    assert_eq!(names, services.keys().map(String::as_str).collect::<Vec<_>>());
    let mut operations = 0;
    for (service, quick) in found.services.iter().zip(&quick.services) {
        check(&service.service, &service.figures, &services[&*service.service]["requests"], "requests");
        check_near(&service.service, &quick.figures, &service.figures);
        for operation in &service.operations {
            let is_it = |expected: &&Value| {
                expected["service"] == *service.service
                    && expected["name"] == *operation.operation
                    && expected["kind"].as_str().unwrap().eq_ignore_ascii_case(operation.kind.name())
            };
            let expected = truth["operations"].as_array().unwrap().iter().find(is_it).unwrap();
            check(&operation.operation, &operation.figures, expected, "spans");
            operations += 1;
        }
        for operation in &quick.operations {
            let is_it = |other: &&spantop::analysis::OperationFigures| {
                other.operation == operation.operation && other.kind == operation.kind
            };
            check_near(
                &operation.operation,
                &operation.figures,
                &service.operations.iter().find(is_it).unwrap().figures,
            );
        }
    }
    assert_eq!(operations, truth["operations"].as_array().unwrap().len());
}

fn check_health(form: &Form, truth: &Value) {
    let Reply::Health(health) = answer(&Request::Health(Selection::default()), &form.snapshot) else { panic!() };
    let services = truth["services"].as_object().unwrap();
    assert_eq!(health.services.len(), services.len());
    let (mut weighed, mut requests) = (0.0, 0.0);
    for found in &health.services {
        let expected = &services[&*found.service]["requests"];
        let near = |found: Option<f64>, key: &str| {
            let expected = expected[key].as_f64().unwrap();
            assert!((found.unwrap() - expected).abs() < 1e-9, "{key}: {found:?} for {expected}");
        };
        near(found.score, "health");
        near(found.error_score, "error_score");
        near(found.performance_score, "perf_score");
        near(found.error_rate_percent, "error_rate_percent");
        weighed += expected["health"].as_f64().unwrap() * expected["requests"].as_f64().unwrap();
        requests += expected["requests"].as_f64().unwrap();
    }
    assert!((health.score.unwrap() - weighed / requests).abs() < 1e-9);
}

fn check_all(batches: &[Batch], truth: &Value) {
    for blocks in [Blocks::Open, Blocks::Sealed, Blocks::Mixed] {
        let form = stores::of_batches(batches, blocks);
        let found = figures(&form, &Selection::default(), false);
        assert!(!found.is_approximate);
        let quick = figures(&form, &Selection::default(), true);
        assert!(quick.is_approximate);
        check_services(&found, &quick, truth);
        check_health(&form, truth);
    }
}

#[test]
fn figures_and_health_of_recorded_traffic_are_the_true_ones() {
    let truth = truth();
    let mut all = Vec::new();
    for capture in CAPTURES {
        let batches = requests(capture);
        check_all(&batches, &truth["captures"][capture]);
        all.extend(batches);
    }
    check_all(&all, &truth["all"]);
}

//! Who calls whom: of recorded traffic, and of spans that chance made against the definition word by word.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use spantop::analysis::Graph;
use spantop::analysis::graph::{Edge, Node};
use spantop::model::{EdgeKind, Timestamp};
use spantop::source::{Dependencies, DependenciesRequest, Reply, Request, Selection, Window, answer};

use crate::recorded::{CAPTURES, requests, truth};
use crate::stores::{self, Blocks, Form};

fn graph(form: &Form, of: Selection, is_quick: bool) -> Graph {
    match answer(&Request::Dependencies(DependenciesRequest { of, is_quick }), &form.snapshot) {
        Reply::Dependencies(found) => {
            let Dependencies { graph, progress } = *found;
            assert_eq!(progress.searched, progress.of);
            graph
        }
        other => panic!("{other:?}"),
    }
}

fn names(graph: &Graph, edge: &Edge) -> (String, String) {
    (graph.nodes[edge.caller].name.to_string(), graph.nodes[edge.callee].name.to_string())
}

#[test]
fn edges_of_recorded_traffic_are_the_true_ones() {
    let truth = truth();
    let mut all = Vec::new();
    let check = |batches: &[spantop::otlp::Batch], truth: &serde_json::Value| {
        let expected: BTreeSet<_> = truth["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| {
                let text = |key: &str| edge[key].as_str().unwrap().to_owned();
                (
                    text("from"),
                    text("to"),
                    text("type"),
                    edge["calls"].as_u64().unwrap(),
                    edge["errors"].as_u64().unwrap(),
                )
            })
            .collect();
        for blocks in [Blocks::Open, Blocks::Sealed, Blocks::Mixed, Blocks::Each] {
            let form = stores::of_batches(batches, blocks);
            for is_quick in [true, false] {
                let graph = graph(&form, Selection::default(), is_quick);
                assert_eq!(graph.is_approximate, is_quick);
                let real = graph.edges.iter().filter(|edge| graph.nodes[edge.callee].outside.is_none());
                let found: BTreeSet<_> = real
                    .map(|edge| {
                        let (caller, callee) = names(&graph, edge);
                        (caller, callee, edge.kind.name().to_owned(), edge.calls.requests, edge.calls.errors)
                    })
                    .collect();
                assert_eq!(found, expected);
                let outside = |kind| graph.nodes.iter().any(|node| node.outside == Some(kind));
                assert!(truth["edges"].as_array().unwrap().len() < 7 || outside(EdgeKind::Database));
            }
        }
    };
    for capture in CAPTURES {
        let batches = requests(capture);
        check(&batches, &truth["captures"][capture]);
        all.extend(batches);
    }
    check(&all, &truth["all"]);
}

const SERVICES: [&str; 4] = ["shop", "cart", "cron", "mail"];
const SECOND: u64 = 1_000_000_000;
const BEGIN: u64 = 1_700_000_000 * SECOND;

/// A span, in small numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Made {
    trace: u8,
    id: u8,
    /// 0 at a root.
    parent: u8,
    service: usize,
    kind: i32,
    start: u64,
    duration_ns: u64,
    is_error: bool,
    link: Option<(u8, u8)>,
    /// What it calls, by its attributes.
    target: usize,
}

type Target = Option<(EdgeKind, &'static str)>;

/// What attributes name: these, and what is made of them.
const TARGETS: [(&[(&str, &str)], Target); 8] = [
    (&[("id", "7"), ("peer.service", ""), ("db.system", "")], None),
    (&[("net.peer.name", "db"), ("peer.service", "bank")], Some((EdgeKind::Rpc, "bank"))),
    (
        &[("server.address", "db-1"), ("db.name", "shop"), ("db.system", "mysql")],
        Some((EdgeKind::Database, "mysql/shop")),
    ),
    (&[("db.system.name", "redis"), ("db.system", "other")], Some((EdgeKind::Database, "redis"))),
    (&[("server.address", "b"), ("messaging.system", "kafka")], Some((EdgeKind::Messaging, "kafka"))),
    (&[("server.address", "example.com"), ("net.peer.name", "other")], Some((EdgeKind::External, "example.com"))),
    (&[("net.peer.name", "old.example.com")], Some((EdgeKind::External, "old.example.com"))),
    (&[("server.address", "shop")], Some((EdgeKind::External, "shop"))),
];

fn spans() -> impl Strategy<Value = Vec<Made>> {
    let ids = (0..7_u8, 1..30_u8, 0..30_u8);
    let link = prop::option::weighted(0.3, (0..7_u8, 1..30_u8));
    let span = (ids, 0..4_usize, 0..6_i32, 0..300_u64, 0..2_000_000_000_u64, 0..4_u8, link, 0..TARGETS.len());
    let span = span.prop_map(|((trace, id, parent), service, kind, start, duration_ns, error, link, target)| Made {
        trace,
        id,
        parent,
        service,
        kind,
        start: BEGIN + start * SECOND,
        duration_ns,
        is_error: error == 0,
        link,
        target,
    });
    prop::collection::vec(span, 1..150).prop_map(|mut spans: Vec<Made>| {
        let mut seen = HashSet::new();
        spans.retain(|span| seen.insert((span.trace, span.id)));
        spans
    })
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.into())) };
    KeyValue { key: key.into(), value: Some(value), ..KeyValue::default() }
}

fn request(spans: &[Made]) -> ExportTraceServiceRequest {
    let resource_spans = spans.iter().map(|span| {
        let link =
            |(trace, id): (u8, u8)| Link { trace_id: vec![trace + 1; 16], span_id: vec![id; 8], ..Link::default() };
        let proto = Span {
            trace_id: vec![span.trace + 1; 16],
            span_id: vec![span.id; 8],
            parent_span_id: if span.parent == 0 { Vec::new() } else { vec![span.parent; 8] },
            name: "work".into(),
            kind: span.kind,
            start_time_unix_nano: span.start,
            end_time_unix_nano: span.start + span.duration_ns,
            attributes: TARGETS[span.target].0.iter().map(|(key, value)| text(key, value)).collect(),
            links: span.link.into_iter().map(link).collect(),
            status: span.is_error.then(|| Status { code: 2, message: String::new() }),
            ..Span::default()
        };
        ResourceSpans {
            resource: Some(Resource {
                attributes: vec![text("service.name", SERVICES[span.service])],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans { spans: vec![proto], ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

/// Calls, errors, the durations of the callees, the errors and durations of the callers where these are other ones.
type Sums = (u64, u64, Vec<u64>, u64, Vec<u64>);
/// Caller, callee, what the callee is where it is no service, kind.
type Key = (&'static str, &'static str, bool, EdgeKind);

/// Returns the edges by the definition.
fn expected(all: &[Made], window: (u64, u64)) -> BTreeMap<Key, Sums> {
    let find = |(trace, id)| all.iter().find(|span| (span.trace, span.id) == (trace, id) && id != 0);
    let is_called = |span: &Made| matches!(span.kind, 2 | 5);
    let mut edges: BTreeMap<Key, Sums> = BTreeMap::new();
    for callee in all.iter().filter(|span| is_called(span) && (window.0..window.1).contains(&span.start)) {
        let parent = find((callee.trace, callee.parent));
        let linked = callee.link.filter(|_| callee.kind == 5).and_then(find).filter(|caller| caller.kind == 4);
        let mut callers: Vec<&Made> = parent.into_iter().chain(linked).collect();
        callers.dedup_by_key(|caller| (caller.trace, caller.id));
        for caller in callers {
            let kind = match (caller.kind, callee.kind) {
                (3, 2) => EdgeKind::Rpc,
                (4, 5) => EdgeKind::Messaging,
                _ => continue,
            };
            if caller.service != callee.service {
                let sums = edges.entry((SERVICES[caller.service], SERVICES[callee.service], false, kind)).or_default();
                sums.0 += 1;
                sums.1 += u64::from(callee.is_error);
                sums.2.push(callee.duration_ns);
                sums.3 += u64::from(caller.is_error);
                sums.4.push(caller.duration_ns);
            }
        }
    }
    for caller in all.iter().filter(|span| matches!(span.kind, 3 | 4) && (window.0..window.1).contains(&span.start)) {
        let is_child = |span: &Made| (span.trace, span.parent) == (caller.trace, caller.id) && is_called(span);
        let Some((kind, name)) = TARGETS[caller.target].1.filter(|_| !all.iter().any(is_child)) else { continue };
        let kind = if kind == EdgeKind::Rpc && caller.kind == 4 { EdgeKind::Messaging } else { kind };
        let sums = edges.entry((SERVICES[caller.service], name, true, kind)).or_default();
        sums.0 += 1;
        sums.1 += u64::from(caller.is_error);
        sums.2.push(caller.duration_ns);
    }
    for sums in edges.values_mut() {
        sums.2.sort_unstable();
        sums.4.sort_unstable();
    }
    edges
}

fn percentile(durations: &[u64], part: f64) -> u64 {
    durations[((part * durations.len() as f64).ceil() as usize).clamp(1, durations.len()) - 1]
}

fn check(graph: &Graph, all: &[Made], window: (u64, u64), is_quick: bool) -> Result<(), TestCaseError> {
    let expected = expected(all, window);
    let name = |edge: &Edge| (names(graph, edge), graph.nodes[edge.callee].outside.is_some(), edge.kind);
    let found: BTreeMap<_, &Edge> = graph.edges.iter().map(|edge| (name(edge), edge)).collect();
    prop_assert_eq!(found.len(), graph.edges.len());
    let keys: Vec<_> =
        expected.keys().map(|&(a, b, outside, kind)| ((a.to_owned(), b.to_owned()), outside, kind)).collect();
    prop_assert_eq!(found.keys().cloned().collect::<Vec<_>>(), keys);
    let near = |found: u64, exact: u64| {
        if is_quick { found.abs_diff(exact) as f64 <= exact as f64 * 0.02 } else { found == exact }
    };
    for (edge, (calls, errors, durations, caller_errors, by_caller)) in found.values().zip(expected.values()) {
        prop_assert_eq!((edge.calls.requests, edge.calls.errors), (*calls, *errors));
        prop_assert_eq!(edge.calls.sum_ns, durations.iter().map(|&ns| u128::from(ns)).sum::<u128>());
        for (found, part) in edge.calls.percentiles.unwrap().all().into_iter().zip([0.5, 0.9, 0.95, 0.99, 0.999]) {
            let exact = percentile(durations, part);
            prop_assert!(near(found, exact), "{found} for {exact}");
        }
        let callers = edge.by_caller.as_ref();
        prop_assert_eq!(callers.map_or(0, |callers| callers.requests), by_caller.len() as u64);
        prop_assert_eq!(callers.map_or(0, |callers| callers.errors), *caller_errors);
        if let Some(callers) = callers {
            prop_assert!(near(callers.percentiles.unwrap().p95_ns, percentile(by_caller, 0.95)));
        }
    }
    let sorted = |node: &Node| (node.outside.is_some(), node.name.clone());
    prop_assert!(graph.nodes.is_sorted_by_key(sorted));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn edges_are_what_the_definition_says_however_the_spans_lie(
        spans in spans(),
        pieces in 1..40_usize,
        ends in (0..320_u64, 0..320_u64),
        seed in any::<u64>(),
    ) {
        let at = |second: u64| BEGIN + second * SECOND;
        let windows = [(0, u64::MAX), (at(ends.0.min(ends.1)), at(ends.0.max(ends.1)))];
        // The order of arrival follows from the seed.
        let mut shuffled = spans.clone();
        shuffled.sort_by_key(|span| seed.wrapping_mul(u64::from(span.id) * 31 + u64::from(span.trace) + 1).rotate_left(17));
        for (spans, pieces, blocks) in [
            (&spans, 1_000, Blocks::Open),
            (&spans, 1_000, Blocks::Sealed),
            (&shuffled, pieces, Blocks::Each),
            (&shuffled, pieces, Blocks::Mixed),
        ] {
            let requests: Vec<_> = spans.chunks(pieces).map(request).collect();
            let form = stores::form(&requests, blocks);
            for window in windows {
                let of = Window { from: Some(Timestamp(window.0)), to: Some(Timestamp(window.1)) };
                for is_quick in [false, true] {
                    let found = graph(&form, Selection { window: of, ..Selection::default() }, is_quick);
                    check(&found, spans, window, is_quick)?;
                }
            }
        }
    }
}

#[test]
fn a_link_to_another_trace_is_a_call_whatever_the_id() {
    let producer = Made {
        trace: 6,
        id: 22,
        parent: 0,
        service: 0,
        kind: 4,
        start: BEGIN,
        duration_ns: 0,
        is_error: true,
        link: None,
        target: 0,
    };
    // Its parent is not there, and is called like what it is linked with.
    let consumer = Made { trace: 0, id: 1, parent: 22, service: 1, kind: 5, link: Some((6, 22)), ..producer.clone() };
    let spans = [producer, consumer];
    for blocks in [Blocks::Open, Blocks::Sealed, Blocks::Each] {
        let form = stores::form(&spans.each_ref().map(|span| request(std::slice::from_ref(span))), blocks);
        check(&graph(&form, Selection::default(), false), &spans, (0, u64::MAX), false).unwrap();
    }
}

#[test]
fn of_a_service_there_are_its_own_edges_and_their_ends() {
    let form = stores::of_batches(&requests("python-grpc"), Blocks::Mixed);
    let whole = graph(&form, Selection::default(), true);
    let of = |service: &str| graph(&form, Selection { service: Some(service.into()), ..Selection::default() }, true);
    let around = of("payments");
    let own = whole.edges.iter().filter(|edge| {
        let (caller, callee) = names(&whole, edge);
        caller == "payments" || (callee == "payments" && whole.nodes[edge.callee].outside.is_none())
    });
    let shown = |graph: &Graph, edge: &Edge| (names(graph, edge), edge.calls.clone());
    let found: Vec<_> = around.edges.iter().map(|edge| shown(&around, edge)).collect();
    assert_eq!(found, own.map(|edge| shown(&whole, edge)).collect::<Vec<_>>());
    let ends: BTreeSet<usize> = around.edges.iter().flat_map(|edge| [edge.caller, edge.callee]).collect();
    assert_eq!(ends.len(), around.nodes.len());
    assert!(of("nobody").nodes.is_empty());
}

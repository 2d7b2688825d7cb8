//! The shop as a receiver sees it: the stream is checked span by span, and every story is looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};

use super::Shop;
use crate::model::{SpanId, Timestamp, TraceId};

const OPENED: Timestamp = Timestamp(1_795_353_600_000_000_000);
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;

/// A span as it arrived.
struct Arrival {
    at: u64,
    service: String,
    version: String,
    span: Span,
}

impl Arrival {
    fn is_error(&self) -> bool {
        self.span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32)
    }

    fn lag(&self) -> u64 {
        self.at - self.span.end_time_unix_nano
    }
}

/// Returns everything that arrives within five minutes after opening; played once for all tests.
fn five_minutes() -> &'static [Arrival] {
    static ARRIVALS: LazyLock<Vec<Arrival>> = LazyLock::new(play_five_minutes);
    &ARRIVALS
}

/// Asks a shop ten times a second.
fn play_five_minutes() -> Vec<Arrival> {
    let mut shop = Shop::new(7);
    shop.advance(OPENED);
    let mut arrivals = Vec::new();
    for tick in 1..=3_000 {
        let now = OPENED.plus(tick * SECOND / 10);
        for request in shop.advance(now) {
            arrivals.extend(arrivals_of(request, now.0));
        }
    }
    arrivals
}

fn arrivals_of(request: ExportTraceServiceRequest, at: u64) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for resource_spans in request.resource_spans {
        let resource = resource_spans.resource.unwrap_or_default();
        let (service, version) =
            (text(&resource.attributes, "service.name"), text(&resource.attributes, "service.version"));
        for scope_spans in resource_spans.scope_spans {
            for span in scope_spans.spans {
                arrivals.push(Arrival { at, service: service.clone(), version: version.clone(), span });
            }
        }
    }
    arrivals
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let value = attributes.iter().find(|attribute| attribute.key == key).and_then(|found| found.value.clone());
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        _ => String::new(),
    }
}

fn by_trace(arrivals: &[Arrival]) -> BTreeMap<&[u8], Vec<&Arrival>> {
    let mut traces: BTreeMap<&[u8], Vec<&Arrival>> = BTreeMap::new();
    for arrival in arrivals {
        traces.entry(&arrival.span.trace_id).or_default().push(arrival);
    }
    traces
}

/// Plays half a minute in steps of `step` and returns what came.
fn stream(seed: u64, step: u64) -> Vec<ExportTraceServiceRequest> {
    let mut shop = Shop::new(seed);
    (0..=30 * SECOND / step).flat_map(|i| shop.advance(OPENED.plus(i * step))).collect()
}

#[test]
fn the_stream_depends_on_the_seed_and_not_on_how_often_one_asks() {
    let once = stream(1, 30 * SECOND);
    assert!(once.len() > 100);
    assert_eq!(once, stream(1, 50_000_000));
    assert_eq!(once, stream(1, SECOND));
    assert_ne!(once, stream(2, SECOND));
}

#[test]
fn a_clock_that_went_back_yields_nothing_and_a_long_sleep_opens_anew() {
    let mut shop = Shop::new(1);
    shop.advance(OPENED);
    assert!(shop.advance(OPENED.minus(SECOND)).is_empty());
    assert!(!shop.advance(OPENED.plus(5 * SECOND)).is_empty());
    let woken = OPENED.plus(3 * 60 * MINUTE);
    assert!(shop.advance(woken).is_empty());
    assert!(!shop.advance(woken.plus(10 * MINUTE)).is_empty());
    let mut shop = Shop::new(1);
    shop.advance(OPENED);
    shop.advance(woken);
    let batches = shop.advance(woken.plus(5 * SECOND));
    assert!(
        batches
            .into_iter()
            .flat_map(|batch| arrivals_of(batch, woken.0))
            .all(|a| a.span.end_time_unix_nano + MINUTE > woken.0)
    );
}

#[test]
fn spans_are_valid_and_have_ended_when_they_arrive() {
    let mut ids = BTreeSet::new();
    for arrival in five_minutes() {
        let span = &arrival.span;
        assert!(TraceId::from_bytes(&span.trace_id).is_some());
        assert!(SpanId::from_bytes(&span.span_id).is_some());
        assert!(span.parent_span_id.is_empty() || SpanId::from_bytes(&span.parent_span_id).is_some());
        assert!(ids.insert((span.trace_id.clone(), span.span_id.clone())), "{} came twice", span.name);
        assert!(!span.name.is_empty());
        assert!(span.kind != SpanKind::Unspecified as i32);
        assert!(span.start_time_unix_nano < span.end_time_unix_nano, "{} takes no time", span.name);
        assert!(span.end_time_unix_nano <= arrival.at, "{} has not ended", span.name);
        let keys: BTreeSet<&str> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(keys.len(), span.attributes.len(), "{} repeats an attribute: {:?}", span.name, span.attributes);
    }
}

#[test]
fn parents_arrive_except_where_the_gateway_crashed() {
    let arrivals = five_minutes();
    // What is still on its way at closing time is nobody's fault.
    let settled = OPENED.0 + 4 * MINUTE;
    let mut without_root = 0;
    for trace in by_trace(arrivals).into_values() {
        if trace.iter().any(|arrival| arrival.span.end_time_unix_nano > settled) {
            continue;
        }
        let ids: BTreeSet<&[u8]> = trace.iter().map(|arrival| arrival.span.span_id.as_slice()).collect();
        let orphans: Vec<_> = trace
            .iter()
            .filter(|a| !a.span.parent_span_id.is_empty() && !ids.contains(a.span.parent_span_id.as_slice()))
            .collect();
        let has_root = trace.iter().any(|arrival| arrival.span.parent_span_id.is_empty());
        assert_eq!(orphans.is_empty(), has_root);
        without_root += usize::from(!has_root);
        assert!(orphans.iter().all(|orphan| orphan.service == "storefront-bff"), "only the gateway crashes");
    }
    assert!((1..60).contains(&without_root), "{without_root}");
}

#[test]
fn about_twenty_traces_begin_each_second() {
    let arrivals = five_minutes();
    let rate = by_trace(arrivals).len() as f64 / 300.0;
    assert!((17.0..23.0).contains(&rate), "{rate}");
    let spans = arrivals.len() as f64 / 300.0;
    assert!((200.0..450.0).contains(&spans), "{spans}");
}

#[test]
fn the_rate_is_a_factor_and_never_nonsense() {
    let traces = |rate: f64| {
        let mut shop = Shop::new(3).with_rate(rate);
        shop.advance(OPENED);
        let arrivals: Vec<_> =
            shop.advance(OPENED.plus(MINUTE)).into_iter().flat_map(|request| arrivals_of(request, 0)).collect();
        by_trace(&arrivals).len()
    };
    let usual = traces(1.0);
    assert_eq!(traces(f64::NAN), usual);
    assert!((usual * 3 / 2..usual * 5 / 2).contains(&traces(2.0)));
    assert!(traces(-1.0) < usual / 10);
}

#[test]
fn fifteen_services_work_here_one_of_them_in_japanese() {
    let arrivals = five_minutes();
    let services: BTreeSet<&str> = arrivals.iter().map(|arrival| arrival.service.as_str()).collect();
    assert_eq!(services.len(), 15);
    assert!(services.contains("配送サービス"));
    assert!(arrivals.iter().any(|arrival| arrival.span.name == "配送を予約"));
}

#[test]
fn checkouts_are_deep_and_imports_are_long() {
    let arrivals = five_minutes();
    let traces = by_trace(arrivals);
    let widest = |name: &str| {
        let with = traces.values().filter(|trace| trace.iter().any(|arrival| arrival.span.name == name));
        with.max_by_key(|trace| trace.len()).expect("the story occurs").clone()
    };
    let checkout = widest("POST /api/checkout");
    assert!((35..=60).contains(&checkout.len()), "{}", checkout.len());
    let services: BTreeSet<&str> = checkout.iter().map(|arrival| arrival.service.as_str()).collect();
    assert!(services.len() >= 9, "{services:?}");
    assert!(widest("import stock").len() >= 100);
}

#[test]
fn carts_ask_for_each_price_one_by_one() {
    let arrivals = five_minutes();
    let mut siblings: BTreeMap<(&[u8], &str), usize> = BTreeMap::new();
    for arrival in arrivals.iter().filter(|arrival| arrival.service == "pricing") {
        *siblings.entry((&arrival.span.parent_span_id, &arrival.span.name)).or_default() += 1;
    }
    let repeated = |(&(_, name), &count): (&(&[u8], &str), &usize)| name == "SELECT prices" && count >= 12;
    assert!(siblings.iter().filter(|&(key, count)| repeated((key, count))).count() > 20);
}

#[test]
fn errors_come_with_stack_traces_of_several_languages() {
    let arrivals = five_minutes();
    let errors = arrivals.iter().filter(|arrival| arrival.is_error()).count();
    let share = errors as f64 / arrivals.len() as f64;
    assert!((0.003..0.05).contains(&share), "{share}");
    let exceptions: BTreeSet<String> = arrivals
        .iter()
        .flat_map(|arrival| &arrival.span.events)
        .filter(|event| event.name == "exception" && text(&event.attributes, "exception.stacktrace").contains('\n'))
        .map(|event| text(&event.attributes, "exception.type"))
        .collect();
    for expected in [
        "example.shop.payments.PaymentDeclinedException",
        "pydantic_core.ValidationError",
        "org.postgresql.util.PSQLException",
        "TimeoutError",
        "java.net.http.HttpTimeoutException",
    ] {
        assert!(exceptions.contains(expected), "{expected} is not among {exceptions:?}");
    }
}

#[test]
fn every_other_story_occurs() {
    let arrivals = five_minutes();
    let spans = || arrivals.iter().map(|arrival| &arrival.span);
    let with_event = |name: &str| spans().filter(|span| span.events.iter().any(|event| event.name == name)).count();
    for name in ["cache.miss", "retry", "feature_flag.evaluation", "fallback", "exception"] {
        assert!(with_event(name) > 0, "{name}");
    }
    assert!(spans().any(|span| !span.trace_state.is_empty()));
    let linked = spans().find(|span| !span.links.is_empty()).expect("notifications link to their orders");
    assert_ne!(linked.links[0].trace_id, linked.trace_id);
    let late = arrivals.iter().filter(|arrival| arrival.service == "recommendations");
    assert!(late.map(Arrival::lag).min() > Some(5 * SECOND));
    let versions: BTreeSet<&str> = arrivals
        .iter()
        .filter(|arrival| arrival.service == "catalog")
        .map(|arrival| arrival.version.as_str())
        .collect();
    assert_eq!(versions, BTreeSet::from(["2.14.3", "2.15.0"]));
    for status in ["402", "404", "409", "422", "503", "504"] {
        assert!(spans().any(|span| text(&span.attributes, "error.type") == status), "{status}");
    }
}

#[test]
fn most_children_lie_within_their_parents_but_some_outlive_them_or_begin_before() {
    let arrivals = five_minutes();
    let (mut within, mut outlive, mut before) = (0, 0, 0);
    for trace in by_trace(arrivals).into_values() {
        let spans: BTreeMap<&[u8], &Span> = trace.iter().map(|a| (a.span.span_id.as_slice(), &a.span)).collect();
        for arrival in &trace {
            let Some(parent) = spans.get(arrival.span.parent_span_id.as_slice()) else { continue };
            let span = &arrival.span;
            if span.kind == SpanKind::Consumer as i32 {
                continue;
            }
            if span.start_time_unix_nano < parent.start_time_unix_nano {
                before += 1;
            } else if span.end_time_unix_nano > parent.end_time_unix_nano {
                outlive += 1;
            } else {
                within += 1;
            }
        }
    }
    assert!(outlive > 20 && outlive * 50 < within, "{outlive} of {within}");
    assert!(before > 20 && before * 20 < within, "{before} of {within}");
}

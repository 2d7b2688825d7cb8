//! Figures of spans that chance made, against the simplest way to make them.

use std::collections::{BTreeMap, HashSet};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use spantop::analysis::{Figures, Percentiles, Performance};
use spantop::model::Timestamp;
use spantop::source::{Selection, Window};

use crate::figures;
use crate::stores::{self, Blocks, Form};

const SERVICES: [&str; 4] = ["shop", "cart", "cron", "mail"];
const OPERATIONS: [&str; 3] = ["GET /", "query", "send"];
const MINUTE_NS: u64 = 60_000_000_000;

/// A span, in small numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Made {
    trace: u8,
    id: u8,
    /// 0 at a root.
    parent: u8,
    service: usize,
    operation: usize,
    kind: i32,
    start_ns: u64,
    duration_ns: u64,
    is_error: bool,
}

fn spans() -> impl Strategy<Value = Vec<Made>> {
    let span = (
        0..9_u8,
        1..30_u8,
        0..30_u8,
        (0..4_usize, 0..3_usize, 0..6_i32),
        0..300_u64,
        (any::<u64>(), 0..64_u32),
        0..4_u8,
    );
    let span = span.prop_map(|(trace, id, parent, (service, operation, kind), start, (bits, shift), error)| Made {
        trace,
        id,
        parent,
        service,
        operation,
        // A service that only ever works for itself has local roots for requests.
        kind: if SERVICES[service] == "cron" { kind % 2 * 2 + 1 } else { kind },
        start_ns: 1_700_000_000_000_000_000 + start * 1_700_000_000,
        // Senders name an end: no span lasts past the last moment there is.
        duration_ns: (bits >> shift) % (1 << 62),
        is_error: error == 0,
    });
    let span = span.prop_map(|mut span| {
        if SERVICES[span.service] == "cron" && span.kind == 2 {
            span.kind = 3;
        }
        span
    });
    prop::collection::vec(span, 1..120).prop_map(|mut spans: Vec<Made>| {
        let mut seen = HashSet::new();
        spans.retain(|span| seen.insert((span.trace, span.id)));
        spans
    })
}

fn request(spans: &[Made]) -> ExportTraceServiceRequest {
    let resource_spans = spans.iter().map(|span| {
        let value = AnyValue { value: Some(any_value::Value::StringValue(SERVICES[span.service].into())) };
        let name = KeyValue { key: "service.name".into(), value: Some(value), ..KeyValue::default() };
        let proto = Span {
            trace_id: vec![span.trace + 1; 16],
            span_id: vec![span.id; 8],
            parent_span_id: if span.parent == 0 { Vec::new() } else { vec![span.parent; 8] },
            name: OPERATIONS[span.operation].into(),
            kind: span.kind,
            start_time_unix_nano: span.start_ns,
            end_time_unix_nano: span.start_ns + span.duration_ns,
            status: span.is_error.then(|| Status { code: 2, message: String::new() }),
            ..Span::default()
        };
        ResourceSpans {
            resource: Some(Resource { attributes: vec![name], ..Resource::default() }),
            scope_spans: vec![ScopeSpans { spans: vec![proto], ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

/// Returns the figures of spans, by the definitions word by word.
fn simple(spans: &[&Made]) -> Figures {
    let mut durations: Vec<u64> = spans.iter().map(|span| span.duration_ns).collect();
    durations.sort_unstable();
    let count = durations.len();
    let rank = |part: f64| durations[((part * count as f64).ceil() as usize).clamp(1, count) - 1];
    let fine = |limit: u64| spans.iter().filter(|span| !span.is_error && span.duration_ns <= limit).count() as f64;
    let (satisfied, tolerated) = (fine(500_000_000), fine(2_000_000_000));
    let mut minutes: BTreeMap<u64, u64> = BTreeMap::new();
    for span in spans {
        *minutes.entry(span.start_ns / MINUTE_NS).or_default() += 1;
    }
    let starts = || spans.iter().map(|span| span.start_ns);
    Figures {
        requests: count as u64,
        errors: spans.iter().filter(|span| span.is_error).count() as u64,
        sum_ns: durations.iter().map(|&ns| u128::from(ns)).sum(),
        max_ns: durations.last().copied().unwrap_or_default(),
        percentiles: (count > 0).then(|| Percentiles::of([0.5, 0.9, 0.95, 0.99, 0.999].map(rank))),
        apdex: (count > 0).then(|| (satisfied + (tolerated - satisfied) / 2.0) / count as f64),
        first: Timestamp(starts().min().unwrap_or_default()),
        last: Timestamp(starts().max().unwrap_or_default()),
        peak_per_minute: minutes.values().copied().max().unwrap_or_default(),
    }
}

fn is_request(span: &Made, all: &[Made]) -> bool {
    let is_entry = |span: &Made| matches!(span.kind, 2 | 5);
    if all.iter().any(|other| other.service == span.service && is_entry(other)) {
        return is_entry(span);
    }
    let parent = all.iter().find(|other| (other.trace, other.id) == (span.trace, span.parent) && span.parent != 0);
    parent.is_none_or(|parent| parent.service != span.service)
}

fn is_near(found: &Figures, expected: &Figures) -> bool {
    let rest = |figures: &Figures| Figures { apdex: None, ..figures.clone() };
    let apdex = [found, expected].map(|figures| figures.apdex.unwrap_or(-1.0));
    rest(found) == rest(expected) && (apdex[0] - apdex[1]).abs() < 1e-12
}

fn check(found: &Performance, all: &[Made], window: (u64, u64)) -> Result<(), TestCaseError> {
    let within: Vec<&Made> = all.iter().filter(|span| (window.0..window.1).contains(&span.start_ns)).collect();
    let mut services: Vec<&str> = within.iter().map(|span| SERVICES[span.service]).collect();
    services.sort_unstable();
    services.dedup();
    let names: Vec<&str> = found.services.iter().map(|service| &*service.service).collect();
    prop_assert_eq!(&names, &services);
    for service in &found.services {
        let own = || within.iter().copied().filter(|span| SERVICES[span.service] == &*service.service);
        let expected = simple(&own().filter(|span| is_request(span, all)).collect::<Vec<_>>());
        prop_assert!(
            is_near(&service.figures, &expected),
            "{}: {:?}\n{:?}",
            service.service,
            service.figures,
            expected
        );
        let mut spans = 0;
        for operation in &service.operations {
            let is_it = |span: &&Made| {
                OPERATIONS[span.operation] == &*operation.operation && span.kind == operation.kind as i32
            };
            let expected = simple(&own().filter(is_it).collect::<Vec<_>>());
            prop_assert!(is_near(&operation.figures, &expected), "{:?}\n{:?}", operation, expected);
            spans += operation.figures.requests;
        }
        prop_assert_eq!(spans, own().count() as u64);
    }
    Ok(())
}

fn of(window: (u64, u64)) -> Selection {
    let window = Window { from: Some(Timestamp(window.0)), to: Some(Timestamp(window.1)) };
    Selection { window, ..Selection::default() }
}

fn form(spans: &[Made], (pieces, blocks): (usize, Blocks)) -> Form {
    let requests: Vec<_> = spans.chunks(pieces.max(1)).map(request).collect();
    stores::form(&requests, blocks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn figures_are_what_the_definitions_say_however_the_spans_lie(
        spans in spans(),
        pieces in 1..40_usize,
        ends in (0..320_u64, 0..320_u64),
        seed in any::<u64>(),
    ) {
        let at = |second: u64| 1_700_000_000_000_000_000 + second * 1_700_000_000;
        let windows = [(0, u64::MAX), (at(ends.0.min(ends.1)), at(ends.0.max(ends.1)))];
        // The order of arrival follows from the seed.
        let mut shuffled = spans.clone();
        shuffled.sort_by_key(|span| seed.wrapping_mul(u64::from(span.id) * 31 + u64::from(span.trace) + 1).rotate_left(17));
        for (spans, how) in [
            (&spans, (1_000, Blocks::Open)),
            (&spans, (1_000, Blocks::Sealed)),
            (&shuffled, (pieces, Blocks::Each)),
            (&shuffled, (pieces, Blocks::Mixed)),
        ] {
            let form = form(spans, how);
            for window in windows {
                check(&figures(&form, &of(window), false), spans, window)?;
            }
        }
    }

    #[test]
    fn what_two_windows_come_to_is_what_both_come_to(spans in spans(), pieces in 1..40_usize, middle in 0..300_u64) {
        let form = form(&spans, (pieces, Blocks::Mixed));
        let middle = 1_700_000_000_000_000_000 + middle * 1_700_000_000;
        let [before, after, both] =
            [(0, middle), (middle, u64::MAX), (0, u64::MAX)].map(|window| figures(&form, &of(window), false));
        for service in &both.services {
            let parts = [&before, &after].map(|part| part.services.iter().find(|other| other.service == service.service));
            let sum = |figure: fn(&Figures) -> u128| parts.iter().flatten().map(|part| figure(&part.figures)).sum::<u128>();
            prop_assert_eq!(sum(|figures| figures.requests.into()), service.figures.requests.into());
            prop_assert_eq!(sum(|figures| figures.errors.into()), service.figures.errors.into());
            prop_assert_eq!(sum(|figures| figures.sum_ns), service.figures.sum_ns);
            let most = parts.iter().flatten().map(|part| part.figures.max_ns).max();
            prop_assert_eq!(most, Some(service.figures.max_ns));
        }
    }

    #[test]
    fn duplicates_change_no_figure(spans in spans(), again in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let once = form(&spans, (7, Blocks::Mixed));
        let requests: Vec<_> = spans.chunks(7).map(request).collect();
        let copies: Vec<Made> = again.iter().map(|at| spans[at.index(spans.len())].clone()).collect();
        let twice = stores::with_duplicates(&requests, &request(&copies));
        let everything = Selection::default();
        prop_assert_eq!(figures(&once, &everything, false), figures(&twice, &everything, false));
    }
}

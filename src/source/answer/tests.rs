use super::*;
use crate::model::{Held, SpanId, Timestamp, TraceId};
use crate::otlp::fixture::{TestSpan, batch, span};
use crate::source::{Page, Sort, SortKey, TraceFilter, TraceList, TraceStatus, TracesRequest, Window};
use crate::store::{Limits, Sealer, Store, Writer};
use proptest::prelude::*;
use std::sync::Arc;

fn trace_id(trace: u8) -> TraceId {
    TraceId(u128::from_be_bytes([trace; 16]))
}

/// A store of small blocks, so that traces lie across them; each span comes in a request of its own. All but the last
/// block are sealed.
fn store(spans: &[TestSpan]) -> Arc<Store> {
    filled(spans, Some(Sealer::default()))
}

fn filled(spans: &[TestSpan], mut sealer: Option<Sealer>) -> Arc<Store> {
    let (store, mut writer) = Writer::new(Limits { max_memory_traces: 20, ..Limits::default() });
    for span in spans {
        writer.append(&batch(std::slice::from_ref(span)), Timestamp(0));
        if let Some(sealer) = &mut sealer
            && let Some(block) = writer.take_unsealed()
        {
            writer.put_sealed(block.seal(sealer));
        }
    }
    store
}

fn list(store: &Store, request: TracesRequest) -> TraceList {
    match answer(&Request::Traces(TracesRequest { limit: 100, ..request }), &store.snapshot()) {
        Reply::Traces(list) => list,
        other => panic!("{other:?}"),
    }
}

/// Draws a list as trace numbers in order.
fn check(store: &Store, request: TracesRequest, expected: &str) {
    let numbers: Vec<String> = list(store, request).rows.iter().map(|row| (row.id.0 as u8).to_string()).collect();
    assert_eq!(numbers.join(" "), expected);
}

fn shop() -> Arc<Store> {
    store(&[
        TestSpan { service: "web", name: "GET /", duration: 90, ..span(1, 1, 0, 100) },
        TestSpan { service: "cart", name: "add", error: true, ..span(2, 1, 0, 200) },
        TestSpan { service: "web", name: "POST /pay", duration: 20, ..span(3, 1, 0, 300) },
        TestSpan { service: "cart", name: "GET /", ..span(1, 2, 1, 150) },
        TestSpan { service: "bank", name: "charge", duration: 500, ..span(3, 2, 1, 310) },
        span(4, 7, 6, 50),
        span(5, 1, 0, 400),
        span(6, 1, 0, 400),
    ])
}

#[test]
fn the_newest_traces_come_first_and_ties_go_by_id() {
    check(&shop(), TracesRequest::default(), "5 6 3 2 1 4");
}

#[test]
fn every_column_sorts_both_ways() {
    let sorted = |key, descending, expected: &str| {
        check(&shop(), TracesRequest { sort: Sort { key, descending }, ..TracesRequest::default() }, expected);
    };
    sorted(SortKey::StartTime, false, "4 1 2 3 5 6");
    sorted(SortKey::Duration, true, "3 1 2 4 5 6");
    sorted(SortKey::SpanCount, true, "1 3 2 4 5 6");
    sorted(SortKey::ErrorCount, true, "2 1 3 4 5 6");
    sorted(SortKey::RootService, false, "4 2 5 6 1 3");
    sorted(SortKey::RootOperation, true, "5 6 2 3 1 4");
}

#[test]
fn filters_hold_together_and_names_on_one_span() {
    let filtered = |filter: TraceFilter, expected: &str| {
        check(&shop(), TracesRequest { filter, ..TracesRequest::default() }, expected);
    };
    let name = |text: &str| Some(text.to_owned());
    filtered(TraceFilter { service: name("cart"), ..TraceFilter::default() }, "2 1");
    filtered(TraceFilter { operation: name("GET /"), ..TraceFilter::default() }, "1");
    filtered(TraceFilter { service: name("cart"), operation: name("GET /"), ..TraceFilter::default() }, "1");
    filtered(TraceFilter { service: name("web"), operation: name("charge"), ..TraceFilter::default() }, "");
    filtered(TraceFilter { service: name("nobody"), ..TraceFilter::default() }, "");
    filtered(TraceFilter { status: Some(TraceStatus::Error), ..TraceFilter::default() }, "2");
    filtered(TraceFilter { status: Some(TraceStatus::Ok), ..TraceFilter::default() }, "5 6 3 1 4");
    filtered(TraceFilter { min_duration_ns: Some(90_000), ..TraceFilter::default() }, "3 1");
    filtered(TraceFilter { max_duration_ns: Some(90_000), ..TraceFilter::default() }, "5 6 2 1 4");
    let window = Window { from: Some(Timestamp(100_000)), to: Some(Timestamp(300_000)) };
    filtered(TraceFilter { window, ..TraceFilter::default() }, "2 1");
}

#[test]
fn a_row_is_merged_from_all_parts_of_its_trace() {
    let row = list(&shop(), TracesRequest::default()).rows.remove(2);
    assert_eq!((row.id, row.start, row.duration_ns), (trace_id(3), Timestamp(300_000), 510_000));
    assert_eq!((row.span_count, row.roots, row.missing_parents, row.is_complete()), (2, 1, 0, true));
    let services: Vec<&str> = row.services.iter().map(|name| &**name).collect();
    assert_eq!(services, ["bank", "web"]);
    let root = row.root.unwrap();
    assert_eq!((&*root.service, &*root.operation), ("web", "POST /pay"));
}

#[test]
fn a_rootless_trace_names_nobody_and_counts_its_orphans() {
    let row = list(&shop(), TracesRequest::default()).rows.remove(5);
    assert_eq!((row.root.clone(), row.roots, row.missing_parents, row.is_complete()), (None, 0, 1, false));
}

#[test]
fn pages_begin_where_asked_or_around_a_trace() {
    let page = |page, limit| {
        let request = TracesRequest { page, limit, ..TracesRequest::default() };
        match answer(&Request::Traces(request), &shop().snapshot()) {
            Reply::Traces(list) => {
                let ids: Vec<u8> = list.rows.iter().map(|row| row.id.0 as u8).collect();
                (list.total, list.offset, ids)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(page(Page::At(2), 2), (6, 2, vec![3, 2]));
    assert_eq!(page(Page::At(9), 2), (6, 9, vec![]));
    let around = |trace, above| Page::Around { trace: trace_id(trace), above, otherwise: 4 };
    assert_eq!(page(around(2, 1), 3), (6, 2, vec![3, 2, 1]));
    assert_eq!(page(around(5, 2), 2), (6, 0, vec![5, 6]));
    assert_eq!(page(around(4, 0), 3), (6, 3, vec![2, 1, 4]));
    assert_eq!(page(around(99, 0), 2), (6, 4, vec![1, 4]));
}

#[test]
fn a_trace_opens_with_its_tree_and_its_spans_with_their_attributes() {
    let store = shop();
    let Reply::Trace(Some(trace)) = answer(&Request::Trace(trace_id(1)), &store.snapshot()) else { panic!() };
    assert_eq!((trace.spans.len(), trace.tree.nodes[1].depth), (2, 1));
    assert_eq!(trace.summary, list(&store, TracesRequest::default()).rows[4]);
    let Reply::Span(Some(span)) = answer(&Request::Span(trace_id(1), SpanId(2)), &store.snapshot()) else { panic!() };
    assert_eq!(span.body.attributes[0].value.as_str(), Some("2"));
    assert_eq!(span.resource.attributes[0].value.as_str(), Some("cart"));
    assert_eq!(span.scope.name, "test");
    assert_eq!(answer(&Request::Trace(trace_id(9)), &store.snapshot()), Reply::Trace(None));
    assert_eq!(answer(&Request::Span(trace_id(1), SpanId(9)), &store.snapshot()), Reply::Span(None));
}

#[test]
fn what_came_of_a_trace_after_what_one_has_is_told() {
    let store = shop();
    let held = |first, last| Held { first: SpanId(first), last: SpanId(last) };
    let ask = |trace: u8, held: Held| answer(&Request::Newer(trace_id(trace), held), &store.snapshot());
    let Reply::Trace(Some(whole)) = answer(&Request::Trace(trace_id(1)), &store.snapshot()) else { panic!() };
    let ids: Vec<u64> = whole.spans.iter().map(|span| span.id.0).collect();
    assert_eq!(ask(1, held(ids[0], ids[0])), Reply::Newer(held(ids[0], ids[0]), whole.spans[1..].to_vec()));
    assert_eq!(ask(1, held(ids[0], ids[1])), Reply::Newer(held(ids[0], ids[1]), Vec::new()));
    for (first, last) in [(77, ids[1]), (ids[0], 77)] {
        assert_eq!(ask(1, held(first, last)), Reply::Trace(Some(Arc::clone(&whole))), "all of it anew");
    }
    assert_eq!(ask(9, held(1, 2)), Reply::Trace(None));
}

#[test]
fn a_trace_comes_back_as_the_otlp_it_was() {
    let Reply::Otlp(Some(messages)) = answer(&Request::TraceOtlp(trace_id(1)), &shop().snapshot()) else { panic!() };
    let mut spans = 0;
    for message in messages {
        let batch = crate::otlp::scan(message).unwrap();
        spans += batch.spans.len();
        assert!(["web", "cart"].contains(&batch.service(&batch.resources[0])));
    }
    assert_eq!(spans, 2);
}

#[test]
fn the_status_counts_traces_and_errors() {
    let Reply::Status(status) = answer(&Request::Status, &shop().snapshot()) else { panic!() };
    assert_eq!((status.total_traces, status.error_traces, status.counters.stored), (6, 1, 8));
    assert!(status.counters.add_up());
}

/// Everything that can be asked about traces.
fn questions() -> Vec<Request> {
    let name = |text: &str| Some(text.to_owned());
    let filters = [
        TraceFilter::default(),
        TraceFilter { service: name("cart"), ..TraceFilter::default() },
        TraceFilter { service: name("web"), operation: name("GET /"), ..TraceFilter::default() },
        TraceFilter { status: Some(TraceStatus::Error), min_duration_ns: Some(20_000), ..TraceFilter::default() },
    ];
    let since =
        |from| TraceFilter { window: Window { from: Some(Timestamp(from)), to: None }, ..TraceFilter::default() };
    let filters = filters.into_iter().chain([0, 9_000, 25_000, 90_000].map(since));
    let around = |trace| Page::Around { trace: trace_id(trace), above: 2, otherwise: 1 };
    let pages = [Page::At(0), Page::At(3), around(1), around(7), around(99)];
    let mut questions = vec![Request::Status];
    for filter in filters {
        for (key, _) in SortKey::ALL {
            for (descending, page) in [true, false].iter().flat_map(|&d| pages.map(|page| (d, page))) {
                let sort = Sort { key, descending };
                questions.push(Request::Traces(TracesRequest { filter: filter.clone(), sort, page, limit: 4 }));
            }
        }
    }
    for trace in 1..12 {
        questions.extend([Request::Trace(trace_id(trace)), Request::Span(trace_id(trace), SpanId(3))]);
    }
    questions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn answers_do_not_depend_on_what_is_sealed(
        spans in prop::collection::vec((1..12_u8, 1..9_u64, 0..9_u64, 1..50_u64, 0..6_usize), 1..60),
    ) {
        let names = [("web", "GET /"), ("web", "POST /pay"), ("cart", "GET /"), ("bank", "charge")];
        let spans: Vec<TestSpan> = spans
            .into_iter()
            .map(|(trace, id, parent, start, kind)| {
                let (service, name) = names[kind % names.len()];
                TestSpan { service, name, error: kind == 5, duration: start % 40, ..span(trace, id, parent, start) }
            })
            .collect();
        let [open, sealed] = [None, Some(Sealer::default())].map(|sealer| filled(&spans, sealer).snapshot());
        for question in questions() {
            let [mut open, mut sealed] = [&open, &sealed].map(|snapshot| answer(&question, snapshot));
            for reply in [&mut open, &mut sealed] {
                if let Reply::Status(status) = reply {
                    // What is sealed takes another number of bytes.
                    status.memory_bytes = 0;
                }
            }
            prop_assert_eq!(open, sealed, "{:?}", question);
        }
    }
}

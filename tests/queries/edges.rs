//! What is at the edges of what numbers, times and texts can be does no harm, and is the same in every form of the store.

use std::sync::Arc;

use spantop::model::Timestamp;
use spantop::query::parse;
use spantop::source::{
    AttributesRequest, FacetsRequest, Reply, Request, ScatterRequest, SeriesRequest, SpansRequest, TraceFilter,
    TracesRequest, Window, answer,
};

use crate::fixture;
use crate::stores::{self, Blocks};

const QUERIES: [&str; 44] = [
    "{ (minInt + .zero) / -1 = 1 }",
    "{ (minInt + .zero) % -1 = 0 }",
    "{ -(minInt + .zero) > 0 }",
    "{ .n * maxInt > 0 }",
    "{ .n + maxInt > 0 }",
    "{ .neg - maxInt < 0 }",
    "{ .n ^ -1 > 0 }",
    "{ .n ^ 1000 > 0 }",
    "{ .n ^ .n ^ .n > 0 }",
    "{ .zero ^ .zero = 1 }",
    "{ .zero ^ -1 > 0 }",
    "{ .neg ^ 0.5 > 0 }",
    "{ .ratio / .zero > 0 }",
    "{ .ratio % 0.0 != 1 }",
    "{ duration * maxInt > 0 }",
    "{ duration ^ 99 > 0 }",
    "{ -duration < 0 }",
    "{ duration - 1000d < 0 }",
    "{ .n > 1e308 * 10.0 }",
    "{ .n = 1e308 * 1e308 - 1e308 * 1e308 }",
    "{ .big + 0.0 = 9007199254740993 }",
    "{ span:id =~ \".*\" && trace:id !~ \"\" }",
    "{ any =~ \"\" }",
    "{ any !~ \".*\" }",
    "{ any > \"\" }",
    "{ any = nil || any != nil }",
    "{ event:timeSinceStart * maxInt > 0 }",
    "{ parent.event.n = 1 }",
    "{ parent.any =~ \".*x.*\" }",
    "{ parent.trace:duration > 1s }",
    "{ } | sum(.big) > 1",
    "{ } | by(.items) | by(.map) | by(.bytes) | by(event.n) | count() > 0",
    "{ } | by(duration) | by(trace:id) | avg(childCount) >= 0",
    "{ } | select(.items, .map, .bytes, .mixed, .empty, .nothing, event.n, link.kind, any)",
    "{ } | rate() by(.items, event.n, .map)",
    "{ } | sum_over_time(.big) | topk(1)",
    "{ } | quantile_over_time(.n, 0, 0.5, 1) by(.mixed)",
    "{ } | histogram_over_time(.neg)",
    "{ } | histogram_over_time(.zero)",
    "{ } | histogram_over_time(duration) by(name)",
    "{ } | avg_over_time(event.n)",
    "{ } | compare({ status = error }, 1)",
    "{ } !~ ({ } &<< { }) || ({ } !>> { })",
    "-(a or b) or -slow slow /(/",
];

fn requests(text: &str) -> Vec<Request> {
    let Ok(parsed) = parse(text) else { return Vec::new() };
    let query = Arc::new(parsed.query);
    let windows = [(None, None), (Some(u64::MAX), Some(0)), (Some(0), Some(u64::MAX)), (Some(7), Some(7))];
    let mut requests = Vec::new();
    for (from, to) in windows {
        let window = Window { from: from.map(Timestamp), to: to.map(Timestamp) };
        let filter = TraceFilter { window, query: Some(Arc::clone(&query)), ..TraceFilter::default() };
        let fields = query.selected().cloned().collect();
        requests.push(Request::Spans(SpansRequest {
            query: Arc::clone(&query),
            window,
            service: None,
            offset: 1,
            limit: usize::MAX,
        }));
        for step_ns in [None, Some(0), Some(1), Some(u64::MAX)] {
            let query = Arc::clone(&query);
            requests.push(Request::Series(SeriesRequest { query, window, service: None, step_ns }));
        }
        if from.is_some() {
            // Where the window is open, its ends are as near as each block knows the starts of its traces.
            requests.push(Request::Scatter(ScatterRequest { filter: filter.clone(), columns: 3, rows: 0 }));
        }
        let prefix = String::new();
        requests.push(Request::Facets(FacetsRequest { filter: filter.clone(), fields, prefix, limit: 2 }));
        requests.push(Request::Traces(TracesRequest { filter, limit: 3, ..TracesRequest::default() }));
    }
    requests
}

#[test]
fn what_is_at_the_edges_does_no_harm() {
    let forms = [(Blocks::Open, fixture::requests()), (Blocks::Sealed, fixture::requests())];
    let forms = forms.map(|(blocks, requests)| stores::form(&requests, blocks));
    let scattered = stores::form(&fixture::one_by_one(), Blocks::Mixed);
    for text in QUERIES {
        for request in requests(text) {
            let expected = answer(&request, &forms[0].snapshot);
            for form in [&forms[1], &scattered] {
                assert_eq!(answer(&request, &form.snapshot), expected, "{text}: {request:?}");
            }
        }
    }
    let names = AttributesRequest {
        window: Window::default(),
        scope: spantop::query::ast::Scope::Either,
        part: String::new(),
        limit: 100,
    };
    let [open, sealed] = [&forms[0], &forms[1]].map(|form| answer(&Request::Attributes(names.clone()), &form.snapshot));
    assert!(matches!(&open, Reply::Attributes(names) if names.len() > 30));
    assert_eq!(open, sealed);
}

#[test]
fn every_query_at_the_edges_is_read_but_the_broken_one() {
    let broken: Vec<&str> = QUERIES.into_iter().filter(|text| parse(text).is_err()).collect();
    assert_eq!(broken, QUERIES[43..]);
}

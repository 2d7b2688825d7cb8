//! What the screen asks for each frame, over a store that is full: a page of the list, one trace, one span.

mod support;

use std::sync::Arc;

use criterion::Criterion;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::source::{Reply, Request, Sort, SortKey, TracesRequest, answer};
use spantop::store::{Limits, Store, Writer};

/// About 400,000 spans.
fn filled() -> Arc<Store> {
    let (store, mut writer) = Writer::new(Limits::default());
    for request in support::requests(800, 1) {
        if let Ok(batch) = otlp::scan(request) {
            writer.append(&batch, Timestamp(1));
        }
    }
    store
}

fn main() {
    let store = filled();
    let snapshot = store.snapshot();
    let page = |key| {
        Request::Traces(TracesRequest { sort: Sort { key, descending: true }, limit: 60, ..TracesRequest::default() })
    };
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("answers");
    for key in [SortKey::StartTime, SortKey::Duration, SortKey::RootService] {
        let request = page(key);
        group.bench_function(format!("page by {}", key.name()), |bencher| bencher.iter(|| answer(&request, &snapshot)));
    }
    if let Reply::Traces(list) = answer(&page(SortKey::SpanCount), &snapshot) {
        let trace = Request::Trace(list.rows[0].id);
        group.bench_function("one trace", |bencher| bencher.iter(|| answer(&trace, &snapshot)));
    }
    group.bench_function("status", |bencher| bencher.iter(|| answer(&Request::Status, &snapshot)));
    group.finish();
    criterion.final_summary();
}

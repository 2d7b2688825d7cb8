//! The critical path and the self times of a trace of 100,000 spans: as deep as it can be, as wide, and between.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use spantop::analysis::critical_path::{CriticalPath, self_times};
use spantop::model::{Kind, Span, SpanId, StatusCode, Timestamp, Trace, TraceId};

const SPANS: u64 = 100_000;
const BEGIN: u64 = 1_700_000_000_000_000_000;

fn span(id: u64, parent: Option<u64>, (start, end): (u64, u64)) -> Span {
    Span {
        id: SpanId(id),
        parent: parent.map(SpanId),
        start: Timestamp(BEGIN + start),
        duration_ns: end - start,
        kind: Kind::Internal,
        status: StatusCode::Unset,
        service: Arc::from("shop"),
        operation: Arc::from("work"),
        event_times: Vec::new(),
        event_count: 0,
        link_count: 0,
        ends_before_start: false,
    }
}

fn trace(spans: impl Iterator<Item = Span>) -> Trace {
    Trace::of(TraceId(1), spans.collect(), false)
}

fn paths(c: &mut Criterion) {
    let deep = |at: u64| span(at + 1, (at > 0).then_some(at), (at, 10 * SPANS - at));
    let wide =
        |at: u64| span(at + 1, (at > 0).then_some(1), if at == 0 { (0, 20 * SPANS) } else { (at * 9, at * 9 + 40) });
    // Each calls ten others one after the other, with some time between.
    let times = |at: u64| {
        let (mut from, mut to, mut path, mut place) = (0, 1_000_000_000, Vec::new(), at);
        while place > 0 {
            path.push((place - 1) % 10);
            place = (place - 1) / 10;
        }
        for step in path.into_iter().rev() {
            let tenth = (to - from) / 10;
            (from, to) = (from + step * tenth, from + step * tenth + tenth * 9 / 10);
        }
        (from, to)
    };
    let tree = |at: u64| span(at + 1, (at > 0).then(|| (at - 1) / 10 + 1), times(at));
    let mut group = c.benchmark_group("critical path and self times of 100,000 spans");
    for (name, trace) in [
        ("deep", trace((0..SPANS).map(deep))),
        ("wide, overlapping", trace((0..SPANS).map(wide))),
        ("ten calls each", trace((0..SPANS).map(tree))),
    ] {
        group.bench_function(name, |b| b.iter(|| (CriticalPath::of(black_box(&trace)), self_times(&trace))));
    }
    group.finish();
}

criterion_group!(benches, paths);
criterion_main!(benches);

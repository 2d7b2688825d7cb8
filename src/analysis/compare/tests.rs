//! Comparisons by hand.

use proptest::prelude::*;

use super::*;
use crate::model::{Kind, Span, SpanId, StatusCode, Timestamp, Trace, TraceId};

const MS: u64 = 1_000_000;

fn span(id: u64, parent: u64, operation: &str, (from, to): (u64, u64)) -> Span {
    Span {
        id: SpanId(id),
        parent: (parent > 0).then_some(SpanId(parent)),
        start: Timestamp(from * MS),
        duration_ns: (to - from) * MS,
        kind: Kind::Server,
        status: if operation.ends_with('!') { StatusCode::Error } else { StatusCode::Unset },
        service: Arc::from("web"),
        operation: Arc::from(operation),
        event_times: Vec::new(),
        event_count: 0,
        link_count: 0,
        ends_before_start: false,
    }
}

fn trace(spans: Vec<Span>) -> Trace {
    Trace::of(TraceId(1), spans, false)
}

/// Writes rows as `a > b: count mean p95 self | …: difference`, in milliseconds.
fn told(comparison: &Comparison) -> Vec<String> {
    let side = |side: Option<Side>| match side {
        Some(side) => {
            format!("{}× {} {} {}", side.count, side.mean_ns / MS, side.p95_ns / MS, side.self_ns / MS)
        }
        None => "–".to_owned(),
    };
    let row = |row: &Compared| {
        let path: Vec<&str> = row.path.iter().map(|step| &*step.operation).collect();
        format!("{}: {} | {}: {}", path.join(" > "), side(row.a), side(row.b), row.difference_ns / MS as i64)
    };
    comparison.rows.iter().map(row).collect()
}

#[test]
fn spans_stand_beside_those_with_the_same_path() {
    let mut comparing = Collecting::default();
    let children = |extra: &str| {
        vec![
            span(1, 0, "GET", (0, 100)),
            span(2, 1, "query", (10, 20)),
            span(3, 1, "query", (20, 40)),
            span(4, 1, extra, (50, 60)),
        ]
    };
    comparing.add(0, &trace(children("old")));
    comparing.add(0, &trace(children("old")));
    let mut slower = children("new");
    (slower[0].duration_ns, slower[2].duration_ns) = (150 * MS, 90 * MS);
    comparing.add(1, &trace(slower));
    let comparison = comparing.finish();
    assert_eq!(comparison.traces, [2, 1]);
    assert_eq!(
        told(&comparison),
        [
            "GET > query: 4× 15 20 30 | 2× 50 90 100: 70",
            "GET: 2× 100 100 60 | 1× 150 150 50: -10",
            "GET > new: – | 1× 10 10 10: 10",
            "GET > old: 2× 10 10 10 | –: -10",
        ]
    );
}

proptest! {
    #[test]
    fn collected_in_parts_it_is_the_same(
        traces in prop::collection::vec((0..2_usize, prop::collection::vec((0..6_u64, 0..4_usize, 0..50_u64, 1..60_u64), 1..7)), 1..12),
        cut in 0..12_usize,
    ) {
        const NAMES: [&str; 4] = ["a", "b", "c!", "d"];
        let made: Vec<(usize, Trace)> = traces.into_iter().map(|(side, spans)| {
            let spans = (1..).zip(spans).map(|(id, (parent, name, from, took))| span(id, parent, NAMES[name], (from, from + took)));
            (side, trace(spans.collect()))
        }).collect();
        let (mut whole, mut one, mut other) = (Collecting::default(), Collecting::default(), Collecting::default());
        for (number, (side, trace)) in made.iter().enumerate() {
            whole.add(*side, trace);
            if number < cut { &mut one } else { &mut other }.add(*side, trace);
        }
        one.merge(other);
        let whole = whole.finish();
        prop_assert_eq!(&one.finish(), &whole);
        let count: u64 = whole.rows.iter().flat_map(|row| [row.a, row.b]).flatten().map(|side| side.count).sum();
        prop_assert_eq!(count, made.iter().map(|(_, trace)| trace.spans.len() as u64).sum::<u64>());
    }
}

#[test]
fn a_deep_chain_is_compared_and_what_has_no_place_is_counted() {
    let spans = (1..=50_000).map(|id| span(id, id - 1, "f", (0, 10))).collect();
    let mut comparing = Collecting::default();
    comparing.add(0, &trace(spans));
    let comparison = comparing.finish();
    assert_eq!((comparison.rows.len(), comparison.others), (100, 49_900));
}

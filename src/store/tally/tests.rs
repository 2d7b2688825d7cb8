use std::collections::BTreeMap;

use super::*;
use crate::otlp::fixture::{TestSpan, batch, span};
use crate::store::sealed::tests::both;
use crate::testing::Random;

type Named = (String, bool, u8);

/// What is known of some spans, by names, without looking at how it was counted.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    durations: Vec<u64>,
    starts: (u64, u64),
    minutes: BTreeMap<u64, (u64, u128)>,
    classes: BTreeMap<u16, u32>,
}

fn named(view: &View, key: Key) -> Named {
    (view.text(key.service).to_owned(), key.is_error, key.call as u8)
}

/// Counts rows one by one.
fn expected(view: &View, rows: &Bits) -> BTreeMap<Named, Expected> {
    let mut all: BTreeMap<Named, Expected> = BTreeMap::new();
    for row in rows.iter() {
        let columns = view.row(row);
        let part = view.part_of_row(row);
        let call = || match columns.parent_id {
            0 => Call::Outside,
            id => match view.newest_rows(part).find(|&other| view.row(other).span_id == id) {
                None => Call::Unknown,
                Some(parent) if view.service(parent) == view.service(row) => Call::Inside,
                Some(_) => Call::Outside,
            },
        };
        let tally = all.entry(named(view, Timing::of(row, &columns).key(call))).or_default();
        let is_first = tally.durations.is_empty();
        let (first, last) = if is_first { (u64::MAX, 0) } else { tally.starts };
        tally.starts = (first.min(columns.start_ns), last.max(columns.start_ns));
        tally.durations.push(columns.duration_ns);
        let minute = tally.minutes.entry(columns.start_ns / MINUTE_NS).or_default();
        *minute = (minute.0 + 1, minute.1 + u128::from(columns.duration_ns));
        *tally.classes.entry(class(columns.duration_ns)).or_default() += 1;
    }
    for tally in all.values_mut() {
        tally.durations.sort_unstable();
    }
    all
}

fn assert_tells(tallies: &Tallies, view: &View, rows: &Bits) {
    let expected = expected(view, rows);
    assert_eq!(tallies.all.len(), expected.len());
    for tally in &tallies.all {
        let expected = &expected[&named(view, tally.key)];
        assert_eq!(tally.spans, expected.durations.len() as u64);
        assert_eq!(tally.sum_ns, expected.durations.iter().map(|&ns| u128::from(ns)).sum::<u128>());
        assert_eq!((Some(&tally.max_ns), tally.starts_ns), (expected.durations.last(), expected.starts));
        let classes: Vec<(u16, u32)> = expected.classes.iter().map(|(class, spans)| (*class, *spans)).collect();
        assert_eq!(tallies.classes_of(tally), classes);
        let minute = |(&number, &(spans, sum_ns)): (&u64, &(u64, u128))| Minute { number, spans, sum_ns };
        assert_eq!(tallies.minutes_of(tally), expected.minutes.iter().map(minute).collect::<Vec<_>>());
    }
}

/// Spans of three services over some minutes, some of whose parents never came.
fn many(random: &mut Random) -> Vec<TestSpan> {
    let mut of = |number: u64| TestSpan {
        duration: [7, 90, 1_500, 70_000, 1_000_000][random.below(5)] + random.below(1 << 16) as u64,
        service: ["shop", "cart", "mail"][random.below(3)],
        name: ["GET /", "query", "send", "charge"][random.below(4)],
        kind: random.below(6) as i32,
        error: random.below(9) == 0,
        ..span((number / 11) as u8 + 1, number + 1, number.saturating_sub(random.below(4) as u64), number * 199_999)
    };
    (0..2_500).map(&mut of).collect()
}

#[test]
fn a_sealed_block_has_written_down_what_its_spans_come_to() {
    for seed in 0..4 {
        let mut random = Random::new(seed);
        let [open, sealed] = both(&[batch(&many(&mut random))]).map(|store| store.snapshot());
        assert_eq!(open.views().next().unwrap().tallies(), None);
        let view = sealed.views().next().unwrap();
        let tallies = view.tallies().unwrap();
        assert_tells(&tallies, &view, &Bits::all(view.len()));
        assert_eq!(tallies, view.count(&Bits::all(view.len()), |timing| view.call(timing.row)));
    }
}

#[test]
fn any_rows_of_any_block_can_be_counted() {
    let mut random = Random::new(7);
    for snapshot in both(&[batch(&many(&mut random))]).map(|store| store.snapshot()) {
        let view = snapshot.views().next().unwrap();
        for of in [1, 2, 40, 3_000] {
            let mut rows = Bits::all(view.len());
            rows.retain(|_| random.below(of) == 0);
            assert_tells(&view.count(&rows, |timing| view.call(timing.row)), &view, &rows);
        }
        let tallies = view.count(&Bits::all(view.len()), |_| Call::Unknown);
        assert!(tallies.all.iter().all(|tally| matches!(tally.key.call, Call::Entry | Call::Unknown)));
        assert_eq!(view.first_and_last_ns(), Some(view.span_starts()));
    }
}

#[test]
fn nothing_comes_to_nothing() {
    let [open, sealed] = both(&[batch(&[span(1, 1, 0, 0)])]).map(|store| store.snapshot());
    for snapshot in [open, sealed] {
        let view = snapshot.views().next().unwrap();
        let tallies = view.count(&Bits::none(view.len()), |timing| view.call(timing.row));
        assert_eq!(tallies, Tallies::default());
    }
}

//! Comparisons by hand.

use std::fmt::Write;
use std::sync::Arc;

use super::association::{Association, Counted, OverTime};
use super::*;
use crate::model::{Kind, Span, SpanId, StatusCode, Timestamp, Trace, TraceId};

const MS: u64 = 1_000_000;

/// A trace of `id parent service operation from..to [!]`, in milliseconds; root and calls alternate between SERVER and CLIENT by depth.
fn trace(number: u64, text: &str) -> Trace {
    let span = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (from, to) = words[4].split_once("..").unwrap();
        let [from, to] = [from, to].map(|ms| (ms.parse::<f64>().unwrap() * MS as f64) as u64);
        let parent: u64 = words[1].parse().unwrap();
        Span {
            id: SpanId(words[0].parse().unwrap()),
            parent: (parent > 0).then_some(SpanId(parent)),
            start: Timestamp(number * 1_000 * MS + from),
            duration_ns: to - from,
            kind: Kind::Server,
            status: if words.get(5) == Some(&"!") { StatusCode::Error } else { StatusCode::Unset },
            service: Arc::from(words[2]),
            operation: Arc::from(words[3]),
            event_times: Vec::new(),
            event_count: 0,
            link_count: 0,
            ends_before_start: false,
        }
    };
    Trace::of(TraceId(number.into()), text.lines().map(span).collect(), false)
}

/// Gathers traces with a value of the attribute `tenant`.
fn gathered(selected: &[(Trace, &str)], rest: &[(Trace, &str)]) -> Gathered {
    let mut gathered = Gathered::default();
    for (is_selected, side) in [(true, selected), (false, rest)] {
        for (trace, tenant) in side {
            let mut facts = gathered.facts(trace);
            let key = Key { service: Arc::from("web"), name: Arc::from("tenant"), is_of_resource: false };
            let root = facts.root;
            gathered.add_value(&mut facts, (&key, root), tenant);
            (if is_selected { &mut gathered.selected } else { &mut gathered.rest }).push(facts);
        }
    }
    gathered
}

/// A request of which the database takes so long, and the rest ten milliseconds.
fn request(number: u64, database_ms: u64) -> Trace {
    trace(
        number,
        &format!(
            "1 0 web GET_/ 0..{}\n2 1 cart get 5..{}\n3 2 cart SELECT 8..{}",
            database_ms + 15,
            database_ms + 12,
            database_ms + 8
        ),
    )
}

fn told(gathered: &Gathered) -> Vec<String> {
    explain(gathered, [1.0, 1.0]).causes.iter().map(Cause::sentence).collect()
}

#[test]
fn the_callee_that_takes_long_is_named_and_not_those_that_wait_for_it() {
    let selected: Vec<_> = (0..20).map(|n| (request(n, 300 + n), ["a", "b"][n as usize % 2])).collect();
    let rest: Vec<_> = (20..80).map(|n| (request(n, 10 + n % 5), ["a", "b"][n as usize % 2])).collect();
    assert_eq!(
        told(&gathered(&selected, &rest)),
        ["SELECT of cart takes 310 ms instead of 12.0 ms in all of them, else in none"]
    );
}

#[test]
fn what_is_only_as_slow_as_chance_makes_it_is_no_cause() {
    // Durations that spread evenly by their logarithms; the selected ones are the slowest twentieth.
    let all: Vec<_> = (0..200_u64).map(|n| (request(n, (10.0 * 1.01_f64.powi(n as i32)) as u64), "a")).collect();
    let (rest, selected) = all.split_at(190);
    let explanation = explain(&gathered(selected, rest), [1.0, 1.0]);
    assert_eq!((explanation.causes.len(), explanation.verdict().as_str()), (0, "nothing sets them apart"));
}

#[test]
fn errors_are_told_where_they_begin() {
    let failed = |n| {
        (trace(n, "1 0 web GET_/ 0..50 !\n2 1 pay charge 5..45 !\n3 2 bank debit 8..40 !\n4 1 log write 46..47"), "a")
    };
    let fine =
        |n| (trace(n, "1 0 web GET_/ 0..50\n2 1 pay charge 5..45\n3 2 bank debit 8..40\n4 1 log write 46..47"), "a");
    let selected: Vec<_> = (0..10).map(failed).collect();
    let rest: Vec<_> = (10..40).map(fine).collect();
    assert_eq!(told(&gathered(&selected, &rest)), ["errors begin in debit of bank in all of them, else in none"]);
}

#[test]
fn a_value_that_is_more_frequent_is_told_with_both_shares() {
    let selected: Vec<_> = (0..20).map(|n| (request(n, 20), if n < 18 { "bad" } else { "good" })).collect();
    let rest: Vec<_> = (20..120).map(|n| (request(n, 20), if n % 10 == 0 { "bad" } else { "good" })).collect();
    assert_eq!(told(&gathered(&selected, &rest)), ["tenant = bad in 90 % of them, else in 10 %"]);
    // What each trace has a value of its own for explains nothing.
    let names: Vec<String> = (0..2_000).map(|n| format!("u{n}")).collect();
    let unique = |n: u64| (request(n, 20), names[n as usize].as_str());
    let selected: Vec<_> = (0..20).map(unique).collect();
    let rest: Vec<_> = (20..2_000).map(unique).collect();
    assert!(told(&gathered(&selected, &rest)).is_empty());
}

#[test]
fn more_calls_count_only_where_they_became_more() {
    let calls = |n: u64, calls: u64| {
        let mut text = "1 0 web GET_/ 0..900".to_owned();
        for call in 0..calls {
            write!(text, "\n{} 1 cart get {}..{}", call + 2, call * 10, call * 10 + 5).unwrap();
        }
        (trace(n, &text), "a")
    };
    // From a time on there are four calls in place of one.
    let rest: Vec<_> = (0..40).map(|n| calls(n, 1)).collect();
    let selected: Vec<_> = (40..60).map(|n| calls(n, 4)).collect();
    assert_eq!(
        told(&gathered(&selected, &rest)),
        ["get of cart is called 4.0 times instead of 1.0, more often than usual in all of them, else in none"]
    );
    // Some requests always needed four.
    let rest: Vec<_> = (0..60).filter(|n| n % 3 > 0).map(|n| calls(n, 1)).collect();
    let selected: Vec<_> = (0..60).filter(|n| n % 3 == 0).map(|n| calls(n, 4)).collect();
    assert!(told(&gathered(&selected, &rest)).is_empty());
}

#[test]
fn of_too_few_traces_nothing_is_told() {
    let few: Vec<_> = (0..4).map(|n| (request(n, 300), "a")).collect();
    let many: Vec<_> = (4..40).map(|n| (request(n, 10), "b")).collect();
    let explanation = explain(&gathered(&few, &many), [1.0, 1.0]);
    assert_eq!(explanation.verdict(), "too few to tell: 4 traces, and 36 others like them");
    assert_eq!(explain(&gathered(&[], &[]), [1.0, 1.0]).causes, []);
}

#[test]
fn traces_are_compared_with_those_of_the_same_root() {
    // Within each root the shares are the same, though over both they differ (Simpson).
    let one = Counted { selected: 90, selected_with: 81, rest: 10, rest_with: 9 };
    let other = Counted { selected: 10, selected_with: 1, rest: 90, rest_with: 9 };
    let both = Association::of(&[one, other]).unwrap();
    assert!((both.difference()).abs() < 1e-9 && both.p_value > 0.99, "{both:?}");
    // By hand: 8 of 10 against 2 of 10 is 3 above 5, with a variance of 100 × 100 ÷ 7600.
    let table = Counted { selected: 10, selected_with: 8, rest: 10, rest_with: 2 };
    let found = Association::of(&[table]).unwrap();
    let z = 3.0 / (100.0 * 100.0 / 7_600.0_f64).sqrt();
    assert!((found.p_value - crate::analysis::trend::two_sided(z)).abs() < 1e-12);
    assert!((found.selected - 0.8).abs() < 1e-12 && (found.rest - 0.2).abs() < 1e-12);
    assert_eq!(Association::of(&[Counted { selected: 3, ..Counted::default() }]), None);
}

#[test]
fn a_change_over_time_is_more_than_chance() {
    let of = |has: &dyn Fn(usize) -> bool| {
        let mut over_time = OverTime::new(1.0);
        for n in 0..400 {
            over_time.add(n as f64 / 400.0, 1.0, has(n));
        }
        over_time.changes()
    };
    assert!(of(&|n| n > 200));
    assert!(of(&|n| if n > 300 { n % 2 == 0 } else { n % 10 == 0 }));
    assert!(!of(&|n| n % 3 == 0));
    assert!(!of(&|_| true) && !of(&|_| false));
    assert!(!of(&|n| n % 20 == 0 || n > 396), "a few at the end are no change");
}

#[test]
fn gathering_in_parts_gives_the_same() {
    let selected: Vec<_> = (0..20).map(|n| (request(n, 300 + n), if n % 4 > 0 { "bad" } else { "good" })).collect();
    let rest: Vec<_> = (20..80).map(|n| (request(n, 10 + n % 5), if n % 9 == 0 { "bad" } else { "good" })).collect();
    let whole = gathered(&selected, &rest);
    let mut parts = Gathered::default();
    for at in (0..4).rev() {
        parts.merge(gathered(&selected[at * 5..at * 5 + 5], &rest[at * 15..at * 15 + 15]));
    }
    assert_eq!(told(&whole), told(&parts));
    assert_eq!(told(&whole).len(), 2);
}

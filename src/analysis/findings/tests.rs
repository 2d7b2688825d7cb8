//! Each finding on a trace that has it, and on one that just has it not.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use super::*;
use crate::model::{Kind, StatusCode};

const MS: u64 = 1_000_000;

/// Reads a trace: a span a line, as `id parent service operation kind from..to`, in milliseconds, with `!` at the end for an error.
fn trace(text: &str) -> Trace {
    Trace::of(TraceId(1), text.lines().map(str::trim).filter(|line| !line.is_empty()).map(span).collect(), false)
}

fn span(line: &str) -> Span {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [id, parent, service, operation, kind, times, rest @ ..] = &words[..] else { panic!("{line}") };
    let (from, to) = times.split_once("..").unwrap();
    let ns = |text: &str| (text.parse::<f64>().unwrap() * MS as f64) as u64;
    let parent: u64 = parent.parse().unwrap();
    Span {
        id: SpanId(id.parse().unwrap()),
        parent: (parent != 0).then_some(SpanId(parent)),
        start: Timestamp(1_000_000 * MS + ns(from)),
        duration_ns: ns(to) - ns(from),
        kind: *Kind::ALL.iter().find(|known| known.name() == *kind).unwrap(),
        status: if rest == ["!"] { StatusCode::Error } else { StatusCode::Unset },
        service: Arc::from(*service),
        operation: Arc::from(*operation),
        event_times: Vec::new(),
        event_count: 0,
        link_count: 0,
        ends_before_start: false,
    }
}

/// What spans say of themselves, by id.
#[derive(Default)]
struct Said<'a> {
    ids: Vec<u64>,
    statements: HashMap<u64, (&'a str, &'a str)>,
    targets: HashMap<u64, &'a str>,
    huge: HashMap<u64, usize>,
}

impl Details for Said<'_> {
    fn statement(&mut self, span: u32) -> Option<Statement> {
        let (text, parameters) = self.statements.get(self.ids.get(span as usize)?)?;
        Some(Statement { text: (*text).to_owned(), parameters: (*parameters).to_owned() })
    }

    fn target(&mut self, span: u32) -> Option<String> {
        self.targets.get(self.ids.get(span as usize)?).map(|target| (*target).to_owned())
    }

    fn huge(&mut self, span: u32) -> Option<usize> {
        self.huge.get(self.ids.get(span as usize)?).copied()
    }
}

/// Returns what is found, a line each: `n_plus_one in GET /: the evidence`.
fn found_with(text: &str, usual: &[Trace], mut said: Said) -> Vec<String> {
    let trace = trace(text);
    let mut known = Usual::default();
    for trace in usual {
        known.add(trace);
    }
    known.add(&trace);
    said.ids = trace.spans.iter().map(|span| span.id.0).collect();
    let told = |finding: Finding| {
        assert!((0.0..=1.0).contains(&finding.confidence), "{finding:?}");
        assert!(finding.count > 0 && !finding.spans.is_empty(), "{finding:?}");
        format!("{} in {}: {}", finding.kind.finder().name, finding.operation, finding.evidence)
    };
    find(&trace, &known, &mut said).into_iter().map(told).collect()
}

fn found(text: &str) -> Vec<String> {
    found_with(text, &[], Said::default())
}

/// Returns a root with so many similar calls, each so long and beginning so much after the one before.
fn calls(number: u64, took: f64, step: f64) -> String {
    let mut text = "1 0 web GET_/ server 0..200\n".to_owned();
    for call in 0..number {
        let from = 10.0 + call as f64 * step;
        writeln!(text, "{} 1 web SELECT client {from}..{}", call + 2, from + took).unwrap();
    }
    text
}

#[test]
fn every_kind_has_a_row_of_its_own() {
    for finder in &FINDERS {
        assert_eq!(finder.kind.finder().name, finder.name);
        assert!(finder.advice.ends_with('.'), "{}", finder.name);
    }
    let names: std::collections::HashSet<_> = FINDERS.iter().map(|finder| finder.name).collect();
    assert_eq!(names.len(), FINDERS.len());
}

#[test]
fn n_plus_one_is_five_similar_calls_one_after_the_other() {
    assert_eq!(
        found(&calls(5, 8.0, 10.0)),
        ["n_plus_one in GET_/: 5 × SELECT beneath one GET_/, one after the other: 40.0 ms of its 200 ms"]
    );
    assert!(found(&calls(4, 8.0, 10.0)).is_empty());
    // Those that overlap with an earlier one: at most half.
    assert!(found(&calls(5, 11.0, 10.0))[0].starts_with("fan_out in GET_/: 5 × SELECT beneath one GET_/, 4 while"));
    // Of another operation, kind or parent they are not similar.
    let mixed = calls(5, 8.0, 10.0).replace("6 1 web SELECT", "6 1 web UPDATE");
    assert!(found(&mixed).is_empty());
    assert!(found(&calls(5, 8.0, 10.0).replace("client", "internal")).is_empty());
    assert!(found(&calls(5, 8.0, 10.0).replace("6 1 web SELECT", "6 2 web SELECT")).is_empty());
}

#[test]
fn half_of_the_calls_overlapping_is_n_plus_one_still() {
    let text = "1 0 web GET_/ server 0..200
        2 1 web Q client 0..10
        3 1 web Q client 5..15
        4 1 web Q client 20..30
        5 1 web Q client 25..35
        6 1 web Q client 40..50
        7 1 web Q client 45..55";
    assert!(found(text)[0].starts_with("n_plus_one"), "{:?}", found(text));
    let text = text.replace("40..50", "30..50");
    assert!(found(&text)[0].starts_with("fan_out"), "{:?}", found(&text));
}

#[test]
fn a_retry_storm_is_three_attempts_of_which_all_but_the_last_fail() {
    let text = "1 0 web GET_/ server 0..200 !
        2 1 web charge client 0..10 !
        3 1 web charge client 20..30 !
        4 1 web charge client 60..70";
    assert_eq!(found(text), ["retry_storm in GET_/: 3 attempts at charge, all but the last failed: 20.0 ms in vain"]);
    assert!(found(&(text.to_owned() + " !"))[0].contains("all failed"));
    assert!(found(&text.replace("20..30 !", "20..30")).iter().all(|found| !found.contains("retry")));
    // What runs side by side is no further attempt.
    assert!(found(&text.replace("20..30", "5..30")).is_empty());
}

#[test]
fn the_same_query_three_times_in_a_trace_is_told_wherever_it_is_sent() {
    let text = "1 0 web GET_/ server 0..100
        2 1 web f internal 0..50
        3 2 web SELECT client 0..10
        4 1 web SELECT client 60..70
        5 1 web SELECT client 80..90";
    let said = |text: &'static str, of_last: &'static str| Said {
        statements: [(3, (text, "")), (4, (text, "")), (5, (text, of_last))].into(),
        ..Said::default()
    };
    assert_eq!(
        found_with(text, &[], said("SELECT 1", "")),
        ["identical_query in SELECT: 3 × “SELECT 1” in one trace: 30.0 ms"]
    );
    let open = found_with(text, &[], said("SELECT * FROM t WHERE id = ?", ""));
    assert!(open[0].contains("as far as can be seen"), "{open:?}");
    // Other parameters make another query.
    assert!(found_with(text, &[], said("SELECT 1", "id=7")).is_empty());
}

#[test]
fn a_chatty_pair_is_twenty_calls_between_two_services() {
    let pair = |calls: u64| {
        let mut text = "1 0 web GET_/ server 0..900\n".to_owned();
        for call in 0..calls {
            let (id, from) = (10 + call * 2, call * 20);
            // Each of another name, so that they are not similar.
            writeln!(text, "{id} 1 web get{call} client {from}..{}", from + 10).unwrap();
            writeln!(text, "{} {id} cart get{call} server {}..{}", id + 1, from + 3, from + 7).unwrap();
        }
        text
    };
    assert_eq!(
        found(&pair(20)),
        ["chatty_pair in get0: 20 calls from web to cart in one trace: 200 ms, of these 120 ms on the way"]
    );
    assert!(found(&pair(19)).is_empty());
}

#[test]
fn serial_calls_are_three_to_different_services_over_a_third_of_their_parent() {
    let text = "1 0 web GET_/ server 0..100
        2 1 web a client 0..20
        3 2 cart a server 5..15
        4 1 web b client 25..45
        5 4 user b server 30..40
        6 1 web c client 50..70";
    let said = || Said { targets: [(6, "redis")].into(), ..Said::default() };
    assert_eq!(
        found_with(text, &[], said()),
        ["serial_calls in GET_/: 3 calls, to cart, user, redis, one after the other: 60.0 ms of the 100 ms of GET_/"]
    );
    assert!(found(text).is_empty(), "a call to one knows not whom is not one to another service");
    assert!(found_with(&text.replace("50..70", "44..70"), &[], said()).is_empty(), "they overlap");
    assert!(found_with(&text.replace("0..100", "0..900"), &[], said()).is_empty(), "they are little of their parent");
    assert!(found_with(&text.replace(" user ", " cart "), &[], said()).is_empty(), "they are two services");
}

/// Twenty traces of `GET_/` that take 20 ms themselves.
fn quick() -> Vec<Trace> {
    (0..20).map(|_| trace("1 0 web GET_/ server 0..30\n2 1 web SELECT client 5..15")).collect()
}

#[test]
fn a_gap_is_long_and_much_more_than_usual() {
    let text = "1 0 web GET_/ server 0..400
        2 1 web SELECT client 0..150
        3 1 web UPDATE client 350..400";
    assert_eq!(
        found_with(text, &quick(), Said::default()),
        [
            "gap in GET_/: 200 ms of the 400 ms of GET_/ without a child, 150 ms after it began; usually it takes 20.1 ms itself"
        ]
    );
    assert!(found(text).is_empty(), "nothing is usual for what was seen once");
    let slow: Vec<Trace> = (0..20).map(|_| trace(text)).collect();
    let always = found_with(text, &slow, Said::default());
    assert!(always.iter().all(|found| !found.starts_with("gap")), "it is always so: {always:?}");
    let short = text.replace("350..400", "240..400");
    assert!(found_with(&short, &quick(), Said::default()).is_empty(), "below 100 ms");
    let little = text.replace("0..400", "0..1000").replace("350..400", "350..950");
    assert!(found_with(&little, &quick(), Said::default()).is_empty(), "below 30 %");
}

#[test]
fn a_timeout_chain_is_errors_of_one_duration_up_the_path() {
    let text = "1 0 web GET_/ server 0..1010 !
        2 1 web charge client 2..1008 !
        3 2 pay charge server 4..1005 !
        4 3 pay POST client 4..1004 !";
    assert_eq!(found(text), ["timeout_chain in POST: 4 spans in error of about 1.00 s each, from GET_/ down to POST"]);
    // The next span up took much longer, or did not fail: the chain ends there.
    assert!(found(&text.replace("0..1010", "0..2010"))[0].contains("3 spans"));
    assert!(found(&text.replace(" !", "")).is_empty());
    // Within one service errors of one duration are one error passed on.
    assert!(found(&text.replace(" pay ", " web ")).is_empty());
}

#[test]
fn an_error_is_swallowed_where_both_sides_failed_and_who_called_did_not() {
    let text = "1 0 web GET_/ server 0..100
        2 1 web recommend client 10..20 !
        3 2 rec recommend server 12..18 !";
    assert_eq!(found(text), ["swallowed_error in GET_/: recommend failed, GET_/ that called it did not"]);
    assert!(found(&text.replace("12..18 !", "12..18")).is_empty(), "the called side worked");
    assert!(found(&text.replace("0..100", "0..100 !")).is_empty(), "it is passed on");
    let again = text.to_owned() + "\n4 1 web recommend client 30..40";
    assert!(found(&again).is_empty(), "it was tried again and worked");
    // Who hands on a message does not hear of what becomes of it.
    let message = "1 0 web send producer 0..10\n2 1 mail handle consumer 20..30 !";
    assert!(found(message).is_empty());
}

#[test]
fn clocks_differ_where_the_called_side_lies_outside_of_its_caller() {
    let text = "1 0 web GET_/ server 0..100
        2 1 web get client 10..30
        3 2 cart get server 4..14";
    assert_eq!(
        found(text),
        [
            "clock_skew in get: get begins 6.00 ms before its caller: the clock of cart is about 11.0 ms behind that of web"
        ]
    );
    assert!(found(&text.replace("4..14", "35..45"))[0].contains("about 20.0 ms ahead of"));
    assert!(found(&text.replace("4..14", "9.5..19")).is_empty(), "that is within a network's reach");
    // A caller that does not wait any longer leaves the called side running: no clock is wrong.
    assert!(found(&text.replace("4..14", "12..90")).is_empty());
}

#[test]
fn a_call_to_a_service_that_sends_spans_elsewhere_has_lost_them() {
    let text = "1 0 web GET_/ server 0..100\n2 1 web get client 10..30";
    let other = || vec![trace("1 0 cart get server 0..10")];
    let said = || Said { targets: [(2, "cart")].into(), ..Said::default() };
    assert_eq!(
        found_with(text, &other(), said()),
        ["missing_instrumentation in get: get called cart, which sends spans elsewhere but none for this"]
    );
    assert!(found_with(text, &[], said()).is_empty(), "it never sends any");
    assert!(found_with(&(text.to_owned() + "\n3 2 cart get server 15..25"), &other(), said()).is_empty());
}

#[test]
fn a_wait_before_a_call_in_many_traces_is_one_for_a_pool() {
    let of = |wait: u64| format!("1 0 web GET_/ server 0..{}\n2 1 web SELECT client {wait}..{}", wait + 20, wait + 10);
    let with =
        |long: usize| -> Vec<Trace> { (0..20).map(|number| trace(&of(if number < long { 50 } else { 0 }))).collect() };
    assert_eq!(
        found_with(&of(50), &with(9), Said::default()),
        ["pool_wait in GET_/: 50.0 ms of the 70.0 ms of GET_/ pass before SELECT; it waits as long in 10 of 21 traces"]
    );
    assert!(found_with(&of(50), &with(8), Said::default()).is_empty(), "nine are too few");
    assert!(found_with(&of(5), &with(20), Said::default()).is_empty(), "this one did not wait");
}

#[test]
fn hundreds_of_tiny_spans_beneath_one_are_too_fine() {
    let fine = |number: u64| {
        let mut text = "1 0 web GET_/ server 0..200\n".to_owned();
        for child in 0..number {
            writeln!(
                text,
                "{} 1 web step{child} internal {}..{}",
                child + 2,
                child as f64 * 0.5,
                child as f64 * 0.5 + 0.05
            )
            .unwrap();
        }
        text
    };
    assert_eq!(found(&fine(200)), ["too_fine in GET_/: 200 spans of 50.0 µs or so beneath one GET_/"]);
    assert!(found(&fine(199)).is_empty());
}

#[test]
fn a_huge_span_is_told_with_its_size() {
    let said = Said { huge: [(1, 70_000)].into(), ..Said::default() };
    assert_eq!(found_with("1 0 web GET_/ server 0..10", &[], said), ["huge_span in GET_/: GET_/ takes 68 KiB"]);
}

#[test]
fn the_same_again_in_a_trace_is_one_finding_and_the_worst_is_told() {
    let text = "1 0 web GET_/ server 0..100
        2 1 web recommend client 10..20 !
        3 1 web f internal 30..60
        4 3 web recommend client 35..45 !
        5 0 web GET_/ server 200..300
        6 5 web recommend client 210..220 !";
    let trace = trace(text);
    let findings = find(&trace, &Usual::default(), &mut Said::default());
    let told: Vec<_> = findings.iter().map(|found| (&*found.operation, found.times, found.count)).collect();
    assert_eq!(told, [("GET_/", 2, 2), ("f", 1, 1)]);
    let mut one = Collecting::default();
    one.add(&trace, findings.clone());
    let mut other = Collecting::default();
    other.add(
        &Trace { summary: crate::model::TraceSummary { id: TraceId(2), ..trace.summary.clone() }, ..trace },
        findings,
    );
    one.merge(other);
    let groups = one.finish();
    let told: Vec<_> =
        groups.iter().map(|group| (&*group.worst.operation, group.count, group.traces, group.samples.len())).collect();
    assert_eq!(told, [("GET_/", 4, 2, 2), ("f", 2, 2, 2)]);
}

#[test]
fn a_deep_chain_and_a_circle_are_looked_at_without_end_or_overflow() {
    let mut spans: Vec<Span> =
        (1..100_000).map(|id| span(&format!("{id} {} web f client 0..1000 !", id - 1))).collect();
    let deep = Trace::of(TraceId(1), spans.clone(), false);
    find(&deep, &Usual::default(), &mut Said::default());
    spans[0].parent = Some(SpanId(99_999));
    find(&Trace::of(TraceId(1), spans, false), &Usual::default(), &mut Said::default());
    // A hundred thousand beneath one chain of a thousand.
    let text = |id: u64| format!("{id} {} web f client 0..1000 !", if id < 1_000 { id - 1 } else { 999 });
    let wide: Vec<Span> = (1..20_000).map(|id| span(&text(id))).collect();
    let mut said = Said::default();
    find(&Trace::of(TraceId(1), wide, false), &Usual::default(), &mut said);
}

//! What queries mean, held by cases written by hand: each on the same spans in stores of every form.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test that cannot go on has failed")]

mod cases;
mod corpus;
mod edges;
mod fixture;
mod laws;
mod recorded;
#[expect(dead_code, reason = "some is for figures")]
mod stores;

use std::collections::BTreeSet;
use std::sync::Arc;

use cases::{Case, Line};
use spantop::analysis::Rules;
use spantop::model::Timestamp;
use spantop::query::{Memory, Query, parse};
use spantop::source::{
    OneSeries, Reply, Request, SeriesRequest, SpanList, SpansRequest, TraceFilter, TracesRequest, Window, answer,
    answer_gradually,
};
use stores::{Blocks, Form};

const LIMIT: usize = 10_000;

fn spans_request(query: &Arc<Query>) -> Request {
    Request::Spans(SpansRequest {
        query: Arc::clone(query),
        window: Window::default(),
        service: None,
        offset: 0,
        limit: LIMIT,
    })
}

/// Answers at once, and twice gradually with what earlier searches found, which has to come to the same.
fn ask(form: &Form, request: &Request) -> Reply {
    let reply = answer(request, &form.snapshot);
    for _ in 0..2 {
        let gradually = answer_gradually(request, &form.snapshot, (&form.memory, &Rules::default()), &|found| {
            found();
            true
        });
        assert_eq!(gradually, reply);
    }
    reply
}

fn spans(form: &Form, query: &Arc<Query>) -> SpanList {
    match ask(form, &spans_request(query)) {
        Reply::Spans(list) => list,
        other => panic!("{other:?}"),
    }
}

fn traces(form: &Form, query: &Arc<Query>) -> BTreeSet<String> {
    let filter = TraceFilter { query: Some(Arc::clone(query)), ..TraceFilter::default() };
    match ask(form, &Request::Traces(TracesRequest { filter, limit: LIMIT, ..TracesRequest::default() })) {
        Reply::Traces(list) => list.rows.iter().map(|row| fixture::trace_name(row.id)).collect(),
        other => panic!("{other:?}"),
    }
}

/// Returns the spans that match, asked for trace by trace.
fn matches(form: &Form, query: &Arc<Query>, all: &BTreeSet<String>) -> BTreeSet<String> {
    let of_trace =
        |trace: &String| match answer(&Request::Matches(fixture::trace_id(trace), Arc::clone(query)), &form.snapshot) {
            Reply::Matches(spans) => spans.into_iter().map(fixture::span_name),
            other => panic!("{other:?}"),
        };
    all.iter().flat_map(of_trace).collect()
}

fn series(form: &Form, query: &Arc<Query>, step_seconds: u64) -> Vec<Line> {
    let step_ns = Some(step_seconds * 1_000_000_000);
    let request = SeriesRequest { query: Arc::clone(query), window: Window::default(), service: None, step_ns };
    let Reply::Series(series) = ask(form, &Request::Series(request)) else { panic!("no series") };
    series.series.into_iter().map(line).collect()
}

fn line(series: OneSeries) -> Line {
    let labels: Vec<String> = series.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let sample = |(time, value): (Timestamp, f64)| ((time.0 - fixture::BEGIN_NS) / 1_000_000_000, value);
    Line { labels: format!("{{{}}}", labels.join(", ")), samples: series.samples.into_iter().map(sample).collect() }
}

/// Returns whether two lists of series are the same, in any order and but for the last digits.
fn is_same(found: &[Line], expected: &[Line]) -> bool {
    let is_close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
    let is_like = |a: &Line, b: &Line| {
        let mut pairs = a.samples.iter().zip(&b.samples);
        a.labels == b.labels
            && a.samples.len() == b.samples.len()
            && pairs.all(|(a, b)| a.0 == b.0 && is_close(a.1, b.1))
    };
    found.len() == expected.len() && expected.iter().all(|line| found.iter().any(|found| is_like(found, line)))
}

/// Returns what is wrong with a case in a form; nothing where it holds.
fn difference(case: &Case, form: &Form, all_traces: &BTreeSet<String>) -> Option<String> {
    let query = match (parse(&case.query), &case.error) {
        (Ok(parsed), None) => Arc::new(parsed.query),
        (Ok(_), Some(_)) => return Some("it was read".into()),
        (Err(problems), None) => return Some(format!("it was not read\n{}", problems.render(&case.query))),
        (Err(problems), Some((at, message))) => {
            let first = &problems.0[0];
            let is_said = first.at.start == *at && first.message.contains(message.as_str());
            return (!is_said).then(|| format!("byte {}: {} ({:?})", first.at.start, first.message, first.hint));
        }
    };
    if let Some(expected) = &case.series {
        let found = series(form, &query, case.step_seconds);
        return (!is_same(&found, expected)).then(|| format!("found {found:#?}\nnot {expected:#?}"));
    }
    let list = spans(form, &query);
    let found: BTreeSet<String> = list.rows.iter().map(|row| fixture::span_name(row.id)).collect();
    let expected: BTreeSet<String> = case.spans.iter().flatten().cloned().collect();
    if found != expected || list.total != found.len() || list.rows.len() != found.len() {
        return Some(format!("{} spans {}", list.total, Vec::from_iter(found).join(" ")));
    }
    for (span, values) in &case.shown {
        let row = list.rows.iter().find(|row| row.id == fixture::span_id(span)).expect("it was found");
        let shown: Vec<String> = row.selected.iter().map(ToString::to_string).collect();
        if shown.join(" ") != *values {
            return Some(format!("{span} shows {}", shown.join(" ")));
        }
    }
    let of_spans = || list.rows.iter().map(|row| fixture::trace_name(row.trace)).collect();
    let expected_traces = case.traces.as_ref().map_or_else(of_spans, |traces| traces.iter().cloned().collect());
    let found_traces = traces(form, &query);
    if found_traces != expected_traces {
        return Some(format!("traces {}", Vec::from_iter(found_traces).join(" ")));
    }
    let matched = matches(form, &query, all_traces);
    (matched != expected).then(|| format!("trace by trace {}", Vec::from_iter(matched).join(" ")))
}

/// Holds every case in one form of the store.
fn check(form: &Form) {
    let all_traces = traces(form, &Arc::new(Query::everything()));
    let mut wrong = Vec::new();
    for case in cases::all() {
        if let Some(difference) = difference(&case, form, &all_traces) {
            let expected = case.spans.as_ref().map_or(String::new(), |spans| spans.join(" "));
            let Case { title, query, .. } = &case;
            wrong.push(format!("{title}\n  {query}\n  expected {expected}\n  found {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n\n{}\n", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn every_query_finds_what_it_should_in_an_open_block() {
    check(&stores::form(&fixture::requests(), Blocks::Open));
}

#[test]
fn every_query_finds_what_it_should_in_a_sealed_block() {
    check(&stores::form(&fixture::requests(), Blocks::Sealed));
}

#[test]
fn every_query_finds_what_it_should_in_a_block_for_each_request() {
    check(&stores::form(&fixture::requests(), Blocks::Each));
}

#[test]
fn every_query_finds_what_it_should_in_a_block_for_each_span() {
    check(&stores::form(&fixture::one_by_one(), Blocks::Each));
}

#[test]
fn every_query_finds_what_it_should_in_blocks_of_every_kind() {
    check(&stores::form(&fixture::one_by_one(), Blocks::Mixed));
}

#[test]
fn what_earlier_searches_found_does_not_change_what_is_found_while_spans_come_in() {
    let queries = cases::all().into_iter().filter_map(|case| Some(Arc::new(parse(&case.query).ok()?.query)));
    let queries: Vec<(Arc<Query>, Memory)> = queries.map(|query| (query, Memory::default())).collect();
    stores::growing(&fixture::requests(), &mut |snapshot| {
        for (query, memory) in &queries {
            let request = spans_request(query);
            let again = answer_gradually(&request, snapshot, (memory, &Rules::default()), &|_| true);
            assert_eq!(again, answer(&request, snapshot), "{query}");
        }
    });
}

#[test]
fn a_window_a_service_and_a_page_are_cut_out_of_what_is_found() {
    let form = stores::form(&fixture::requests(), Blocks::Each);
    let rows = |request: &SpansRequest| match answer(&Request::Spans(request.clone()), &form.snapshot) {
        Reply::Spans(list) => (list.total, list.rows),
        other => panic!("{other:?}"),
    };
    let at = |seconds: u64| Some(Timestamp(fixture::BEGIN_NS + seconds * 1_000_000_000));
    for case in cases::all().iter().filter(|case| !case.query.contains("slow")) {
        let Ok(parsed) = parse(&case.query) else { continue };
        let window = Window::default();
        let all = SpansRequest { query: Arc::new(parsed.query), window, service: None, offset: 0, limit: LIMIT };
        let (total, found) = rows(&all);
        let window = Window { from: at(10), to: at(71) };
        let inside = found.iter().filter(|row| window.contains(row.start)).cloned().collect::<Vec<_>>();
        assert_eq!(rows(&SpansRequest { window, ..all.clone() }), (inside.len(), inside), "{}", case.query);
        let of_cart = found.iter().filter(|row| &*row.service == "cart").cloned().collect::<Vec<_>>();
        let service = Some("cart".to_owned());
        assert_eq!(rows(&SpansRequest { service, ..all.clone() }), (of_cart.len(), of_cart), "{}", case.query);
        let page = found.iter().skip(2).take(3).cloned().collect::<Vec<_>>();
        assert_eq!(rows(&SpansRequest { offset: 2, limit: 3, ..all }), (total, page), "{}", case.query);
    }
}

#[test]
fn the_cases_are_many_and_have_titles_of_their_own() {
    let cases = cases::all();
    let titles: BTreeSet<&str> = cases.iter().map(|case| case.title.as_str()).collect();
    assert!(cases.len() >= 250, "{} cases", cases.len());
    assert_eq!(titles.len(), cases.len());
    let unclear = cases.iter().filter(|case| {
        [case.spans.is_some(), case.series.is_some(), case.error.is_some()].iter().filter(|is| **is).count() != 1
    });
    let unclear: Vec<&Case> = unclear.collect();
    assert!(unclear.is_empty(), "{unclear:#?}");
}

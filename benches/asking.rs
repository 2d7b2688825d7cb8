//! What it takes to ask: queries over ten million spans in memory, on one core.

#[path = "support/endless.rs"]
mod endless;
#[path = "support/filled.rs"]
mod filled;
mod support;

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use filled::{Filled, clock, keep_to_cores};
use spantop::analysis::Rules;
use spantop::query::{Memory, Query, parse};
use spantop::source::{
    Reply, Request, SeriesRequest, SpansRequest, TraceFilter, TracesRequest, Window, answer, answer_gradually,
};
use spantop::store::Snapshot;
use support::SPANS;

/// Rows of a page.
const PAGE: usize = 60;
/// How often each is asked; the median counts.
const TURNS: usize = 5;

/// Asks for all spans again and again on a thread of its own, and on all cores, while spans come in.
fn beside_searches(filled: &mut Filled, requests: usize) -> [Duration; 2] {
    let (store, is_over) = (Arc::clone(&filled.store), AtomicBool::new(false));
    let request = spans("{ .http.request.method = \"GET\" }");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let steps = |_: &dyn Fn() -> Reply| !is_over.load(Ordering::Relaxed);
                black_box(answer_gradually(
                    &request,
                    &store.snapshot(),
                    (&Memory::default(), &Rules::default()),
                    &steps,
                ));
            }
        });
        let times = filled.time(requests);
        is_over.store(true, Ordering::Relaxed);
        times
    })
}

fn query(text: &str) -> Arc<Query> {
    Arc::new(parse(text).expect("the queries are valid").query)
}

fn spans(text: &str) -> Request {
    let (query, window) = (query(text), Window::default());
    Request::Spans(SpansRequest { query, window, service: None, offset: 0, limit: PAGE })
}

fn traces(text: &str) -> Request {
    let filter = TraceFilter { query: Some(query(text)), ..TraceFilter::default() };
    Request::Traces(TracesRequest { filter, limit: PAGE, ..TracesRequest::default() })
}

/// How much an answer has found, and how many rows of its page.
fn found(reply: &Reply) -> (usize, usize) {
    match reply {
        Reply::Spans(list) => (list.total, list.rows.len()),
        Reply::Traces(list) => (list.total, list.rows.len()),
        Reply::Series(series) => (series.series.len(), 0),
        _ => (0, 0),
    }
}

/// What was measured of a request.
struct Measured {
    whole: Duration,
    /// Until something was found.
    first: Duration,
    /// Until the page was full.
    page: Duration,
    found: usize,
}

fn measure(request: &Request, snapshot: &Snapshot) -> Measured {
    let turn = || {
        let start = clock();
        let (first, page) = (Cell::new(None), Cell::new(None));
        let steps = |reply: &dyn Fn() -> Reply| {
            // Answers are made until one has what is measured.
            if page.get().is_none() && !matches!(request, Request::Series(_)) {
                let (total, rows) = found(&reply());
                let now = start.elapsed();
                first.set(first.get().or((total > 0).then_some(now)));
                page.set((rows == PAGE).then_some(now));
            }
            true
        };
        let reply = answer_gradually(request, snapshot, (&Memory::default(), &Rules::default()), &steps);
        let whole = start.elapsed();
        let (first, page) = (first.get().unwrap_or(whole), page.get().unwrap_or(whole));
        Measured { whole, first, page, found: found(&reply).0 }
    };
    let mut turns: Vec<Measured> = (0..TURNS).map(|_| turn()).collect();
    turns.sort_by_key(|turn| turn.whole);
    turns.swap_remove(TURNS / 2)
}

/// Returns the most bytes of this process that were in memory since the last [`forget_peak`]; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() << 10
}

fn forget_peak() {
    // Where the system does not have this the peak is not told either.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    keep_to_cores(1);
    let mut filled = Filled::new();
    let trace = filled.fill(if is_test { 200_000 } else { 10_000_000 });
    let snapshot = filled.store.snapshot();
    println!("{:56}{:>10}{:>10}{:>10}{:>10}{:>10}", "on one core, ms", "found", "first", "page", "whole", "MiB more");
    let show = |name: &str, request: &Request| {
        forget_peak();
        let before = peak();
        let Measured { whole, first, page, found } = measure(request, &snapshot);
        let [first, page, whole] = [first, page, whole].map(milliseconds);
        let more = peak().saturating_sub(before) as f64 / f64::from(1 << 20);
        println!("{name:56}{found:10}{first:10.2}{page:10.2}{whole:10.2}{more:10.1}");
    };
    show("everything", &spans("{ }"));
    let counted = "{ resource.service.name = \"service-3\" && duration > 45ms }";
    show("all traces, span by span", &traces("{ } | count() > 0"));
    show("service and duration, counted (under 20)", &spans(counted));
    show("the same, traces", &traces(counted));
    show("errors, newest page of traces (page under 1)", &traces("error"));
    show("an attribute, rare (under 50)", &spans("{ .order.id = \"A-4711-haystack\" }"));
    show("an attribute that is not there", &spans("{ .order.id = \"A-4712\" }"));
    show("an attribute of all (under 4000)", &spans("{ .http.request.method = \"GET\" }"));
    show("an attribute of none with a key of all", &spans("{ .thread.id > 64 }"));
    show("a word, rare (under 4000)", &spans("haystack"));
    show("a word of 2 % (first under 100)", &spans("Cart.java"));
    show("a number anywhere (under 4000)", &spans("500"));
    show("a regular expression on an attribute", &spans("{ .url.path =~ \"/api/.*/items/77.*\" }"));
    show("children", &spans("{ kind = client } > { kind = server }"));
    show("grouped", &traces("{ duration > 45ms } | by(resource.service.name) | count() > 2"));
    let series = SeriesRequest {
        query: query("{ } | quantile_over_time(duration, .95, .99) by (resource.service.name)"),
        window: Window::default(),
        service: None,
        step_ns: None,
    };
    show("percentiles by service", &Request::Series(series));
    show("a trace by its id in a query", &traces(&format!("{{ trace:id = \"{trace}\" }}")));
    let open = Request::Trace(trace);
    let times = (0..1_000).map(|_| {
        let start = clock();
        assert!(matches!(answer(&open, &snapshot), Reply::Trace(Some(_))), "it is held");
        start.elapsed()
    });
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    println!("a trace opened by its id: {:.1} µs (under 20)", milliseconds(times[times.len() / 2]) * 1e3);
    keep_to_cores(std::thread::available_parallelism().map_or(1, usize::from).max(2));
    let requests = if is_test { 100 } else { 4_000 };
    let [median, most] = filled.time(requests).map(milliseconds);
    println!("a request of {SPANS} spans taken: {median:.3} ms, at most {most:.3}");
    let [median, most] = beside_searches(&mut filled, requests).map(milliseconds);
    println!("the same beside searches for everything: {median:.3} ms, at most {most:.3}");
}

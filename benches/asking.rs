//! What it takes to ask: queries over ten million spans in memory, on one core.

#[path = "support/endless.rs"]
mod endless;
mod support;

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use endless::Endless;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::model::{Timestamp, TraceId};
use spantop::otlp;
use spantop::query::{Memory, Query, parse};
use spantop::source::{
    Reply, Request, SeriesRequest, SpansRequest, TraceFilter, TracesRequest, Window, answer, answer_gradually,
};
use spantop::store::{Limits, Sealer, Snapshot, Writer};
use support::SPANS;

/// Rows of a page.
const PAGE: usize = 60;
/// How often each is asked; the median counts.
const TURNS: usize = 5;

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn clock() -> Instant {
    Instant::now()
}

/// Leaves this process one core, if the system can do that.
fn keep_to_one_core() {
    #[cfg(target_os = "linux")]
    {
        let mut cores = rustix::thread::CpuSet::new();
        cores.set(0);
        rustix::thread::sched_setaffinity(None, &cores).expect("a process may keep to a core");
    }
}

/// Returns so many spans, sealed but for the last block, and the id of a trace from among them. In the middle of them one
/// span has an order that no other has.
fn fill(spans: usize) -> (Snapshot, TraceId) {
    let limits = Limits { memory_bytes: 8 << 30, ..Limits::default() };
    let (store, mut writer) = Writer::new(limits);
    let (mut requests, mut sealer, mut trace) = (Endless::new(400, 1), Sealer::default(), 0);
    let middle = spans / SPANS / 2;
    for number in 0..spans.div_ceil(SPANS) {
        let request = requests.next();
        let request = if number == middle { with_order(&request) } else { request };
        let batch = otlp::scan(request).expect("the requests are valid");
        if number == middle {
            trace = batch.spans[0].trace_id;
        }
        writer.append(&batch, Timestamp(1));
        while let Some(block) = writer.take_unsealed() {
            let sealed = block.seal(&mut sealer);
            writer.put_sealed(sealed);
        }
    }
    (store.snapshot(), TraceId(trace))
}

fn with_order(request: &Bytes) -> Bytes {
    let mut request = ExportTraceServiceRequest::decode(&request[..]).expect("the requests are valid");
    let span = &mut request.resource_spans[0].scope_spans[0].spans[7];
    span.attributes.push(support::text("order.id", "A-4711-haystack"));
    request.encode_to_vec().into()
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
        let reply = answer_gradually(request, snapshot, &Memory::default(), &steps);
        let whole = start.elapsed();
        let (first, page) = (first.get().unwrap_or(whole), page.get().unwrap_or(whole));
        Measured { whole, first, page, found: found(&reply).0 }
    };
    let mut turns: Vec<Measured> = (0..TURNS).map(|_| turn()).collect();
    turns.sort_by_key(|turn| turn.whole);
    turns.swap_remove(TURNS / 2)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    keep_to_one_core();
    let (snapshot, trace) = fill(if is_test { 200_000 } else { 10_000_000 });
    println!("{:64}{:>10}{:>10}{:>10}{:>10}", "on one core, milliseconds", "found", "first", "page", "whole");
    let show = |name: &str, request: &Request| {
        let Measured { whole, first, page, found } = measure(request, &snapshot);
        let [first, page, whole] = [first, page, whole].map(milliseconds);
        println!("{name:64}{found:10}{first:10.2}{page:10.2}{whole:10.2}");
    };
    show("everything", &spans("{ }"));
    let counted = "{ resource.service.name = \"service-3\" && duration > 45ms }";
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
}

//! What it takes to keep spans, and to find them again: resident bytes a span, the time to seal, to open a span out of a
//! sealed block, to find a trace among all, and to list the newest.

#[path = "support/endless.rs"]
mod endless;
mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use endless::Endless;
use spantop::model::{SpanId, Timestamp, TraceId};
use spantop::otlp;
use spantop::source::{Reply, Request, Sort, SortKey, TraceFilter, TracesRequest, Window, answer};
use spantop::store::{Limits, Sealer, Store, Writer};
use support::SPANS;

/// A store that takes everything, and seals at once.
struct Keeping {
    store: Arc<Store>,
    writer: Writer,
    sealer: Sealer,
    requests: Endless,
    spans: usize,
    sealing: Duration,
    sealed: usize,
    /// Some spans by their ids, from all over the store.
    samples: Vec<(TraceId, SpanId)>,
}

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn clock() -> Instant {
    Instant::now()
}

impl Keeping {
    fn new() -> Self {
        let limits = Limits { memory_bytes: 8 << 30, ..Limits::default() };
        let (store, writer) = Writer::new(limits);
        let requests = Endless::new(400, 1);
        let (sealing, sealed, samples) = (Duration::ZERO, 0, Vec::new());
        Self { store, writer, sealer: Sealer::default(), requests, spans: 0, sealing, sealed, samples }
    }

    /// Takes spans until there are this many, and seals what is full.
    fn fill(&mut self, spans: usize) {
        while self.spans < spans {
            let Ok(batch) = otlp::scan(self.requests.next()) else { return };
            self.writer.append(&batch, Timestamp(1));
            if self.spans.is_multiple_of(64 * SPANS) {
                let span = &batch.spans[self.spans / SPANS % SPANS];
                self.samples.push((TraceId(span.trace_id), SpanId(span.span_id)));
            }
            self.spans += SPANS;
            while let Some(block) = self.writer.take_unsealed() {
                let start = clock();
                let sealed = block.seal(&mut self.sealer);
                self.sealing += start.elapsed();
                self.sealed += 65_536;
                self.writer.put_sealed(sealed);
            }
        }
    }

    /// Asks for each sample and returns the median in microseconds.
    fn ask(&self, request: impl Fn((TraceId, SpanId)) -> Request) -> f64 {
        let snapshot = self.store.snapshot();
        median(self.samples.iter().rev().skip(20).map(|&sample| {
            let request = request(sample);
            let start = clock();
            let reply = black_box(answer(&request, &snapshot));
            let time = start.elapsed();
            assert!(!matches!(reply, Reply::Trace(None) | Reply::Span(None)), "the samples are held");
            time.as_secs_f64() * 1e6
        }))
    }
}

fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Returns the bytes of this process that are in memory; 0 where the system does not say.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or_default() << 10
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let scale = if is_test { 100_000 } else { 1_000_000 };
    let mut keeping = Keeping::new();
    keeping.fill(scale);
    let (before, counted) = (resident(), keeping.store.snapshot().facts().bytes);
    keeping.fill(3 * scale);
    let slope = |before: usize, after: usize| after.saturating_sub(before) as f64 / (2 * scale) as f64;
    let after = keeping.store.snapshot().facts().bytes;
    println!("kept {} spans", keeping.spans);
    println!("resident              {:7.1} bytes a span", slope(before, resident()));
    println!("counted in the budget {:7.1} bytes a span", slope(counted as usize, after as usize));
    println!("sealing               {:7.0} ns a span", keeping.sealing.as_nanos() as f64 / keeping.sealed as f64);
    keeping.fill(10 * scale);
    println!("of {} spans:", keeping.spans);
    println!("one span opened       {:7.1} µs", keeping.ask(|(trace, span)| Request::Span(trace, span)));
    println!("one trace opened      {:7.1} µs", keeping.ask(|(trace, _)| Request::Trace(trace)));
    let snapshot = keeping.store.snapshot();
    let found = median(keeping.samples.iter().map(|&(trace, _)| {
        let start = clock();
        black_box(snapshot.holds(trace));
        start.elapsed().as_secs_f64() * 1e6
    }));
    println!("a trace found         {found:7.1} µs");
    for key in [SortKey::StartTime, SortKey::Duration, SortKey::RootService] {
        let page = TracesRequest { sort: Sort { key, descending: true }, limit: 60, ..TracesRequest::default() };
        let time = keeping.ask(|_| Request::Traces(page.clone()));
        println!("a page by {:12}{time:7.0} µs", key.name());
    }
    let window = Window { from: Some(Timestamp(1_700_000_000_000_000_000)), to: None };
    let filter = TraceFilter { window, ..TraceFilter::default() };
    let page = TracesRequest { filter, limit: 60, ..TracesRequest::default() };
    println!("the newest of a window{:5.0} µs", keeping.ask(|_| Request::Traces(page.clone())));
    println!("the status            {:7.1} µs", keeping.ask(|_| Request::Status));
}

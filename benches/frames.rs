//! From key to frame at 200×60: the list over a full store, a trace of 20,000 spans, and the same while 50,000 spans a
//! second come in.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::Criterion;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::source::Engine;
use spantop::store::Limits;
use spantop::tui::headless::Headless;
use spantop::tui::keymap::Key;

const SIZE: (u16, u16) = (200, 60);
const NOW: Timestamp = Timestamp(1_700_000_010_000_000_000);
const RATE: usize = 50_000;

fn key(name: &str) -> Key {
    name.parse().expect("the keys of this bench exist")
}

/// All spans of a request in one trace, each the child of one before it.
fn one_trace(requests: &[Bytes]) -> Vec<Bytes> {
    let mut parents: Vec<Vec<u8>> = vec![Vec::new()];
    let mut requests = requests.iter().filter_map(|request| ExportTraceServiceRequest::decode(request.clone()).ok());
    let rewritten = requests.by_ref().map(|mut request| {
        for span in request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans).flat_map(|s| &mut s.spans) {
            span.trace_id = vec![7; 16];
            let parent = parents.len() - 1 - parents.len() / 3;
            span.parent_span_id.clone_from(&parents[parent]);
            parents.push(span.span_id.clone());
        }
        request.encode_to_vec().into()
    });
    rewritten.collect()
}

fn fill(engine: &Engine, runtime: &tokio::runtime::Runtime, requests: Vec<Bytes>) {
    for request in requests {
        if let Ok(batch) = otlp::scan(request) {
            runtime.block_on(engine.ingest(batch, None)).expect("a bench sends no more than is taken");
        }
    }
}

/// Presses keys in turn and returns how long each took until its frame was drawn, in milliseconds, in order of size.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn latencies(screen: &mut Headless, keys: &[&str], presses: usize, pause: Duration) -> Vec<f64> {
    let keys: Vec<Key> = keys.iter().map(|name| key(name)).collect();
    let mut times: Vec<f64> = (0..presses)
        .map(|press| {
            std::thread::sleep(pause);
            let start = Instant::now();
            screen.tick(NOW);
            screen.press(keys[press % keys.len()]);
            std::hint::black_box(screen.draw());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn report(what: &str, times: &[f64]) {
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    println!("{what:44} key to frame: median {:.2} ms, p99 {:.2} ms, most {:.2} ms", at(50), at(99), at(100));
}

/// Sends at [`RATE`] from a thread of its own until told to stop.
fn load(engine: &Arc<Engine>, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<()> {
    let (engine, stop) = (Arc::clone(engine), Arc::clone(stop));
    let requests = support::requests(600, 9);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(async {
            let mut beat = tokio::time::interval(Duration::from_secs_f64(support::SPANS as f64 / RATE as f64));
            for request in requests.iter().cycle() {
                beat.tick().await;
                let batch = otlp::scan(Bytes::copy_from_slice(request)).expect("the requests are valid");
                if stop.load(Ordering::Relaxed) || engine.ingest(batch, None).await.is_err() {
                    return;
                }
            }
        });
    })
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let presses = if is_test { 20 } else { 1_000 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let (engine, _writer) = Engine::start(Limits::default()).expect("the engine starts");
    fill(&engine, &runtime, support::requests(if is_test { 20 } else { 600 }, 1));
    fill(&engine, &runtime, one_trace(&support::requests(40, 2)));

    let mut list = Headless::new(Arc::clone(&engine) as _, SIZE, NOW);
    let moves = ["j", "j", "<C-d>", "k", "s", "g", "G"];
    report("list of a full store", &latencies(&mut list, &moves, presses, Duration::ZERO));

    let mut trace = Headless::new(Arc::clone(&engine) as _, SIZE, NOW);
    // By spans, most first: the third column that the list is sorted by.
    for name in ["s", "s", "g", "<Enter>"] {
        trace.press(key(name));
    }
    let scroll = ["j", "<C-d>", "j", "k", "z", "Z", "G", "g"];
    report("trace of 20,480 spans", &latencies(&mut trace, &scroll, presses, Duration::ZERO));

    let stop = Arc::new(AtomicBool::new(false));
    let loader = load(&engine, &stop);
    let pause = Duration::from_millis(if is_test { 0 } else { 10 });
    report("list, 50,000 spans a second coming in", &latencies(&mut list, &moves, presses, pause));
    report("trace, 50,000 spans a second coming in", &latencies(&mut trace, &scroll, presses, pause));
    stop.store(true, Ordering::Relaxed);
    loader.join().expect("the loader ends");

    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    criterion.bench_function("draw the list", |bencher| bencher.iter(|| list.draw()));
    criterion.bench_function("draw the trace", |bencher| bencher.iter(|| trace.draw()));
    criterion.final_summary();
}

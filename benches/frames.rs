//! From key to frame at 200×60 over a million spans: the list; a trace of 100,000 spans as it opens, scrolls, folds and
//! grows; and both while spans come in, at a steady rate and as fast as every core can send.

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::Criterion;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use ratatui::buffer::Buffer;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::source::{Engine, Priority};
use spantop::store::Limits;
use spantop::tui::event::Event;
use spantop::tui::headless::{self, Headless};
use spantop::tui::keymap::Key;

const SIZE: (u16, u16) = (200, 60);
const NOW: Timestamp = Timestamp(1_700_000_010_000_000_000);
/// Spans a second that come in steadily.
const RATE: usize = 50_000;
/// Room for a million spans and what the loads add; the last one begins to evict.
const MEMORY: usize = 1_536 << 20;
/// A million spans are made this many requests at a time.
const REQUESTS_AT_ONCE: usize = 100;
/// How often a key is pressed while every core is busy.
const KEY_EVERY: Duration = Duration::from_millis(20);

/// How much is held and how often each thing is measured.
struct Sizes {
    requests: usize,
    trace_requests: usize,
    presses: usize,
    opens: usize,
    growths: usize,
    saturated: Duration,
}

const FULL: Sizes = Sizes {
    requests: 1_760,
    trace_requests: 196,
    presses: 1_000,
    opens: 30,
    growths: 60,
    saturated: Duration::from_mins(1),
};
const SMOKE: Sizes = Sizes {
    requests: 20,
    trace_requests: 10,
    presses: 20,
    opens: 2,
    growths: 4,
    saturated: Duration::from_millis(500),
};

fn key(name: &str) -> Key {
    name.parse().expect("the keys of this bench exist")
}

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn clock() -> Instant {
    Instant::now()
}

/// Makes requests of one trace; each span is the child of one before it.
struct OneTrace(Vec<Vec<u8>>);

impl OneTrace {
    fn take(&mut self, requests: &[Bytes]) -> Vec<Bytes> {
        let parents = &mut self.0;
        let decoded = requests.iter().filter_map(|request| ExportTraceServiceRequest::decode(request.clone()).ok());
        let rewritten = decoded.map(|mut request| {
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
}

fn fill(engine: &Engine, runtime: &tokio::runtime::Runtime, requests: Vec<Bytes>) {
    for request in requests {
        if let Ok(batch) = otlp::scan(request) {
            runtime.block_on(engine.ingest(batch, None)).expect("a bench sends no more than is taken");
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Presses keys in turn and returns how long each took until its frame was drawn, in milliseconds.
fn latencies(screen: &mut Headless, keys: &[&str], presses: usize, pause: Duration) -> Vec<f64> {
    let keys: Vec<Key> = keys.iter().map(|name| key(name)).collect();
    let mut frame = Buffer::default();
    let press = |press: usize| {
        std::thread::sleep(pause);
        let start = clock();
        screen.tick(NOW);
        screen.press(keys[press % keys.len()]);
        screen.draw(&mut frame);
        milliseconds(start)
    };
    (0..presses).map(press).collect()
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn report(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |per_mille: usize| times[(times.len() * per_mille / 1000).min(times.len() - 1)];
    let [median, p99, p999, most] = [500, 990, 999, 1000].map(at);
    println!("{what:46} median {median:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms, most {most:.2} ms");
}

/// Opens the trace with the most spans from the list, again and again, and returns how long each took.
fn openings(screen: &mut Headless, times: usize) -> Vec<f64> {
    // By spans, most first: the third column that the list is sorted by.
    for name in ["o", "o", "g"] {
        screen.press(key(name));
    }
    let mut frame = Buffer::default();
    let open = |_| {
        let start = clock();
        screen.press(key("<Enter>"));
        screen.draw(&mut frame);
        let time = milliseconds(start);
        screen.press(key("<Esc>"));
        time
    };
    (0..times).map(open).collect()
}

/// Sends batches of new spans of the open trace and returns how long each took to be seen.
fn growths(screen: &mut Headless, engine: &Engine, trace: &mut OneTrace, times: usize) -> Vec<f64> {
    let (runtime, mut frame) = (runtime(), Buffer::default());
    let grow = |round: usize| {
        fill(engine, &runtime, trace.take(&support::requests(2, 1_000 + round as u64)));
        let start = clock();
        screen.tick(NOW);
        screen.draw(&mut frame);
        milliseconds(start)
    };
    (0..times).map(grow).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts")
}

/// Threads that send until told to stop.
struct Load {
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
}

impl Load {
    /// Sends from as many threads, each one request after the other; with a rest between them where one is given.
    fn start(engine: &Arc<Engine>, threads: usize, rest: Option<Duration>) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let spawn = |number: usize| {
            let (engine, stop, sent) = (Arc::clone(engine), Arc::clone(&stop), Arc::clone(&sent));
            let requests = support::requests(300, 9 + number as u64);
            std::thread::spawn(move || {
                // As the threads that receive have it.
                Priority::BehindScreen.take();
                runtime().block_on(send(&engine, &requests, rest, &stop, &sent));
            })
        };
        Self { threads: (0..threads).map(spawn).collect(), stop, sent }
    }

    /// Returns how many spans were sent.
    fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().expect("the load ends"));
        self.sent.load(Ordering::Relaxed)
    }
}

async fn send(engine: &Engine, requests: &[Bytes], rest: Option<Duration>, stop: &AtomicBool, sent: &AtomicUsize) {
    let mut beat = rest.map(tokio::time::interval);
    for (round, request) in requests.iter().cycle().enumerate() {
        if let Some(beat) = &mut beat {
            beat.tick().await;
        }
        let fresh = with_new_ids(request, (round / requests.len()) as u8);
        let batch = otlp::scan(fresh).expect("the requests are valid");
        if stop.load(Ordering::Relaxed) || engine.ingest(batch, None).await.is_err() {
            return;
        }
        sent.fetch_add(support::SPANS, Ordering::Relaxed);
    }
}

/// Returns a copy whose trace ids are other ones in each round, so that nothing is dropped as a duplicate.
fn with_new_ids(request: &Bytes, round: u8) -> Bytes {
    const TRACE_ID: [u8; 2] = [0x0a, 16];
    let mut bytes = request.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(2).position(|pair| pair == TRACE_ID) {
        // Behind the tag and length of a span's first field are 16 bytes of id; the next tag is that of the span's id.
        let id = at + found + 2;
        if bytes.get(id + 16..id + 18) == Some(&[0x12, 8]) {
            bytes[id] ^= round;
        }
        at = id;
    }
    bytes.into()
}

/// Two keys by turns, of which the first brings a sign to a cell of the screen and the second takes it away.
struct Turns {
    keys: [&'static str; 2],
    cell: (u16, u16),
    sign: &'static str,
}

/// The first is answered in the bottom line whatever comes in meanwhile, the second moves and takes that away.
const MOVES: Turns = Turns { keys: ["2", "j"], cell: (1, SIZE.1 - 1), sign: "n" };
/// A word that some spans have somewhere, each letter a search for it.
const WORD: &str = "500";
const LETTERS: Turns = Turns { keys: ["x", "<Backspace>"], cell: (6, SIZE.1 - 2), sign: "x" };

/// Presses a key at set times on a list that runs by itself, and returns how long after its time each was answered.
fn live(engine: &Arc<Engine>, presses: usize, before: &str, turns: &Turns) -> Vec<f64> {
    let Turns { keys: pressed, cell, sign } = *turns;
    let (events, received) = mpsc::channel();
    let (shown, frames) = mpsc::channel();
    let (source, keys) = (Arc::clone(engine) as _, (events.clone(), received));
    let screen = std::thread::spawn(move || {
        let show = |frame: &Buffer| {
            let is_told = frame.cell(cell).is_some_and(|cell| cell.symbol() == sign);
            // At the end nobody looks any more.
            shown.send((is_told, clock())).ok();
        };
        headless::run(source, SIZE, keys, show)
    });
    std::thread::sleep(Duration::from_millis(300));
    for letter in before.chars() {
        events.send(Event::Key(key(&letter.to_string()))).expect("the screen runs");
    }
    let mut due = clock();
    let mut times = Vec::with_capacity(presses);
    for press in 0..presses {
        due += KEY_EVERY;
        std::thread::sleep(due.saturating_duration_since(clock()));
        events.send(Event::Key(key(pressed[press % 2]))).expect("the screen runs");
        let answer = std::iter::from_fn(|| frames.recv_timeout(Duration::from_secs(5)).ok());
        let (_, at) = answer.into_iter().find(|(is_told, _)| *is_told == (press % 2 == 0)).expect("a key is answered");
        times.push(at.saturating_duration_since(due).as_secs_f64() * 1e3);
    }
    events.send(Event::Quit).expect("the screen runs");
    screen.join().expect("the screen ends").expect("it ran well");
    times
}

/// Returns how much of the machine's time another one took so far, and all there was, in ticks; where that is told.
fn steal() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> = text.lines().next()?.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    Some((*ticks.get(7)?, ticks.iter().take(8).sum()))
}

/// Loads every core as fast as the engine takes spans, with a screen beside it.
#[expect(clippy::print_stdout, reason = "a bench prints")]
fn saturated(engine: &Arc<Engine>, time: Duration) {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let (before, start) = (steal(), clock());
    let load = Load::start(engine, cores, None);
    let times = live(engine, (time.as_secs_f64() / KEY_EVERY.as_secs_f64()) as usize, "", &MOVES);
    let spans = load.stop() as f64 / start.elapsed().as_secs_f64();
    report(&format!("list, {cores} threads saturating"), times);
    let stolen = before
        .zip(steal())
        .map_or(0.0, |(before, after)| (after.0 - before.0) as f64 * 100.0 / (after.1 - before.1).max(1) as f64);
    println!("{:46} {spans:.0} spans a second came in, {stolen:.1} % of the time was stolen", "");
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let sizes = if is_test { SMOKE } else { FULL };
    let runtime = runtime();
    let limits = Limits { memory_bytes: MEMORY, ..Limits::default() };
    let (engine, _writer) = Engine::start(limits, Priority::BehindScreen).expect("the engine starts");
    for number in 0..sizes.requests.div_ceil(REQUESTS_AT_ONCE) {
        let count = REQUESTS_AT_ONCE.min(sizes.requests - number * REQUESTS_AT_ONCE);
        fill(&engine, &runtime, support::requests(count, 5_000 + number as u64));
    }
    let mut big = OneTrace(vec![Vec::new()]);
    fill(&engine, &runtime, big.take(&support::requests(sizes.trace_requests, 2)));

    let mut list = Headless::new(Arc::clone(&engine) as _, SIZE, NOW);
    let moves = ["j", "j", "<C-d>", "k", "o", "g", "G"];
    report("list", latencies(&mut list, &moves, sizes.presses, Duration::ZERO));
    let mut trace = Headless::new(Arc::clone(&engine) as _, SIZE, NOW);
    report("trace, opened", openings(&mut trace, sizes.opens));
    trace.press(key("<Enter>"));
    let scroll = ["j", "<C-d>", "j", "k", "G", "<C-u>", "g", "J"];
    report("trace, scrolled", latencies(&mut trace, &scroll, sizes.presses, Duration::ZERO));
    let fold = ["z", "l", "j", "l", "Z", "j", "h", "<Enter>"];
    report("trace, folded", latencies(&mut trace, &fold, sizes.presses, Duration::ZERO));
    trace.press(key("Z"));
    report("trace, 1,024 spans more", growths(&mut trace, &engine, &mut big, sizes.growths));

    let rest = Duration::from_secs_f64(support::SPANS as f64 / RATE as f64);
    let load = Load::start(&engine, 1, Some(rest));
    let pause = Duration::from_millis(if is_test { 0 } else { 10 });
    report("list, 50,000 spans a second", latencies(&mut list, &moves, sizes.presses, pause));
    report("trace, 50,000 spans a second", latencies(&mut trace, &scroll, sizes.presses, pause));
    report("search line, typed in, 50,000 spans a second", live(&engine, sizes.presses, &format!("/{WORD}"), &LETTERS));
    load.stop();

    saturated(&engine, sizes.saturated);

    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut frame = Buffer::default();
    criterion.bench_function("draw the list", |bencher| bencher.iter(|| list.draw(&mut frame)));
    criterion.bench_function("draw the trace", |bencher| bencher.iter(|| trace.draw(&mut frame)));
    criterion.final_summary();
}

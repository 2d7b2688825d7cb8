//! What it takes to keep spans on disk: throughput beside that in memory, bytes a span, the time to start again after a
//! kill, and to find what is on disk only.

#[path = "support/endless.rs"]
mod endless;
mod support;

use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use endless::Endless;
use spantop::model::{SpanId, Timestamp, TraceId};
use spantop::otlp;
use spantop::source::{Engine, Keeping, Priority, Request, SyncPolicy, TracesRequest, WriterThread, answer, now};
use spantop::store::segment::Shelf;
use spantop::store::segment::disk::DiskFolder;
use spantop::store::{Limits, Opened, Opener, Sealer, open};
use support::SPANS;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Requests of a turn, and how many are under way at once.
const TURN: usize = 400;
const AT_ONCE: usize = 32;

const LIMITS: Limits = Limits {
    memory_bytes: 128 << 20,
    max_memory_traces: 0,
    max_traces: 0,
    memory_max_age_ns: 0,
    disk_bytes: 8 << 30,
    retention_ns: u64::MAX,
};

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
fn clock() -> Instant {
    Instant::now()
}

/// A directory of this run's own.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-disk-{name}"));
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(&path).expect("a directory can be created");
        Self(path)
    }

    fn folder(&self) -> Arc<DiskFolder> {
        Arc::new(DiskFolder::new(&self.0))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// An engine that is measured, and the time of each of its turns.
struct Candidate {
    name: &'static str,
    engine: Arc<Engine>,
    writer: WriterThread,
    turns: Vec<Duration>,
    _directory: Option<Directory>,
}

impl Candidate {
    fn new(name: &'static str, sync: Option<SyncPolicy>) -> Self {
        let directory = sync.map(|_| Directory::new(name));
        let keeping = directory.as_ref().zip(sync).map(|(directory, sync)| Keeping {
            folder: directory.folder(),
            path: directory.0.clone(),
            sync,
            batch_spans: 100,
            cleanup: None,
        });
        let (engine, writer) = match &keeping {
            Some(keeping) => Engine::start_kept(LIMITS, Priority::Usual, keeping, |_, _| ()),
            None => Engine::start(LIMITS, Priority::Usual),
        }
        .expect("an engine starts");
        Self { name, engine, writer, turns: Vec::new(), _directory: directory }
    }

    /// Scans and stores these requests, each answered as the policy says.
    fn turn(&mut self, runtime: &Runtime, requests: &[Bytes]) {
        let start = clock();
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for slot in 0..AT_ONCE {
                let engine = Arc::clone(&self.engine);
                let own: Vec<Bytes> = requests.iter().skip(slot).step_by(AT_ONCE).cloned().collect();
                tasks.spawn(async move {
                    for request in own {
                        let batch = otlp::scan(request).expect("the requests are right");
                        engine.ingest(batch, None).await.expect("the engine takes them");
                    }
                });
            }
            tasks.join_all().await;
        });
        self.turns.push(start.elapsed());
    }
}

fn throughput(runtime: &Runtime, turns: usize, report: &mut Vec<String>) {
    let mut requests = Endless::new(TURN, 3);
    let mut candidates = [
        Candidate::new("memory", None),
        Candidate::new("interval", Some(SyncPolicy::Interval(Duration::from_secs(1)))),
        Candidate::new("never", Some(SyncPolicy::Never)),
        Candidate::new("always", Some(SyncPolicy::Always)),
    ];
    for _ in 0..turns {
        let turn: Vec<Bytes> = (0..TURN).map(|_| requests.next()).collect();
        for candidate in &mut candidates {
            candidate.turn(runtime, &turn);
        }
    }
    let mut in_memory = 0.0;
    for Candidate { name, engine, writer, turns, .. } in candidates {
        let total: Duration = turns.iter().skip(1).sum();
        let rate = (turns.len() - 1) as f64 * (TURN * SPANS) as f64 / total.as_secs_f64();
        in_memory = if name == "memory" { rate } else { in_memory };
        report.push(format!("{name:10} {:9.0} spans a second, {:4.2} of memory", rate, rate / in_memory));
        runtime.block_on(engine.stop());
        writer.join();
    }
}

/// Writes blocks of so many spans, and returns some of these.
fn fill(shelf: &Shelf, spans: usize) -> Vec<(TraceId, SpanId)> {
    let Opened { mut writer, .. } = open(LIMITS, shelf, Opener::Owner(Timestamp(1)), |_, _| ()).expect("it opens");
    let (mut requests, mut sealer, mut samples) = (Endless::new(TURN, 1), Sealer::default(), Vec::new());
    let arrived = now();
    for request in 0..spans / SPANS {
        let batch = otlp::scan(requests.next()).expect("the requests are right");
        if request.is_multiple_of(64) {
            let span = &batch.spans[request / 7 % SPANS];
            samples.push((TraceId(span.trace_id), SpanId(span.span_id)));
        }
        writer.append(&batch, arrived);
        while let Some(block) = writer.take_unsealed() {
            let mut sealed = block.seal(&mut sealer);
            sealed.write(shelf).expect("there is room");
            writer.put_sealed(sealed);
        }
    }
    samples.truncate(samples.len().saturating_sub(samples.len() / 20 + 4));
    samples
}

fn asking(shelf: &Shelf, samples: &[(TraceId, SpanId)], report: &mut Vec<String>) {
    let start = clock();
    let Opened { store, .. } = open(LIMITS, shelf, Opener::Reader, |_, _| ()).expect("it opens");
    let opened = start.elapsed();
    let snapshot = store.snapshot();
    let page = Request::Traces(TracesRequest { limit: 60, ..TracesRequest::default() });
    black_box(answer(&page, &snapshot));
    let first_page = start.elapsed();
    let facts = snapshot.facts();
    let segments = facts.segments;
    report.push(format!(
        "{} spans in {} files, {:.1} bytes a span, {:.1} times smaller than they came",
        segments.spans,
        segments.count,
        segments.bytes as f64 / segments.spans as f64,
        segments.received_bytes as f64 / segments.bytes as f64
    ));
    report.push(format!("opened in {opened:.1?}, first page after {first_page:.1?}, in this process"));
    let mut ask = |name: &str, request: &dyn Fn((TraceId, SpanId)) -> Request| {
        for round in ["first", "again"] {
            let time = median(samples.iter().map(|&sample| {
                let request = request(sample);
                let start = clock();
                black_box(answer(&request, &snapshot));
                start.elapsed().as_secs_f64() * 1e6
            }));
            report.push(format!("{name:18} {round} {time:8.1} µs"));
        }
    };
    ask("a trace by id", &|(trace, _)| Request::Trace(trace));
    ask("a span by id", &|(trace, span)| Request::Span(trace, span));
    ask("a trace not held", &|(trace, _)| Request::Trace(TraceId(trace.0 ^ 0xffff)));
    ask("the newest page", &|_| page.clone());
}

/// A running spantop on the directory.
struct Program {
    child: Child,
    http: String,
    api: String,
}

impl Program {
    fn start(directory: &Directory) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_spantop"))
            .args(["serve", "--grpc", "off", "--http", "127.0.0.1:0", "--api", "127.0.0.1:0", "--disk", "8GiB"])
            .arg("--data-dir")
            .arg(&directory.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("spantop starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it was piped")).lines().map_while(Result::ok);
        let mut address = |name: &str| {
            let line = lines.find(|line| line.contains(name)).expect("it says where it listens");
            line.rsplit(' ').next().unwrap_or_default().to_owned()
        };
        Self { http: address("otlp/http"), api: address("api"), child }
    }

    fn exchange(address: &str, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).expect("it listens");
        let length = body.len();
        write!(stream, "{head} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n")
            .and_then(|()| stream.write_all(b"content-type: application/x-protobuf\r\n\r\n"))
            .and_then(|()| stream.write_all(body))
            .expect("it takes requests");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    }
}

/// Kills a spantop on the directory while its log is full of requests, and times its next start up to the first page.
fn restarting(directory: &Directory, report: &mut Vec<String>) {
    let mut times = Vec::new();
    let mut requests = Endless::new(TURN, 5);
    for _ in 0..5 {
        let mut program = Program::start(directory);
        // A little less than two blocks.
        for _ in 0..120 {
            Program::exchange(&program.http, "POST /v1/traces", &requests.next());
        }
        program.child.kill().expect("it can be killed");
        program.child.wait().expect("it ends");
        let start = clock();
        let mut program = Program::start(directory);
        let page = Program::exchange(&program.api, "GET /admin/tracing?limit=60", &[]);
        times.push(start.elapsed().as_secs_f64() * 1e3);
        assert!(page.contains("trace_id"));
        program.child.kill().expect("it can be killed");
        program.child.wait().expect("it ends");
    }
    let most = times.iter().copied().fold(0.0, f64::max);
    let time = median(times.into_iter());
    report.push(format!("started again after kill -9, first page over the API: {time:.0} ms, at most {most:.0} ms"));
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (turns, spans) = if is_test { (2, 300_000) } else { (16, 10_000_000) };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    let mut report = Vec::new();
    throughput(&runtime, turns, &mut report);
    let directory = Directory::new("filled");
    let shelf = Shelf::new(directory.folder(), false);
    let samples = fill(&shelf, spans);
    asking(&shelf, &samples, &mut report);
    restarting(&directory, &mut report);
    for line in report {
        println!("{line}");
    }
}

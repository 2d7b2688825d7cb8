//! A running spantop under some twenty times the load that it may have in flight, from senders that never wait: how much
//! memory it takes at most, how long answers take, and how many are refusals.

#[path = "support/endless.rs"]
mod endless;
mod support;

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use endless::Endless;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 16 << 20;
const MEMORY: usize = 64 << 20;
const GRPC_CONNECTIONS: usize = 32;
const GRPC_STREAMS: usize = 32;
const HTTP_CONNECTIONS: usize = 340;

struct Program {
    child: Child,
    grpc: SocketAddr,
    http: SocketAddr,
}

impl Program {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_spantop"))
            .args(["serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--api", "127.0.0.1:0"])
            .env("SPANTOP_STORE_EPHEMERAL", "true")
            .env("SPANTOP_STORE_MEMORY", format!("{MEMORY}B"))
            .env("SPANTOP_INGEST_IN_FLIGHT", format!("{IN_FLIGHT}B"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("spantop starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it was piped")).lines().map_while(Result::ok);
        let mut address = |name: &str| {
            let line = lines.find(|line| line.contains(name)).expect("it says where it listens");
            line.rsplit(' ').next().and_then(|address| address.parse().ok()).expect("an address")
        };
        Self { grpc: address("otlp/grpc"), http: address("otlp/http"), child }
    }

    /// The most memory that was resident, in MiB; none where the system does not tell.
    fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse().map(|kib: u64| kib >> 10).ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Times of answers in milliseconds.
#[derive(Default)]
struct Answers {
    taken: Vec<f64>,
    refused: Vec<f64>,
}

/// What every sender knows.
#[derive(Clone)]
struct Plan {
    /// Spans that never came before.
    bodies: Rc<RefCell<Endless>>,
    until: Instant,
}

impl Plan {
    /// Sends without a pause until the time is over; `send` returns whether a request was taken.
    #[expect(clippy::disallowed_methods, reason = "a bench measures")]
    async fn follow(self, mut send: impl AsyncFnMut(Bytes) -> bool) -> Answers {
        let mut answers = Answers::default();
        loop {
            let body = self.bodies.borrow_mut().next();
            let start = Instant::now();
            if start > self.until {
                return answers;
            }
            let is_taken = send(body).await;
            let times = if is_taken { &mut answers.taken } else { &mut answers.refused };
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
}

async fn grpc(plan: Plan, to: SocketAddr, sender: http2::SendRequest<Full<Bytes>>) -> Answers {
    let export = format!("http://{to}/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    let send = async |message: Bytes| {
        let prefix = [&[0][..], &(message.len() as u32).to_be_bytes()].concat();
        let request = Request::post(&export)
            .header("content-type", "application/grpc")
            .body(Full::new([&prefix, &message[..]].concat().into()))
            .expect("the parts are valid");
        let response = sender.clone().send_request(request).await.expect("an answer comes");
        let early = response.headers().get("grpc-status").cloned();
        let trailers = response.into_body().collect().await.expect("an answer comes");
        let status = early.or_else(|| trailers.trailers()?.get("grpc-status").cloned()).expect("a status comes");
        assert!(status == "0" || status == "14", "{status:?}");
        status == "0"
    };
    plan.follow(send).await
}

async fn http(plan: Plan, to: SocketAddr, mut sender: http1::SendRequest<Full<Bytes>>) -> Answers {
    let send = async |message: Bytes| {
        let request = Request::post("/v1/traces").header("host", to.to_string());
        let request = request.header("content-type", "application/x-protobuf").body(Full::new(message));
        sender.ready().await.expect("the connection is kept");
        let response = sender.send_request(request.expect("the parts are valid")).await.expect("an answer comes");
        let status = response.status();
        assert!(status == 200 || status == 503, "{status}");
        response.into_body().collect().await.expect("an answer comes");
        status == 200
    };
    plan.follow(send).await
}

/// Connects everybody, then lets them send.
async fn load(program: &Program, plan: &Plan) -> Answers {
    let mut senders = JoinSet::new();
    for _ in 0..GRPC_CONNECTIONS {
        let stream = TokioIo::new(TcpStream::connect(program.grpc).await.expect("spantop listens"));
        let (sender, driver) = http2::handshake(TokioExecutor::new(), stream).await.expect("spantop speaks HTTP/2");
        tokio::spawn(driver);
        for _ in 0..GRPC_STREAMS {
            senders.spawn_local(grpc(plan.clone(), program.grpc, sender.clone()));
        }
    }
    for _ in 0..HTTP_CONNECTIONS {
        let stream = TokioIo::new(TcpStream::connect(program.http).await.expect("spantop listens"));
        let (sender, driver) = http1::handshake(stream).await.expect("spantop speaks HTTP/1.1");
        tokio::spawn(driver);
        senders.spawn_local(http(plan.clone(), program.http, sender));
    }
    senders.join_all().await.into_iter().fold(Answers::default(), |mut all, answers| {
        all.taken.extend(answers.taken);
        all.refused.extend(answers.refused);
        all
    })
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn report(what: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!("{what:8}{:8} answers, half within {:.0} ms, 99 of 100 within {:.0} ms", times.len(), at(50), at(99));
}

#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]
fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let program = Program::start();
    let mut endless = Endless::new(if is_test { 20 } else { 400 }, 1);
    let offered = (GRPC_CONNECTIONS * GRPC_STREAMS + HTTP_CONNECTIONS) * endless.next().len();
    let bodies = Rc::new(RefCell::new(endless));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let plan = Plan { bodies, until: Instant::now() + Duration::from_millis(if is_test { 200 } else { 8_000 }) };
    let mut answers = runtime.block_on(tokio::task::LocalSet::new().run_until(load(&program, &plan)));
    println!("{} MiB wanted in flight at once, {} MiB allowed", offered >> 20, IN_FLIGHT >> 20);
    let refused = answers.refused.len() as f64 / (answers.refused.len() + answers.taken.len()) as f64;
    report("taken", &mut answers.taken);
    report("refused", &mut answers.refused);
    println!("{:.0} % refused", refused * 1e2);
    match program.peak() {
        Some(peak) => println!("{peak} MiB resident at most, of which {} MiB are for spans", MEMORY >> 20),
        None => println!("resident memory is read from Linux's /proc"),
    }
}

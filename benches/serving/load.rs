//! What is sent: requests packed as a sender would, over a few connections that are kept. Runs in a process of its own,
//! which reads its orders from standard input and says when it is ready and done.

use std::io::{BufRead, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support;

/// The argument by which the bench starts itself as the sender.
pub(crate) const ARGUMENT: &str = "--send";

pub(crate) const GRPC_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const GRPC_CONNECTIONS: usize = 2;
const GRPC_STREAMS: usize = 4;
const HTTP_CONNECTIONS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Http,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Gzip,
    Zstd,
    Json,
}

impl Protocol {
    pub(crate) const ALL: [Self; 2] = [Self::Grpc, Self::Http];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

impl Form {
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Gzip, Self::Zstd, Self::Json];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Json => "json",
        }
    }

    /// The name of the coding, as both protocols' headers give it.
    fn coding(self) -> &'static str {
        match self {
            Self::Plain | Self::Json => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn pack(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => message.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(message).expect("memory takes everything");
                encoder.finish().expect("memory takes everything")
            }
            Self::Zstd => zstd::stream::encode_all(message, 0).expect("memory takes everything"),
            Self::Json => {
                let mut text = String::new();
                spantop::otlp::encode::to_json(message, &mut text);
                text.into_bytes()
            }
        }
    }
}

/// The sender's process, ended when this is dropped.
pub(crate) struct Sender {
    child: Child,
    orders: ChildStdin,
    answers: std::io::BufReader<ChildStdout>,
}

impl Sender {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("a program knows itself");
        let mut child = Command::new(program)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sender starts");
        let orders = child.stdin.take().expect("it was piped");
        let answers = std::io::BufReader::new(child.stdout.take().expect("it was piped"));
        Self { child, orders, answers }
    }

    /// Has `count` requests made, which are the same for the same seed.
    pub(crate) fn prepare(&mut self, protocol: Protocol, form: Form, seed: u64, count: usize) {
        self.order(&format!("prepare {} {} {seed} {count}", protocol.name(), form.name()));
    }

    /// Connects.
    pub(crate) fn connect(&mut self, to: SocketAddr) {
        self.order(&format!("connect {to}"));
    }

    /// Sends what was prepared, and returns once all of it is answered with success.
    pub(crate) fn send(&mut self) {
        self.order("send");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("the sender listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the sender answers");
        assert_eq!(answer.trim(), "ok", "{order}");
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A connection over HTTP/1.1, or a stream at a time of one over HTTP/2.
enum Lane {
    Grpc(http2::SendRequest<Full<Bytes>>),
    Http(http1::SendRequest<Full<Bytes>>),
}

/// What the sender's process knows.
struct State {
    protocol: Protocol,
    form: Form,
    to: SocketAddr,
    bodies: Arc<Vec<Bytes>>,
    lanes: Vec<Lane>,
}

/// Follows orders until there are no more.
#[expect(clippy::print_stdout, reason = "the bench reads it")]
pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let mut state = State {
        protocol: Protocol::Grpc,
        form: Form::Plain,
        to: SocketAddr::from(([127, 0, 0, 1], 0)),
        bodies: Arc::default(),
        lanes: Vec::new(),
    };
    for order in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["prepare", protocol, form, seed, count] => state.prepare(protocol, form, number(seed), number(count)),
            ["connect", to] => {
                state.to = to.parse().expect("the bench gives an address");
                state.lanes = runtime.block_on(connect(state.protocol, state.to));
            }
            ["send"] => runtime.block_on(state.send()),
            _ => panic!("unknown order {order}"),
        }
        println!("ok");
    }
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.parse().ok().expect("the bench gives numbers")
}

impl State {
    fn prepare(&mut self, protocol: &str, form: &str, seed: u64, count: usize) {
        let named = |all: &str| all == protocol;
        self.protocol = Protocol::ALL.into_iter().find(|protocol| named(protocol.name())).expect("a protocol");
        self.form = Form::ALL.into_iter().find(|known| known.name() == form).expect("a form");
        let packed = support::requests(count, seed).into_iter().map(|message| {
            let packed = self.form.pack(&message);
            match self.protocol {
                Protocol::Grpc => framed(self.form != Form::Plain, &packed),
                Protocol::Http => packed.into(),
            }
        });
        self.bodies = Arc::new(packed.collect());
    }

    async fn send(&mut self) {
        let sending = Sending { to: self.to, form: self.form, bodies: Arc::clone(&self.bodies), next: Arc::default() };
        let tasks: JoinSet<Lane> = self.lanes.drain(..).map(|lane| sending.clone().all(lane)).collect();
        // A task that has panicked ends the sender, and with it the bench.
        self.lanes = tasks.join_all().await;
    }
}

/// One of the tasks that take the next request in turn.
#[derive(Clone)]
struct Sending {
    to: SocketAddr,
    form: Form,
    bodies: Arc<Vec<Bytes>>,
    next: Arc<AtomicUsize>,
}

impl Sending {
    async fn all(self, mut lane: Lane) -> Lane {
        while let Some(body) = self.bodies.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            match &mut lane {
                Lane::Grpc(sender) => {
                    sender.ready().await.expect("the connection is kept");
                    let response = sender.send_request(self.grpc(body)).await.expect("an answer comes");
                    let failure = response.headers().get("grpc-status").cloned();
                    let collected = response.into_body().collect().await.expect("an answer comes");
                    let status = failure.or_else(|| collected.trailers()?.get("grpc-status").cloned());
                    assert_eq!(status.as_ref().map(hyper::header::HeaderValue::as_bytes), Some(&b"0"[..]));
                }
                Lane::Http(sender) => {
                    sender.ready().await.expect("the connection is kept");
                    let response = sender.send_request(self.http(body)).await.expect("an answer comes");
                    assert_eq!(response.status(), 200);
                    response.into_body().collect().await.expect("an answer comes");
                }
            }
        }
        lane
    }

    fn grpc(&self, body: &Bytes) -> Request<Full<Bytes>> {
        let request = Request::post(format!("http://{}{GRPC_PATH}", self.to))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("grpc-encoding", self.form.coding());
        request.body(Full::new(body.clone())).expect("the parts are valid")
    }

    fn http(&self, body: &Bytes) -> Request<Full<Bytes>> {
        let media_type = if self.form == Form::Json { "application/json" } else { "application/x-protobuf" };
        let request = Request::post("/v1/traces")
            .header("host", self.to.to_string())
            .header("content-type", media_type)
            .header("content-encoding", self.form.coding());
        request.body(Full::new(body.clone())).expect("the parts are valid")
    }
}

async fn connect(protocol: Protocol, to: SocketAddr) -> Vec<Lane> {
    let mut lanes = Vec::new();
    let count = if protocol == Protocol::Grpc { GRPC_CONNECTIONS } else { HTTP_CONNECTIONS };
    for _ in 0..count {
        let stream = TcpStream::connect(to).await.expect("the server listens");
        stream.set_nodelay(true).ok();
        let stream = TokioIo::new(stream);
        lanes.extend(match protocol {
            Protocol::Grpc => {
                let (sender, connection) =
                    http2::handshake(TokioExecutor::new(), stream).await.expect("the server speaks HTTP/2");
                tokio::spawn(connection);
                vec![sender; GRPC_STREAMS].into_iter().map(Lane::Grpc).collect::<Vec<_>>()
            }
            Protocol::Http => {
                let (sender, connection) = http1::handshake(stream).await.expect("the server speaks HTTP/1.1");
                tokio::spawn(connection);
                vec![Lane::Http(sender)]
            }
        });
    }
    lanes
}

fn framed(is_packed: bool, message: &[u8]) -> Bytes {
    let mut framed = vec![u8::from(is_packed)];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    framed.into()
}

//! A running spantop and plain clients for it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;

/// A `spantop serve` on free ports; killed when dropped.
pub(crate) struct Spantop {
    child: Child,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) api: SocketAddr,
}

/// A directory of a test's own, gone with it.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Returns the name of a directory that is not there yet.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::remove_dir_all(&path).ok();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Returns the program, without a configuration or environment of this machine.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spantop"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SPANTOP_")) {
        command.env_remove(name);
    }
    command.env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR")).env("NO_COLOR", "1");
    // Tests run side by side, and a directory has one owner.
    command.env("SPANTOP_STORE_EPHEMERAL", "true");
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    program().args(arguments).stdin(Stdio::null()).output().unwrap()
}

impl Spantop {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(arguments: &[&str]) -> Self {
        Self::of(program(), arguments)
    }

    /// Starts one that keeps traces on disk, where the arguments say.
    pub(crate) fn keeping(arguments: &[&str]) -> Self {
        let mut program = program();
        program.env_remove("SPANTOP_STORE_EPHEMERAL");
        Self::of(program, arguments)
    }

    fn of(mut program: Command, arguments: &[&str]) -> Self {
        let mut child = program
            .args(["serve", "--grpc", "localhost:0", "--http", "localhost:0", "--api", "localhost:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = addresses(BufReader::new(child.stdout.take().unwrap()));
        let address = |name: &str| {
            let prefix = format!("listening {name} 127.0.0.1:");
            let port = lines.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_else(|| panic!("{lines:?}"));
            format!("127.0.0.1:{port}").parse().unwrap()
        };
        Self { grpc: address("otlp/grpc"), http: address("otlp/http"), api: address("api"), child }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the program to end by itself.
    pub(crate) fn wait(mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = exchange(self.api, Method::GET, path, &[], Bytes::new());
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    /// Asks the API for something that must be there.
    pub(crate) fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        exchange(self.http, Method::POST, path, headers, body.into())
    }

    /// Calls a method over gRPC with a message that is already framed.
    pub(crate) fn call(&self, path: &str, headers: &[(&str, &str)], framed: Vec<u8>) -> Answer {
        let all = [&[("content-type", "application/grpc"), ("te", "trailers")], headers].concat();
        let request = request(self.grpc, Method::POST, &format!("http://{}{path}", self.grpc), &all, framed.into());
        block_on(async {
            let stream = TcpStream::connect(self.grpc).await.unwrap();
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            Answer::of(sender.send_request(request).await.unwrap()).await.unwrap()
        })
    }

    /// Exports a message over gRPC.
    pub(crate) fn export(&self, message: &[u8]) -> Answer {
        self.call(TRACES, &[], framed(0, message))
    }
}

pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

impl Drop for Spantop {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads the lines that name addresses; reading on after the API's last one would wait for ever.
fn addresses(stdout: impl BufRead) -> Vec<String> {
    let has_v6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    let last = if has_v6 { "listening api [" } else { "listening api " };
    let mut lines = Vec::new();
    for line in stdout.lines().map_while(Result::ok) {
        let is_last = line.starts_with(last);
        lines.push(line);
        if is_last {
            break;
        }
    }
    lines
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

impl Answer {
    async fn of(response: hyper::Response<hyper::body::Incoming>) -> Result<Self, Box<dyn std::error::Error>> {
        let (parts, body) = response.into_parts();
        let collected = body.collect().await?;
        let trailers = collected.trailers().cloned().unwrap_or_default();
        Ok(Self { status: parts.status, headers: parts.headers, body: collected.to_bytes(), trailers })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).or_else(|| self.trailers.get(name)).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn request(to: SocketAddr, method: Method, uri: &str, headers: &[(&str, &str)], body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(uri);
    if !headers.iter().any(|(name, _)| *name == "host") && !uri.starts_with("http:") {
        request = request.header("host", to.to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body)).unwrap()
}

/// Sends one HTTP/1.1 request.
pub(crate) fn exchange(to: SocketAddr, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
    try_exchange(to, method, path, headers, body).unwrap()
}

/// Sends one HTTP/1.1 request to somebody who may be gone.
pub(crate) fn try_exchange(
    to: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Answer, Box<dyn std::error::Error>> {
    let request = request(to, method, path, headers, body);
    block_on(async {
        let stream = TcpStream::connect(to).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Answer::of(sender.send_request(request).await?).await
    })
}

/// Puts gRPC's prefix before a message.
pub(crate) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut framed = vec![flag];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    framed
}

pub(crate) fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An export of these spans, each given as (trace, id, parent).
pub(crate) fn message(spans: &[(u8, u8, u8)]) -> Vec<u8> {
    message_at(1_000_000, spans)
}

/// The same of spans that begin then, in nanoseconds since 1970.
pub(crate) fn message_at(start: u64, spans: &[(u8, u8, u8)]) -> Vec<u8> {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message;
    let spans = spans.iter().map(|&(trace, id, parent)| Span {
        trace_id: vec![trace; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: format!("work {id}"),
        kind: 2,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 2_500_000,
        ..Span::default()
    });
    let scope_spans = vec![ScopeSpans { spans: spans.collect(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

//! Serving: HTTP/1.1 and HTTP/2 on one port, with a bound on everything a stranger could hold open.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::Listener;

/// Bounds on one listener.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at once; further ones wait in the system's backlog.
    pub connections: usize,
    /// Requests running at once on one HTTP/2 connection.
    pub streams: u32,
}

/// A client that has not begun, or not sent its headers, after this is dropped (slowloris); so is an idle connection of
/// HTTP/1.1.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
const PEEK_PAUSE: Duration = Duration::from_millis(20);
/// HTTP/2 peers are asked this often whether they are still there.
const PING_INTERVAL: Duration = Duration::from_mins(1);
/// And dropped when they do not answer within this.
const PING_DEADLINE: Duration = Duration::from_secs(20);
/// How long running requests may take to finish once the program stops.
const STOP_DEADLINE: Duration = Duration::from_secs(5);
/// After an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// HTTP/2 flow control: a batch of spans of common size arrives without waiting for a window update, and a connection whose
/// requests have to wait holds no more than this.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Most batches arrive in one frame of HTTP/2: each costs a read, an allocation and often a wake-up.
const FRAME_SIZE: u32 = 256 << 10;
/// The most that is read from a connection of HTTP/1.1 at once, and kept for it as long as it is open.
const READ_BUFFER: usize = 128 << 10;

/// Told of a connection that speaks something else than HTTP, with what its sender can do about it.
pub type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// Serves every request on `listener` with `handler` until `stop` turns true, then lets running requests finish.
pub async fn serve<H, F, B>(
    listener: Listener,
    limits: Limits,
    handler: H,
    notice: Notice,
    mut stop: watch::Receiver<bool>,
) where
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let permits = Arc::new(Semaphore::new(limits.connections));
    let mut sockets = JoinSet::new();
    for socket in listener.sockets {
        let (builder, permits, notice) = (builder(limits), Arc::clone(&permits), Arc::clone(&notice));
        sockets.spawn(accept(socket, Door { builder, permits, notice }, handler.clone(), stop.clone()));
    }
    stopped(&mut stop).await;
    sockets.join_all().await;
}

/// What every socket of a listener shares.
struct Door {
    builder: Builder<TokioExecutor>,
    permits: Arc<Semaphore>,
    notice: Notice,
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE).max_buf_size(READ_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME_SIZE)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_DEADLINE);
    builder
}

async fn accept<H, F, B>(socket: TcpListener, door: Door, handler: H, mut stop: watch::Receiver<bool>)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let running = GracefulShutdown::new();
    loop {
        let next = async {
            let stream = connection(&socket).await;
            // The semaphore is never closed; were it, no further connection would be taken.
            Some((stream, Arc::clone(&door.permits).acquire_owned().await.ok()?))
        };
        let (stream, permit) = tokio::select! {
            () = stopped(&mut stop) => break,
            next = next => match next { Some(next) => next, None => break },
        };
        let handler = handler.clone();
        let service = hyper::service::service_fn(move |request| {
            let answer = handler(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let (builder, notice, watcher) = (door.builder.clone(), Arc::clone(&door.notice), running.watcher());
        tokio::spawn(async move {
            match opening(&stream).await {
                Opening::Http => {}
                Opening::Tls => return notice(TLS),
                Opening::Silence => return,
            }
            let served = watcher.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
            if let Err(error) = served.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(socket);
    if tokio::time::timeout(STOP_DEADLINE, running.shutdown()).await.is_err() {
        tracing::warn!("requests still running after {STOP_DEADLINE:?} were cut off");
    }
}

/// What an HTTP/2 connection begins with (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The type of a TLS handshake record (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 22;
const TLS: &str = "a TLS connection came to a plain port: the endpoint is http://, not https://; with gRPC set \
OTEL_EXPORTER_OTLP_INSECURE=true";

/// What a peer begins with.
enum Opening {
    Http,
    Tls,
    /// Nothing, or not enough in time.
    Silence,
}

/// Waits until a peer has sent enough to tell what it speaks; from then on other deadlines hold.
async fn opening(stream: &TcpStream) -> Opening {
    let told = async {
        let mut seen = [0; PREFACE.len()];
        loop {
            let len = stream.peek(&mut seen).await.unwrap_or(0);
            match seen.get(..len).unwrap_or_default() {
                [] => return Opening::Silence,
                [TLS_HANDSHAKE, ..] => return Opening::Tls,
                // A part of the preface: what was peeked at is there again at once, so look again a little later.
                part if len < PREFACE.len() && PREFACE.starts_with(part) => tokio::time::sleep(PEEK_PAUSE).await,
                _ => return Opening::Http,
            }
        }
    };
    tokio::time::timeout(HEADER_DEADLINE, told).await.unwrap_or(Opening::Silence)
}

/// Waits until `stop` turns true, or whoever could say so is gone.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|stopped| *stopped).await.ok();
}

/// Waits for a connection. A failed accept is the peer's fault or passes: file descriptors come back.
async fn connection(socket: &TcpListener) -> TcpStream {
    loop {
        match socket.accept().await {
            Ok((stream, _)) => {
                // Small answers should not wait for more to send; a socket that refuses works all the same.
                stream.set_nodelay(true).ok();
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

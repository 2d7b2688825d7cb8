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
/// HTTP/2 flow control: a batch of spans of common size arrives without waiting for a window update.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// Serves every request on `listener` with `handler` until `stop` turns true, then lets running requests finish.
pub async fn serve<H, F, B>(listener: Listener, limits: Limits, handler: H, stop: watch::Receiver<bool>)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: hyper::body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let permits = Arc::new(Semaphore::new(limits.connections));
    let mut sockets = JoinSet::new();
    for socket in listener.sockets {
        sockets.spawn(accept(socket, builder(limits), Arc::clone(&permits), handler.clone(), stop.clone()));
    }
    sockets.join_all().await;
}

fn builder(limits: Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_DEADLINE);
    builder
}

async fn accept<H, F, B>(
    socket: TcpListener,
    builder: Builder<TokioExecutor>,
    permits: Arc<Semaphore>,
    handler: H,
    mut stop: watch::Receiver<bool>,
) where
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
            Some((stream, Arc::clone(&permits).acquire_owned().await.ok()?))
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
        let (builder, watcher) = (builder.clone(), running.watcher());
        tokio::spawn(async move {
            if !begins(&stream).await {
                return;
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

/// Waits until a peer has sent enough to tell which HTTP it speaks; from then on other deadlines hold. Returns whether
/// it did so in time.
async fn begins(stream: &TcpStream) -> bool {
    let told = async {
        let mut seen = [0; PREFACE.len()];
        loop {
            match stream.peek(&mut seen).await {
                Ok(0) | Err(_) => return false,
                Ok(len) if len == PREFACE.len() || !PREFACE.starts_with(seen.get(..len).unwrap_or_default()) => {
                    return true;
                }
                // A part of the preface: what was peeked at is there again at once, so look again a little later.
                Ok(_) => tokio::time::sleep(PEEK_PAUSE).await,
            }
        }
    };
    tokio::time::timeout(HEADER_DEADLINE, told).await.unwrap_or(false)
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

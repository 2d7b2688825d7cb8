//! Asking a spantop that is not this process, over its HTTP API.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A spantop at `host:port`.
#[derive(Clone, Debug)]
pub struct Client {
    target: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error("cannot reach a spantop at {target}: {reason}")]
    Unreachable { target: String, reason: String },
    /// There is nobody at all.
    #[error("cannot reach a spantop at {target}: nothing listens there")]
    Nobody { target: String },
    /// What was asked for is not held there.
    #[error("{message}")]
    NotFound { message: String, hint: String },
    /// The other side answered with another error of its own.
    #[error("{message}")]
    Refused { message: String, hint: String },
    /// Somebody answered, but no spantop.
    #[error("what answers at {target} is no spantop: {status}")]
    Stranger { target: String, status: u16 },
}

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

impl Client {
    /// Returns a client for `host:port`; nothing is connected yet.
    pub fn new(target: impl Into<String>) -> Self {
        Self { target: target.into() }
    }

    /// Returns the host, without the port.
    pub fn host(&self) -> &str {
        self.target.rsplit_once(':').map_or(&*self.target, |(host, _)| host)
    }

    /// Asks for `path` and returns the body of a good answer.
    ///
    /// # Errors
    /// When nothing listens there, it breaks off, it takes over 30 seconds, or it answers with an error.
    pub async fn get(&self, path: &str) -> Result<Bytes, RemoteError> {
        self.ask(Method::GET, path).await
    }

    /// Has something done, and returns the body of a good answer.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: &str) -> Result<Bytes, RemoteError> {
        self.ask(Method::POST, path).await
    }

    async fn ask(&self, method: Method, path: &str) -> Result<Bytes, RemoteError> {
        match tokio::time::timeout(DEADLINE, self.exchange(method, path)).await {
            Ok(Ok((status, body))) if status.is_success() => Ok(body),
            Ok(Ok((status, body))) => Err(RemoteError::of(&self.target, status, &body)),
            Ok(Err(error)) if is_refusal(&*error) => Err(RemoteError::Nobody { target: self.target.clone() }),
            Ok(Err(error)) => Err(self.unreachable(&*error)),
            Err(_) => Err(self.unreachable(&"no answer within 30 seconds")),
        }
    }

    fn unreachable(&self, reason: &(impl std::fmt::Display + ?Sized)) -> RemoteError {
        RemoteError::Unreachable { target: self.target.clone(), reason: reason.to_string() }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.target).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let exchange = async {
            let request = Request::builder().method(method).uri(path).header(hyper::header::HOST, &self.target);
            let request = request.body(Empty::<Bytes>::new())?;
            let response = sender.send_request(request).await?;
            let status = response.status();
            Ok((status, response.into_body().collect().await?.to_bytes()))
        };
        // The connection moves the bytes while the exchange waits for them; it ends when the exchange does.
        tokio::select! {
            done = exchange => done,
            Err(error) = connection => Err(error.into()),
        }
    }
}

impl RemoteError {
    /// Returns what an answer says that is not a good one.
    pub fn of(target: &str, status: StatusCode, body: &[u8]) -> Self {
        let error: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |key: &str| error["error"][key].as_str().map(str::to_owned);
        let hint = text("hint").unwrap_or_default();
        match (text("code").as_deref(), text("message")) {
            (Some("not_found"), Some(message)) => Self::NotFound { message, hint },
            (Some(_), Some(message)) => Self::Refused { message, hint },
            _ => Self::Stranger { target: target.to_owned(), status: status.as_u16() },
        }
    }
}

/// Returns whether the system said that nothing listens there.
fn is_refusal(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

//! Sends requests to a receiver of OTLP/HTTP, one after the other.

use std::net::SocketAddr;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A receiver, and the connection to it while there is one.
#[derive(Debug)]
pub(super) struct Exporter {
    to: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Exporter {
    pub(super) fn new(to: SocketAddr) -> Self {
        Self { to, connection: None }
    }

    /// Sends an `ExportTraceServiceRequest` in protobuf and returns what it is answered with.
    pub(super) async fn export(&mut self, request: Bytes) -> anyhow::Result<StatusCode> {
        let sent = self.send(request).await;
        if sent.is_err() {
            self.connection = None;
        }
        sent
    }

    async fn send(&mut self, body: Bytes) -> anyhow::Result<StatusCode> {
        let to = self.to;
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(connect(to).await.with_context(|| format!("cannot connect to {to}"))?),
        };
        let request = Request::post("/v1/traces")
            .header(HOST, to.to_string())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Full::new(body))?;
        let response = connection.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}

async fn connect(to: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(to).await?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends when the sender is dropped; an error shows at the next request.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}

//! OTLP/gRPC: the unary `Export` of the three services. Framing is read here, so that a message is unpacked in one go
//! and let in by the same [`Admission`] as over HTTP, with its limits before and after unpacking; tonic gives codes and
//! the form of a status (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).

use std::convert::Infallible;

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tonic::body::Body;
use tonic::{Code, Status};

use super::admission::{Admission, Admitted, Encoding, Outline, Receipt};
use super::inflate::Coding;
use super::refusal::{RETRY_DELAY_SECONDS, Refusal};
use super::signal::Signal;
use crate::otlp::response;

const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A flag byte and the message's length in four.
const PREFIX: usize = 5;

/// Answers one gRPC request.
pub async fn handle(admission: Admission, request: Request<Incoming>) -> Response<Body> {
    if !is_grpc(&request) {
        // Somebody who does not speak gRPC: the protocol asks for a plain 415.
        admission.note(&Refusal::NotGrpc);
        let mut response = Response::new(Body::new(Full::new(Bytes::from(format!("{}\n", Refusal::NotGrpc)))));
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return response;
    }
    let mut response = match receive(&admission, request).await {
        Ok(receipt) => success(&receipt),
        Err(refusal) => {
            admission.note(&refusal);
            status(&refusal).into_http()
        }
    };
    response.headers_mut().insert(GRPC_ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip,zstd"));
    response
}

/// The type is `application/grpc`, perhaps with `+proto` or parameters; grpc-web is another protocol.
fn is_grpc(request: &Request<Incoming>) -> bool {
    let name = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = name.split(';').next().unwrap_or_default().trim();
    request.method() == Method::POST && matches!(name, "application/grpc" | "application/grpc+proto")
}

async fn receive(admission: &Admission, request: Request<Incoming>) -> Result<Receipt, Refusal> {
    let (signal, message) = unpacked(admission, request).await?;
    admission.take(signal, message, Encoding::Protobuf).await
}

/// Collects and unpacks a request's message as [`handle`] does and leaves it at that, for those who measure the way there;
/// none where it is refused.
pub async fn message(admission: &Admission, request: Request<Incoming>) -> Option<Bytes> {
    unpacked(admission, request).await.ok().map(|(_, message)| message.bytes)
}

async fn unpacked(admission: &Admission, request: Request<Incoming>) -> Result<(Signal, Admitted), Refusal> {
    let path = request.uri().path();
    let signal = Signal::ALL.into_iter().find(|signal| signal.grpc_path() == path);
    let advice = "traces go to opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let signal = signal.ok_or_else(|| Refusal::NotFound { path: path.chars().take(120).collect(), advice })?;
    let name = request.headers().get(GRPC_ENCODING).map(|value| value.to_str().unwrap_or("(not text)"));
    let coding = Coding::of(name)?;
    let limit = admission.message_bytes() + PREFIX;
    let outline = Outline { coding, encoding: Encoding::Protobuf, limit, announced: framed_len };
    let framed = admission.collect(request.into_body(), outline).await?;
    let (message, coding) = unframe(framed, coding)?;
    Ok((signal, admission.unpack(message, coding).await?))
}

/// Returns how long a body is that begins with `piece`.
fn framed_len(piece: &[u8]) -> Option<usize> {
    let [_, a, b, c, d] = *piece.first_chunk::<PREFIX>()?;
    Some(u32::from_be_bytes([a, b, c, d]) as usize + PREFIX)
}

/// Takes the one message out of a unary request's body.
fn unframe(mut framed: Admitted, coding: Coding) -> Result<(Admitted, Coding), Refusal> {
    let invalid = |why: &str| Refusal::unreadable("read the gRPC message", &why);
    let [flag, a, b, c, d] = *framed.bytes.first_chunk::<PREFIX>().ok_or_else(|| invalid("the body is empty"))?;
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    let rest = framed.bytes.len() - PREFIX;
    if len > rest {
        return Err(invalid("the body ends inside the message"));
    }
    if len < rest {
        return Err(invalid("a unary call has one message, and more was sent"));
    }
    let coding = match (flag, coding) {
        (0, _) => Coding::Identity,
        (1, Coding::Identity) => return Err(invalid("it is marked as packed, but grpc-encoding does not say how")),
        (1, coding) => coding,
        _ => return Err(invalid("an unknown flag")),
    };
    framed.bytes = framed.bytes.split_off(PREFIX);
    Ok((framed, coding))
}

fn success(receipt: &Receipt) -> Response<Body> {
    let rejected = i64::try_from(receipt.rejected).unwrap_or(i64::MAX);
    let message = response::response_protobuf(rejected, &receipt.message);
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    framed.put_u32(message.len() as u32);
    framed.put_slice(&message);
    let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(framed.freeze()).with_trailers(std::future::ready(Some(Ok::<_, Infallible>(trailers))));
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

fn status(refusal: &Refusal) -> Status {
    let (code, message) = (refusal.grpc(), refusal.to_string());
    let details = match refusal {
        Refusal::Overloaded | Refusal::Stalled => {
            response::status_protobuf_retry(code as i32, &message, RETRY_DELAY_SECONDS)
        }
        Refusal::Invalid { .. } => response::status_protobuf(code as i32, &message, refusal.violation().as_ref()),
        _ => Vec::new(),
    };
    debug_assert_ne!(code, Code::OutOfRange, "clients send such a request again for ever");
    if details.is_empty() { Status::new(code, message) } else { Status::with_details(code, message, details.into()) }
}

//! OTLP/HTTP: POST to /v1/traces (logs and metrics are answered, not kept) in protobuf or JSON. Every refusal's body is
//! a `google.rpc.Status` in the request's encoding (OTLP 1.11, "OTLP/HTTP Response").

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};

use super::admission::{Admission, Admitted, Encoding, Outline, Receipt};
use super::inflate::Coding;
use super::refusal::{RETRY_DELAY_SECONDS, Refusal};
use super::signal::Signal;
use crate::otlp::response;

/// Answers one OTLP/HTTP request.
pub async fn handle(admission: Admission, request: Request<Incoming>) -> Response<Full<Bytes>> {
    // Without a type that is known, the answer is in the encoding that people can read.
    let answer_in = encoding(request.headers()).unwrap_or(Encoding::Json);
    match receive(&admission, request).await {
        Ok((signal, receipt)) => respond(StatusCode::OK, answer_in, success(signal, &receipt, answer_in)),
        Err(refusal) => {
            admission.note(&refusal);
            refuse(&refusal, answer_in)
        }
    }
}

async fn receive(admission: &Admission, request: Request<Incoming>) -> Result<(Signal, Receipt), Refusal> {
    let (signal, encoding, body) = unpacked(admission, request).await?;
    Ok((signal, admission.take(signal, body, encoding).await?))
}

/// Collects and unpacks a request's body as [`handle`] does and leaves it at that, for those who measure the way there;
/// none where it is refused.
pub async fn message(admission: &Admission, request: Request<Incoming>) -> Option<Bytes> {
    unpacked(admission, request).await.ok().map(|(_, _, body)| body.bytes)
}

async fn unpacked(admission: &Admission, request: Request<Incoming>) -> Result<(Signal, Encoding, Admitted), Refusal> {
    let path = request.uri().path();
    let signal = Signal::ALL.into_iter().find(|signal| signal.http_path() == path);
    let signal = signal.ok_or_else(|| not_found(path))?;
    if request.method() != Method::POST {
        return Err(Refusal::Method(request.method().as_str().chars().take(20).collect()));
    }
    let encoding = encoding(request.headers())?;
    let coding = Coding::of(text(request.headers(), CONTENT_ENCODING.as_str()))?;
    let outline = Outline { coding, encoding, limit: admission.message_bytes(), announced: |_| None };
    let packed = admission.collect(request.into_body(), outline).await?;
    Ok((signal, encoding, admission.unpack(packed, coding).await?))
}

fn not_found(path: &str) -> Refusal {
    let advice = if path.starts_with("/opentelemetry.proto.") {
        "this is OTLP/HTTP; OTLP/gRPC has a port of its own"
    } else if path.ends_with("/v1/traces") {
        "the SDK adds /v1/traces to OTEL_EXPORTER_OTLP_ENDPOINT by itself"
    } else {
        "traces go to /v1/traces"
    };
    Refusal::NotFound { path: path.chars().take(80).collect(), advice }
}

fn success(signal: Signal, receipt: &Receipt, answer_in: Encoding) -> Bytes {
    let rejected = i64::try_from(receipt.rejected).unwrap_or(i64::MAX);
    match answer_in {
        Encoding::Protobuf => response::response_protobuf(rejected, &receipt.message).into(),
        Encoding::Json => response::response_json(signal.in_response(), rejected, &receipt.message).into(),
    }
}

fn refuse(refusal: &Refusal, answer_in: Encoding) -> Response<Full<Bytes>> {
    let (code, message) = (refusal.grpc() as i32, refusal.to_string());
    let violation = refusal.violation();
    let body = match answer_in {
        Encoding::Protobuf => response::status_protobuf(code, &message, violation.as_ref()).into(),
        Encoding::Json => response::status_json(code, &message, violation.as_ref()).into(),
    };
    let mut response = respond(refusal.http(), answer_in, body);
    match refusal {
        Refusal::Method(_) => drop(response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"))),
        Refusal::Overloaded | Refusal::Stalled => {
            drop(response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_DELAY_SECONDS)));
        }
        _ => {}
    }
    response
}

fn respond(status: StatusCode, answer_in: Encoding, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static(match answer_in {
            Encoding::Protobuf => "application/x-protobuf",
            Encoding::Json => "application/json",
        }),
    );
    response
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    let name = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = name.split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "application/x-protobuf" => Ok(Encoding::Protobuf),
        "application/json" => Ok(Encoding::Json),
        _ => Err(Refusal::MediaType(name.chars().take(40).collect())),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("(not text)"))
}

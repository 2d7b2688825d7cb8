//! Why a request is refused, and what each protocol calls that.

use hyper::StatusCode;
use tonic::Code;

use crate::otlp::response::FieldViolation;

/// A request of which nothing is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// The body cannot be read; the field is a path into it, empty where the place is not known.
    #[error("{message}")]
    Invalid { field: String, message: String },
    #[error("the message is larger than {limit} bytes{}: send smaller batches, or raise ingest.max_message", if *.inflated { " once unpacked" } else { "" })]
    TooLarge { limit: usize, inflated: bool },
    #[error("unknown content coding '{0}': identity, gzip and zstd are taken")]
    Coding(String),
    #[error("unknown content type '{0}': application/x-protobuf and application/json are taken")]
    MediaType(String),
    #[error("there is nothing at '{path}': {advice}")]
    NotFound { path: String, advice: &'static str },
    #[error(
        "a request that is not gRPC came to the gRPC port: OTLP/HTTP has a port of its own, or set \
             OTEL_EXPORTER_OTLP_PROTOCOL=grpc"
    )]
    NotGrpc,
    #[error("{0} is not taken here: use POST")]
    Method(String),
    #[error("too much is coming in: nothing of this request was kept, send it again later")]
    Overloaded,
    #[error("the body came too slowly")]
    Stalled,
    #[error("the connection broke before the whole body had come")]
    Broken,
}

/// What a sender is asked to wait before it tries again.
pub(super) const RETRY_DELAY_SECONDS: u64 = 2;

impl Refusal {
    /// Returns a refusal of a body whose bytes cannot be read at all.
    pub(super) fn unreadable(what: &str, why: &impl std::fmt::Display) -> Self {
        Self::Invalid { field: String::new(), message: format!("cannot {what}: {why}") }
    }

    /// Returns what `google.rpc.BadRequest` says of a body that cannot be read; none for other refusals.
    pub(super) fn violation(&self) -> Option<FieldViolation> {
        match self {
            Self::Invalid { field, message } => {
                Some(FieldViolation { field: field.clone(), description: message.clone() })
            }
            _ => None,
        }
    }

    /// The OTLP specification's table for HTTP: only 429, 502, 503 and 504 are retried.
    pub(super) fn http(&self) -> StatusCode {
        match self {
            Self::Invalid { .. } | Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Coding(_) | Self::MediaType(_) | Self::NotGrpc => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            // A slow sender may be faster another time, and 408 is not among what the table lets clients send again.
            Self::Overloaded | Self::Stalled => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The specification's table for gRPC: what can never pass must not have a code that is retried, so a message that
    /// is too large is RESOURCE_EXHAUSTED without a delay, never OUT_OF_RANGE.
    pub(super) fn grpc(&self) -> Code {
        match self {
            Self::Invalid { .. } => Code::InvalidArgument,
            Self::TooLarge { .. } => Code::ResourceExhausted,
            Self::Coding(_) | Self::MediaType(_) | Self::NotFound { .. } | Self::Method(_) | Self::NotGrpc => {
                Code::Unimplemented
            }
            Self::Overloaded | Self::Stalled => Code::Unavailable,
            Self::Broken => Code::Cancelled,
        }
    }
}

//! Receiving: OTLP over gRPC and HTTP. Both collect a body within limits, unpack it, scan it and hand it to the engine;
//! they differ only in how a request is framed and an answer written.

mod admission;
mod budget;
pub mod grpc;
pub mod http;
mod inflate;
mod refusal;
mod rows;
mod signal;
mod throttle;

pub use admission::{Admission, Limits};

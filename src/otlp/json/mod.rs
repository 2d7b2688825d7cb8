//! OTLP/JSON read into protobuf: one pass over the body, no tree and no object between.
//!
//! What is kept of a request is always protobuf, so everything behind this module knows one form only.
//!
//! OTLP/JSON is proto3 JSON with three changes: ids are hex, enums are integers only, and names are lowerCamelCase
//! only. See <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

mod cursor;
mod error;
mod number;
mod output;
mod reader;
#[cfg(test)]
mod tests;
mod text;

use crate::otlp::schema::REQUEST;
use error::Fault;

pub use error::JsonError;

/// What stands in the place of an array or map that is nested deeper than
/// [`Value::MAX_DEPTH`](crate::model::Value::MAX_DEPTH) levels: a string value, as the rest of the batch is worth
/// keeping.
pub const TOO_DEEP: &str = "…";

/// Returns the protobuf message of the same meaning as an OTLP/JSON `ExportTraceServiceRequest` (or `TracesData`).
///
/// Names that OTLP does not have are ignored with whatever they hold. `null` stands for "not sent", and in an array
/// for an empty element (where proto3 JSON has no `null`; the OpenTelemetry Collector reads it so). What is sent twice
/// is merged as protobuf does: the last scalar counts, messages are merged, arrays joined. Ids of a wrong length pass:
/// they cost the span, not the request, and that is for the scanner to say.
///
/// The result is about as long as the body at most, twice as long for bodies made to be so.
///
/// # Errors
/// Returns the first thing that is not OTLP/JSON: bytes that are no UTF-8 or no single JSON document, a value of the
/// wrong type or out of range, an id that is not hex, an enum given by name.
pub fn to_protobuf(body: &[u8]) -> Result<Vec<u8>, JsonError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Fault::new(error.valid_up_to(), "the body is not UTF-8").locate(body))?;
    reader::read(text, &REQUEST).map_err(|fault| fault.locate(body))
}

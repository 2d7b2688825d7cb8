//! Which errors there are: spans with an error, of which those with the same cause are one group. What a span says of its error is
//! its type, message and stack trace; the fingerprint that groups go by is made of these without what differs from one time to
//! the next.

mod collecting;
mod fingerprint;
mod message;
mod stack;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::model::span::SpanBody;
use crate::model::{Attribute, Timestamp, TraceId, Value};

pub(crate) use collecting::{Collecting, Seen};
pub use message::mask;
pub use stack::{Frame, frames};

/// Names a group: the same on every machine and in every version, as 16 hex digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Spans whose errors have the same cause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ErrorGroup {
    pub fingerprint: Fingerprint,
    pub service: Arc<str>,
    /// The operation with most of the spans.
    pub operation: Arc<str>,
    /// As the newest span has it, as the next two; empty where it says nothing.
    pub exception_type: String,
    pub message: String,
    pub stack_trace: String,
    /// The message without what differs.
    pub pattern: String,
    pub count: u64,
    /// The starts of the first and the last span.
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// How many began in each of [`SERIES`] equal parts of the window.
    pub series: Vec<u64>,
    /// The versions of the service that have it, with how many spans each, most first.
    pub versions: Vec<(String, u64)>,
    /// The newest version of the service, where no earlier one that is held has it.
    pub new_in: Option<String>,
    /// The newest first.
    pub traces: Vec<TraceId>,
}

/// How many parts a series has.
pub const SERIES: usize = 60;
/// No more traces of a group are named.
pub const MOST_TRACES: usize = 10;

/// What a span says of its error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub exception_type: String,
    pub message: String,
    pub stack_trace: String,
}

/// More bytes of a type or message, and of a stack trace, are not looked at.
const MOST_TEXT: usize = 1_024;
const MOST_STACK: usize = 16 << 10;

impl Said {
    /// Returns what a span says: by its last exception, or its status and the attributes that name errors.
    pub fn of(body: &SpanBody) -> Self {
        let exception = body.events.iter().rev().find(|event| event.name == "exception");
        let said = |key: &str| exception.and_then(|event| text(&event.attributes, key)).unwrap_or_default();
        let or = |text: String, other: &dyn Fn() -> String| if text.is_empty() { other() } else { text };
        let status = || body.status_message.clone();
        let exception_type = or(said("exception.type"), &|| kind(&body.attributes));
        Self {
            exception_type: cut(&exception_type, MOST_TEXT),
            message: cut(&or(said("exception.message"), &status), MOST_TEXT),
            stack_trace: cut(&said("exception.stacktrace"), MOST_STACK),
        }
    }
}

/// Returns the type of an error without an exception: `error.type`, but where that is a number only what it is the status of, as
/// `HTTP 503` or `gRPC 14`.
fn kind(attributes: &[Attribute]) -> String {
    let named = text(attributes, "error.type");
    let is_number = |text: &String| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(named) = named.as_ref().filter(|named| !is_number(named)) {
        return named.clone();
    }
    let status = |(of, key): &(&str, &str)| Some(format!("{of} {}", text(attributes, key)?));
    STATUSES.iter().find_map(status).or(named).unwrap_or_default()
}

/// The attributes that hold statuses, and of what.
pub(crate) const STATUSES: [(&str, &str); 3] =
    [("HTTP", "http.response.status_code"), ("HTTP", "http.status_code"), ("gRPC", "rpc.grpc.status_code")];

fn text(attributes: &[Attribute], key: &str) -> Option<String> {
    let value = &attributes.iter().find(|attribute| attribute.key == key)?.value;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

fn cut(text: &str, most: usize) -> String {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default().to_owned()
}

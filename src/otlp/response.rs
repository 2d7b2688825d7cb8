//! What a receiver answers: OTLP's export responses and google.rpc.Status, as JSON and protobuf.

use super::encode::push_json_string;
use prost::Message;
use std::fmt::Write;

/// The kind of telemetry that was sent; names what was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    fn rejected_name(self) -> &'static str {
        match self {
            Self::Traces => "rejectedSpans",
            Self::Logs => "rejectedLogRecords",
            Self::Metrics => "rejectedDataPoints",
        }
    }
}

/// Which part of a request is wrong, and why: google.rpc.BadRequest.FieldViolation.
#[derive(Clone, PartialEq, Message)]
pub struct FieldViolation {
    /// A path like `resourceSpans[0].scopeSpans[0].spans[2].traceId`.
    #[prost(string, tag = "1")]
    pub field: String,
    #[prost(string, tag = "2")]
    pub description: String,
}

const BAD_REQUEST_TYPE: &str = "type.googleapis.com/google.rpc.BadRequest";

/// `Export…ServiceResponse`, the same for the three signals.
#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// google.rpc.Status.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct BadRequest {
    #[prost(message, repeated, tag = "1")]
    field_violations: Vec<FieldViolation>,
}

const RETRY_INFO_TYPE: &str = "type.googleapis.com/google.rpc.RetryInfo";

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<Delay>,
}

/// google.protobuf.Duration.
#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// Returns an export response as JSON; full success, nothing rejected and nothing to say, is `{}`.
pub fn response_json(signal: Signal, rejected: i64, error_message: &str) -> String {
    if rejected == 0 && error_message.is_empty() {
        return "{}".into();
    }
    let mut out = String::from(r#"{"partialSuccess":{"#);
    if rejected != 0 {
        write!(out, r#""{}":"{rejected}""#, signal.rejected_name()).expect("a String takes everything");
    }
    if !error_message.is_empty() {
        out.push_str(if rejected == 0 { "" } else { "," });
        out.push_str(r#""errorMessage":"#);
        push_json_string(&mut out, error_message);
    }
    out + "}}"
}

/// Returns an export response of any signal as protobuf; full success, nothing rejected and nothing to say, is empty.
pub fn response_protobuf(rejected: i64, error_message: &str) -> Vec<u8> {
    let has_partial_success = rejected != 0 || !error_message.is_empty();
    let partial_success = has_partial_success.then(|| PartialSuccess { rejected, error_message: error_message.into() });
    ExportResponse { partial_success }.encode_to_vec()
}

/// Returns a google.rpc.Status as JSON, with a `BadRequest` detail when a field is to blame.
pub fn status_json(code: i32, message: &str, violation: Option<&FieldViolation>) -> String {
    let mut out = format!(r#"{{"code":{code},"message":"#);
    push_json_string(&mut out, message);
    if let Some(FieldViolation { field, description }) = violation {
        write!(out, r#","details":[{{"@type":"{BAD_REQUEST_TYPE}","fieldViolations":[{{"field":"#)
            .expect("a String takes everything");
        push_json_string(&mut out, field);
        out.push_str(r#","description":"#);
        push_json_string(&mut out, description);
        out.push_str("}]}]");
    }
    out + "}"
}

/// Returns a google.rpc.Status as protobuf, with a `BadRequest` detail when a field is to blame.
pub fn status_protobuf(code: i32, message: &str, violation: Option<&FieldViolation>) -> Vec<u8> {
    let detail = |violation: &FieldViolation| Any {
        type_url: BAD_REQUEST_TYPE.into(),
        value: BadRequest { field_violations: vec![violation.clone()] }.encode_to_vec(),
    };
    Status { code, message: message.into(), details: violation.map(detail).into_iter().collect() }.encode_to_vec()
}

/// Returns a google.rpc.Status as protobuf that asks the sender to try again after a while (`RetryInfo`).
pub fn status_protobuf_retry(code: i32, message: &str, seconds: u64) -> Vec<u8> {
    let delay = Delay { seconds: i64::try_from(seconds).unwrap_or(i64::MAX) };
    let value = RetryInfo { retry_delay: Some(delay) }.encode_to_vec();
    let details = vec![Any { type_url: RETRY_INFO_TYPE.into(), value }];
    Status { code, message: message.into(), details }.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::collector::{logs, metrics, trace};
    use serde_json::{Value, json};

    fn parse(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn full_success_says_nothing() {
        assert_eq!(response_json(Signal::Traces, 0, ""), "{}");
        assert!(response_protobuf(0, "").is_empty());
    }

    #[test]
    fn rejected_counts_are_strings_named_after_the_signal() {
        for (signal, name) in [
            (Signal::Traces, "rejectedSpans"),
            (Signal::Logs, "rejectedLogRecords"),
            (Signal::Metrics, "rejectedDataPoints"),
        ] {
            let expected = json!({ "partialSuccess": { name: "3", "errorMessage": "3 \"bad\"\n" } });
            assert_eq!(parse(&response_json(signal, 3, "3 \"bad\"\n")), expected);
        }
    }

    #[test]
    fn a_warning_rejects_nothing_and_a_count_needs_no_words() {
        let warning = json!({ "partialSuccess": { "errorMessage": "old" } });
        assert_eq!(parse(&response_json(Signal::Traces, 0, "old")), warning);
        assert_eq!(parse(&response_json(Signal::Traces, 1, "")), json!({ "partialSuccess": { "rejectedSpans": "1" } }));
    }

    #[test]
    fn one_protobuf_response_fits_every_signal() {
        let bytes = response_protobuf(7, "why");
        let traces = trace::v1::ExportTraceServiceResponse::decode(bytes.as_slice()).unwrap().partial_success.unwrap();
        assert_eq!((traces.rejected_spans, traces.error_message.as_str()), (7, "why"));
        let logs = logs::v1::ExportLogsServiceResponse::decode(bytes.as_slice()).unwrap().partial_success.unwrap();
        assert_eq!((logs.rejected_log_records, logs.error_message.as_str()), (7, "why"));
        let metrics =
            metrics::v1::ExportMetricsServiceResponse::decode(bytes.as_slice()).unwrap().partial_success.unwrap();
        assert_eq!((metrics.rejected_data_points, metrics.error_message.as_str()), (7, "why"));
    }

    #[test]
    fn a_status_names_the_field_to_blame() {
        let violation = FieldViolation { field: "spans[0].traceId".into(), description: "'x' is not hex".into() };
        let expected = json!({ "code": 3, "message": "bad", "details": [{
            "@type": BAD_REQUEST_TYPE,
            "fieldViolations": [{ "field": "spans[0].traceId", "description": "'x' is not hex" }],
        }]});
        assert_eq!(parse(&status_json(3, "bad", Some(&violation))), expected);
        assert_eq!(parse(&status_json(14, "later", None)), json!({ "code": 14, "message": "later" }));

        let status = Status::decode(status_protobuf(3, "bad", Some(&violation)).as_slice()).unwrap();
        assert_eq!((status.code, status.message.as_str()), (3, "bad"));
        assert_eq!(status.details[0].type_url, BAD_REQUEST_TYPE);
        let detail = BadRequest::decode(status.details[0].value.as_slice()).unwrap();
        assert_eq!(detail.field_violations, [violation]);
    }
}

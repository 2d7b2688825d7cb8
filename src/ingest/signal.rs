//! The three signals that SDKs send. Traces are kept; logs and metrics are answered so that the SDK stays quiet.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::admission::Encoding;
use super::refusal::Refusal;
use crate::otlp::response;
use crate::otlp::wire::{Cursor, Wire, WireError};

/// The way down a request to what is counted: at each level the fields that lead on, by JSON name and number.
type Path = &'static [&'static [(&'static str, u32)]];

const LOG_RECORDS: Path = &[&[("resourceLogs", 1)], &[("scopeLogs", 2)], &[("logRecords", 2)]];
const DATA_POINTS: Path = &[
    &[("resourceMetrics", 1)],
    &[("scopeMetrics", 2)],
    &[("metrics", 2)],
    &[("gauge", 5), ("sum", 7), ("histogram", 9), ("exponentialHistogram", 10), ("summary", 11)],
    &[("dataPoints", 1)],
];

/// What an OTLP request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    pub(super) const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    pub(super) fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }

    pub(super) fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }

    /// Says, for a signal that is not kept, what a developer can do about it; none for traces.
    pub(super) fn not_kept(self) -> Option<&'static str> {
        match self {
            Self::Traces => None,
            Self::Logs => Some("spantop keeps only traces: set OTEL_LOGS_EXPORTER=none so that logs are not sent here"),
            Self::Metrics => {
                Some("spantop keeps only traces: set OTEL_METRICS_EXPORTER=none so that metrics are not sent here")
            }
        }
    }

    /// Returns the name that responses use.
    pub(super) fn in_response(self) -> response::Signal {
        match self {
            Self::Traces => response::Signal::Traces,
            Self::Logs => response::Signal::Logs,
            Self::Metrics => response::Signal::Metrics,
        }
    }

    /// Counts the records or points of a request that is not kept, all of which are rejected. Nothing is built for it:
    /// a body of empty records would take a hundred times its size.
    pub(super) fn count(self, body: &[u8], encoding: Encoding) -> Result<u64, Refusal> {
        let path = match self {
            Self::Traces => &[],
            Self::Logs => LOG_RECORDS,
            Self::Metrics => DATA_POINTS,
        };
        match encoding {
            Encoding::Protobuf => count_protobuf(Cursor::new(body), path)
                .map_err(|error| Refusal::unreadable("read the request as OTLP protobuf", &error)),
            Encoding::Json => {
                let mut json = serde_json::Deserializer::from_slice(body);
                Count(path)
                    .deserialize(&mut json)
                    .and_then(|count| json.end().map(|()| count))
                    .map_err(|error| Refusal::unreadable("read the request as OTLP/JSON", &error))
            }
        }
    }
}

/// The recursion is as deep as the path.
fn count_protobuf(mut message: Cursor, path: Path) -> Result<u64, WireError> {
    let Some((level, below)) = path.split_first() else { return Ok(1) };
    let mut count = 0;
    while !message.is_done() {
        match message.key()? {
            (field, Wire::Bytes) if level.iter().any(|(_, number)| *number == field) => {
                count += count_protobuf(message.nested()?, below)?;
            }
            (field, wire) => message.skip(field, wire)?,
        }
    }
    Ok(count)
}

/// Counts what lies at the end of the path in a JSON value; a list counts as its members, null as nothing.
struct Count(Path);

impl<'de> DeserializeSeed<'de> for Count {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<u64, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object or a list of objects")
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<u64, A::Error> {
        let mut count = 0;
        while let Some(more) = members.next_element_seed(Self(self.0))? {
            count += more;
        }
        Ok(count)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<u64, A::Error> {
        let mut count = u64::from(self.0.is_empty());
        while let Some(name) = fields.next_key::<String>()? {
            match self.0.split_first() {
                Some((level, below)) if level.iter().any(|(known, _)| *known == name) => {
                    count += fields.next_value_seed(Count(below))?;
                }
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_points_are_counted_in_both_encodings() {
        let json = r#"{"x":[[]],"resourceMetrics":[null,{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{},{}]}},
            {"name":"n","gauge":{"dataPoints":[{"x":{"y":1}}]}},{"summary":null}]}]}]}"#;
        assert_eq!(Signal::Metrics.count(json.as_bytes(), Encoding::Json), Ok(3));
        assert_eq!(Signal::Logs.count(json.as_bytes(), Encoding::Json), Ok(0));
        // resource_logs { scope_logs { log_records {} log_records { 5: 1 } } }
        let protobuf = [0x0a, 0x08, 0x12, 0x06, 0x12, 0x00, 0x12, 0x02, 0x28, 0x01];
        assert_eq!(Signal::Logs.count(&protobuf, Encoding::Protobuf), Ok(2));
        assert!(Signal::Logs.count(&protobuf[..9], Encoding::Protobuf).is_err());
    }

    #[test]
    fn deep_and_damaged_json_is_an_error() {
        let deep = format!(r#"{{"resourceLogs":{}"#, "[".repeat(100_000));
        for body in ["[", "{}{}", "3", "", deep.as_str()] {
            assert!(Signal::Logs.count(body.as_bytes(), Encoding::Json).is_err(), "{body:.20}");
        }
    }
}

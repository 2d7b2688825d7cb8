//! `GET /admin/tracing/stats`: counters, fill, age, and what is on disk.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json};
use crate::model::Timestamp;
use crate::source::{Counters, DiskStatus, Recovery, Reply, Request, Status};

/// The body of the answer; the command line reads it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stats {
    pub version: String,
    pub pid: u32,
    pub total_traces: u64,
    pub error_traces: u64,
    pub memory_traces_count: u64,
    pub spans: Counters,
    pub bytes: Bytes,
    pub memory_budget_bytes: u64,
    /// Null where nothing is kept on disk.
    pub disk: Option<Disk>,
    pub blocks: u64,
    /// The earliest arrival that may still be held, RFC 3339.
    pub oldest_arrival: Option<String>,
    /// Spans stored in the last whole second.
    pub spans_per_second: u32,
    pub refused_requests: u64,
    pub last_refusal: Option<String>,
    /// The bound addresses, as `otlp/grpc 127.0.0.1:4317`.
    pub listening: Vec<String>,
    pub uptime_seconds: f64,
}

/// What the spans held take.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bytes {
    pub memory: u64,
    pub disk: u64,
}

/// What is on disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Disk {
    /// The folder.
    pub path: String,
    /// What all its files may take.
    pub budget_bytes: u64,
    /// Files of sealed blocks, the spans in them, and their bytes.
    pub segments: u64,
    pub segment_spans: u64,
    pub segment_bytes: u64,
    /// What the messages of those spans took as they came, and how many times that is what they take now.
    pub received_bytes: u64,
    pub ratio: Option<f64>,
    /// The earliest arrival of a span there, RFC 3339.
    pub oldest: Option<String>,
    /// Why what comes in is kept in memory only at present.
    pub trouble: Option<String>,
    /// What was found at the start.
    pub recovery: Recovery,
}

pub(super) async fn stats(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    Parameters::of(&uri)?.finish()?;
    match ask(source, Request::Status).await? {
        Reply::Status(status) => Ok(json(&Stats::of(&status))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

impl Disk {
    fn of(disk: &DiskStatus) -> Self {
        let ratio = (disk.segment_bytes > 0).then(|| disk.received_bytes as f64 / disk.segment_bytes as f64);
        Self {
            path: disk.path.clone(),
            budget_bytes: disk.budget_bytes,
            segments: disk.segments,
            segment_spans: disk.segment_spans,
            segment_bytes: disk.segment_bytes,
            received_bytes: disk.received_bytes,
            ratio,
            oldest: disk.oldest_ns.map(|ns| Timestamp(ns).to_string()),
            trouble: disk.trouble.clone(),
            recovery: disk.recovery,
        }
    }
}

impl Stats {
    /// Returns the stats of a source in this process, whose version and pid they have.
    pub fn of(status: &Status) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            total_traces: status.total_traces,
            error_traces: status.error_traces,
            memory_traces_count: status.memory_traces,
            spans: status.counters,
            bytes: Bytes { memory: status.memory_bytes, disk: status.disk.as_ref().map_or(0, |disk| disk.bytes) },
            memory_budget_bytes: status.memory_budget,
            disk: status.disk.as_ref().map(Disk::of),
            blocks: status.blocks,
            oldest_arrival: status.oldest.map(|time| time.to_string()),
            spans_per_second: status.spans_per_second.last().copied().unwrap_or(0),
            refused_requests: status.refused_requests,
            last_refusal: status.last_refusal.clone(),
            listening: status.listening.clone(),
            uptime_seconds: status.uptime_ns as f64 / 1e9,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn disk() -> DiskStatus {
        DiskStatus {
            path: "/var/lib/spantop".into(),
            bytes: 5_000,
            budget_bytes: 2 << 30,
            segments: 2,
            segment_spans: 131_072,
            segment_bytes: 4_000,
            received_bytes: 30_000,
            oldest_ns: Some(1_000_000),
            trouble: Some("cannot write to /var/lib/spantop: no space left on device".into()),
            recovery: Recovery { torn_bytes: 17, damaged: 3, lost_spans: 12, left_alone: 1 },
        }
    }

    fn body(disk: Option<DiskStatus>) -> serde_json::Value {
        serde_json::to_value(Stats::of(&Status { disk, ..Status::default() })).unwrap()
    }

    #[test]
    fn what_is_on_disk_is_given_out() {
        let body = body(Some(disk()));
        assert_eq!(body["bytes"], json!({ "memory": 0, "disk": 5_000 }));
        assert_eq!(
            body["disk"],
            json!({
                "path": "/var/lib/spantop",
                "budget_bytes": 2_147_483_648_u64,
                "segments": 2,
                "segment_spans": 131_072,
                "segment_bytes": 4_000,
                "received_bytes": 30_000,
                "ratio": 7.5,
                "oldest": "1970-01-01T00:00:00.001000000Z",
                "trouble": "cannot write to /var/lib/spantop: no space left on device",
                "recovery": { "torn_bytes": 17, "damaged": 3, "lost_spans": 12, "left_alone": 1 },
            })
        );
    }

    #[test]
    fn where_nothing_is_kept_on_disk_there_is_none() {
        let body = body(None);
        assert_eq!((&body["disk"], &body["bytes"]["disk"]), (&serde_json::Value::Null, &json!(0)));
    }

    #[test]
    fn an_empty_disk_has_no_ratio_and_no_age() {
        let body = body(Some(DiskStatus::default()));
        assert!(
            body["disk"]["ratio"].is_null() && body["disk"]["oldest"].is_null() && body["disk"]["trouble"].is_null()
        );
    }

    #[test]
    fn the_command_line_reads_back_what_is_given_out() {
        let body = body(Some(disk()));
        let stats: Stats = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(serde_json::to_value(stats).unwrap(), body);
    }

    #[test]
    fn stats_of_a_spantop_that_knew_no_disk_are_read_as_well() {
        let mut body = body(None);
        body.as_object_mut().unwrap().remove("disk");
        assert!(serde_json::from_value::<Stats>(body).unwrap().disk.is_none());
    }
}

//! Recorded traffic of real SDKs, with its ground truth.

use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;
use spantop::otlp::{self, Batch};

pub(crate) const CAPTURES: [&str; 3] = ["node-json", "python-grpc", "rust-proto"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

pub(crate) fn truth() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("truth.json")).unwrap()).unwrap()
}

/// Returns the requests of a capture that have traces.
pub(crate) fn requests(capture: &str) -> Vec<Batch> {
    let folder = folder().join(capture);
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let entries = manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let batch = |entry: Value| {
        let sent = std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap();
        let mut body = Vec::new();
        if entry["encoding"] == "gzip" {
            flate2::read::GzDecoder::new(sent.as_slice()).read_to_end(&mut body).unwrap();
        } else {
            body = sent;
        }
        if entry["content_type"] == "application/json" {
            body = otlp::json::to_protobuf(&body).unwrap();
        }
        otlp::scan(Bytes::from(body)).unwrap()
    };
    entries.filter(|entry| entry["signal"] == "traces").map(batch).collect()
}

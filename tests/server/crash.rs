//! The program is killed at any moment, and started again where it was: what was acknowledged is there, once.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use hyper::Method;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::support::{Directory, Spantop, try_exchange};

const SENDERS: u64 = 3;
/// Of each trace.
pub(crate) const SPANS: u64 = 120;
/// How often the program is killed; SPANTOP_TEST_KILLS says otherwise.
const KILLS: u64 = 20;

/// One trace of its own.
fn request(trace: u64) -> Vec<u8> {
    let span = |id: u64| Span {
        trace_id: u128::from(trace).to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: if id == 1 { Vec::new() } else { (id / 2).to_be_bytes().to_vec() },
        name: format!("{id}").repeat(200),
        start_time_unix_nano: trace * 1_000_000,
        end_time_unix_nano: trace * 1_000_000 + id,
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: (1..=SPANS).map(span).collect(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// Sends one trace after the other until the program is gone, and notes those that were acknowledged.
pub(crate) fn send(to: SocketAddr, next: Arc<AtomicU64>, acknowledged: Arc<Mutex<Vec<u64>>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        loop {
            let trace = next.fetch_add(1, Ordering::Relaxed);
            let headers = [("content-type", "application/x-protobuf")];
            let answer = try_exchange(to, Method::POST, "/v1/traces", &headers, request(trace).into());
            match answer {
                Ok(answer) if answer.status == 200 => acknowledged.lock().unwrap().push(trace),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    })
}

#[test]
fn what_was_acknowledged_is_there_after_kill_9() {
    let directory = Directory::new("killed");
    let arguments = ["--data-dir", directory.path(), "--memory", "16MiB"];
    let kills = std::env::var("SPANTOP_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let next = Arc::new(AtomicU64::new(1));
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for kill in 0..kills {
        let spantop = Spantop::keeping(&arguments);
        check(&spantop, &acknowledged.lock().unwrap());
        let before = acknowledged.lock().unwrap().len();
        let senders: Vec<_> =
            (0..SENDERS).map(|_| send(spantop.http, Arc::clone(&next), Arc::clone(&acknowledged))).collect();
        // The moment follows from how far the senders came, so that it lies anywhere between two of their answers.
        while acknowledged.lock().unwrap().len() < before + (kill * 7 % 23) as usize {
            std::thread::yield_now();
        }
        drop(spantop);
        for sender in senders {
            sender.join().unwrap();
        }
    }
    check(&Spantop::keeping(&arguments), &acknowledged.lock().unwrap());
}

/// Every trace that was acknowledged is whole, and no span is there twice; the rest is whole or not there.
#[track_caller]
fn check(spantop: &Spantop, acknowledged: &[u64]) {
    let stats = spantop.json("/admin/tracing/stats");
    let spans = |name: &str| stats["spans"][name].as_u64().unwrap();
    assert_eq!(spans("recovered"), spans("in_memory") + spans("on_disk"));
    assert_eq!(spans("recovered"), stats["total_traces"].as_u64().unwrap() * SPANS, "{stats}");
    assert_eq!(stats["disk"]["recovery"]["damaged"], 0);
    let list = spantop.json("/admin/tracing?limit=10000");
    let mut counts = std::collections::HashMap::new();
    for row in list["traces"].as_array().unwrap() {
        let id = u64::from_str_radix(row["trace_id"].as_str().unwrap(), 16).unwrap();
        assert!(counts.insert(id, row["span_count"].as_u64().unwrap()).is_none());
    }
    assert!(counts.values().all(|&count| count == SPANS));
    for trace in acknowledged {
        assert!(counts.contains_key(trace), "trace {trace} was acknowledged and is gone: {stats}");
    }
}

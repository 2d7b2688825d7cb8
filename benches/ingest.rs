//! The whole way in against prost decoding the same bytes and dropping them: scan, validation, columns, names, trace
//! directory, kept bytes. One thread, one allocator; the ratio comes from one interleaved run.

mod support;

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::store::{Limits, Writer};
use support::{SPANS, median, requests};

const REQUESTS: usize = 400;

fn prost_decode(request: &Bytes) {
    black_box(ExportTraceServiceRequest::decode(request.clone()).ok());
}

fn scan(request: &Bytes) {
    black_box(otlp::scan(request.clone()).ok());
}

fn whole_path(writer: &mut Writer, request: &Bytes) {
    if let Ok(batch) = otlp::scan(request.clone()) {
        black_box(writer.append(&batch, Timestamp(1)));
    }
}

fn copy(request: &Bytes, cold: &mut Vec<u8>) {
    if cold.len() + request.len() > cold.capacity() {
        cold.clear();
    }
    cold.extend_from_slice(request);
}

/// Takes turns between the candidates, request by request, and prints the median of each per span.
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]
fn ratios(requests: &[Bytes]) {
    let (_store, mut writer) = Writer::new(Limits::default());
    let mut cold = Vec::with_capacity(512 << 20);
    let mut times: [Vec<f64>; 4] = Default::default();
    for request in requests {
        let mut measure = |which: usize, work: &mut dyn FnMut()| {
            let start = Instant::now();
            work();
            times[which].push(start.elapsed().as_nanos() as f64 / SPANS as f64);
        };
        measure(0, &mut || prost_decode(request));
        measure(1, &mut || scan(request));
        measure(2, &mut || whole_path(&mut writer, request));
        measure(3, &mut || copy(request, &mut cold));
    }
    let [prost, scan, whole, copy] = times.map(median);
    let bytes: usize = requests.iter().map(Bytes::len).sum();
    println!("requests of {SPANS} spans, {} bytes a span, {REQUESTS} of them", bytes / SPANS / requests.len());
    println!("prost decode and drop {prost:7.0} ns a span");
    println!("scan                  {scan:7.0} ns a span, {:.1} times as fast", prost / scan);
    println!("whole path            {whole:7.0} ns a span, {:.1} times as fast", prost / whole);
    println!("copy to cold memory   {copy:7.0} ns a span; the whole path takes {:.1} copies", whole / copy);
}

fn main() {
    let requests = requests(REQUESTS, 1);
    ratios(&requests);
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("ingest");
    group.throughput(Throughput::Elements(SPANS as u64));
    group.bench_function("prost decode and drop", |bencher| bencher.iter(|| prost_decode(&requests[0])));
    group.bench_function("scan", |bencher| bencher.iter(|| scan(&requests[0])));
    let (_store, mut writer) = Writer::new(Limits { memory_bytes: 256 << 20, ..Limits::default() });
    let mut fresh = support::requests(2_000, 2).into_iter().cycle();
    group.bench_function("whole path", |bencher| {
        bencher.iter(|| fresh.next().map(|request| whole_path(&mut writer, &request)));
    });
    group.finish();
    criterion.final_summary();
}

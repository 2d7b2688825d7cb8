//! The whole way in against prost decoding the same bytes and dropping them: scan, validation, columns, names, trace
//! directory; with and without the copy that takes a request out of the network's buffer and is then kept. One thread, one allocator; the ratio comes from one interleaved run.

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
use support::{SPANS, requests};

const REQUESTS: usize = 400;
/// Requests in a turn.
const TURN: usize = 20;

fn prost_decode(request: &Bytes) {
    black_box(ExportTraceServiceRequest::decode(request.clone()).ok());
}

fn scan(request: &Bytes) {
    black_box(otlp::scan(request.clone()).ok());
}

fn whole_path(writer: &mut Writer, request: Bytes) {
    if let Ok(batch) = otlp::scan(request) {
        black_box(writer.append(&batch, Timestamp(1)));
    }
}

/// Memory far larger than any cache, mapped already; what is copied there is not in a cache the next time.
struct Cold {
    memory: Vec<u8>,
    at: usize,
}

impl Cold {
    fn new() -> Self {
        Self { memory: vec![1; 256 << 20], at: 0 }
    }

    fn copy(&mut self, request: &Bytes) {
        if self.at + request.len() > self.memory.len() {
            self.at = 0;
        }
        self.memory[self.at..self.at + request.len()].copy_from_slice(request);
        self.at += request.len();
        black_box(&self.memory);
    }
}

/// Memory that was never touched: what is copied there pays for its pages, as does whoever keeps bytes without using
/// buffers again.
struct Fresh {
    memory: Vec<u8>,
}

impl Fresh {
    /// So large that the allocator maps it anew.
    const BYTES: usize = 64 << 20;

    fn copy(&mut self, request: &Bytes) {
        if self.memory.len() + request.len() > self.memory.capacity() {
            self.memory = Vec::with_capacity(Self::BYTES);
        }
        self.memory.extend_from_slice(request);
        black_box(&self.memory);
    }
}

/// Takes turns between the candidates and prints the median of each per span. A turn is long enough that each pays for
/// tidying up its own garbage: after prost's thousands of small pieces, the next large allocation takes long. The store is full
/// and evicts, as it is for most of a server's life; the first pass over the requests fills it and is not counted.
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]
fn ratios(rounds: u64) {
    let (_store, mut writer) = Writer::new(Limits { memory_bytes: 64 << 20, ..Limits::default() });
    let (_store, mut copying) = Writer::new(Limits { memory_bytes: 64 << 20, ..Limits::default() });
    let mut cold = Cold::new();
    let mut fresh = Fresh { memory: Vec::new() };
    let mut times: [Vec<f64>; 6] = Default::default();
    let mut bytes = 0;
    for round in 0..rounds {
        for turn in requests(REQUESTS, round).chunks(TURN) {
            bytes += turn.iter().map(Bytes::len).sum::<usize>();
            let mut measure = |which: usize, work: &mut dyn FnMut(&Bytes)| {
                let start = Instant::now();
                turn.iter().for_each(&mut *work);
                if round > 0 {
                    times[which].push(start.elapsed().as_nanos() as f64 / (SPANS * turn.len()) as f64);
                }
            };
            measure(0, &mut prost_decode);
            measure(1, &mut scan);
            measure(2, &mut |request| whole_path(&mut writer, request.clone()));
            measure(3, &mut |request| whole_path(&mut copying, Bytes::copy_from_slice(request)));
            measure(4, &mut |request| cold.copy(request));
            measure(5, &mut |request| fresh.copy(request));
        }
    }
    let [prost, scan, whole, kept, copy, fresh] = times.map(median);
    println!("requests of {SPANS} spans, {} bytes a span", bytes / SPANS / REQUESTS / rounds as usize);
    println!("prost decode and drop {prost:7.0} ns a span");
    println!("scan                  {scan:7.0} ns a span, {:.1} times as fast", prost / scan);
    println!("whole path            {whole:7.0} ns a span, {:.1} times as fast", prost / whole);
    println!("the same, bytes kept  {kept:7.0} ns a span, {:.1} times as fast", prost / kept);
    println!("copy to cold memory   {copy:7.0} ns a span; the whole path takes {:.1} copies", kept / copy);
    println!("copy to fresh memory  {fresh:7.0} ns a span; the whole path takes {:.1} copies", kept / fresh);
}

/// The median of some durations in nanoseconds.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    ratios(if is_test { 2 } else { 6 });
    let requests = requests(1, 1);
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("ingest");
    group.throughput(Throughput::Elements(SPANS as u64));
    group.bench_function("prost decode and drop", |bencher| bencher.iter(|| prost_decode(&requests[0])));
    group.bench_function("scan", |bencher| bencher.iter(|| scan(&requests[0])));
    let (_store, mut writer) = Writer::new(Limits { memory_bytes: 256 << 20, ..Limits::default() });
    let mut fresh = support::requests(2_000, 2).into_iter().cycle();
    group.bench_function("whole path", |bencher| {
        bencher.iter(|| fresh.next().map(|request| whole_path(&mut writer, request)));
    });
    group.finish();
    criterion.final_summary();
}

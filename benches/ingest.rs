//! The whole way in against prost decoding the same bytes and dropping them: scan, validation, columns, names, trace
//! directory; with and without the copy that takes a request out of the network's buffer and is then kept. One thread, one
//! allocator; the ratio comes from one interleaved run. Sealing, which has a thread of its own, is measured beside it.

mod support;

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::model::Timestamp;
use spantop::otlp;
use spantop::store::{Limits, Sealer, Writer};
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

/// A store that is full and evicts.
struct Taking {
    writer: Writer,
    sealer: Sealer,
}

impl Taking {
    fn new() -> Self {
        let (_, writer) = Writer::new(Limits { memory_bytes: 96 << 20, ..Limits::default() });
        Self { writer, sealer: Sealer::default() }
    }

    /// Takes a request the whole way in.
    fn take(&mut self, request: Bytes) {
        if let Ok(batch) = otlp::scan(request) {
            black_box(self.writer.append(&batch, Timestamp(1)));
        }
    }

    /// Seals what is full; returns whether anything was.
    fn seal(&mut self) -> bool {
        let mut was_full = false;
        while let Some(block) = self.writer.take_unsealed() {
            self.writer.put_sealed(block.seal(&mut self.sealer));
            was_full = true;
        }
        was_full
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
        let at = self.advance(request.len());
        self.memory[at..at + request.len()].copy_from_slice(request);
        black_box(&self.memory);
    }

    /// Copies as many bytes from where no cache has them either.
    fn copy_within(&mut self, request: &Bytes) {
        let at = self.advance(request.len());
        let far = (at + self.memory.len() / 2) % (self.memory.len() - request.len());
        let (low, high) = (at.min(far), at.max(far));
        let (left, right) = self.memory.split_at_mut(high);
        let (left, right) = (&mut left[low..low + request.len()], &mut right[..request.len()]);
        if at == low {
            left.copy_from_slice(right);
        } else {
            right.copy_from_slice(left);
        }
        black_box(&self.memory);
    }

    fn advance(&mut self, len: usize) -> usize {
        if self.at + len > self.memory.len() {
            self.at = 0;
        }
        self.at += len;
        self.at - len
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
    let (mut taking, mut copying) = (Taking::new(), Taking::new());
    let (mut sealing, mut sealed, mut taken) = (0.0, 0, 0);
    let mut cold = Cold::new();
    let mut fresh = Fresh { memory: Vec::new() };
    let mut times: [Vec<f64>; 7] = Default::default();
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
            measure(2, &mut |request| taking.take(request.clone()));
            measure(3, &mut |request| copying.take(Bytes::copy_from_slice(request)));
            measure(4, &mut |request| cold.copy(request));
            measure(5, &mut |request| fresh.copy(request));
            measure(6, &mut |request| cold.copy_within(request));
            taking.seal();
            taken += SPANS * turn.len();
            let start = Instant::now();
            if copying.seal() {
                sealing += start.elapsed().as_nanos() as f64;
                sealed += std::mem::take(&mut taken);
            }
        }
    }
    let [prost, scan, whole, kept, copy, fresh, far] = times.map(median);
    println!("requests of {SPANS} spans, {} bytes a span", bytes / SPANS / REQUESTS / rounds as usize);
    println!("prost decode and drop {prost:7.0} ns a span");
    println!("scan                  {scan:7.0} ns a span, {:.1} times as fast", prost / scan);
    println!("whole path            {whole:7.0} ns a span, {:.1} times as fast", prost / whole);
    println!("the same, bytes kept  {kept:7.0} ns a span, {:.1} times as fast", prost / kept);
    println!("sealing, beside it    {:7.0} ns a span", sealing / f64::from(sealed.max(1) as u32));
    println!("copy to cold memory   {copy:7.0} ns a span; the whole path takes {:.1} copies", kept / copy);
    println!("copy of cold memory   {far:7.0} ns a span; the whole path takes {:.1} copies", kept / far);
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
    let mut taking = Taking::new();
    let mut fresh = support::requests(2_000, 2).into_iter().cycle();
    group.bench_function("whole path", |bencher| {
        bencher.iter(|| fresh.next().map(|request| taking.take(request)));
    });
    group.finish();
    criterion.final_summary();
}

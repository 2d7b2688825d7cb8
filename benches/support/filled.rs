//! A store of many spans, all but the last sealed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::model::{Timestamp, TraceId};
use spantop::otlp;
use spantop::store::{Limits, Sealer, Store, Writer};

use super::endless::Endless;
use super::support::{self, SPANS};

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

/// Leaves this process so many cores, if the system can do that.
pub(crate) fn keep_to_cores(count: usize) {
    #[cfg(target_os = "linux")]
    {
        let mut cores = rustix::thread::CpuSet::new();
        (0..count).for_each(|core| cores.set(core));
        rustix::thread::sched_setaffinity(None, &cores).expect("a process may keep to some cores");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = count;
}

/// A store that takes everything, and seals at once.
pub(crate) struct Filled {
    pub(crate) store: Arc<Store>,
    writer: Writer,
    sealer: Sealer,
    requests: Endless,
}

impl Filled {
    pub(crate) fn new() -> Self {
        let (store, writer) = Writer::new(Limits { memory_bytes: 8 << 30, ..Limits::default() });
        Self { store, writer, sealer: Sealer::default(), requests: Endless::new(400, 1) }
    }

    /// Takes a request in, and returns how long that took, and the id of a trace in it.
    pub(crate) fn take(&mut self, request: Bytes) -> (Duration, TraceId) {
        let start = clock();
        let batch = otlp::scan(request).expect("the requests are valid");
        self.writer.append(&batch, Timestamp(1));
        let time = start.elapsed();
        while let Some(block) = self.writer.take_unsealed() {
            let sealed = block.seal(&mut self.sealer);
            self.writer.put_sealed(sealed);
        }
        (time, TraceId(batch.spans[0].trace_id))
    }

    /// Takes so many spans, and returns the id of a trace from among them. In the middle of them one span has an order that
    /// no other has.
    pub(crate) fn fill(&mut self, spans: usize) -> TraceId {
        let (count, mut trace) = (spans / SPANS, TraceId(0));
        for number in 0..count {
            let request = self.requests.next();
            let is_middle = number == count / 2;
            let (_, first) = self.take(if is_middle { with_order(&request) } else { request });
            trace = if is_middle { first } else { trace };
        }
        trace
    }

    /// Takes so many requests, and returns the median of a request's time and the longest.
    pub(crate) fn time(&mut self, requests: usize) -> [Duration; 2] {
        let mut times: Vec<Duration> = Vec::with_capacity(requests);
        for _ in 0..requests {
            let request = self.requests.next();
            times.push(self.take(request).0);
        }
        times.sort_unstable();
        [times[requests / 2], times[requests - 1]]
    }
}

fn with_order(request: &Bytes) -> Bytes {
    let mut request = ExportTraceServiceRequest::decode(&request[..]).expect("the requests are valid");
    let span = &mut request.resource_spans[0].scope_spans[0].spans[7];
    span.attributes.push(support::text("order.id", "A-4711-haystack"));
    request.encode_to_vec().into()
}

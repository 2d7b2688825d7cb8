//! What a block says of its spans is the same before and after it is sealed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::model::{Timestamp, TraceId};
use spantop::otlp::{self, Batch};
use spantop::source::{Reply, Request, answer};
use spantop::store::{Limits, Sealer, Snapshot, Writer};

fuzz_target!(|body: &[u8]| {
    let (Ok(_), Ok(batch)) = (ExportTraceServiceRequest::decode(body), otlp::scan(body.to_vec().into())) else {
        return;
    };
    let [open, sealed] = [false, true].map(|seals| held(&batch, seals));
    let mut traces: Vec<u128> = batch.spans.iter().map(|span| span.trace_id).collect();
    traces.sort_unstable();
    traces.dedup();
    for trace in traces.into_iter().map(TraceId) {
        assert_eq!(answer(&Request::Trace(trace), &open), answer(&Request::Trace(trace), &sealed));
        assert_eq!(spans(trace, &open), spans(trace, &sealed));
    }
});

/// Keeps a request in a block that was ended, and sealed if that is asked for.
fn held(batch: &Batch, seals: bool) -> Snapshot {
    let (store, mut writer) = Writer::new(Limits { retention_ns: 8, ..Limits::default() });
    writer.append(batch, Timestamp(0));
    // The block is old and is ended, but not yet dropped.
    writer.tick(Timestamp(2));
    if seals && let Some(block) = writer.take_unsealed() {
        writer.put_sealed(block.seal(&mut Sealer::default()));
    }
    store.snapshot()
}

/// Returns each span of a trace with its resource and scope, as prost writes them, in order.
fn spans(trace: TraceId, snapshot: &Snapshot) -> Vec<Vec<u8>> {
    let Reply::Otlp(Some(messages)) = answer(&Request::TraceOtlp(trace), snapshot) else { panic!("the trace is held") };
    let mut spans = Vec::new();
    for message in messages {
        let request = ExportTraceServiceRequest::decode(message).unwrap();
        for resource in request.resource_spans {
            for scope in &resource.scope_spans {
                for span in &scope.spans {
                    let mut one = resource.clone();
                    one.scope_spans = vec![scope.clone()];
                    one.scope_spans[0].spans = vec![span.clone()];
                    spans.push(one.encode_to_vec());
                }
            }
        }
    }
    spans.sort();
    spans
}

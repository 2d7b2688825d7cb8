//! prost and the scanner accept and reject the same bytes, and find as many spans.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::otlp;

fuzz_target!(|body: &[u8]| {
    match (ExportTraceServiceRequest::decode(body), otlp::scan(body.to_vec().into())) {
        (Ok(message), Ok(batch)) => {
            let scopes = message.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
            let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
            assert_eq!(spans as u64, batch.spans.len() as u64 + batch.rejected);
            for span in &batch.spans {
                otlp::decode::span(span.message.of(&batch.bytes));
            }
        }
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => assert!(error.to_string().contains("recursion limit"), "only prost refuses: {error}"),
        (Ok(_), Err(error)) => panic!("only the scanner refuses: {error}"),
    }
});

//! prost and the scanner accept and reject the same bytes, and find as many spans; and these are the same when prost
//! writes them again, in the layout that the scanner expects.

#![no_main]

use libfuzzer_sys::fuzz_target;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spantop::otlp::{self, Batch, Range, SpanRow};

fuzz_target!(|body: &[u8]| {
    match (ExportTraceServiceRequest::decode(body), otlp::scan(body.to_vec().into())) {
        (Ok(message), Ok(batch)) => {
            let scopes = message.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
            let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
            assert_eq!(spans as u64, batch.spans.len() as u64 + batch.rejected);
            assert!(rows(&batch).eq(rows(&otlp::scan(message.encode_to_vec().into()).unwrap())));
            for span in &batch.spans {
                otlp::decode::span(span.message.of(&batch.bytes));
            }
        }
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => assert!(error.to_string().contains("recursion limit"), "only prost refuses: {error}"),
        (Ok(_), Err(error)) => panic!("only the scanner refuses: {error}"),
    }
});

/// Returns the rows of a batch and their names, without the places where the spans are.
fn rows(batch: &Batch) -> impl Iterator<Item = (SpanRow, &str)> {
    let nowhere = Range::default();
    let row = move |row: &SpanRow| (SpanRow { message: nowhere, name: nowhere, ..*row }, batch.text(row.name));
    batch.spans.iter().map(row)
}

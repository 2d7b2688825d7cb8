//! What the OTLP/JSON reader accepts, the scanner accepts, and it comes back from the writer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spantop::otlp;

fuzz_target!(|body: &[u8]| {
    if let Ok(protobuf) = otlp::json::to_protobuf(body) {
        let mut text = String::new();
        otlp::encode::to_json(&protobuf, &mut text);
        otlp::scan(protobuf.into()).expect("what the reader writes is valid");
        otlp::json::to_protobuf(text.as_bytes()).expect("what the writer writes is read");
    }
});

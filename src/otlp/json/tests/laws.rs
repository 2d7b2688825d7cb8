//! What holds for every message and for every body.

use super::read;
use crate::otlp::arbitrary::request;
use crate::otlp::encode::{to_json, traces_json};
use crate::otlp::json::to_protobuf;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

/// A body that a few bytes turn into anything: pieces of JSON are put where others were.
fn mutated_body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"null".to_vec()),
        Just(br#""values":["#.to_vec()),
        Just(br"\u".to_vec()),
        Just(br#"{"arrayValue":{"values":[{"bytesValue":"QQ=="},{}]}}"#.to_vec()),
        vec(prop::sample::select(br#"{}[]":,\0123456789eE+-.aftn \n"#.to_vec()), 0..4),
        vec(any::<u8>(), 1..3),
    ];
    let edit = (any::<prop::sample::Index>(), 0..4_usize, piece);
    (request(), vec(edit, 0..4)).prop_map(|(request, edits)| {
        let mut body = traces_json(&[request.encode_to_vec().into()]).into_bytes();
        for (at, removed, piece) in edits {
            let at = at.index(body.len() + 1);
            let end = (at + removed).min(body.len());
            body.splice(at..end, piece);
        }
        body
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_message_survives_json(request in request()) {
        let protobuf = request.encode_to_vec();
        let mut json = String::new();
        to_json(&protobuf, &mut json);
        let serde: serde_json::Value = serde_json::from_str(&json).unwrap();
        // Bytes are compared, as NaN is not equal to itself.
        prop_assert_eq!(&read(&json).encode_to_vec(), &protobuf);
        prop_assert_eq!(&read(&serde_json::to_string_pretty(&serde).unwrap()).encode_to_vec().len(), &protobuf.len());
    }

    #[test]
    fn what_is_accepted_is_json_and_protobuf(body in mutated_body()) {
        if let Ok(protobuf) = to_protobuf(&body) {
            serde_json::from_slice::<serde::de::IgnoredAny>(&body).unwrap();
            let request = ExportTraceServiceRequest::decode(protobuf.as_slice()).unwrap();
            let mut json = String::new();
            to_json(&protobuf, &mut json);
            prop_assert_eq!(read(&json).encode_to_vec(), request.encode_to_vec());
        }
    }

    #[test]
    fn writing_never_panics(mut bytes in vec(any::<u8>(), 0..200), request in request(), at in any::<prop::sample::Index>()) {
        let mut json = String::new();
        to_json(&bytes, &mut json);
        read(&json);
        let valid = request.encode_to_vec();
        let (head, tail) = valid.split_at(at.index(valid.len() + 1));
        bytes.truncate(3);
        json.clear();
        to_json(&[head, &bytes, tail].concat(), &mut json);
        read(&json);
    }

    #[test]
    fn merged_messages_are_written_as_protobuf_merges_them(first in request(), second in request()) {
        let (first, second) = (first.encode_to_vec(), second.encode_to_vec());
        let merged = [first.as_slice(), &second].concat();
        let expected = ExportTraceServiceRequest::decode(merged.as_slice()).unwrap().encode_to_vec();
        prop_assert_eq!(read(&traces_json(&[first.into(), second.into()])).encode_to_vec(), expected);
    }
}

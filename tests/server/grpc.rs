//! OTLP/gRPC: the checklist of OTLP 1.11.

use crate::support::{Answer, Spantop, TRACES, framed, gzip, message};

#[track_caller]
fn check(answer: &Answer, code: &str, said: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("grpc-status")), (200, code), "{answer:?}");
    let message = answer.header("grpc-message").replace("%20", " ");
    assert!(message.contains(said), "{message}");
}

#[test]
fn full_success_is_an_empty_message() {
    let spantop = Spantop::start();
    for message in [message(&[(1, 1, 0)]), Vec::new(), message(&[])] {
        let answer = spantop.export(&message);
        check(&answer, "0", "");
        assert_eq!(answer.body, framed(0, b""), "no partial_success is set");
    }
    assert_eq!(spantop.json("/admin/tracing")["total"], 1);
}

#[test]
fn every_coding_is_taken() {
    let spantop = Spantop::start();
    let codings = [
        ("identity", 0, message(&[(1, 1, 0)])),
        ("gzip", 1, gzip(&message(&[(2, 1, 0)]))),
        ("zstd", 1, zstd::stream::encode_all(&message(&[(3, 1, 0)])[..], 1).unwrap()),
        ("gzip", 0, message(&[(4, 1, 0)])),
    ];
    for (coding, flag, message) in codings {
        check(&spantop.call(TRACES, &[("grpc-encoding", coding)], framed(flag, &message)), "0", "");
    }
    assert_eq!(spantop.json("/admin/tracing")["total"], 4);
}

#[test]
fn an_unknown_coding_or_method_is_unimplemented() {
    let spantop = Spantop::start();
    let answer = spantop.call(TRACES, &[("grpc-encoding", "snappy")], framed(1, b""));
    check(&answer, "12", "unknown content coding 'snappy'");
    assert_eq!(answer.header("grpc-accept-encoding"), "identity,gzip,zstd");
    check(&spantop.call("/opentelemetry.proto.collector.trace.v1.TraceService/Import", &[], framed(0, b"")), "12", "");
    check(&spantop.call("/grpc.health.v1.Health/Check", &[], framed(0, b"")), "12", "there is nothing at");
}

#[test]
fn a_message_that_is_too_large_is_never_worth_a_retry() {
    let spantop = Spantop::with(&["--memory", "16MiB"]);
    // A quarter of the memory is the most that one message may take, packed or not.
    let large = vec![0; (4 << 20) + 1];
    for (coding, flag, body) in [("identity", 0, large.clone()), ("gzip", 1, gzip(&large))] {
        let answer = spantop.call(TRACES, &[("grpc-encoding", coding)], framed(flag, &body));
        check(&answer, "8", "larger than 4194304 bytes");
        assert_eq!(answer.header("grpc-status-details-bin"), "", "a delay would make clients send it again");
    }
    let stats = spantop.json("/admin/tracing/stats");
    assert_eq!(stats["refused_requests"], 2);
    assert!(stats["last_refusal"].as_str().unwrap().contains("raise ingest.max_message"));
}

#[test]
fn a_message_of_exactly_the_limit_is_taken_over_both_protocols() {
    let spantop = Spantop::with(&["--memory", "16MiB"]);
    let mut exact = message(&[(1, 1, 0)]);
    // An unknown field fills the rest.
    let rest = (4 << 20) - exact.len() - 5;
    exact.extend([0xfa, 0x01]);
    let len = rest - 1;
    exact.extend([len as u8 | 0x80, (len >> 7) as u8 | 0x80, (len >> 14) as u8 | 0x80, (len >> 21) as u8]);
    exact.resize(4 << 20, 0);
    check(&spantop.export(&exact), "0", "");
    assert_eq!(spantop.post("/v1/traces", &[("content-type", "application/x-protobuf")], exact).status, 200);
}

#[test]
fn what_cannot_be_read_is_an_invalid_argument_with_the_reason() {
    let spantop = Spantop::start();
    let answer = spantop.export(&[0x08, 0x01]);
    check(&answer, "3", "a known field with the wrong wire type at byte 1");
    assert_ne!(answer.header("grpc-status-details-bin"), "");
    let call = |flag, body: &[u8]| spantop.call(TRACES, &[("grpc-encoding", "gzip")], framed(flag, body));
    check(&call(1, b"not gzip"), "3", "cannot unpack the body");
    check(&call(7, b""), "3", "an unknown flag");
    check(&spantop.call(TRACES, &[], framed(1, b"")), "3", "grpc-encoding does not say how");
    check(&spantop.call(TRACES, &[], Vec::new()), "3", "the body is empty");
    check(&spantop.call(TRACES, &[], framed(0, b"x")[..5].to_vec()), "3", "the body ends inside the message");
    check(&spantop.call(TRACES, &[], [framed(0, b""), framed(0, b"")].concat()), "3", "has one message");
    assert_eq!(spantop.json("/admin/tracing/stats")["spans"]["received"], 0);
}

#[test]
fn spans_with_invalid_ids_are_rejected_one_by_one() {
    let spantop = Spantop::start();
    let answer = spantop.export(&message(&[(1, 1, 0), (0, 1, 0), (1, 0, 0)]));
    check(&answer, "0", "");
    assert!(answer.text().contains("spans were rejected: a trace_id is 16 bytes, not all zero"), "{answer:?}");
    let stats = spantop.json("/admin/tracing/stats");
    assert_eq!((&stats["spans"]["received"], &stats["spans"]["rejected"]), (&3.into(), &2.into()));
}

#[test]
fn who_does_not_speak_grpc_gets_415() {
    let spantop = Spantop::start();
    let plain = crate::support::exchange(
        spantop.grpc,
        hyper::Method::POST,
        "/v1/traces",
        &[("content-type", "application/json")],
        "{}".into(),
    );
    assert_eq!(plain.status, 415);
    assert!(plain.text().contains("OTLP/HTTP has a port of its own"));
    let stats = spantop.json("/admin/tracing/stats");
    assert!(stats["last_refusal"].as_str().unwrap().contains("OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), "{stats}");
}

#[test]
fn who_speaks_tls_is_told_of_where_people_look() {
    use std::io::{Read, Write};
    let spantop = Spantop::start();
    let mut stream = std::net::TcpStream::connect(spantop.grpc).unwrap();
    stream.write_all(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 3]).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0, "the connection is closed");
    let stats = spantop.json("/admin/tracing/stats");
    assert!(stats["last_refusal"].as_str().unwrap().contains("http://, not https://"), "{stats}");
}

//! More than the receivers can take: whoever is refused is told when to come back, and whatever was taken is there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::support::{Answer, Spantop, message};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const MIB: usize = 1 << 20;
/// The least that the settings allow: a message of a quarter of 16 MiB.
const IN_FLIGHT: usize = 4 * MIB;
const SENDERS: u64 = 40;
const REQUESTS: u64 = 3;
const SPANS: u64 = 500;

fn small_spantop() -> Spantop {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("overload.toml");
    std::fs::write(&file, "[ingest]\nin_flight = '4MiB'\n").unwrap();
    Spantop::with(&["--memory", "16MiB", "--config", file.to_str().unwrap()])
}

/// About 2 MiB of spans that no other request has.
fn batch(sender: u64, number: u64) -> Vec<u8> {
    let spans = (1..=SPANS).map(|id| Span {
        trace_id: u128::from(sender * REQUESTS + number + 1).to_be_bytes().to_vec(),
        span_id: id.to_be_bytes().to_vec(),
        name: "n".repeat(4_000),
        ..Span::default()
    });
    let scope_spans = vec![ScopeSpans { spans: spans.collect(), ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// Returns whether the request was taken; if it was not, the answer has to say when to come back.
#[track_caller]
fn is_taken(answer: &Answer) -> bool {
    match (answer.status.as_u16(), answer.header("grpc-status")) {
        (200, "" | "0") => true,
        (200, "14") => {
            assert_ne!(answer.header("grpc-status-details-bin"), "", "RetryInfo is missing");
            false
        }
        (503, "") => {
            assert_eq!(answer.header("retry-after"), "2");
            false
        }
        _ => panic!("{answer:?}"),
    }
}

#[test]
fn under_twenty_times_the_load_every_answer_is_honest_and_what_was_taken_is_stored() {
    let spantop = small_spantop();
    assert!(SENDERS as usize * batch(0, 0).len() > 15 * IN_FLIGHT, "the senders together have far more in flight");
    let send = |sender: u64| {
        let answers = (0..REQUESTS).map(|number| {
            let body = batch(sender, number);
            if sender.is_multiple_of(2) { spantop.export(&body) } else { spantop.post("/v1/traces", &[PROTOBUF], body) }
        });
        answers.filter(is_taken).count() as u64
    };
    let taken: u64 = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|sender| scope.spawn(move || send(sender))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).sum()
    });
    assert!(taken > 0);
    let stats = spantop.json("/admin/tracing/stats");
    let spans = |name: &str| stats["spans"][name].as_u64().unwrap();
    assert_eq!(spans("stored"), taken * SPANS, "{stats}");
    let accounted = spans("stored") + spans("duplicates") + spans("rejected") + spans("excluded");
    assert_eq!(spans("received") + spans("recovered"), accounted, "{stats}");
    assert_eq!(stats["refused_requests"].as_u64(), Some(SENDERS * REQUESTS - taken));
}

#[test]
fn while_one_body_takes_the_whole_budget_others_are_told_when_to_come_back() {
    let spantop = small_spantop();
    let mut slow = TcpStream::connect(spantop.http).unwrap();
    write!(slow, "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n").unwrap();
    // An unknown field of exactly the rest: 2 bytes of key, 4 of length.
    let rest = IN_FLIGHT - 6;
    let field =
        [0xfa, 0x01, rest as u8 | 0x80, (rest >> 7) as u8 | 0x80, (rest >> 14) as u8 | 0x80, (rest >> 21) as u8];
    write!(slow, "content-length: {IN_FLIGHT}\r\n\r\n").unwrap();
    slow.write_all(&field).unwrap();
    // Until the first piece has come there may be room.
    while is_taken(&spantop.post("/v1/traces", &[PROTOBUF], message(&[(1, 1, 0)]))) {}
    slow.write_all(&[0]).unwrap();
    assert!(!is_taken(&spantop.export(&message(&[(2, 1, 0)]))));
    slow.write_all(&vec![0; rest - 1]).unwrap();
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert!(is_taken(&spantop.export(&message(&[(2, 1, 0)]))), "there is room again");
}

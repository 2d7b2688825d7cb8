//! Small requests of a few spans over a few traces; some spans are in several of them.

use super::promises::{IDS, Spans};
use crate::otlp::Batch;
use crate::otlp::fixture::{TestSpan, batch, span};
use crate::testing::Random;

#[derive(Debug)]
pub(super) struct Request {
    pub(super) batch: Batch,
    pub(super) spans: Spans,
}

/// Returns many requests for traces up to this one.
pub(super) fn requests(traces: u8) -> Vec<Request> {
    let mut random = Random::new(u64::from(traces));
    (0..400).map(|_| request(traces, &mut random)).collect()
}

fn request(traces: u8, random: &mut Random) -> Request {
    let first = random.below(usize::from(traces)) as u8;
    let chosen: Vec<TestSpan> = (0..=random.below(6)).map(|_| any_span(first, traces, random)).collect();
    let mut spans = Spans::default();
    for span in &chosen {
        spans.add(span.trace, span.id);
    }
    Request { batch: batch(&chosen), spans }
}

/// Returns a span, mostly of the same trace as the others of its request.
fn any_span(first: u8, traces: u8, random: &mut Random) -> TestSpan {
    let trace = 1 + if random.below(3) > 0 { first } else { random.below(usize::from(traces)) as u8 };
    let id = 1 + random.below(IDS - 1) as u64;
    // Whether it has an error follows from its ids, as it would if it is sent again.
    TestSpan { error: id % 16 == 5, ..span(trace, id, id / 2, id) }
}

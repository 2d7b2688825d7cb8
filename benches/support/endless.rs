//! Requests without end, for stores of millions of spans.

use bytes::Bytes;
use spantop::otlp;

use crate::support::requests;

/// Requests that never repeat an id: the same ones over and over, with ids of each round's own, and later each time.
pub(crate) struct Endless {
    requests: Vec<Template>,
    next: usize,
    round: u64,
}

/// A request, and where ids and times are in it, in stretches of eight bytes.
struct Template {
    bytes: Vec<u8>,
    ids: Vec<usize>,
    times: Vec<usize>,
}

impl Endless {
    pub(crate) fn new(count: usize, seed: u64) -> Self {
        let requests = requests(count, seed).into_iter().map(template).collect();
        Self { requests, next: 0, round: 0 }
    }

    /// Returns the next request, in an allocation of its own.
    pub(crate) fn next(&mut self) -> Bytes {
        let Template { bytes, ids, times } = &self.requests[self.next];
        let mut bytes = bytes.clone();
        let salt = self.round.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // Requests are ten milliseconds apart.
        let later = self.round * self.requests.len() as u64 * 10_000_000;
        for &at in ids {
            change(&mut bytes, at, |id| id ^ salt);
        }
        for &at in times {
            change(&mut bytes, at, |time| time + later);
        }
        self.next += 1;
        if self.next == self.requests.len() {
            (self.next, self.round) = (0, self.round + 1);
        }
        bytes.into()
    }
}

fn change(bytes: &mut [u8], at: usize, to: impl Fn(u64) -> u64) {
    if let Some(word) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<8>()) {
        *word = to(u64::from_le_bytes(*word)).to_le_bytes();
    }
}

/// Finds ids at the beginning of each span, as prost writes them, and times by the byte before them.
fn template(request: Bytes) -> Template {
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    for span in otlp::scan(request.clone()).map(|batch| batch.spans).unwrap_or_default() {
        let start = span.message.start as usize;
        let parent = (span.parent_id != 0).then_some(start + 30);
        ids.extend([start + 2, start + 10, start + 20].into_iter().chain(parent));
        let message = span.message.of(&request);
        let time = [&[7 << 3 | 1][..], &span.start_ns.to_le_bytes()].concat();
        let found = message.windows(time.len()).position(|window| window == time).map(|at| start + at + 1);
        times.extend(found.into_iter().flat_map(|at| [at, at + 9]));
    }
    Template { bytes: request.into(), ids, times }
}

//! What stands out in a trace, or in many: patterns of which one knows that they cost time or hide errors. A file each; a row each
//! in [`FINDERS`]. Each finding says what was seen, how sure that is, and what helps.

mod chatty;
mod collecting;
mod fine;
mod gap;
mod huge;
mod identical;
pub(crate) mod limits;
mod look;
mod retries;
mod serial;
mod siblings;
mod skew;
mod swallowed;
mod timeouts;
mod uninstrumented;
mod usual;
mod waiting;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::model::{Span, SpanId, Timestamp, Trace, TraceId};

pub(crate) use collecting::Collecting;
pub(crate) use look::{Details, Statement};
pub(crate) use usual::Usual;

use look::Look;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    NPlusOne,
    FanOut,
    RetryStorm,
    IdenticalQuery,
    ChattyPair,
    SerialCalls,
    Gap,
    TimeoutChain,
    SwallowedError,
    ClockSkew,
    MissingInstrumentation,
    PoolWait,
    TooFine,
    HugeSpan,
}

/// What finds a kind of thing.
#[derive(Debug)]
pub struct Finder {
    pub kind: FindingKind,
    /// Names it in JSON and for programs: `n_plus_one`.
    pub name: &'static str,
    /// Names it for people: `N+1 calls`.
    pub title: &'static str,
    /// Says what helps, as a sentence.
    pub advice: &'static str,
    find: fn(&Look, &mut Vec<Finding>),
}

/// Every finder, those that cost most first.
pub const FINDERS: [Finder; 14] = [
    siblings::N_PLUS_ONE,
    waiting::FINDER,
    gap::FINDER,
    serial::FINDER,
    retries::FINDER,
    timeouts::FINDER,
    identical::FINDER,
    siblings::FAN_OUT,
    chatty::FINDER,
    swallowed::FINDER,
    skew::FINDER,
    uninstrumented::FINDER,
    fine::FINDER,
    huge::FINDER,
];

impl FindingKind {
    /// Returns what is known of findings of this kind.
    pub fn finder(self) -> &'static Finder {
        const ALL: &[Finder] = &FINDERS;
        // The table has a row for each, which a test holds.
        ALL.iter().find(|finder| finder.kind == self).unwrap_or(&ALL[0])
    }
}

/// Something found in a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub kind: FindingKind,
    /// Of the span that it is in.
    pub service: Arc<str>,
    pub operation: Arc<str>,
    /// What makes two findings at this place the same: the operation that is called, a statement, a service.
    pub subject: String,
    /// What was seen, as a sentence.
    pub evidence: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// How long a request could at most have been shorter without it, in nanoseconds; 0 where it costs no time.
    pub cost_ns: u64,
    /// The spans that show it, the one it is in first; at most [`MOST_SPANS`].
    pub spans: Vec<SpanId>,
    /// How many spans show it.
    pub count: u64,
    /// How often it is in the trace; the rest is of the one that costs most, but for the cost, which is of all, and the spans.
    pub times: u64,
}

/// No more spans of a finding are named.
pub const MOST_SPANS: usize = 100;

/// The same thing in one trace or many.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingGroup {
    /// The finding that costs most.
    pub worst: Finding,
    /// How many there are.
    pub count: u64,
    pub traces: u64,
    /// The sum over all.
    pub cost_ns: u128,
    pub last_seen: Timestamp,
    /// Those in which it costs most.
    pub samples: Vec<TraceId>,
}

impl FindingGroup {
    /// No more traces of a group are named.
    pub const MOST_SAMPLES: usize = 5;
}

/// Returns what stands out in a trace: what costs most first.
pub(crate) fn find(trace: &Trace, usual: &Usual, details: &mut dyn Details) -> Vec<Finding> {
    let mut found = Vec::new();
    let look = Look::new(trace, usual, details);
    for finder in &FINDERS {
        (finder.find)(&look, &mut found);
    }
    let mut found = together(found);
    let place = |kind| FINDERS.iter().position(|finder| finder.kind == kind);
    found.sort_by(|a, b| b.cost_ns.cmp(&a.cost_ns).then_with(|| place(a.kind).cmp(&place(b.kind))));
    found
}

/// Makes one of those that are the same.
fn together(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by(|a, b| a.key().cmp(&b.key()).then_with(|| b.cost_ns.cmp(&a.cost_ns)));
    let mut together: Vec<Finding> = Vec::new();
    for finding in found {
        match together.last_mut().filter(|last| last.key() == finding.key()) {
            Some(worst) => worst.add(finding),
            None => together.push(finding),
        }
    }
    together
}

impl Finding {
    /// Returns what makes two findings the same.
    fn key(&self) -> (FindingKind, &str, &str, &str) {
        (self.kind, &self.service, &self.operation, &self.subject)
    }

    /// Adds the same again.
    fn add(&mut self, other: Self) {
        self.times += other.times;
        self.count += other.count;
        self.cost_ns = self.cost_ns.saturating_add(other.cost_ns);
        self.spans.extend(other.spans);
        self.spans.truncate(MOST_SPANS);
    }

    /// Returns a finding in a span, with nothing said of it yet.
    fn of(kind: FindingKind, span: &Span) -> Self {
        Self {
            kind,
            service: Arc::clone(&span.service),
            operation: Arc::clone(&span.operation),
            subject: String::new(),
            evidence: String::new(),
            confidence: 0.0,
            cost_ns: 0,
            spans: vec![span.id],
            count: 0,
            times: 1,
        }
    }

    /// Adds spans that show it.
    fn shown_by<'a>(mut self, spans: impl IntoIterator<Item = &'a Span>) -> Self {
        for span in spans {
            self.count += 1;
            if self.spans.len() < MOST_SPANS && self.spans.first() != Some(&span.id) {
                self.spans.push(span.id);
            }
        }
        self
    }
}

//! What is usual: how long operations take themselves, and how long they wait before a call.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::limits::USUAL_SPANS;
use crate::analysis::critical_path::self_times;
use crate::analysis::{Classes, nearest_rank};
use crate::model::{Kind, Span, Trace};
use crate::store::class;

type Operation = (Arc<str>, Arc<str>, Kind);

/// See the module. Made of many traces.
#[derive(Debug, Default)]
pub(crate) struct Usual {
    own: HashMap<Operation, Classes>,
    waits: HashMap<(Operation, Operation), Waits>,
    /// The services that hold spans which by their kind are called from outside.
    entries: HashSet<Arc<str>>,
}

/// How long spans of an operation did nothing else before they made a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    pub(super) all: Classes,
    /// In how many traces it was long.
    pub(super) long_traces: u64,
    pub(super) traces: u64,
}

/// No more operations, and pairs of them, are told apart.
const MOST: usize = 50_000;

impl Usual {
    /// Adds a trace.
    pub(crate) fn add(&mut self, trace: &Trace) {
        for (span, own_ns) in trace.spans.iter().zip(self_times(trace)) {
            let key = operation(span);
            if self.own.len() < MOST || self.own.contains_key(&key) {
                self.own.entry(key).or_default().add(class(own_ns), 1);
            }
            if matches!(span.kind, Kind::Server | Kind::Consumer) && !self.entries.contains(&span.service) {
                self.entries.insert(Arc::clone(&span.service));
            }
        }
        let mut in_trace: HashMap<(Operation, Operation), bool> = HashMap::default();
        each_wait(trace, |parent, call, wait_ns| {
            let key = (operation(parent), operation(call));
            if self.waits.len() < MOST || self.waits.contains_key(&key) {
                self.waits.entry(key.clone()).or_default().all.add(class(wait_ns), 1);
                *in_trace.entry(key).or_default() |= is_long(parent, wait_ns);
            }
        });
        for (key, is_long) in in_trace {
            let waits = self.waits.entry(key).or_default();
            waits.traces += 1;
            waits.long_traces += u64::from(is_long);
        }
    }

    /// Takes in what others are known for.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, own) in other.own {
            self.own.entry(key).or_default().merge(&own);
        }
        for (key, of_other) in other.waits {
            let waits = self.waits.entry(key).or_default();
            waits.all.merge(&of_other.all);
            waits.traces += of_other.traces;
            waits.long_traces += of_other.long_traces;
        }
        self.entries.extend(other.entries);
    }

    /// Returns the middle self time of the spans like this one, where there are enough to tell.
    pub(super) fn own_ns(&self, span: &Span) -> Option<u64> {
        let own = self.own.get(&operation(span)).filter(|own| own.count() >= USUAL_SPANS)?;
        own.duration_at(nearest_rank(0.5, own.count()), u64::MAX)
    }

    pub(super) fn waits(&self, parent: &Span, call: &Span) -> Option<&Waits> {
        self.waits.get(&(operation(parent), operation(call)))
    }

    /// Returns whether a service sends spans for what it is asked.
    pub(super) fn has_entries(&self, service: &str) -> bool {
        self.entries.contains(service)
    }
}

/// Returns whether a wait of this span is one to speak of.
pub(super) fn is_long(parent: &Span, wait_ns: u64) -> bool {
    let share = parent.duration_ns as f64 * super::limits::WAIT_SHARE;
    wait_ns >= super::limits::WAIT_NS && wait_ns as f64 >= share
}

/// Hands over each call that a span of the same service makes with the time before it in which nothing else went on there.
pub(super) fn each_wait<'a>(trace: &'a Trace, mut each: impl FnMut(&'a Span, &'a Span, u64)) {
    let nodes = &trace.tree.nodes;
    // Of each node, up to where its children cover it.
    let mut ended = vec![0_u64; nodes.len()];
    for node in nodes {
        let Some(parent) = node.parent else { continue };
        let (call, above) = (&trace.spans[node.span as usize], &trace.spans[nodes[parent as usize].span as usize]);
        let before = ended[parent as usize].max(above.start.0);
        ended[parent as usize] = before.max(call.end().0);
        let is_call = matches!(call.kind, Kind::Client | Kind::Producer) && call.service == above.service;
        if is_call && call.start.0 >= above.start.0 && call.start.0 <= above.end().0 {
            each(above, call, call.start.0.saturating_sub(before));
        }
    }
}

fn operation(span: &Span) -> Operation {
    (Arc::clone(&span.service), Arc::clone(&span.operation), span.kind)
}

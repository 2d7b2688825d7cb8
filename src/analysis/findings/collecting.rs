//! Puts findings of many traces together: the same kind at the same place with the same subject is one.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::HashMap;

use super::{Finding, FindingGroup, FindingKind};
use crate::model::{Timestamp, Trace, TraceId};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Collecting {
    groups: HashMap<Key, Group>,
}

type Key = (FindingKind, Arc<str>, Arc<str>, String);

#[derive(Debug)]
struct Group {
    worst: Finding,
    /// The trace of that.
    trace: TraceId,
    count: u64,
    traces: u64,
    cost_ns: u128,
    last: Timestamp,
    /// Those that cost most first.
    samples: Vec<(Reverse<u64>, TraceId)>,
}

/// No more groups are told apart.
const MOST_GROUPS: usize = 10_000;

impl Collecting {
    /// Adds what was found in a trace.
    pub(crate) fn add(&mut self, trace: &Trace, findings: Vec<Finding>) {
        let (id, start) = (trace.summary.id, trace.summary.start);
        for finding in findings {
            let cost_ns = finding.cost_ns;
            let one = Group {
                trace: id,
                count: finding.times,
                traces: 1,
                cost_ns: cost_ns.into(),
                last: start,
                samples: vec![(Reverse(cost_ns), id)],
                worst: finding,
            };
            self.add_group(one);
        }
    }

    /// Takes in what was collected of other traces.
    pub(crate) fn merge(&mut self, other: Self) {
        for (_, group) in other.groups {
            self.add_group(group);
        }
    }

    /// Adds a group of other traces.
    fn add_group(&mut self, group: Group) {
        let worst = &group.worst;
        let key = (worst.kind, Arc::clone(&worst.service), Arc::clone(&worst.operation), worst.subject.clone());
        let has_room = self.groups.len() < MOST_GROUPS;
        match self.groups.entry(key) {
            Entry::Vacant(free) if has_room => _ = free.insert(group),
            Entry::Vacant(_) => {}
            Entry::Occupied(mut known) => known.get_mut().merge(group),
        }
    }

    /// Returns the groups: those that cost most first, then those in the most traces.
    pub(crate) fn finish(self) -> Vec<FindingGroup> {
        let told = |group: Group| FindingGroup {
            count: group.count,
            traces: group.traces,
            cost_ns: group.cost_ns,
            last_seen: group.last,
            samples: group.samples.into_iter().map(|(_, trace)| trace).collect(),
            worst: group.worst,
        };
        let mut groups: Vec<FindingGroup> = self.groups.into_values().map(told).collect();
        let key = |group: &FindingGroup| {
            let worst = &group.worst;
            let place = (worst.kind, Arc::clone(&worst.service), Arc::clone(&worst.operation), worst.subject.clone());
            (Reverse(group.cost_ns), Reverse(group.traces), place)
        };
        groups.sort_by_cached_key(key);
        groups
    }
}

impl Group {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.traces += other.traces;
        self.cost_ns += other.cost_ns;
        self.last = self.last.max(other.last);
        let key = |group: &Self| (group.worst.cost_ns, Reverse(group.trace));
        if key(&other) > key(self) {
            (self.worst, self.trace) = (other.worst, other.trace);
        }
        self.samples.extend(other.samples);
        self.samples.sort_unstable();
        self.samples.truncate(FindingGroup::MOST_SAMPLES);
    }
}

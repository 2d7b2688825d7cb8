//! Puts errors into groups.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use super::{ErrorGroup, Fingerprint, MOST_TRACES, SERIES, Said};
use crate::model::{SpanId, Timestamp, TraceId};

/// An error as it was seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) service: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) version: &'a str,
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) start_ns: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Collecting {
    /// The ends of the window that series are over.
    window: (u64, u64),
    groups: HashMap<Fingerprint, Group>,
    /// Errors for whose groups there was no room.
    others: u64,
}

/// No more groups are told apart in one answer.
const MOST_GROUPS: usize = 10_000;
/// No more operations and versions of a group are counted.
const MOST_NAMES: usize = 100;

#[derive(Debug)]
struct Group {
    service: Arc<str>,
    said: Said,
    pattern: String,
    count: u64,
    first_ns: u64,
    /// The newest span: which one `said` is of.
    newest: (u64, SpanId),
    operations: BTreeMap<String, u64>,
    versions: BTreeMap<String, u64>,
    series: Vec<u64>,
    /// The newest first, each trace once.
    traces: Vec<(u64, TraceId)>,
}

impl Collecting {
    pub(crate) fn new(window: (u64, u64)) -> Self {
        Self { window, groups: HashMap::default(), others: 0 }
    }

    /// Adds an error.
    pub(crate) fn add(&mut self, seen: &Seen, said: Said) {
        let (fingerprint, pattern) = Fingerprint::of(seen.service, &said);
        let (newest, part) = ((seen.start_ns, seen.span), self.part(seen.start_ns));
        if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(&fingerprint) {
            self.others += 1;
            return;
        }
        let group = self.groups.entry(fingerprint).or_insert_with(|| Group::new(seen));
        group.count += 1;
        group.first_ns = group.first_ns.min(seen.start_ns);
        if group.count == 1 || newest > group.newest {
            (group.newest, group.said, group.pattern) = (newest, said, pattern);
        }
        count(&mut group.operations, seen.operation, 1);
        count(&mut group.versions, seen.version, 1);
        if let Some(in_part) = part.and_then(|part| group.series.get_mut(part)) {
            *in_part += 1;
        }
        group.add_trace(seen.start_ns, seen.trace);
    }

    fn part(&self, start_ns: u64) -> Option<usize> {
        let (from, to) = self.window;
        let width = u128::from(to.saturating_sub(from).max(1));
        let part = u128::from(start_ns.checked_sub(from)?) * SERIES as u128 / width;
        usize::try_from(part).ok().filter(|part| *part < SERIES)
    }

    /// Takes in what was collected elsewhere over the same window.
    pub(crate) fn merge(&mut self, other: Self) {
        self.others += other.others;
        for (fingerprint, group) in other.groups {
            if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(&fingerprint) {
                self.others += group.count;
                continue;
            }
            match self.groups.entry(fingerprint) {
                std::collections::hash_map::Entry::Vacant(free) => _ = free.insert(group),
                std::collections::hash_map::Entry::Occupied(mut known) => known.get_mut().merge(group),
            }
        }
    }

    /// Returns the groups, those with the most spans first, and how many errors are in none for want of room. `newest` says which
    /// is the newest version of a service, and whether there are earlier ones.
    pub(crate) fn finish(self, newest: impl Fn(&str) -> Option<(String, bool)>) -> (Vec<ErrorGroup>, u64) {
        let told = |(fingerprint, group): (Fingerprint, Group)| {
            let newest = newest(&group.service).filter(|(_, has_earlier)| *has_earlier);
            group.told(fingerprint, newest.map(|(version, _)| version))
        };
        let mut groups: Vec<ErrorGroup> = self.groups.into_iter().map(told).collect();
        groups.sort_by_key(|group| (Reverse(group.count), Reverse(group.last_seen), group.fingerprint));
        (groups, self.others)
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str, by: u64) {
    if let Some(count) = counts.get_mut(name) {
        *count += by;
    } else if counts.len() < MOST_NAMES {
        counts.insert(name.to_owned(), by);
    }
}

/// Returns names with their counts, the most frequent first.
fn most_first(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| Reverse(*count));
    all
}

impl Group {
    fn new(seen: &Seen) -> Self {
        Self {
            service: seen.service.into(),
            said: Said::default(),
            pattern: String::new(),
            count: 0,
            first_ns: seen.start_ns,
            newest: (seen.start_ns, seen.span),
            operations: BTreeMap::new(),
            versions: BTreeMap::new(),
            series: vec![0; SERIES],
            traces: Vec::new(),
        }
    }

    /// Adds a trace, which counts as its newest span of the group.
    fn add_trace(&mut self, start_ns: u64, trace: TraceId) {
        if let Some(at) = self.traces.iter().position(|(_, known)| *known == trace) {
            if self.traces.get(at).is_some_and(|(known_ns, _)| *known_ns >= start_ns) {
                return;
            }
            self.traces.remove(at);
        }
        let at = self.traces.partition_point(|known| *known > (start_ns, trace));
        if at < MOST_TRACES {
            self.traces.insert(at, (start_ns, trace));
            self.traces.truncate(MOST_TRACES);
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first_ns = self.first_ns.min(other.first_ns);
        if other.newest > self.newest {
            (self.newest, self.said, self.pattern) = (other.newest, other.said, other.pattern);
        }
        other.operations.iter().for_each(|(name, by)| count(&mut self.operations, name, *by));
        other.versions.iter().for_each(|(name, by)| count(&mut self.versions, name, *by));
        self.series.iter_mut().zip(&other.series).for_each(|(own, by)| *own += by);
        other.traces.into_iter().for_each(|(start_ns, trace)| self.add_trace(start_ns, trace));
    }

    fn told(self, fingerprint: Fingerprint, newest: Option<String>) -> ErrorGroup {
        let Said { exception_type, message, stack_trace } = self.said;
        let operation = most_first(self.operations).into_iter().next();
        let has_only = |version: &String| self.versions.keys().all(|known| known == version);
        let new_in = newest.filter(has_only);
        ErrorGroup {
            fingerprint,
            service: self.service,
            operation: operation.map(|(name, _)| name.into()).unwrap_or_default(),
            exception_type,
            message,
            stack_trace,
            pattern: self.pattern,
            count: self.count,
            first_seen: Timestamp(self.first_ns),
            last_seen: Timestamp(self.newest.0),
            series: self.series,
            versions: most_first(self.versions).into_iter().filter(|(version, _)| !version.is_empty()).collect(),
            new_in,
            traces: self.traces.into_iter().map(|(_, trace)| trace).collect(),
        }
    }
}

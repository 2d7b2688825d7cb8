//! What is known of each trace that is compared: what its operations did, and the values of its attributes, as numbers.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::analysis::critical_path::{CriticalPath, self_times};
use crate::model::{Kind, Trace};

/// An operation, by which spans are similar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation {
    pub service: Arc<str>,
    pub name: Arc<str>,
    pub kind: Kind,
}

/// An attribute of a service's spans, or of the service itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub service: Arc<str>,
    pub name: Arc<str>,
    pub is_of_resource: bool,
}

/// Things by number, each once.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    pub(crate) all: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    pub(crate) fn of(&mut self, one: &T) -> u32 {
        if let Some(number) = self.numbers.get(one) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(one.clone());
        self.numbers.insert(one.clone(), number);
        number
    }
}

/// What an operation did in a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Did {
    pub(crate) operation: u32,
    pub(crate) spans: u32,
    /// How many of these have an error that came from none of their children.
    pub(crate) errors: u32,
    /// How long they are on the critical path themselves.
    pub(crate) path_ns: u64,
    /// The longest self time of a span.
    pub(crate) own_ns: u64,
    /// The sum of their distances from the top.
    pub(crate) depths: u32,
}

/// A trace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The operation of its root: only traces with the same are compared.
    pub(crate) root: u32,
    pub(crate) start_ns: u64,
    pub(crate) path_ns: u64,
    /// In order of the operations.
    pub(crate) did: Vec<Did>,
    /// Its attributes and their values, each once, in order.
    pub(crate) values: Vec<(u32, u32)>,
}

/// The traces of both sides, with what their numbers stand for.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) operations: Numbered<Operation>,
    pub(crate) keys: Numbered<Key>,
    pub(crate) texts: Numbered<Arc<str>>,
    pub(crate) selected: Vec<Facts>,
    pub(crate) rest: Vec<Facts>,
    /// The values seen of each key, for those that are no identifiers.
    distinct: HashMap<u32, HashSet<u32>>,
    /// The one value that a key has on each operation, or none where it has several.
    pub(crate) by_operation: HashMap<(u32, u32), Option<u32>>,
}

/// A key with more values than this is an identifier, which sets everything apart and explains nothing.
const MOST_VALUES: usize = 1_000;
/// Values longer than this are texts to read.
const MOST_TEXT: usize = 200;

/// What comes of an outcome cannot be why: keys that begin so are left out.
const OUTCOMES: [&str; 9] = [
    "http.response.",
    "http.status_",
    "rpc.grpc.status_code",
    "rpc.response.",
    "db.response.",
    "error",
    "exception.",
    "otel.status",
    "http.request.resend_count",
];

impl Gathered {
    /// Makes the facts of a trace, but for its attributes.
    pub(crate) fn facts(&mut self, trace: &Trace) -> Facts {
        let (path, own_ns) = (CriticalPath::of(trace), self_times(trace));
        let mut has_failed_child = vec![false; trace.spans.len()];
        for node in &trace.tree.nodes {
            if let Some(parent) = node.parent
                && trace.spans[node.span as usize].is_error()
            {
                has_failed_child[trace.tree.nodes[parent as usize].span as usize] = true;
            }
        }
        let mut did: Vec<Did> = Vec::new();
        let mut places: HashMap<u32, usize> = HashMap::default();
        for node in &trace.tree.nodes {
            let (at, span) = (node.span as usize, &trace.spans[node.span as usize]);
            let (service, name) = (Arc::clone(&span.service), Arc::clone(&span.operation));
            let operation = self.operations.of(&Operation { service, name, kind: span.kind });
            let at_own = *places.entry(operation).or_insert_with(|| {
                did.push(Did { operation, ..Did::default() });
                did.len() - 1
            });
            let Some(own) = did.get_mut(at_own) else { continue };
            own.spans += 1;
            own.errors += u32::from(span.is_error() && !has_failed_child[at]);
            own.path_ns += path.of_spans[at];
            own.own_ns = own.own_ns.max(own_ns[at]);
            own.depths = own.depths.saturating_add(node.depth);
        }
        let root = trace.tree.nodes.first().and_then(|_| {
            let root = trace.summary.root.as_ref()?;
            let is_root = |span: &&crate::model::Span| span.parent.is_none() && span.operation == root.operation;
            trace.spans.iter().find(is_root)
        });
        let root = root.or(trace.spans.first()).map_or(u32::MAX, |span| {
            let (service, name) = (Arc::clone(&span.service), Arc::clone(&span.operation));
            self.operations.of(&Operation { service, name, kind: span.kind })
        });
        did.sort_unstable_by_key(|own| own.operation);
        let path_ns = path.of_spans.iter().sum();
        Facts { root, start_ns: trace.summary.start.0, path_ns, did, values: Vec::new() }
    }

    /// Adds a value of an attribute, which a span of an operation has.
    pub(crate) fn add_value(&mut self, facts: &mut Facts, (key, operation): (&Key, u32), value: &str) {
        let is_outcome = OUTCOMES.iter().any(|outcome| key.name.starts_with(outcome));
        if is_outcome || value.is_empty() || value.len() > MOST_TEXT {
            return;
        }
        let key = self.keys.of(key);
        let known = self.distinct.entry(key).or_default();
        if known.len() > MOST_VALUES {
            return;
        }
        let value = self.texts.of(&Arc::from(value));
        known.insert(value);
        facts.values.push((key, value));
        self.by_operation
            .entry((key, operation))
            .and_modify(|only| *only = only.filter(|only| *only == value))
            .or_insert(Some(value));
    }

    /// Returns whether a key tells traces apart: not where it has a value for each, and not where the operation decides it.
    pub(crate) fn tells_apart(&self) -> HashSet<u32> {
        let several = self.by_operation.iter().filter(|(_, only)| only.is_none()).map(|((key, _), _)| *key);
        several.filter(|key| self.distinct.get(key).is_some_and(|values| values.len() <= MOST_VALUES)).collect()
    }

    /// Takes in what was gathered elsewhere.
    pub(crate) fn merge(&mut self, other: Self) {
        let operations: Vec<u32> = other.operations.all.iter().map(|one| self.operations.of(one)).collect();
        let keys: Vec<u32> = other.keys.all.iter().map(|one| self.keys.of(one)).collect();
        let texts: Vec<u32> = other.texts.all.iter().map(|one| self.texts.of(one)).collect();
        let renumber = |mut facts: Facts| {
            facts.root = operations.get(facts.root as usize).copied().unwrap_or(u32::MAX);
            for own in &mut facts.did {
                own.operation = operations[own.operation as usize];
            }
            facts.did.sort_unstable_by_key(|own| own.operation);
            for (key, value) in &mut facts.values {
                (*key, *value) = (keys[*key as usize], texts[*value as usize]);
            }
            facts.values.sort_unstable();
            facts.values.dedup();
            facts
        };
        self.selected.extend(other.selected.into_iter().map(renumber));
        self.rest.extend(other.rest.into_iter().map(renumber));
        for (key, values) in other.distinct {
            let own = self.distinct.entry(keys[key as usize]).or_default();
            own.extend(values.iter().map(|value| texts[*value as usize]));
        }
        for ((key, operation), only) in other.by_operation {
            let only = only.map(|only| texts[only as usize]);
            self.by_operation
                .entry((keys[key as usize], operations.get(operation as usize).copied().unwrap_or(operation)))
                .and_modify(|own| *own = own.filter(|own| Some(*own) == only))
                .or_insert(only);
        }
    }
}

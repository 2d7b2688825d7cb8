//! Why some traces differ: what sets selected traces apart from the rest.
//!
//! Only traces with the same root operation are compared with one another. Of **operations** three things can set traces apart: that
//! errors begin there, that it is far longer on the critical path than its own spread explains and a good part of what the
//! trace takes longer comes of it, and that it is called where, or more often than, it is not else. Slow traces are always slow
//! somewhere: what differs only as far as chance and choosing the slow ones make it differ is no cause. Of **attributes** it is that
//! one value is more frequent, among the traces in which that service has the attribute.

mod association;
mod facts;
mod operations;
mod ordinary;
mod words;

#[cfg(test)]
mod tests;

use foldhash::HashMap;

pub use association::Association;
pub(crate) use facts::Gathered;
pub use facts::{Key, Operation};

use association::Table;

/// What sets traces apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    pub what: What,
    pub association: Association,
}

/// See [`Cause`].
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Operation {
        of: Operation,
        how: How,
    },
    /// A value of an attribute.
    Value {
        of: Key,
        value: String,
    },
}

/// How an operation sets traces apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    /// Errors begin there.
    Fails,
    /// How long it is on the critical path in the middle, and ordinarily.
    Slow { selected_ns: u64, ordinary_ns: u64 },
    /// How often it is there in a trace, and ordinarily.
    Often { selected: f64, ordinary: f64 },
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The most telling first; none where nothing sets them apart.
    pub causes: Vec<Cause>,
    /// How many selected traces, and others with the same roots, were compared.
    pub selected: usize,
    pub rest: usize,
}

/// What chance does less often, among all that was looked at, is no chance.
const SURE: f64 = 0.01;
/// Fewer traces on a side tell nothing.
pub const LEAST_TRACES: usize = 5;
/// By so much more of the selected traces have a property that explains them: most of them, for an operation.
const LEAST_OF_OPERATION: f64 = 0.5;
const LEAST_OF_VALUE: f64 = 0.3;
/// Causes that differ by less are as good: then the order is by what they are.
const AS_GOOD: f64 = 0.15;

/// Compares them.
pub(crate) fn explain(gathered: &Gathered, weights: [f64; 2]) -> Explanation {
    let mut explanation =
        Explanation { causes: Vec::new(), selected: gathered.selected.len(), rest: gathered.rest.len() };
    if explanation.selected < LEAST_TRACES || explanation.rest < LEAST_TRACES {
        return explanation;
    }
    let (operations, looked_at) = operations::causes(gathered, weights);
    let (values, tried) = values(gathered);
    let is_sure = |cause: &Cause| cause.association.p_value * (looked_at + tried) as f64 <= SURE;
    let least = |cause: &Cause| match cause.what {
        What::Operation { .. } => LEAST_OF_OPERATION,
        What::Value { .. } => LEAST_OF_VALUE,
    };
    let is_large = |cause: &Cause| {
        cause.association.difference() >= least(cause) && cause.association.count as usize >= LEAST_TRACES
    };
    let mut causes: Vec<(Cause, f64)> = operations;
    causes.extend(values.into_iter().map(|cause| (cause, 0.0)));
    causes.retain(|(cause, _)| is_sure(cause) && is_large(cause));
    sort(&mut causes);
    explanation.causes = causes.into_iter().map(|(cause, _)| cause).collect();
    explanation
}

/// The most telling first. Of operations that are as good, those in which errors begin come first, then those deeper in the tree:
/// callers only wait for them.
fn sort(causes: &mut Vec<(Cause, f64)>) {
    causes.sort_by(|a, b| b.0.association.difference().total_cmp(&a.0.association.difference()));
    let mut sorted = Vec::with_capacity(causes.len());
    while let Some((best, _)) = causes.first() {
        let best = best.association.difference();
        let as_good = causes.iter().filter(|(cause, _)| cause.association.difference() >= best - AS_GOOD).count();
        let rank = |(cause, depth): &(Cause, f64)| {
            let how = match &cause.what {
                What::Operation { how: How::Fails, .. } => 0,
                What::Operation { .. } => 1,
                What::Value { .. } => 2,
            };
            (how, -(depth * 16.0) as i64)
        };
        let next = (0..as_good).min_by_key(|at| rank(&causes[*at])).unwrap_or(0);
        sorted.push(causes.remove(next));
    }
    *causes = sorted;
}

/// Returns how much each value sets traces apart, of those that are on several services the best, and how many there are.
fn values(gathered: &Gathered) -> (Vec<Cause>, usize) {
    let telling = gathered.tells_apart();
    // Of each key and root how many traces have it, and of each value.
    let mut having: HashMap<u32, Table> = HashMap::default();
    let mut with: HashMap<(u32, u32), Table> = HashMap::default();
    for (is_selected, side) in [(true, &gathered.selected), (false, &gathered.rest)] {
        for trace in side {
            let mut last = None;
            for &(key, value) in trace.values.iter().filter(|(key, _)| telling.contains(key)) {
                if last != Some(key) {
                    let one = having.entry(key).or_default().entry(trace.root).or_default();
                    *(if is_selected { &mut one.selected } else { &mut one.rest }) += 1;
                    last = Some(key);
                }
                let one = with.entry((key, value)).or_default().entry(trace.root).or_default();
                *(if is_selected { &mut one.selected_with } else { &mut one.rest_with }) += 1;
            }
        }
    }
    let mut best: HashMap<(&str, u32, Option<u32>), (u32, Association)> = HashMap::default();
    let mut tried = 0;
    for ((key, value), mut with) in with {
        let (Some(of), Some(having)) = (gathered.keys.all.get(key as usize), having.get(&key)) else { continue };
        for (root, all) in having {
            let one = with.entry(*root).or_default();
            (one.selected, one.rest) = (all.selected, all.rest);
        }
        let seen: u32 = with.values().map(|one| one.selected_with + one.rest_with).sum();
        let Some(association) = Association::of(with.values()).filter(|_| seen as usize >= LEAST_TRACES) else {
            continue;
        };
        tried += 1;
        // What requests carry is theirs wherever it is seen; what a service runs as is its own.
        let place = (&*of.name, value, of.is_of_resource.then_some(key));
        let known = best.entry(place).or_insert((key, association));
        let rank = |(key, one): &(u32, Association)| {
            (one.difference(), gathered.keys.all.get(*key as usize).map(std::cmp::Reverse))
        };
        let (own, other) = (rank(&(key, association)), rank(known));
        if own.0.total_cmp(&other.0).then_with(|| own.1.cmp(&other.1)).is_gt() {
            *known = (key, association);
        }
    }
    let causes = best.into_iter().map(|((_, value, _), (key, association))| (key, value, association));
    let mut causes: Vec<Cause> = causes
        .filter_map(|(key, value, association)| {
            let of = gathered.keys.all.get(key as usize)?.clone();
            let value = gathered.texts.all.get(value as usize)?.to_string();
            Some(Cause { what: What::Value { of, value }, association })
        })
        .collect();
    causes.sort_by(|a, b| a.key().cmp(&b.key()));
    (causes, tried)
}

impl Cause {
    /// Returns what names it, so that those as good come in the same order each time.
    fn key(&self) -> (u8, &str, &str, &str) {
        match &self.what {
            What::Operation { of, .. } => (0, &of.service, &of.name, of.kind.name()),
            What::Value { of, value } => (1, &of.service, &of.name, value),
        }
    }
}

//! What is ordinary: how long each operation is on the critical path of traces with the same root, and how long these take.

use foldhash::HashMap;

use super::facts::{Did, Facts};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ordinary {
    /// By root and operation.
    operations: HashMap<(u32, u32), Spread>,
    roots: HashMap<u32, u64>,
}

/// How long an operation takes itself: the middle, and how far from it by logarithms most are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    middle_ns: u64,
    /// How long it is on the critical path in the middle.
    pub(super) path_ns: u64,
    /// Less than this of a trace makes no difference.
    least_ns: u64,
    sigma: f64,
}

/// Fewer traces tell nothing of what is ordinary.
const LEAST: usize = 8;
/// What is closer together than this spreads as much all the same.
const LEAST_SIGMA: f64 = 0.1;
/// An operation's time below this part of what traces take in the middle makes no difference.
const LITTLE: u64 = 100;
/// Further from the middle than this nothing is ordinary.
const FAR: f64 = 3.0;
/// So much of what a trace takes longer has to be an operation's.
const PART: f64 = 0.3;

impl Ordinary {
    /// Learns it from traces.
    pub(super) fn of(traces: &[Facts]) -> Self {
        let mut times: HashMap<(u32, u32), (Vec<u64>, Vec<u64>)> = HashMap::default();
        let mut roots: HashMap<u32, Vec<u64>> = HashMap::default();
        for trace in traces {
            roots.entry(trace.root).or_default().push(trace.path_ns);
            for did in &trace.did {
                let of = times.entry((trace.root, did.operation)).or_default();
                of.0.push(did.own_ns);
                of.1.push(did.path_ns);
            }
        }
        let roots: HashMap<u32, u64> = roots.into_iter().map(|(root, all)| (root, middle(all))).collect();
        let least_ns = |root: u32| roots.get(&root).map_or(1, |ns| ns / LITTLE).max(1);
        let enough = times.into_iter().filter(|(_, (times, _))| times.len() >= LEAST);
        let operations =
            enough.map(|(key, (own, path))| (key, Spread::of(own, middle(path), least_ns(key.0)))).collect();
        Self { operations, roots }
    }

    pub(super) fn of_operation(&self, root: u32, operation: u32) -> Option<Spread> {
        self.operations.get(&(root, operation)).copied()
    }

    /// Returns whether an operation took far longer than it does, and so much longer that a good part of what the trace took
    /// longer comes of it.
    pub(super) fn is_far(&self, trace: &Facts, did: &Did) -> bool {
        let Some(spread) = self.of_operation(trace.root, did.operation) else { return false };
        let Some(whole_ns) = self.roots.get(&trace.root) else { return false };
        let (own, whole) = (did.path_ns.saturating_sub(spread.path_ns), trace.path_ns.saturating_sub(*whole_ns));
        spread.distance(did.own_ns) > FAR && own as f64 >= whole as f64 * PART && whole > 0
    }
}

fn middle(mut all: Vec<u64>) -> u64 {
    let at = all.len() / 2;
    if all.is_empty() { 0 } else { *all.select_nth_unstable(at).1 }
}

impl Spread {
    fn of(mut times: Vec<u64>, path_ns: u64, least_ns: u64) -> Self {
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let log = |ns: u64| (ns.max(least_ns) as f64).ln();
        let middle_ns = at(0.5);
        let sigma = (log(at(0.84)) - log(middle_ns)).max((log(at(0.95)) - log(middle_ns)) / 1.645).max(LEAST_SIGMA);
        Self { middle_ns, path_ns, least_ns, sigma }
    }

    /// Returns how many times its spread it is above the middle.
    fn distance(&self, ns: u64) -> f64 {
        let log = |ns: u64| (ns.max(self.least_ns) as f64).ln();
        (log(ns) - log(self.middle_ns)) / self.sigma
    }
}

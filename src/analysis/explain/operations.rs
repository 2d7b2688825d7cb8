//! What operations did that sets traces apart.

use foldhash::HashMap;

use super::association::{Association, OverTime, Table};
use super::facts::{Did, Facts};
use super::ordinary::Ordinary;
use super::{Cause, Gathered, How, What};

/// What is looked at of each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Property {
    Fails,
    Slow,
    Often,
}

const PROPERTIES: [Property; 3] = [Property::Fails, Property::Slow, Property::Often];

/// Returns how much each property of each operation sets traces apart, with how deep the operation lies, and how many there are.
/// `weights` are how many traces a selected one and another one stand for.
pub(super) fn causes(gathered: &Gathered, weights: [f64; 2]) -> (Vec<(Cause, f64)>, usize) {
    let comparing = Comparing {
        gathered,
        ordinary: Ordinary::of(&gathered.rest),
        usual_spans: usual_spans(&gathered.rest),
        weights,
        time: time(gathered),
    };
    let tables = comparing.tables();
    let mut tried = 0;
    let mut causes = Vec::new();
    for (number, of) in (0..).zip(&gathered.operations.all) {
        for property in PROPERTIES {
            let Some(found) = tables.get(&(number, property)).and_then(|table| Association::of(table.values())) else {
                continue;
            };
            tried += 1;
            // What is seldom asked for it does not matter whether it changed.
            let is_large = found.difference() >= super::LEAST_OF_OPERATION;
            if !is_large || property == Property::Often && !comparing.changes(number) {
                continue;
            }
            let (how, depth) = comparing.told(number, property);
            let what = What::Operation { of: of.clone(), how };
            causes.push((Cause { what, association: found }, depth));
        }
    }
    causes.sort_by(|a, b| a.0.key().cmp(&b.0.key()));
    (causes, tried)
}

struct Comparing<'a> {
    gathered: &'a Gathered,
    ordinary: Ordinary,
    /// By root and operation, how many spans of it half of the other traces have at most.
    usual_spans: HashMap<(u32, u32), u32>,
    weights: [f64; 2],
    /// When the first trace began, and how long after that the last one did.
    time: (u64, u64),
}

impl Comparing<'_> {
    fn has(&self, property: Property, trace: &Facts, did: &Did) -> bool {
        match property {
            Property::Fails => did.errors > 0,
            Property::Slow => self.ordinary.is_far(trace, did),
            Property::Often => {
                did.spans > self.usual_spans.get(&(trace.root, did.operation)).copied().unwrap_or_default()
            }
        }
    }

    /// Counts the traces with each property of each operation that has it in any.
    fn tables(&self) -> HashMap<(u32, Property), Table> {
        let mut roots: Table = HashMap::default();
        let mut tables: HashMap<(u32, Property), Table> = HashMap::default();
        for (is_selected, side) in [(true, &self.gathered.selected), (false, &self.gathered.rest)] {
            for trace in side {
                let all = roots.entry(trace.root).or_default();
                *(if is_selected { &mut all.selected } else { &mut all.rest }) += 1;
                for did in &trace.did {
                    for property in PROPERTIES.into_iter().filter(|property| self.has(*property, trace, did)) {
                        let one = tables.entry((did.operation, property)).or_default().entry(trace.root).or_default();
                        *(if is_selected { &mut one.selected_with } else { &mut one.rest_with }) += 1;
                    }
                }
            }
        }
        for table in tables.values_mut() {
            for (root, all) in &roots {
                let one = table.entry(*root).or_default();
                (one.selected, one.rest) = (all.selected, all.rest);
            }
        }
        tables
    }

    /// Returns whether an operation was at some time more often called than usual more frequently than at another time: else it
    /// is only that some requests need more than others.
    fn changes(&self, operation: u32) -> bool {
        let mut over_time = OverTime::new(self.weights[0].max(self.weights[1]));
        for (side, weight) in [&self.gathered.selected, &self.gathered.rest].into_iter().zip(self.weights) {
            for trace in side {
                let did = trace.did.iter().find(|did| did.operation == operation);
                let has = did.is_some_and(|did| self.has(Property::Often, trace, did));
                let place = trace.start_ns.saturating_sub(self.time.0) as f64 / self.time.1.max(1) as f64;
                over_time.add(place, weight, has);
            }
        }
        over_time.changes()
    }

    /// Returns how an operation differs in numbers, and how deep it lies in the tree.
    fn told(&self, operation: u32, property: Property) -> (How, f64) {
        let of = |side: &'_ [Facts]| -> Vec<(u32, Did)> {
            let did = |trace: &Facts| {
                let did = trace.did.iter().find(|did| did.operation == operation)?;
                Some((trace.root, *did))
            };
            side.iter().filter_map(did).collect()
        };
        let selected = of(&self.gathered.selected);
        let mean = |values: &mut dyn Iterator<Item = f64>, number: usize| values.sum::<f64>() / number.max(1) as f64;
        let spans: u32 = selected.iter().map(|(_, did)| did.spans).sum();
        let depth = mean(&mut selected.iter().map(|(_, did)| f64::from(did.depths)), spans as usize);
        let how = match property {
            Property::Fails => How::Fails,
            Property::Slow => {
                let mut times: Vec<u64> = selected.iter().map(|(_, did)| did.path_ns).collect();
                let at = times.len() / 2;
                let selected_ns = if times.is_empty() { 0 } else { *times.select_nth_unstable(at).1 };
                let ordinary = selected.iter().find_map(|(root, _)| self.ordinary.of_operation(*root, operation));
                How::Slow { selected_ns, ordinary_ns: ordinary.map_or(0, |ordinary| ordinary.path_ns) }
            }
            Property::Often => How::Often {
                selected: mean(&mut selected.iter().map(|(_, did)| f64::from(did.spans)), self.gathered.selected.len()),
                ordinary: mean(
                    &mut of(&self.gathered.rest).iter().map(|(_, did)| f64::from(did.spans)),
                    self.gathered.rest.len(),
                ),
            },
        };
        (how, depth)
    }
}

/// Returns by root and operation how many spans half of the traces have at most, where that is any.
fn usual_spans(traces: &[Facts]) -> HashMap<(u32, u32), u32> {
    let mut all: HashMap<u32, usize> = HashMap::default();
    let mut spans: HashMap<(u32, u32), Vec<u32>> = HashMap::default();
    for trace in traces {
        *all.entry(trace.root).or_default() += 1;
        for did in &trace.did {
            spans.entry((trace.root, did.operation)).or_default().push(did.spans);
        }
    }
    let middle = |((root, operation), mut spans): ((u32, u32), Vec<u32>)| {
        // Those without a span come first.
        let without = all[&root] - spans.len();
        let at = (all[&root] / 2).checked_sub(without)?.min(spans.len().checked_sub(1)?);
        Some(((root, operation), *spans.select_nth_unstable(at).1))
    };
    spans.into_iter().filter_map(middle).collect()
}

fn time(gathered: &Gathered) -> (u64, u64) {
    let starts = || gathered.selected.iter().chain(&gathered.rest).map(|trace| trace.start_ns);
    let first = starts().min().unwrap_or_default();
    (first, starts().max().unwrap_or_default().saturating_sub(first))
}

//! What sets selected traces apart from the rest.

use std::collections::BinaryHeap;
use std::sync::Arc;

use foldhash::HashSet;

use super::Steps;
use super::each_trace::{Traces, Whole};
use super::selected::{Going, Selected, on_all_cores};
use super::summary::{NameCache, first_root};
use crate::analysis::explain::{self, Gathered, Key, Operation};
use crate::model::{Attribute, Value};
use crate::otlp::decode;
use crate::query::Memory;
use crate::source::{ExplainRequest, Explained, Progress, Reply};
use crate::store::{PartRef, Reader, Snapshot, Sums, View};

/// No more traces of a side are compared: those are chosen by chance.
const MOST: usize = 5_000;

/// Returns it.
pub(super) fn explain(request: &ExplainRequest, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> Explained {
    let going = |progress| steps(&|| Reply::Explained(Box::new(Explained { progress, ..Explained::default() })));
    make(request, snapshot, memory, &going).unwrap_or_default()
}

/// Returns none where that was ended.
fn make(request: &ExplainRequest, snapshot: &Snapshot, memory: &Memory, going: Going) -> Option<Explained> {
    let selected = Selected::new(&request.of, snapshot, memory, going)?;
    let rest = Selected::new(&request.against, snapshot, memory, going)?;
    let of = Traces::new(&selected, snapshot, selected.starts());
    let others = Traces::new(&rest, snapshot, rest.starts());
    let blocks: Vec<Sums> = selected.spans.views.iter().map(View::sums).collect();
    let mut roots: HashSet<(Arc<str>, Arc<str>)> = HashSet::default();
    let root_of = |parts: &[(usize, u32)]| {
        let root = first_root(parts, &blocks)?;
        super::summary::root(&root, snapshot).map(|root| (root.service, root.operation))
    };
    let mut chosen = Chosen::default();
    of.each_part(going, &mut |part, parts| {
        roots.extend(root_of(parts));
        chosen.add(snapshot, part, parts);
    })?;
    let mut compared = Chosen::default();
    let is_selected = |parts: &[(usize, u32)]| parts.iter().any(|at| of.has_selected(*at));
    others.each_part(going, &mut |part, parts| {
        if !is_selected(parts) && root_of(parts).is_some_and(|root| roots.contains(&root)) {
            compared.add(snapshot, part, parts);
        }
    })?;
    let weights = [chosen.weight(), compared.weight()];
    let (counts, sides) = ((chosen.seen, compared.seen), [chosen.parts(), compared.parts()]);
    let gathered = gather(&of, &sides, going)?;
    let explanation = explain::explain(&gathered, weights);
    Some(Explained { explanation, selected: counts.0, rest: counts.1, progress: selected.all_searched() })
}

/// Some of many traces, chosen by chance: the same ones each time.
#[derive(Default)]
struct Chosen {
    /// The greatest of what chance gave first.
    heap: BinaryHeap<(u64, u32, u32)>,
    seen: u64,
}

impl Chosen {
    fn add(&mut self, snapshot: &Snapshot, part: PartRef, parts: &[(usize, u32)]) {
        self.seen += 1;
        let Some(&(position, own)) = parts.first() else { return };
        let id = snapshot.view(position).trace_id(own).unwrap_or_default();
        self.heap.push((View::hash(id), part.block, part.part));
        if self.heap.len() > MOST {
            self.heap.pop();
        }
    }

    /// Returns how many traces each stands for.
    fn weight(&self) -> f64 {
        self.seen as f64 / self.heap.len().max(1) as f64
    }

    fn parts(self) -> Vec<PartRef> {
        let mut parts: Vec<PartRef> = self.heap.into_iter().map(|(_, block, part)| PartRef { block, part }).collect();
        parts.sort_unstable_by_key(|part| (part.block, part.part));
        parts
    }
}

/// Finds out what the traces of both sides did.
fn gather(traces: &Traces, sides: &[Vec<PartRef>; 2], going: Going) -> Option<Gathered> {
    let mut all = Gathered::default();
    for (side, parts) in sides.iter().enumerate() {
        let made = on_all_cores(parts.len(), |range| {
            let mut gathering = Gathering { traces, gathered: Gathered::default(), reader: None };
            let mut names = NameCache::default();
            for part in &parts[range] {
                let whole = traces.whole_of(*part, &mut names);
                gathering.add(&whole, side == 0);
            }
            gathering.gathered
        });
        for one in made {
            all.merge(one);
        }
        if !going(Progress { searched: 0, ..traces.selected.all_searched() }) {
            return None;
        }
    }
    Some(all)
}

struct Gathering<'a> {
    traces: &'a Traces<'a>,
    gathered: Gathered,
    /// Of the block that was read last.
    reader: Option<(usize, Reader<'a>)>,
}

impl Gathering<'_> {
    fn add(&mut self, whole: &Whole, is_selected: bool) {
        let mut facts = self.gathered.facts(&whole.trace);
        let views = &self.traces.selected.spans.views;
        let mut scopes: HashSet<(usize, u32)> = HashSet::default();
        for (span, &(position, row)) in whole.trace.spans.iter().zip(&whole.places) {
            let view = &views[position];
            if self.reader.as_ref().is_none_or(|(of, _)| *of != position) {
                self.reader = Some((position, view.reader()));
            }
            let Some((_, reader)) = &mut self.reader else { continue };
            let (service, name) = (Arc::clone(&span.service), Arc::clone(&span.operation));
            let operation = self.gathered.operations.of(&Operation { service, name, kind: span.kind });
            let mut add = |attributes: &[Attribute], is_of_resource: bool, operation: u32| {
                for attribute in attributes {
                    let Some(text) = text(&attribute.value) else { continue };
                    let name = Arc::from(&*attribute.key);
                    let key = Key { service: Arc::clone(&span.service), name, is_of_resource };
                    self.gathered.add_value(&mut facts, (&key, operation), &text);
                }
            };
            add(&decode::span(reader.body(row)).attributes, false, operation);
            let scope = view.row(row).scope;
            if scopes.insert((position, scope)) {
                let (message, schema_url) = reader.resource(scope);
                // A service runs as what it is whatever it is asked.
                add(&decode::resource(message, schema_url).attributes, true, u32::MAX);
            }
        }
        let side = if is_selected { &mut self.gathered.selected } else { &mut self.gathered.rest };
        side.push(facts);
    }
}

/// Returns a value that many spans may have, as a text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

//! Adds up calls by edge, over many blocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use super::{Edge, Graph, Node};
use crate::analysis::figures::Figures;
use crate::analysis::totals::{Exact, Sums};
use crate::model::EdgeKind;
use crate::store::{CallTallies, Callee, Calls, Edge as InBlock, Side, Tallies, Timing, View};

/// How many edges are told singly; further callees of a kind are one node for all their callers.
const MAX_EDGES: usize = 20_000;
/// Stands for the callees for which there is no room.
const OTHERS: &str = "(others)";

/// An edge by names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named<'a> {
    pub(crate) caller: &'a str,
    pub(crate) callee: &'a str,
    /// Whether the callee sends no spans.
    pub(crate) is_outside: bool,
    pub(crate) kind: EdgeKind,
}

impl<'a> Named<'a> {
    /// Returns the names of an edge of a block.
    pub(crate) fn of(edge: &InBlock, view: &View<'a>, calls: &'a Calls) -> Self {
        let (callee, is_outside) = match edge.callee {
            Callee::Service(name) => (view.text(name), false),
            Callee::Target(number) => (calls.targets.get(number as usize).map_or("", |target| &target.name), true),
        };
        Self { caller: view.text(edge.caller), callee, is_outside, kind: edge.kind }
    }
}

/// An edge by numbers of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    caller: u32,
    callee: u32,
    is_outside: bool,
    kind: EdgeKind,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Collecting {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    edges: Vec<Key>,
    by_key: HashMap<Key, u32>,
    /// Of each edge the callees, and the callers.
    sums: Vec<[Sums; 2]>,
}

impl Collecting {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let (name, number) = (Arc::<str>::from(name), self.names.len() as u32);
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    fn name(&self, number: u32) -> Arc<str> {
        self.names.get(number as usize).map(Arc::clone).unwrap_or_default()
    }

    /// Returns the number of an edge, which is there from now on.
    pub(crate) fn edge(&mut self, named: &Named) -> u32 {
        let key = Key {
            caller: self.number(named.caller),
            callee: self.number(named.callee),
            is_outside: named.is_outside,
            kind: named.kind,
        };
        self.edge_of(key)
    }

    fn edge_of(&mut self, mut key: Key) -> u32 {
        if self.edges.len() >= MAX_EDGES && !self.by_key.contains_key(&key) {
            (key.caller, key.callee, key.is_outside) = (self.number(OTHERS), self.number(OTHERS), true);
        }
        *self.by_key.entry(key).or_insert_with(|| {
            self.edges.push(key);
            self.sums.push(<[Sums; 2]>::default());
            self.edges.len() as u32 - 1
        })
    }

    /// Returns the number of an edge that was added.
    pub(crate) fn find(&self, named: &Named) -> Option<u32> {
        let number = |name: &str| self.numbers.get(name).copied();
        let of = |caller: &str, callee: &str, is_outside| {
            let key = Key { caller: number(caller)?, callee: number(callee)?, is_outside, kind: named.kind };
            self.by_key.get(&key).copied()
        };
        of(named.caller, named.callee, named.is_outside).or_else(|| of(OTHERS, OTHERS, true))
    }

    /// Adds a call.
    pub(crate) fn add(&mut self, edge: u32, caller: &Timing, callee: Option<&Timing>) {
        if let Some([of_callee, of_caller]) = self.sums.get_mut(edge as usize) {
            of_callee.add(callee.unwrap_or(caller));
            if callee.is_some() {
                of_caller.add(caller);
            }
        }
    }

    /// Adds what the calls of a block come to.
    pub(crate) fn add_all(&mut self, found: &CallTallies, view: &View, calls: &Calls) {
        let edges: Vec<u32> = found.edges.iter().map(|edge| self.edge(&Named::of(edge, view, calls))).collect();
        let tallies: &Tallies = &found.tallies;
        for tally in &tallies.all {
            let edge = edges.get(tally.key.service as usize).and_then(|edge| self.sums.get_mut(*edge as usize));
            if let Some([of_callee, of_caller]) = edge {
                match CallTallies::side(tally.key) {
                    Side::Callee => of_callee.add_all(tallies, tally),
                    Side::Caller => of_caller.add_all(tallies, tally),
                }
            }
        }
    }

    /// Takes in what others have.
    pub(crate) fn merge(&mut self, others: &Self) {
        self.with_each_of(others, Sums::merge);
    }

    /// Takes away what others have.
    pub(crate) fn take_away(&mut self, others: &Self) {
        self.with_each_of(others, Sums::take_away);
    }

    fn with_each_of(&mut self, others: &Self, with: impl Fn(&mut Sums, &Sums)) {
        for (key, sums) in others.edges.iter().zip(&others.sums) {
            let mut number = |name: u32| self.number(&others.name(name));
            let own = Key { caller: number(key.caller), callee: number(key.callee), ..*key };
            let own = self.edge_of(own);
            if let Some(own) = self.sums.get_mut(own as usize) {
                own.iter_mut().zip(sums).for_each(|(own, other)| with(own, other));
            }
        }
    }

    /// Returns the sums of the callees and the callers of each edge, in order, and how long satisfies.
    pub(crate) fn sums(&self, satisfying_ns: impl Fn(&str) -> u64) -> impl Iterator<Item = (&Sums, u64)> {
        self.edges.iter().zip(&self.sums).flat_map(move |(key, sums)| {
            let satisfying_ns = satisfying_ns(&self.name(key.callee));
            sums.iter().map(move |sums| (sums, satisfying_ns))
        })
    }

    /// Makes the graph: with the figures of services, with how long satisfies, and with what was found out exactly of
    /// [`Collecting::sums`].
    pub(crate) fn graph(
        &self,
        services: impl Iterator<Item = (Arc<str>, Figures)>,
        satisfying_ns: impl Fn(&str) -> u64,
        exact: Option<&[Exact]>,
    ) -> Graph {
        let mut nodes: BTreeMap<(bool, Arc<str>), Node> = BTreeMap::new();
        for (name, figures) in services {
            nodes.insert((false, Arc::clone(&name)), Node { name, outside: None, figures });
        }
        let mut outside: BTreeMap<Arc<str>, (EdgeKind, Sums)> = BTreeMap::new();
        for (key, [of_callee, _]) in self.edges.iter().zip(&self.sums).filter(|(_, sums)| sums[0].all.count() > 0) {
            let (caller, callee) = (self.name(key.caller), self.name(key.callee));
            let service = |name: &Arc<str>| Node { name: Arc::clone(name), ..Node::default() };
            nodes.entry((false, Arc::clone(&caller))).or_insert_with(|| service(&caller));
            if key.is_outside {
                let (_, sums) = outside.entry(callee).or_insert_with(|| (key.kind, Sums::default()));
                sums.merge(of_callee);
            } else {
                nodes.entry((false, Arc::clone(&callee))).or_insert_with(|| service(&callee));
            }
        }
        for (name, (kind, sums)) in outside {
            let figures = sums.figures(satisfying_ns(""), None);
            nodes.insert((true, Arc::clone(&name)), Node { name, outside: Some(kind), figures });
        }
        let places: HashMap<(bool, Arc<str>), usize> = nodes.keys().cloned().zip(0..).collect();
        let exact_of = |number: usize, side: usize| exact.and_then(|exact| exact.get(2 * number + side));
        let edge = |(number, (key, [of_callee, of_caller])): (usize, (&Key, &[Sums; 2]))| {
            let place = |is_outside, name: u32| places.get(&(is_outside, self.name(name))).copied();
            let satisfying_ns = satisfying_ns(&self.name(key.callee));
            let by_caller = of_caller.figures(satisfying_ns, exact_of(number, 1));
            (of_callee.all.count() > 0).then_some(Edge {
                caller: place(false, key.caller)?,
                callee: place(key.is_outside, key.callee)?,
                kind: key.kind,
                calls: of_callee.figures(satisfying_ns, exact_of(number, 0)),
                by_caller: (by_caller.requests > 0).then_some(by_caller),
            })
        };
        let mut edges: Vec<Edge> = self.edges.iter().zip(&self.sums).enumerate().filter_map(edge).collect();
        edges.sort_by_key(|edge| (edge.caller, edge.callee, edge.kind));
        Graph { nodes: nodes.into_values().collect(), edges, is_approximate: exact.is_none() }
    }
}

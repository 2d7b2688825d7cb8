//! Who calls whom, as far as the spans of a block tell: a span that calls and its child that is called, consumers and the
//! producers that they link to, and callers of something that sends no spans, with what their attributes call that. A sealed
//! block has this written down, with what the calls of each edge come to; of an open block it is found when someone asks.

mod finding;
mod target;

use std::collections::HashMap;

use foldhash::fast::RandomState;

pub(in crate::store) use finding::{Finding, Linked};
pub(crate) use target::{Target, target};

use super::row::NONE;
use super::scan::{Bits, Column, Test};
use super::tally::{Call, Counting, Key, Tallies, Timing};
use super::view::{Block, View};
use crate::model::{EdgeKind, Kind};

/// What answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Callee {
    /// A service, by the number of its name.
    Service(u32),
    /// Something that sends no spans, by its number among [`Calls::targets`].
    Target(u32),
}

/// From whom to whom calls go, by the numbers of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    /// The number of a service's name.
    pub(crate) caller: u32,
    pub(crate) callee: Callee,
    pub(crate) kind: EdgeKind,
}

/// One call, by rows of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OneCall {
    pub(crate) edge: Edge,
    pub(crate) caller: u32,
    /// None where nothing is known of the callee but its name.
    pub(crate) callee: Option<u32>,
}

/// A consumer's link to a span that is not in the same block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkOut {
    pub(crate) row: u32,
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Calls {
    /// What sends no spans, as callers name it.
    pub(crate) targets: Vec<Target>,
    /// Spans that call something, of which the block has no child that is called, and that say what it is.
    pub(crate) bare: Bits,
    /// The number of the target of each of these.
    pub(in crate::store) bare_targets: Vec<u32>,
    /// Consumers, and the producers in the block that they link to: rows.
    pub(in crate::store) linked: Vec<(u32, u32)>,
    pub(crate) links_out: Vec<LinkOut>,
}

/// Whose durations of a call's two are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Of a callee that sends no spans those of the caller.
    Callee,
    Caller,
}

impl Side {
    /// A tally of calls says with this whose they are.
    fn call(self) -> Call {
        match self {
            Self::Callee => Call::Entry,
            Self::Caller => Call::Outside,
        }
    }
}

/// What the calls of a block come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CallTallies {
    /// Those that tallies are of, by number.
    pub(crate) edges: Vec<Edge>,
    /// One of each edge, side and outcome.
    pub(crate) tallies: Tallies,
}

impl CallTallies {
    /// Returns whose durations a tally is of.
    pub(crate) fn side(key: Key) -> Side {
        if key.call == Side::Caller.call() { Side::Caller } else { Side::Callee }
    }
}

/// Returns how a span of this kind calls one of that kind, if it does.
pub(crate) fn edge_kind(caller: Kind, callee: Kind) -> Option<EdgeKind> {
    match (caller, callee) {
        (Kind::Client, Kind::Server) => Some(EdgeKind::Rpc),
        (Kind::Producer, Kind::Consumer) => Some(EdgeKind::Messaging),
        _ => None,
    }
}

/// The spans that calls are among.
pub(in crate::store) trait Among {
    fn timing(&self, row: u32) -> Timing;

    /// Returns the row of a span's parent, where it is in the same part.
    fn parent(&self, row: u32) -> Option<u32>;
}

impl Calls {
    /// Hands over the calls of which the callee is in a set, or where it sends no spans the caller. `answered` are callers that
    /// have a callee in another block; what these call is not known here.
    pub(crate) fn each(&self, view: &View, rows: &Bits, answered: &Bits, each: impl FnMut(&OneCall, [&Timing; 2])) {
        let mut called = rows.clone();
        view.keep(Column::Kind, &Test::OneOf(&CALLED), &mut called);
        self.each_among(view, (rows, &called), answered, each);
    }

    /// Does [`Calls::each`], with those of the rows that are called as well. Hands over the caller and the callee; where that
    /// sends no spans the caller again.
    pub(in crate::store) fn each_among(
        &self,
        among: &impl Among,
        (rows, called): (&Bits, &Bits),
        answered: &Bits,
        mut each: impl FnMut(&OneCall, [&Timing; 2]),
    ) {
        let mut pair = |caller: u32, callee: u32| {
            let (one, other) = (among.timing(caller), among.timing(callee));
            let kind = edge_kind(one.facts.kind(), other.facts.kind()).filter(|_| one.service != other.service);
            if let Some(kind) = kind {
                let edge = Edge { caller: one.service, callee: Callee::Service(other.service), kind };
                each(&OneCall { edge, caller, callee: Some(callee) }, [&one, &other]);
            }
        };
        for row in called.iter() {
            if let Some(parent) = among.parent(row) {
                pair(parent, row);
            }
        }
        for &(callee, caller) in self.linked.iter().filter(|(callee, _)| rows.has(*callee)) {
            pair(caller, callee);
        }
        for (row, &target) in self.bare.iter().zip(&self.bare_targets) {
            let is_asked = rows.has(row) && !answered.has(row);
            if let Some(named) = self.targets.get(target as usize).filter(|_| is_asked) {
                let caller = among.timing(row);
                let edge = Edge { caller: caller.service, callee: Callee::Target(target), kind: named.kind };
                each(&OneCall { edge, caller: row, callee: None }, [&caller, &caller]);
            }
        }
    }

    /// Returns the call of a row that is bare.
    pub(crate) fn bare_call(&self, view: &View, row: u32) -> Option<OneCall> {
        let target = *self.bare_targets.get(self.bare.before(row) as usize).filter(|_| self.bare.has(row))?;
        let kind = self.targets.get(target as usize)?.kind;
        let edge = Edge { caller: view.service(row), callee: Callee::Target(target), kind };
        Some(OneCall { edge, caller: row, callee: None })
    }

    /// Returns what all calls come to.
    pub(in crate::store) fn tallies(&self, among: &impl Among, rows: u32) -> CallTallies {
        let all = Bits::all(rows);
        let mut called = all.clone();
        called.retain(|row| among.timing(row).is_entry());
        let mut counting = CountingCalls::default();
        self.each_among(among, (&all, &called), &Bits::default(), |call, spans| counting.add(call, spans));
        counting.finish()
    }
}

/// The kinds that are called, by number.
const CALLED: [bool; Kind::ALL.len()] = [false, false, true, false, false, true];

/// Counts calls as they come.
#[derive(Debug, Default)]
struct CountingCalls {
    edges: Vec<Edge>,
    numbers: HashMap<Edge, u32, RandomState>,
    counting: Counting,
}

impl CountingCalls {
    fn add(&mut self, call: &OneCall, [caller, callee]: [&Timing; 2]) {
        let number = *self.numbers.entry(call.edge).or_insert_with(|| {
            self.edges.push(call.edge);
            self.edges.len() as u32 - 1
        });
        let mut count = |side: Side, of: &Timing| {
            let key = Key { service: number, call: side.call(), is_error: of.is_error() };
            self.counting.add(key, of.start_ns, of.duration_ns);
        };
        count(Side::Callee, callee);
        if call.callee.is_some() {
            count(Side::Caller, caller);
        }
    }

    fn finish(self) -> CallTallies {
        CallTallies { edges: self.edges, tallies: self.counting.finish() }
    }
}

impl View<'_> {
    /// Returns who calls whom; of an open block that takes a look at each span.
    pub(crate) fn calls(&self) -> Calls {
        match self.block() {
            Block::Open(block) => Finding::of_open(block, self.len()),
            Block::Sealed(block) => block.calls(),
        }
    }

    /// Returns what all calls within the block come to, where that is written down.
    pub(crate) fn call_tallies(&self) -> Option<CallTallies> {
        match self.block() {
            Block::Open(_) => None,
            Block::Sealed(block) => Some(block.call_tallies()),
        }
    }

    /// Returns the columns of a row that figures are made of.
    pub(crate) fn timing(&self, row: u32) -> Timing {
        match self.block() {
            Block::Open(block) => Timing::of(row, &block.row(row)),
            Block::Sealed(block) => block.timing(row),
        }
    }

    /// Returns the row of a span's parent, where it is in the same part.
    pub(crate) fn parent(&self, row: u32) -> Option<u32> {
        match self.block() {
            Block::Open(block) => {
                let parent_id = block.row(row).parent_id;
                (parent_id != 0).then(|| self.find_span(block.place(row).part, parent_id)).flatten()
            }
            Block::Sealed(block) => block.parent(row),
        }
    }
}

impl Among for View<'_> {
    fn timing(&self, row: u32) -> Timing {
        View::timing(self, row)
    }

    fn parent(&self, row: u32) -> Option<u32> {
        View::parent(self, row)
    }
}

/// No target.
const NO_TARGET: u32 = NONE;

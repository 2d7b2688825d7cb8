//! What a query looks at: the blocks of a snapshot, with what was read of them already.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::OnceLock;

use foldhash::HashMap;

use super::slow::Slow;
use crate::model::span::{Resource, Scope};
use crate::otlp::decode;
use crate::store::{PartRef, PartSums, Reader, RootRow, Row, Snapshot, View};

/// A span by its block's place among the snapshot's views, and its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub position: u32,
    pub row: u32,
}

/// The blocks of a snapshot; shared by those who look at once.
#[derive(Debug)]
pub(super) struct Space<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) blocks: Vec<Block<'a>>,
    pub(super) slow: Option<Slow>,
}

/// A block with the scopes that were read.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) view: View<'a>,
    origins: OnceLock<Box<[OnceLock<Origin>]>>,
}

/// Where spans come from.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) scope: Scope,
    pub(super) resource: Resource,
}

/// What is the same for all spans of a trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceFacts {
    pub(super) id: u128,
    pub(super) sums: PartSums,
    pub(super) root: Option<RootRow>,
}

/// The spans of a trace, in order of arrival.
#[derive(Debug)]
pub(super) struct TraceRows {
    pub(super) spans: Vec<(Place, Row)>,
    /// By span id.
    ordinals: HashMap<u64, u32>,
    children: OnceCell<HashMap<u64, u32>>,
}

impl TraceRows {
    pub(super) fn ordinal(&self, span_id: u64) -> Option<u32> {
        self.ordinals.get(&span_id).copied()
    }

    /// Returns how many spans have this one as their parent.
    pub(super) fn children(&self, span_id: u64) -> u32 {
        let count = || {
            let mut children: HashMap<u64, u32> = HashMap::default();
            self.spans.iter().for_each(|(_, row)| *children.entry(row.parent_id).or_default() += 1);
            children
        };
        self.children.get_or_init(count).get(&span_id).copied().unwrap_or_default()
    }

    /// Returns the parent of each span, as far as it is held.
    pub(super) fn parents(&self) -> Vec<Option<u32>> {
        let parent = |row: &Row| Some(row.parent_id).filter(|&id| id != 0);
        self.spans.iter().map(|(_, row)| parent(row).and_then(|id| self.ordinal(id))).collect()
    }
}

impl<'a> Space<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let blocks = snapshot.views().map(|view| Block { view, origins: OnceLock::new() }).collect();
        Self { snapshot, blocks, slow: None }
    }

    pub(super) fn view(&self, place: Place) -> View<'a> {
        self.blocks[place.position as usize].view
    }

    /// Returns the newest part of the trace of a part.
    pub(super) fn newest(&self, position: usize, part: u32) -> PartRef {
        self.snapshot.newest_after(position, part)
    }

    /// Returns what is the same for all spans of a trace.
    pub(super) fn facts(&self, newest: PartRef) -> Option<TraceFacts> {
        let (parts, _) = self.snapshot.parts(newest);
        let (position, part) = *parts.first()?;
        let id = self.blocks[position].view.trace_id(part)?;
        let mut facts = TraceFacts { id, sums: PartSums::default(), root: None };
        for (position, part) in parts {
            let view = &self.blocks[position].view;
            facts.sums.merge(&view.part_sums(part));
            facts.root = facts.root.into_iter().chain(view.part_root(part)).min();
        }
        Some(facts)
    }

    /// Returns the spans of a trace.
    pub(super) fn rows(&self, newest: PartRef) -> TraceRows {
        let (parts, _) = self.snapshot.parts(newest);
        let mut spans = Vec::new();
        for (position, part) in parts.into_iter().rev() {
            let view = &self.blocks[position].view;
            let place = |row| (Place { position: position as u32, row }, view.row(row));
            spans.extend(view.part_rows(part).into_iter().map(place));
        }
        let ordinals = spans.iter().zip(0..).map(|((_, row), at)| (row.span_id, at)).collect();
        TraceRows { spans, ordinals, children: OnceCell::new() }
    }
}

impl Block<'_> {
    /// Returns where the spans of a scope come from, none where there is no such scope.
    pub(super) fn origin(&self, scope: u32) -> Option<&Origin> {
        let all = self.origins.get_or_init(|| (0..self.view.scopes()).map(|_| OnceLock::new()).collect());
        let read = || {
            let mut reader = self.view.reader();
            let (message, schema_url) = reader.scope(scope);
            let origin = decode::scope(message, schema_url);
            let (message, schema_url) = reader.resource(scope);
            Origin { scope: origin, resource: decode::resource(message, schema_url) }
        };
        Some(all.get(scope as usize)?.get_or_init(read))
    }
}

/// What one who looks has at hand beside the blocks: traces looked at of late, and readers.
#[derive(Debug)]
pub(super) struct Hand<'a> {
    pub(super) space: &'a Space<'a>,
    facts: RefCell<Option<(PartRef, Option<TraceFacts>)>>,
    rows: RefCell<AtHand>,
    readers: RefCell<Vec<(u32, Reader<'a>)>>,
}

/// The spans of traces looked at of late: those of an open block come in turns.
#[derive(Debug, Default)]
struct AtHand {
    traces: HashMap<PartRef, Rc<TraceRows>>,
    spans: usize,
}

/// How many spans are kept at hand, but for those of a trace that has more.
const AT_HAND: usize = 1 << 18;

/// How many blocks' readers are kept.
const READERS: usize = 4;

impl<'a> Hand<'a> {
    pub(super) fn new(space: &'a Space<'a>) -> Self {
        Self { space, facts: RefCell::default(), rows: RefCell::default(), readers: RefCell::default() }
    }

    pub(super) fn newest_of(&self, place: Place) -> PartRef {
        let part = self.space.view(place).part_of_row(place.row);
        self.space.newest(place.position as usize, part)
    }

    /// Returns what is the same for all spans of a span's trace.
    pub(super) fn facts(&self, place: Place) -> Option<TraceFacts> {
        let newest = self.newest_of(place);
        if let Some((known, facts)) = *self.facts.borrow()
            && known == newest
        {
            return facts;
        }
        let facts = self.space.facts(newest);
        self.facts.replace(Some((newest, facts)));
        facts
    }

    /// Returns the spans of a trace.
    pub(super) fn rows(&self, newest: PartRef) -> Rc<TraceRows> {
        if let Some(known) = self.rows.borrow().traces.get(&newest) {
            return Rc::clone(known);
        }
        let rows = Rc::new(self.space.rows(newest));
        let mut at_hand = self.rows.borrow_mut();
        if at_hand.spans + rows.spans.len() > AT_HAND {
            *at_hand = AtHand::default();
        }
        at_hand.spans += rows.spans.len();
        at_hand.traces.insert(newest, Rc::clone(&rows));
        rows
    }

    /// Returns the bytes of a span as [`Reader::body`] does.
    pub(super) fn body(&self, place: Place) -> Vec<u8> {
        let mut readers = self.readers.borrow_mut();
        let at = readers.iter().position(|(position, _)| *position == place.position);
        let at = at.unwrap_or_else(|| {
            if readers.len() >= READERS {
                readers.remove(0);
            }
            readers.push((place.position, self.space.view(place).reader()));
            readers.len() - 1
        });
        readers[at].1.body(place.row).to_vec()
    }
}

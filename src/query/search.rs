//! A query put to a snapshot: which traces match, and which spans it returns. Work is done block by block, when it is asked
//! for, and what reads the bytes of spans on all cores.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use foldhash::HashMap;

use super::ast::{Field, Literal, Query, Scope};
use super::eval::Subject;
use super::leaf::Leaf;
use super::memory::Memory;
use super::plan::Plan;
use super::slow::Slow;
use super::space::{Hand, Place, Space};
use super::traces::{Group, Run, merged};
use crate::store::{Bits, PartRef, Snapshot};

/// What a search looks at: the snapshot, and what is read of it.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    space: Space<'a>,
    plan: Plan,
}

impl<'a> Ground<'a> {
    /// Prepares a query; `is_in_window` tells of a time whether requests that begin then are those that others are
    /// compared with, and `is_wanted` whether to go on: who does not want what comes of it gets nothing useful.
    pub(crate) fn new(
        query: &Query,
        snapshot: &'a Snapshot,
        is_in_window: &dyn Fn(u64) -> bool,
        is_wanted: &dyn Fn() -> bool,
    ) -> Self {
        let mut space = Space::of(snapshot);
        let plan = Plan::of(query);
        if plan.leaves.iter().any(Leaf::asks_slow) {
            space.slow = Some(Slow::of(&space, is_in_window, is_wanted));
        }
        Self { space, plan }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    hand: Hand<'a>,
    plan: &'a Plan,
    memory: &'a Memory,
    /// Whether all blocks are looked at, so that no look at one is lost.
    is_thorough: Cell<bool>,
    /// For each filter the rows of each block, once they were looked for.
    rows: RefCell<Vec<Vec<Option<Arc<Bits>>>>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(ground: &'a Ground<'a>, memory: &'a Memory) -> Self {
        let rows = ground.plan.leaves.iter().map(|_| vec![None; ground.space.blocks.len()]).collect();
        Self {
            hand: Hand::new(&ground.space),
            plan: &ground.plan,
            memory,
            is_thorough: Cell::default(),
            rows: RefCell::new(rows),
        }
    }

    fn space(&self) -> &'a Space<'a> {
        self.hand.space
    }

    /// Looks at a block, and where that takes long at the next ones before it as well, each on a core of its own.
    pub(crate) fn prepare(&self, position: usize) {
        let anchors = self.plan.anchors.as_deref().unwrap_or_default();
        let missing = |position: &usize| anchors.iter().any(|&leaf| self.rows.borrow()[leaf][*position].is_none());
        // Traces have parts in the block before.
        let is_ready = !missing(&position) && position.checked_sub(1).is_none_or(|before| !missing(&before));
        if is_ready || !anchors.iter().any(|&leaf| self.plan.leaves[leaf].is_dear()) {
            return;
        }
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let positions: Vec<usize> = (0..=position).rev().filter(missing).take(cores).collect();
        let (space, plan, memory) = (self.space(), self.plan, self.memory);
        let look = |position: usize| {
            let hand = Hand::new(space);
            anchors.iter().map(|&leaf| plan.leaves[leaf].rows(&hand, position, memory)).collect::<Vec<_>>()
        };
        let found: Vec<_> = std::thread::scope(|scope| {
            let look_at = |&position: &usize| std::thread::Builder::new().spawn_scoped(scope, move || look(position));
            let threads: Vec<_> = positions.iter().map(look_at).collect();
            // A thread that broke, or that the system does not give, leaves its block to be looked at when it is asked for.
            threads
                .into_iter()
                .map(|thread| thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_default())
                .collect()
        });
        let mut rows = self.rows.borrow_mut();
        for (position, found) in positions.into_iter().zip(found) {
            for (&leaf, found) in anchors.iter().zip(found) {
                rows[leaf][position] = Some(found);
            }
        }
    }

    fn rows(&self, leaf: usize, position: usize) -> Arc<Bits> {
        if let Some(known) = &self.rows.borrow()[leaf][position] {
            return Arc::clone(known);
        }
        let found = self.plan.leaves[leaf].rows(&self.hand, position, self.memory);
        self.rows.borrow_mut()[leaf][position] = Some(Arc::clone(&found));
        found
    }

    /// Returns the rows that a query of one filter returns of a block; none for other queries, where whole traces decide.
    pub(crate) fn single(&self, position: usize) -> Option<Arc<Bits>> {
        self.plan.single().map(|_| self.rows(0, position))
    }

    /// Returns the parts of a block whose traces may match, none where all may. A trace is looked for by its newest part.
    pub(crate) fn candidates(&self, position: usize) -> Option<Bits> {
        let anchors = self.plan.anchors.as_deref()?;
        let view = self.space().blocks[position].view;
        if anchors.iter().any(|&leaf| self.plan.leaves[leaf].is_everything()) {
            return None;
        }
        self.is_thorough.set(true);
        let mut parts = Bits::none(view.parts());
        for &leaf in anchors {
            parts.or(&view.parts_of(&self.rows(leaf, position)));
        }
        view.parts_with_older().for_each(|part| parts.insert(part));
        Some(parts)
    }

    /// Returns whether a trace matches.
    pub(crate) fn matches(&self, newest: PartRef) -> bool {
        let Some(leaf) = self.plan.single() else { return !self.groups(newest).is_empty() };
        if leaf.is_everything() {
            return true;
        }
        let Some(position) = self.space().snapshot.position(newest.block) else { return false };
        let has = |position: usize, part: u32| {
            let view = self.space().blocks[position].view;
            view.newest_rows(part).any(|row| self.holds(0, Place { position: position as u32, row }))
        };
        if has(position, newest.part) {
            return true;
        }
        let is_whole = self.space().blocks[position].view.older(newest.part).is_none();
        !is_whole && self.space().snapshot.parts(newest).0.into_iter().skip(1).any(|(at, part)| has(at, part))
    }

    /// Returns the spans of a trace that the query returns, in order of arrival.
    pub(crate) fn spans(&self, newest: PartRef) -> Vec<Place> {
        let rows = self.hand.rows(newest);
        let found = merged(self.groups(newest)).unwrap_or_default();
        found.into_iter().map(|at| rows.spans[at].0).collect()
    }

    fn groups(&self, newest: PartRef) -> Vec<Group> {
        if !self.has_anchor(newest) {
            return Vec::new();
        }
        let rows = self.hand.rows(newest);
        let holds = |leaf: usize, place: Place| self.holds(leaf, place);
        Run::new(&self.hand, self.plan, &rows, &holds).groups()
    }

    /// Returns whether a trace has what it needs at least, before its spans are gathered.
    fn has_anchor(&self, newest: PartRef) -> bool {
        let Some(anchors) = &self.plan.anchors else { return true };
        let (parts, _) = self.space().snapshot.parts(newest);
        parts.into_iter().any(|(position, part)| {
            let place = |row| Place { position: position as u32, row };
            let mut rows = self.space().blocks[position].view.newest_rows(part);
            rows.any(|row| anchors.iter().any(|&leaf| self.holds(leaf, place(row))))
        })
    }

    /// Returns whether a filter holds for a span.
    fn holds(&self, leaf: usize, place: Place) -> bool {
        if let Some(known) = &self.rows.borrow()[leaf][place.position as usize] {
            return known.has(place.row);
        }
        if self.is_thorough.get() {
            return self.rows(leaf, place.position as usize).has(place.row);
        }
        self.plan.leaves[leaf].holds(&self.hand, place)
    }

    /// Returns what the query shows beside each span.
    pub(crate) fn selected(&self) -> &'a [Field] {
        &self.plan.selected
    }

    /// Returns what a field is on a span, written out.
    pub(crate) fn value(&self, place: Place, field: &Field) -> Literal {
        literal(&Subject::at(&self.hand, place), field)
    }

    /// Returns each filter as it is written.
    pub(crate) fn filters(&self) -> impl Iterator<Item = String> {
        self.plan.leaves.iter().map(|leaf| leaf.text().to_owned())
    }

    /// Looks at a block for a filter: how many rows are left by columns, names and filters, how many of them are looked at
    /// one by one, and how many match.
    pub(crate) fn look(&self, filter: usize, position: usize) -> (u32, u32, u32) {
        let leaf = &self.plan.leaves[filter];
        let (left, read) = leaf.narrowed(&self.hand, position);
        (left, read, leaf.rows(&self.hand, position, self.memory).count())
    }

    /// Counts on how many of these spans each attribute of a scope is.
    pub(crate) fn attribute_names(
        &self,
        position: usize,
        rows: &[u32],
        scope: Scope,
        found: &mut HashMap<Arc<str>, u64>,
    ) {
        let mut count = |name: &str, by: u64| match found.get_mut(name) {
            Some(known) => *known += by,
            None => drop(found.insert(Arc::from(name), by)),
        };
        let mut of_scope: HashMap<u32, u64> = HashMap::default();
        for &row in rows {
            let subject = Subject::at(&self.hand, Place { position: position as u32, row });
            *of_scope.entry(subject.row().scope).or_default() += 1;
            subject.attribute_names(scope, &mut |name| count(name, 1));
        }
        for (number, spans) in of_scope {
            let Some(origin) = self.space().blocks[position].origin(number) else { continue };
            let attributes = match scope {
                Scope::Either | Scope::Resource => &origin.resource.attributes,
                Scope::Instrumentation => &origin.scope.attributes,
                Scope::Span | Scope::Event | Scope::Link => continue,
            };
            for attribute in attributes {
                count(&attribute.key, spans);
            }
        }
    }

    pub(super) fn hand(&self) -> &Hand<'a> {
        &self.hand
    }
}

/// Returns what a field is on a span, written out.
pub(super) fn literal(subject: &Subject, field: &Field) -> Literal {
    use super::ast::Item;
    use super::fields::Type;
    let is_duration = matches!(&field.item, Item::Intrinsic(intrinsic) if intrinsic.info().value == Type::Duration);
    subject.field(field).to_literal(is_duration)
}

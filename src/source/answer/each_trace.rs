//! The traces that have a selected span, one after the other, each with all its spans.

use super::selected::{Going, Selected, on_all_cores};
use super::summary::NameCache;
use super::trace::plain_span;
use crate::analysis::{Rows, Starts};
use crate::model::{Trace, TraceId};
use crate::source::Progress;
use crate::store::{PartRef, Snapshot};

/// A trace with all that is held of it. Its spans have no times of events.
pub(super) struct Whole {
    pub(super) trace: Trace,
    /// Of each span the place of its block among the views, and its row there.
    pub(super) places: Vec<(usize, u32)>,
}

/// Told of a trace by its newest part, with the places of all its parts.
type EachPart<'a> = &'a mut dyn FnMut(PartRef, &[(usize, u32)]);

/// How many blocks are looked at between two questions whether to go on.
const STEP: usize = 8;

/// The traces of a selection.
pub(super) struct Traces<'a> {
    pub(super) selected: &'a Selected<'a>,
    pub(super) snapshot: &'a Snapshot,
    /// The selected rows of each block.
    rows: Vec<Rows>,
}

impl<'a> Traces<'a> {
    pub(super) fn new(selected: &'a Selected<'a>, snapshot: &'a Snapshot, starts: Starts) -> Self {
        let views = &selected.spans.views;
        let rows = (0..views.len()).map(|position| selected.spans.rows(position, starts)).collect();
        Self { selected, snapshot, rows }
    }

    /// Looks at every trace, the newest blocks first: on each core with something made for it, which is merged at the end.
    /// `most` is how many spans are looked at, give or take some blocks. None where that was ended.
    pub(super) fn each<S: Send>(
        &self,
        (make, merge): (impl Fn() -> S + Sync, impl Fn(S, S) -> S),
        most: Option<u64>,
        look: impl Fn(&mut S, Whole) + Sync,
        going: Going,
    ) -> Option<S> {
        let mut made: Option<S> = None;
        let mut progress = Progress { searched: 0, ..self.selected.all_searched() };
        let mut to = self.rows.len();
        while to > 0 && most.is_none_or(|most| progress.searched < most) {
            let from = to.saturating_sub(STEP);
            let parts = on_all_cores(to - from, |positions| {
                let mut state = make();
                let mut names = NameCache::default();
                for position in positions {
                    self.in_block(from + position, &mut names, &mut |whole| look(&mut state, whole));
                }
                state
            });
            made = parts.into_iter().fold(made, |made, part| {
                Some(match made {
                    Some(made) => merge(made, part),
                    None => part,
                })
            });
            progress.searched +=
                self.selected.spans.views[from..to].iter().map(|view| u64::from(view.len())).sum::<u64>();
            if !going(progress) {
                return None;
            }
            to = from;
        }
        Some(made.unwrap_or_else(make))
    }

    /// Hands over the traces of which the newest part is in a block.
    fn in_block(&self, position: usize, names: &mut NameCache, each: &mut dyn FnMut(Whole)) {
        self.parts_of_block(position, &mut |part, _| each(self.whole_of(part, names)));
    }

    /// Hands over each trace by its newest part, with all parts, the newest first; none where that was ended.
    pub(super) fn each_part(&self, going: Going, each: EachPart) -> Option<()> {
        let mut progress = Progress { searched: 0, ..self.selected.all_searched() };
        for position in (0..self.rows.len()).rev() {
            self.parts_of_block(position, each);
            progress.searched += u64::from(self.selected.spans.views[position].len());
            // The answer is not known before all was looked at.
            if !going(Progress { searched: progress.searched.min(progress.of.saturating_sub(1)), ..progress }) {
                return None;
            }
        }
        Some(())
    }

    fn parts_of_block(&self, position: usize, each: EachPart) {
        let view = &self.selected.spans.views[position];
        for part in (0..view.parts()).take_while(|&part| view.has_part(part)) {
            if self.snapshot.is_superseded(view, part) {
                continue;
            }
            let part = PartRef { block: view.sequence(), part };
            let (parts, _) = self.snapshot.parts(part);
            if parts.iter().any(|at| self.has_selected(*at)) {
                each(part, &parts);
            }
        }
    }

    /// Returns the trace of which this is the newest part.
    pub(super) fn whole_of(&self, part: PartRef, names: &mut NameCache) -> Whole {
        let (parts, partial) = self.snapshot.parts(part);
        let id = parts.first().and_then(|&(position, part)| self.selected.spans.views[position].trace_id(part));
        self.whole(TraceId(id.unwrap_or_default()), (&parts, partial), names)
    }

    pub(super) fn has_selected(&self, (position, part): (usize, u32)) -> bool {
        self.rows[position] != Rows::None
            && self.selected.spans.views[position].newest_rows(part).any(|row| self.is_selected((position, row)))
    }

    /// Returns whether a span is selected.
    fn is_selected(&self, (position, row): (usize, u32)) -> bool {
        let view = &self.selected.spans.views[position];
        let is_of = || self.selected.spans.is_of(view, view.service(row));
        match &self.rows[position] {
            Rows::None => false,
            Rows::All => is_of(),
            Rows::Some(some) => some.has(row) && is_of(),
        }
    }

    fn whole(&self, id: TraceId, (parts, partial): (&[(usize, u32)], bool), names: &mut NameCache) -> Whole {
        let mut places = Vec::new();
        for &(position, part) in parts.iter().rev() {
            places.extend(self.selected.spans.views[position].part_rows(part).into_iter().map(|row| (position, row)));
        }
        let span = |&(position, row): &(usize, u32)| {
            let row = self.selected.spans.views[position].row(row);
            let names = [row.service, row.operation].map(|name| names.name(position, name, self.snapshot));
            plain_span(&row, names)
        };
        let spans = places.iter().map(span).collect();
        Whole { trace: Trace::of(id, spans, partial), places }
    }
}

//! Takes one page out of any number of traces, in one pass and with no more memory than the page needs.

use std::cmp::Ordering;

use crate::source::Page;
use crate::store::PartRef;

/// A trace with what it is sorted by.
#[derive(Clone, Debug)]
pub(super) struct Keyed<K> {
    pub(super) key: K,
    pub(super) id: u128,
    pub(super) newest: PartRef,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct PageOf<K> {
    descending: bool,
    limit: usize,
    /// The trace that keeps its place on the page, and how many rows stand above it.
    anchor: Option<(Keyed<K>, usize)>,
    /// Where the page begins without an anchor, and whether it must be full.
    offset: usize,
    is_full: bool,
    /// How many traces stand before the anchor, and the nearest of them.
    rank: usize,
    before: Nearest<K>,
    /// The nearest from the anchor on, or from the beginning where there is none.
    after: Nearest<K>,
}

/// Those of the entries pushed that come first.
#[derive(Clone, Debug)]
struct Nearest<K> {
    most: usize,
    entries: Vec<Keyed<K>>,
    /// Whether the last entry is the worst of as many as are wanted, so that what is worse can be left out.
    is_bounded: bool,
}

impl<K: Ord> Nearest<K> {
    fn new(most: usize) -> Self {
        Self { most, entries: Vec::new(), is_bounded: false }
    }

    /// Leaves out what cannot be among the first; the worst of those is then the last.
    fn bound(&mut self, compare: impl Fn(&Keyed<K>, &Keyed<K>) -> Ordering) {
        if self.entries.len() >= self.most && self.most > 0 {
            self.entries.select_nth_unstable_by(self.most - 1, compare);
            self.entries.truncate(self.most);
            self.is_bounded = true;
        }
    }

    fn push(&mut self, entry: Keyed<K>, compare: impl Fn(&Keyed<K>, &Keyed<K>) -> Ordering) {
        let worst = self.most.checked_sub(1).and_then(|last| self.entries.get(last)).filter(|_| self.is_bounded);
        if self.most == 0 || worst.is_some_and(|worst| compare(&entry, worst) == Ordering::Greater) {
            return;
        }
        self.entries.push(entry);
        if self.entries.len() >= self.most.max(64).saturating_mul(2) {
            self.bound(compare);
        }
    }
}

impl<K: Ord> PageOf<K> {
    /// Prepares a page; `anchor` is the trace that [`Page::Around`] names, where it is among those that will be pushed.
    pub(super) fn new(page: Page, limit: usize, descending: bool, anchor: Option<Keyed<K>>) -> Self {
        let (anchor, offset, is_full) = match (page, anchor) {
            (Page::Around { above, .. }, Some(anchor)) => (Some((anchor, above)), 0, true),
            (Page::Around { otherwise, .. }, None) => (None, otherwise, true),
            (Page::At(offset), _) => (None, offset, false),
        };
        let above = anchor.as_ref().map_or(0, |&(_, above)| above.max(limit));
        let after = Nearest::new(offset.saturating_add(limit));
        Self { descending, limit, anchor, offset, is_full, rank: 0, before: Nearest::new(above), after }
    }

    pub(super) fn push(&mut self, entry: Keyed<K>) {
        let descending = self.descending;
        let is_before =
            self.anchor.as_ref().is_some_and(|(anchor, _)| compare(descending, &entry, anchor) == Ordering::Less);
        if is_before {
            self.rank += 1;
            self.before.push(entry, |a, b| compare(descending, b, a));
        } else {
            self.after.push(entry, |a, b| compare(descending, a, b));
        }
    }

    /// Returns whether traces with keys at most as good as `best` could change the page.
    pub(super) fn wants(&mut self, best: &K) -> bool {
        let descending = self.descending;
        let is_better = |key: &K| if descending { best >= key } else { best <= key };
        if self.anchor.as_ref().is_some_and(|(anchor, _)| is_better(&anchor.key)) {
            return true;
        }
        self.after.bound(|a, b| compare(descending, a, b));
        !self.after.is_bounded || self.after.entries.last().is_none_or(|worst| is_better(&worst.key))
    }

    /// Returns how many traces stand before the page, of `total`, and the page.
    pub(super) fn finish(mut self, total: usize) -> (usize, Vec<Keyed<K>>) {
        let descending = self.descending;
        let mut rows = std::mem::take(&mut self.before.entries);
        rows.append(&mut self.after.entries);
        rows.sort_unstable_by(|a, b| compare(descending, a, b));
        let wanted = self.anchor.as_ref().map_or(self.offset, |&(_, above)| self.rank.saturating_sub(above));
        let last_page = total.saturating_sub(self.limit);
        let offset = if self.is_full { wanted.min(last_page) } else { wanted };
        // The first row kept is not the first of all: the nearest before the anchor were kept.
        let kept_before = rows.len().min(self.kept_before(&rows));
        let skipped = offset.saturating_sub(self.rank - kept_before);
        rows.drain(..skipped.min(rows.len()));
        rows.truncate(self.limit);
        (offset, rows)
    }

    fn kept_before(&self, rows: &[Keyed<K>]) -> usize {
        let Some((anchor, _)) = &self.anchor else { return 0 };
        rows.partition_point(|row| compare(self.descending, row, anchor) == Ordering::Less)
    }
}

/// Ties are broken by id.
fn compare<K: Ord>(descending: bool, a: &Keyed<K>, b: &Keyed<K>) -> Ordering {
    let by_key = a.key.cmp(&b.key);
    (if descending { by_key.reverse() } else { by_key }).then(a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::TraceId;

    fn keyed(id: u128, key: u64) -> Keyed<u64> {
        Keyed { key, id, newest: PartRef { block: 0, part: 0 } }
    }

    /// The page by sorting everything.
    fn expected(keys: &[u64], page: Page, limit: usize, descending: bool) -> (usize, Vec<u128>) {
        let mut all: Vec<Keyed<u64>> = keys.iter().zip(0..).map(|(&key, id)| keyed(id, key)).collect();
        all.sort_by(|a, b| compare(descending, a, b));
        let last_page = all.len().saturating_sub(limit);
        let offset = match page {
            Page::At(offset) => offset,
            Page::Around { trace, above, otherwise } => {
                let rank = all.iter().position(|row| row.id == trace.0);
                rank.map_or(otherwise, |rank| rank.saturating_sub(above)).min(last_page)
            }
        };
        (offset, all.iter().skip(offset).take(limit).map(|row| row.id).collect())
    }

    proptest! {
        #[test]
        fn a_page_is_that_of_the_sorted_list(
            keys in prop::collection::vec(0..50_u64, 0..400),
            (limit, at, trace) in (0..30_usize, 0..420_usize, 0..450_u128),
            (above, around, descending) in (0..40_usize, any::<bool>(), any::<bool>()),
        ) {
            let page = if around {
                Page::Around { trace: TraceId(trace), above, otherwise: at }
            } else {
                Page::At(at)
            };
            let anchor = keys.get(trace as usize).filter(|_| around).map(|&key| keyed(trace, key));
            let mut list = PageOf::new(page, limit, descending, anchor);
            keys.iter().zip(0..).for_each(|(&key, id)| list.push(keyed(id, key)));
            let (offset, rows) = list.finish(keys.len());
            let rows: Vec<u128> = rows.iter().map(|row| row.id).collect();
            prop_assert_eq!((offset, rows), expected(&keys, page, limit, descending));
        }
    }
}

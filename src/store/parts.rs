//! Sums over what a block holds of each trace: what a list of traces sorts and filters by.

use super::block::View;
use super::rows::{NONE, Row};

/// One trace's spans in one block, or in all of them once merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartSummary {
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) spans: u32,
    pub(crate) errors: u32,
    pub(crate) roots: u32,
    /// The root that names the trace, none where no root is here.
    pub(crate) root: Option<RootRow>,
}

/// A root's place and what decides among several: the earliest start, then the smallest id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RootRow {
    pub(crate) start_ns: u64,
    pub(crate) span_id: u64,
    pub(crate) block: u32,
    pub(crate) row: u32,
}

impl Default for PartSummary {
    fn default() -> Self {
        Self { start_ns: u64::MAX, end_ns: 0, spans: 0, errors: 0, roots: 0, root: None }
    }
}

impl PartSummary {
    fn add(&mut self, block: u32, index: u32, row: &Row) {
        let root =
            (row.parent_id == 0).then_some(RootRow { start_ns: row.start_ns, span_id: row.span_id, block, row: index });
        self.merge(&Self {
            start_ns: row.start_ns,
            end_ns: row.end_ns(),
            spans: 1,
            errors: u32::from(row.is_error()),
            roots: u32::from(root.is_some()),
            root,
        });
    }

    /// Adds the sums of another part of the same trace.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.start_ns = self.start_ns.min(other.start_ns);
        self.end_ns = self.end_ns.max(other.end_ns);
        self.spans += other.spans;
        self.errors += other.errors;
        self.roots += other.roots;
        self.root = match (self.root, other.root) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    pub(crate) fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

/// The sums of a block's parts over its first rows; each row is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    rows: u32,
    parts: Vec<PartSummary>,
}

impl Summaries {
    /// Returns how many rows are summed up.
    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    pub(super) fn parts(&self) -> &[PartSummary] {
        &self.parts
    }

    pub(super) fn extend_to(&mut self, view: &View) {
        for index in self.rows..view.len() {
            let row = view.row(index);
            debug_assert_ne!(row.part, NONE, "a published row belongs to a trace");
            if row.part as usize >= self.parts.len() {
                self.parts.resize(row.part as usize + 1, PartSummary::default());
            }
            self.parts[row.part as usize].add(view.sequence(), index, &row);
        }
        self.rows = self.rows.max(view.len());
    }
}

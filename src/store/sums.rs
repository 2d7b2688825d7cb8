//! Sums over a trace's spans: what a list of traces sorts and filters by.

use super::row::Row;

/// One trace's spans in one block, or in all of them once merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartSums {
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    pub(crate) spans: u32,
    pub(crate) errors: u32,
    pub(crate) roots: u32,
}

/// A root's place and what decides among several which one names the trace: the earliest start, then the smallest id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RootRow {
    pub(crate) start_ns: u64,
    pub(crate) span_id: u64,
    pub(crate) block: u32,
    pub(crate) row: u32,
}

impl Default for PartSums {
    fn default() -> Self {
        Self { start_ns: u64::MAX, end_ns: 0, spans: 0, errors: 0, roots: 0 }
    }
}

impl PartSums {
    /// Adds a span.
    pub(super) fn add(&mut self, row: &Row) {
        self.merge(&Self {
            start_ns: row.start_ns,
            end_ns: row.end_ns(),
            spans: 1,
            errors: u32::from(row.is_error()),
            roots: u32::from(row.parent_id == 0),
        });
    }

    /// Adds the sums of another part of the same trace.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.start_ns = self.start_ns.min(other.start_ns);
        self.end_ns = self.end_ns.max(other.end_ns);
        // A damaged column may say anything.
        self.spans = self.spans.saturating_add(other.spans);
        self.errors = self.errors.saturating_add(other.errors);
        self.roots = self.roots.saturating_add(other.roots);
    }

    pub(crate) fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

//! The hot columns of one span, as every form of a block gives them out.

use crate::model::{Kind, StatusCode};

/// No row, part or name.
pub(crate) const NONE: u32 = u32::MAX;

/// The columns of one span inside its block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) span_id: u64,
    /// 0 for a root.
    pub(crate) parent_id: u64,
    pub(crate) start_ns: u64,
    pub(crate) duration_ns: u64,
    /// Into the block's names.
    pub(crate) service: u32,
    pub(crate) operation: u32,
    /// Into the block's scopes.
    pub(crate) scope: u32,
    pub(crate) facts: Facts,
}

impl Row {
    pub(crate) fn end_ns(&self) -> u64 {
        self.start_ns.saturating_add(self.duration_ns)
    }

    pub(crate) fn is_error(&self) -> bool {
        self.facts.status() == StatusCode::Error
    }
}

/// Kind, status, flag and counts in 32 bits: 3 for the kind, 2 for the status, 1 flag, 13 for each count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts(u32);

const COUNT_MAX: u32 = (1 << 13) - 1;
/// The bits of kind, status and flag.
const SMALL: u32 = 6;

impl Facts {
    pub(crate) fn new(kind: Kind, status: StatusCode, ends_before_start: bool, events: u16, links: u16) -> Self {
        let small = kind as u32 | (status as u32) << 3 | u32::from(ends_before_start) << 5;
        Self::from_parts(small, u32::from(events), u32::from(links))
    }

    /// Returns kind, status and flag in 6 bits, the events, and the links.
    pub(super) fn parts(self) -> (u32, u32, u32) {
        (self.0 & ((1 << SMALL) - 1), self.events(), self.links())
    }

    /// Puts together what [`Facts::parts`] gave.
    pub(super) fn from_parts(small: u32, events: u32, links: u32) -> Self {
        Self(small | events.min(COUNT_MAX) << SMALL | links.min(COUNT_MAX) << (SMALL + 13))
    }

    pub(super) fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(super) fn bits(self) -> u32 {
        self.0
    }

    pub(crate) fn kind(self) -> Kind {
        Kind::from_number((self.0 & 7) as i32)
    }

    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_number((self.0 >> 3 & 3) as i32)
    }

    pub(crate) fn ends_before_start(self) -> bool {
        self.0 >> 5 & 1 == 1
    }

    /// At most 8,191.
    pub(crate) fn events(self) -> u32 {
        self.0 >> SMALL & COUNT_MAX
    }

    /// At most 8,191.
    pub(crate) fn links(self) -> u32 {
        self.0 >> (SMALL + 13) & COUNT_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_keep_kind_status_flag_and_saturated_counts() {
        for kind in Kind::ALL {
            for status in [StatusCode::Unset, StatusCode::Ok, StatusCode::Error] {
                let facts = Facts::new(kind, status, true, 70, 60_000);
                assert_eq!((facts.kind(), facts.status(), facts.ends_before_start()), (kind, status, true));
                assert_eq!((facts.events(), facts.links()), (70, 8_191));
                let (small, events, links) = facts.parts();
                assert_eq!((Facts::from_parts(small, events, links), Facts::from_bits(facts.bits())), (facts, facts));
            }
        }
    }
}

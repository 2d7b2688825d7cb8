//! Finds who calls whom among the spans of a block.

use super::target::{Numbered, each_bytes};
use super::{Calls, LinkOut, NO_TARGET};
use crate::model::Kind;
use crate::store::ids::{id_hash, span_hash};
use crate::store::open::OpenBlock;
use crate::store::row::Row;
use crate::store::scan::Bits;

/// Where a link of a consumer leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Linked {
    Row(u32),
    Elsewhere,
}

/// See the module. First all parents are told, then the messages of what [`Finding::wants`].
#[derive(Debug, Default)]
pub(in crate::store) struct Finding {
    targets: Numbered,
    bare: Bits,
    /// The target of each row that is bare.
    of_rows: Vec<(u32, u32)>,
    linked: Vec<(u32, u32)>,
    links_out: Vec<LinkOut>,
}

fn calls(kind: Kind) -> bool {
    matches!(kind, Kind::Client | Kind::Producer)
}

fn is_called(kind: Kind) -> bool {
    matches!(kind, Kind::Server | Kind::Consumer)
}

impl Finding {
    /// Begins with the rows of a block and their parents in the same part.
    pub(in crate::store) fn new(rows: &[Row], parent: impl Fn(u32) -> Option<u32>) -> Self {
        let mut bare = Bits::none(rows.len() as u32);
        for (at, row) in (0..).zip(rows) {
            if calls(row.facts.kind()) {
                bare.insert(at);
            }
        }
        for (at, row) in (0..).zip(rows) {
            if is_called(row.facts.kind())
                && let Some(parent) = parent(at)
            {
                bare.remove(parent);
            }
        }
        Self { bare, ..Self::default() }
    }

    /// Returns the calls among the first `len` rows of an open block.
    pub(super) fn of_open(block: &OpenBlock, len: u32) -> Calls {
        let rows: Vec<Row> = (0..len).map(|row| block.row(row)).collect();
        let find = |trace_id: u128, part: u32, id: u64| {
            block.find_span(part, id, span_hash(trace_id, id)).filter(|row| *row < len)
        };
        let parent = |at: u32| {
            let (part, id) = (block.place(at).part, rows[at as usize].parent_id);
            let trace_id = block.parts.get(part).filter(|_| id != 0)?.trace_id;
            find(trace_id, part, id)
        };
        let mut finding = Self::new(&rows, parent);
        for (at, row) in (0..).zip(&rows) {
            if finding.wants(at, row) {
                finding.look((at, block.trace_id(at)), row, block.span_message(at), |trace_id, id| {
                    let part = block.find_part(trace_id, id_hash(trace_id));
                    part.and_then(|part| find(trace_id, part, id)).map_or(Linked::Elsewhere, Linked::Row)
                });
            }
        }
        finding.finish(&rows)
    }

    /// Returns whether the message of a row is to be looked at.
    #[inline]
    pub(in crate::store) fn wants(&self, at: u32, row: &Row) -> bool {
        self.bare.has(at) || (row.facts.kind() == Kind::Consumer && row.facts.links() > 0)
    }

    /// Looks at the `Span` message of a row of a trace; `find` says where a link leads.
    pub(in crate::store) fn look(
        &mut self,
        (at, own_trace_id): (u32, u128),
        row: &Row,
        span: &[u8],
        find: impl Fn(u128, u64) -> Linked,
    ) {
        if self.bare.has(at) {
            let target = self.targets.of(row.facts.kind(), span);
            if target == NO_TARGET {
                self.bare.remove(at);
            } else {
                self.of_rows.push((at, target));
            }
            return;
        }
        each_link(span, |trace_id, span_id| match find(trace_id, span_id) {
            // The parent is a caller already.
            Linked::Row(_) | Linked::Elsewhere if (trace_id, span_id) == (own_trace_id, row.parent_id) => {}
            Linked::Row(caller) => self.linked.push((at, caller)),
            Linked::Elsewhere => self.links_out.push(LinkOut { row: at, trace_id, span_id }),
        });
    }

    /// Returns what was found among these rows.
    pub(in crate::store) fn finish(mut self, rows: &[Row]) -> Calls {
        self.of_rows.sort_unstable();
        // A link says nothing of the kind of what it leads to.
        self.linked.retain(|(_, caller)| rows.get(*caller as usize).is_some_and(is_producer));
        self.linked.sort_unstable();
        self.linked.dedup();
        self.links_out.sort_unstable_by_key(|link| (link.row, link.trace_id, link.span_id));
        self.links_out.dedup();
        Calls {
            targets: self.targets.all,
            bare: self.bare,
            bare_targets: self.of_rows.into_iter().map(|(_, target)| target).collect(),
            linked: self.linked,
            links_out: self.links_out,
        }
    }
}

fn is_producer(row: &Row) -> bool {
    row.facts.kind() == Kind::Producer
}

/// The field of a `Span` message that has its links, and those of a `Link` message.
const LINKS: u32 = 13;
const LINK_TRACE_ID: u32 = 1;
const LINK_SPAN_ID: u32 = 2;

/// Calls `on` with the ids of each link that has both.
fn each_link(span: &[u8], mut on: impl FnMut(u128, u64)) {
    each_bytes(span, |field, link| {
        if field != LINKS {
            return;
        }
        let (mut trace_id, mut span_id) = (0, 0);
        each_bytes(link, |field, bytes| match field {
            LINK_TRACE_ID => trace_id = bytes.first_chunk().map_or(0, |id| u128::from_be_bytes(*id)),
            LINK_SPAN_ID => span_id = bytes.first_chunk().map_or(0, |id| u64::from_be_bytes(*id)),
            _ => {}
        });
        if trace_id != 0 && span_id != 0 {
            on(trace_id, span_id);
        }
    });
}

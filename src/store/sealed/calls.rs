//! Who calls whom in a sealed block, as columns.

use bytes::Bytes;

use super::image::{Damaged, ImageBuilder, ImageReader, item, item_u64};
use super::packed::Packed;
use super::tallies::TallyColumns;
use super::{FOREIGN, Names, ROOT, SealedBlock, unzigzag};
use crate::model::EdgeKind;
use crate::store::calls::{CallTallies, Callee, Calls, Edge, LinkOut, Target};
use crate::store::row::Facts;
use crate::store::scan::Bits;
use crate::store::tally::Timing;

/// See the module.
#[derive(Debug)]
pub(super) struct CallColumns {
    targets: Names,
    target_kinds: Packed,
    /// A bit a row.
    bare: Bytes,
    bares: u32,
    bare_targets: Packed,
    links: u32,
    linked_callees: Packed,
    linked_callers: Packed,
    links_out: u32,
    link_rows: Packed,
    /// 16 and 8 bytes each.
    link_traces: Bytes,
    link_spans: Bytes,
    edges: u32,
    edge_callers: Packed,
    /// Twice the number of what is called; and one where it is a target.
    edge_callees: Packed,
    edge_kinds: Packed,
    tallies: TallyColumns,
}

fn write(values: impl Iterator<Item = u64>, image: &mut ImageBuilder) {
    Packed::write(&values.collect::<Vec<_>>(), image);
}

fn kind(number: u64) -> EdgeKind {
    EdgeKind::ALL.get(number as usize).copied().unwrap_or_default()
}

impl CallColumns {
    pub(super) fn write(calls: &Calls, tallies: &CallTallies, image: &mut ImageBuilder) {
        Names::write(calls.targets.iter().map(|target| target.name.as_str()), image);
        write(calls.targets.iter().map(|target| target.kind as u64), image);
        image.section_of(calls.bare.words().iter().map(|word| word.to_le_bytes()));
        image.number(calls.bare_targets.len() as u64);
        write(calls.bare_targets.iter().copied().map(u64::from), image);
        image.number(calls.linked.len() as u64);
        write(calls.linked.iter().map(|(callee, _)| u64::from(*callee)), image);
        write(calls.linked.iter().map(|(_, caller)| u64::from(*caller)), image);
        image.number(calls.links_out.len() as u64);
        write(calls.links_out.iter().map(|link| u64::from(link.row)), image);
        image.section_of(calls.links_out.iter().map(|link| link.trace_id.to_le_bytes()));
        image.section_of(calls.links_out.iter().map(|link| link.span_id.to_le_bytes()));
        let edges = || tallies.edges.iter();
        image.number(tallies.edges.len() as u64);
        write(edges().map(|edge| u64::from(edge.caller)), image);
        let callee = |edge: &Edge| match edge.callee {
            Callee::Service(name) => u64::from(name) << 1,
            Callee::Target(target) => u64::from(target) << 1 | 1,
        };
        write(edges().map(callee), image);
        write(edges().map(|edge| edge.kind as u64), image);
        TallyColumns::write(&tallies.tallies, image);
    }

    pub(super) fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        let columns = Self {
            targets: Names::read(image)?,
            target_kinds: Packed::read(image)?,
            bare: image.section()?,
            bares: image.small()?,
            bare_targets: Packed::read(image)?,
            links: image.small()?,
            linked_callees: Packed::read(image)?,
            linked_callers: Packed::read(image)?,
            links_out: image.small()?,
            link_rows: Packed::read(image)?,
            link_traces: image.section()?,
            link_spans: image.section()?,
            edges: image.small()?,
            edge_callers: Packed::read(image)?,
            edge_callees: Packed::read(image)?,
            edge_kinds: Packed::read(image)?,
            tallies: TallyColumns::read(image)?,
        };
        let has_rows = columns.bare_targets.has(columns.bares)
            && columns.linked_callers.has(columns.links)
            && columns.link_rows.has(columns.links_out)
            && columns.edge_callers.has(columns.edges)
            && columns.target_kinds.has(columns.targets.len);
        has_rows.then_some(columns).ok_or(Damaged)
    }

    fn calls(&self, rows: u32) -> Calls {
        let words = (0..self.bare.len() / 8).filter_map(|place| item_u64(&self.bare, place)).collect();
        let number = |column: &Packed, row: u32| column.get(row) as u32;
        let mut bare_targets = Vec::with_capacity(self.bares.min(rows) as usize);
        self.bare_targets.unpack(self.bares.min(rows) as usize, |target| bare_targets.push(target as u32));
        let link_out = |place: u32| {
            Some(LinkOut {
                row: number(&self.link_rows, place),
                trace_id: u128::from_le_bytes(*item(&self.link_traces, place as usize)?),
                span_id: item_u64(&self.link_spans, place as usize)?,
            })
        };
        Calls {
            targets: (0..self.targets.len)
                .map(|number| Target {
                    kind: kind(self.target_kinds.get(number)),
                    name: self.targets.get(number).to_owned(),
                })
                .collect(),
            bare: Bits::from_words(words, rows),
            bare_targets,
            linked: (0..self.links)
                .map(|place| (number(&self.linked_callees, place), number(&self.linked_callers, place)))
                .filter(|(callee, caller)| *callee < rows && *caller < rows)
                .collect(),
            links_out: (0..self.links_out).map_while(link_out).filter(|link| link.row < rows).collect(),
        }
    }

    fn tallies(&self) -> CallTallies {
        let edge = |number: u32| {
            let callee = self.edge_callees.get(number);
            let of = (callee >> 1) as u32;
            Edge {
                caller: self.edge_callers.get(number) as u32,
                callee: if callee & 1 == 1 { Callee::Target(of) } else { Callee::Service(of) },
                kind: kind(self.edge_kinds.get(number)),
            }
        };
        CallTallies { edges: (0..self.edges).map(edge).collect(), tallies: self.tallies.tallies() }
    }
}

impl SealedBlock {
    /// Returns who calls whom.
    pub(in crate::store) fn calls(&self) -> Calls {
        self.calls.calls(self.len())
    }

    /// Returns what all calls within the block come to.
    pub(in crate::store) fn call_tallies(&self) -> CallTallies {
        self.calls.tallies()
    }

    /// Returns the columns of a row that figures are made of.
    pub(in crate::store) fn timing(&self, row: u32) -> Timing {
        let columns = &self.columns;
        Timing {
            row,
            start_ns: columns.start_ns.get(row),
            duration_ns: columns.duration_ns.get(row),
            service: columns.service.get(row) as u32,
            operation: columns.operation.get(row) as u32,
            facts: Facts::from_parts(columns.small.get(row) as u32, 0, 0),
        }
    }

    /// Returns the row of a span's parent, where it is in the same part.
    pub(in crate::store) fn parent(&self, row: u32) -> Option<u32> {
        match self.columns.parent.get(row) {
            ROOT | FOREIGN => None,
            distance => {
                let parent = u32::try_from(i64::from(row).wrapping_add(unzigzag(distance - 2)));
                parent.ok().filter(|parent| *parent < self.len())
            }
        }
    }
}

//! What a damaged file still tells. The region is kept twice and has a checksum for each stretch of the data, so it is known
//! which bytes are damaged; a span is lost only if one of its own is.

use std::sync::Arc;

use bytes::Bytes;

use super::image::{STRETCH, item, item_u32};
use super::packed::Packed;
use super::{FOREIGN, SealedBlock, unzigzag};
use crate::model::Timestamp;
use crate::store::view::{Block, View};

/// The damaged stretches of a block's data.
#[derive(Debug)]
struct Damage<'a> {
    data: &'a Bytes,
    /// By number, in order.
    stretches: Vec<usize>,
}

/// What was found out about a block's file.
#[derive(Debug)]
pub struct Verified {
    pub(in crate::store) sequence: u32,
    /// How many of its stretches are damaged.
    pub damaged: u64,
    /// What was taken out of it, where columns are damaged. Damaged pages alone take nothing away but attributes, which are
    /// left out when they are read.
    pub salvage: Option<Salvage>,
}

impl Verified {
    /// Returns the number of the block.
    pub fn sequence(&self) -> u32 {
        self.sequence
    }
}

/// What could be taken out of a block in which columns are damaged.
#[derive(Debug)]
pub struct Salvage {
    /// The spans that are whole, as requests.
    pub requests: Vec<Bytes>,
    /// How many are not.
    pub lost: u64,
    /// When the last of them arrived.
    pub arrived: Timestamp,
}

/// Spans of one request.
const REQUEST: usize = 4_096;

impl Damage<'_> {
    /// Returns whether a piece of the data is whole.
    fn is_whole(&self, piece: &[u8]) -> bool {
        if piece.is_empty() {
            return true;
        }
        let start = piece.as_ptr().addr().saturating_sub(self.data.as_ptr().addr());
        let (first, last) = (start / STRETCH, (start + piece.len() - 1) / STRETCH);
        let next = self.stretches.partition_point(|&stretch| stretch < first);
        self.stretches.get(next).is_none_or(|&stretch| stretch > last)
    }

    fn is_cell_whole(&self, column: &Packed, row: u32) -> bool {
        self.is_whole(column.cell(row))
    }
}

impl SealedBlock {
    /// Reads all data and says what of it is damaged.
    pub(in crate::store) fn verify(self: &Arc<Self>) -> Verified {
        let damage = self.damage();
        Verified {
            sequence: self.facts.sequence,
            damaged: damage.as_ref().map_or(0, |damage| damage.stretches.len() as u64),
            salvage: damage.and_then(|damage| self.salvage(&damage)),
        }
    }

    /// Reads all data and returns whether nothing of it is damaged.
    pub(in crate::store) fn is_whole(&self) -> bool {
        self.damage().is_none()
    }

    fn damage(&self) -> Option<Damage<'_>> {
        let data = &self.image.data;
        let is_damaged = |&stretch: &usize| {
            let bytes = data.get(stretch * STRETCH..).unwrap_or_default();
            let bytes = bytes.get(..STRETCH).unwrap_or(bytes);
            item_u32(&self.checksums, stretch) != Some(crc32c::crc32c(bytes))
        };
        let stretches: Vec<usize> = (0..data.len().div_ceil(STRETCH)).filter(is_damaged).collect();
        (!stretches.is_empty()).then_some(Damage { data, stretches })
    }

    /// Takes out what is whole, if a column is damaged.
    fn salvage(self: &Arc<Self>, damage: &Damage) -> Option<Salvage> {
        // Pages come last.
        let pages = self.image.data.len() - self.pages.packed_bytes();
        if damage.stretches.first().is_none_or(|&first| first * STRETCH >= pages) {
            return None;
        }
        let rows: Vec<u32> = (0..self.parts.len()).flat_map(|part| self.whole_rows(part, damage)).collect();
        let block = Block::Sealed(Arc::clone(self));
        let view = View::of(&block, self.len());
        let requests = rows.chunks(REQUEST).map(|rows| view.request(rows)).collect();
        let lost = u64::from(self.len()) - rows.len() as u64;
        Some(Salvage { requests, lost, arrived: self.facts.arrivals.1 })
    }

    fn whole_rows(&self, part: u32, damage: &Damage) -> Vec<u32> {
        let id: Option<&[u8; 16]> = item(&self.parts.trace_ids, part as usize);
        let has_ends = part.checked_sub(1).is_none_or(|before| damage.is_cell_whole(&self.parts.ends, before))
            && damage.is_cell_whole(&self.parts.ends, part);
        if !has_ends || !id.is_some_and(|id| damage.is_whole(id)) {
            return Vec::new();
        }
        self.parts.rows(part).filter(|&row| self.is_row_whole(row, damage)).collect()
    }

    fn is_row_whole(&self, row: u32, damage: &Damage) -> bool {
        let columns = &self.columns;
        let cells = [
            &columns.parent,
            &columns.start_ns,
            &columns.duration_ns,
            &columns.service,
            &columns.operation,
            &columns.scope,
            &columns.small,
            &columns.events,
            &columns.links,
        ];
        let is_id_whole = |row: u32| {
            let id: Option<&[u8; 8]> = item(&columns.span_id, row as usize);
            id.is_some_and(|id| damage.is_whole(id))
        };
        let is_name_whole = |name: u32| self.names.pieces(name).iter().all(|piece| damage.is_whole(piece));
        let is_parent_whole = || match columns.parent.get(row) {
            0 => true,
            FOREIGN => damage.is_whole(&columns.foreign_rows) && damage.is_whole(&columns.foreign_ids),
            distance => u32::try_from(i64::from(row).wrapping_add(unzigzag(distance - 2))).is_ok_and(is_id_whole),
        };
        cells.iter().all(|column| damage.is_cell_whole(column, row))
            && is_id_whole(row)
            && is_parent_whole()
            && is_name_whole(self.service(row))
            && is_name_whole(self.operation(row))
            && damage.is_cell_whole(&self.scope_resources, columns.scope.get(row) as u32)
    }
}

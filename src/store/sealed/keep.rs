//! Testing many rows of a column at once. Most chunks are decided as a whole by what their heads say; of the others the
//! bytes of 64 rows are compared side by side, which the compiler makes a few instructions for many rows of.

use super::packed::{CHUNK, Head, Packed, mask};
use super::{FOREIGN, ROOT, SealedBlock};
use crate::store::row::{Facts, Row};
use crate::store::scan::{Bits, Column, Test, WORD, retain_in};

/// A test as it is made of a chunk: of numbers between two, and where there is a table, of what it says.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    least: u64,
    most: u64,
    table: Option<&'a [bool]>,
}

impl<'a> Wanted<'a> {
    /// Returns none where nothing passes.
    fn by(test: &Test<'a>) -> Option<Self> {
        match *test {
            Test::Between(least, most) => (least <= most).then_some(Self { least, most, table: None }),
            Test::OneOf(passing) => {
                let first = passing.iter().position(|&passes| passes)?;
                let last = passing.iter().rposition(|&passes| passes)?;
                let is_stretch = passing.get(first..last)?.iter().all(|&passes| passes);
                Some(Self { least: first as u64, most: last as u64, table: (!is_stretch).then_some(passing) })
            }
        }
    }
}

impl Packed {
    /// Takes out of `rows` those of which the number does not pass.
    pub(super) fn keep(&self, test: &Test, rows: &mut Bits) {
        let Some(wanted) = Wanted::by(test) else { return rows.clear() };
        for (chunk, words) in rows.words_mut().chunks_mut(CHUNK / WORD).enumerate() {
            if words.iter().any(|&word| word != 0) {
                self.keep_in_chunk(self.head(chunk).unwrap_or_default(), wanted, words);
            }
        }
    }

    /// Returns two numbers between which all lie; of what the widths of chunks allow the least stretch.
    pub(super) fn bounds(&self) -> (u64, u64) {
        let bounds = self.heads().map(|head| (head.least, head.greatest()));
        bounds.reduce(|(a, b), (c, d)| (a.min(c), b.max(d))).unwrap_or_default()
    }

    fn keep_in_chunk(&self, head: Head, wanted: Wanted, words: &mut [u64]) {
        if wanted.most < head.least || wanted.least > head.greatest() {
            return words.fill(0);
        }
        let is_within = wanted.least <= head.least && head.greatest() <= wanted.most;
        match wanted.table {
            None if is_within => {}
            None => keep_between(self.cells(head), head, wanted, words),
            Some(table) => {
                let table = table.get(head.least as usize..).unwrap_or_default();
                keep_by_table(self.cells(head), head.width, table, words);
            }
        }
    }
}

/// `wanted` lies at least partly within what the head allows.
fn keep_between(cells: &[u8], head: Head, wanted: Wanted, words: &mut [u64]) {
    let from = wanted.least.saturating_sub(head.least);
    let len = (wanted.most - head.least).min(mask(head.width)) - from;
    let (from32, len32) = (from as u32, len as u32);
    match head.width {
        1 => keep_cells(cells, words, |[cell]: &[u8; 1]| cell.wrapping_sub(from as u8) <= len as u8),
        2 => keep_cells(cells, words, |cell| u16::from_le_bytes(*cell).wrapping_sub(from as u16) <= len as u16),
        3 => keep_cells(cells, words, |cell: &[u8; 3]| (number(cell) as u32).wrapping_sub(from32) <= len32),
        4 => keep_cells(cells, words, |cell| u32::from_le_bytes(*cell).wrapping_sub(from32) <= len32),
        5 => keep_cells(cells, words, |cell: &[u8; 5]| number(cell).wrapping_sub(from) <= len),
        6 => keep_cells(cells, words, |cell: &[u8; 6]| number(cell).wrapping_sub(from) <= len),
        7 => keep_cells(cells, words, |cell: &[u8; 7]| number(cell).wrapping_sub(from) <= len),
        _ => keep_cells(cells, words, |cell: &[u8; 8]| number(cell).wrapping_sub(from) <= len),
    }
}

/// `table` begins with the least number of the chunk.
fn keep_by_table(cells: &[u8], width: u32, table: &[bool], words: &mut [u64]) {
    let passes = |number: u64| table.get(number as usize).copied().unwrap_or_default();
    match width {
        0 if passes(0) => {}
        0 => words.fill(0),
        1 => {
            let mut all = [false; 256];
            all.iter_mut().zip(table).for_each(|(all, passes)| *all = *passes);
            keep_cells(cells, words, |[cell]: &[u8; 1]| all[usize::from(*cell)]);
        }
        2 => keep_cells(cells, words, |cell: &[u8; 2]| passes(number(cell))),
        3 => keep_cells(cells, words, |cell: &[u8; 3]| passes(number(cell))),
        4 => keep_cells(cells, words, |cell: &[u8; 4]| passes(number(cell))),
        5 => keep_cells(cells, words, |cell: &[u8; 5]| passes(number(cell))),
        6 => keep_cells(cells, words, |cell: &[u8; 6]| passes(number(cell))),
        7 => keep_cells(cells, words, |cell: &[u8; 7]| passes(number(cell))),
        _ => keep_cells(cells, words, |cell: &[u8; 8]| passes(number(cell))),
    }
}

#[inline(always)]
fn number<const WIDTH: usize>(cell: &[u8; WIDTH]) -> u64 {
    let mut word = [0; 8];
    word[..WIDTH].copy_from_slice(cell);
    u64::from_le_bytes(word)
}

/// Of so few rows of a word each is looked at by itself.
const FEW: u32 = 6;

#[inline]
fn keep_cells<const WIDTH: usize>(cells: &[u8], words: &mut [u64], passes: impl Fn(&[u8; WIDTH]) -> bool) {
    let (cells, _) = cells.as_chunks::<WIDTH>();
    for (word, cells) in words.iter_mut().zip(cells.chunks(WORD)) {
        match cells.first_chunk::<WORD>() {
            Some(cells) if word.count_ones() > FEW => *word &= passing(cells, &passes),
            _ => retain_in(word, |place| cells.get(place as usize).is_some_and(&passes)),
        }
    }
}

/// Returns a bit for each of 64 cells.
#[inline(always)]
fn passing<const WIDTH: usize>(cells: &[[u8; WIDTH]; WORD], passes: impl Fn(&[u8; WIDTH]) -> bool) -> u64 {
    /// Brings the lowest bit of each byte to the highest byte, that of the first one lowest.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0_u8; WORD];
    for (flag, cell) in flags.iter_mut().zip(cells) {
        *flag = u8::from(passes(cell));
    }
    let eights = flags.as_chunks::<8>().0.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56);
    eights.rev().fold(0, |bits, eight| bits << 8 | eight)
}

impl SealedBlock {
    /// Takes out of `rows` those of which a column does not pass a test.
    pub(in crate::store) fn keep(&self, column: Column, test: &Test, rows: &mut Bits) {
        let columns = &self.columns;
        match column {
            Column::Start => columns.start_ns.keep(test, rows),
            Column::Duration => columns.duration_ns.keep(test, rows),
            Column::Service => columns.service.keep(test, rows),
            Column::Operation => columns.operation.keep(test, rows),
            Column::Scope => columns.scope.keep(test, rows),
            Column::Events => columns.events.keep(test, rows),
            Column::Links => columns.links.keep(test, rows),
            Column::Kind | Column::Status => {
                let passing: [bool; SMALL] = std::array::from_fn(|small| test.passes(of_small(column, small as u64)));
                columns.small.keep(&Test::OneOf(&passing), rows);
            }
            Column::IsRoot => match (test.passes(1), test.passes(0)) {
                (true, true) => {}
                (true, false) => columns.parent.keep(&Test::Between(ROOT, ROOT), rows),
                (false, true) => columns.parent.keep(&Test::Between(FOREIGN, u64::MAX), rows),
                (false, false) => rows.clear(),
            },
        }
    }

    /// Returns two numbers between which all of a column lie.
    pub(in crate::store) fn bounds(&self, column: Column) -> (u64, u64) {
        let columns = &self.columns;
        match column {
            Column::Start => columns.start_ns.bounds(),
            Column::Duration => columns.duration_ns.bounds(),
            Column::Service => columns.service.bounds(),
            Column::Operation => columns.operation.bounds(),
            Column::Scope => columns.scope.bounds(),
            Column::Events => columns.events.bounds(),
            Column::Links => columns.links.bounds(),
            Column::Kind | Column::Status => {
                let (least, most) = columns.small.bounds();
                let all = (least..=most.min(SMALL as u64 - 1)).map(|small| of_small(column, small));
                all.map(|number| (number, number)).reduce(|(a, b), (c, d)| (a.min(c), b.max(d))).unwrap_or_default()
            }
            Column::IsRoot => {
                let (least, most) = columns.parent.bounds();
                (u64::from(most == ROOT), u64::from(least == ROOT))
            }
        }
    }
}

/// How many numbers kind, status and flag together can be.
const SMALL: usize = 64;

fn of_small(column: Column, small: u64) -> u64 {
    column.of(&Row { facts: Facts::from_parts(small as u32, 0, 0), ..Row::default() })
}

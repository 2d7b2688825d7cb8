//! A column of numbers that never changes, narrowed without losing anything: each chunk keeps its least value, and per
//! row the difference from it in as many whole bytes as the greatest of the chunk needs.

use bytes::Bytes;

use super::image::{Damaged, ImageBuilder, ImageReader, item, u32_at, u64_at};

/// Rows of a chunk.
pub(in crate::store) const CHUNK: usize = 256;
/// Read at once for any row, so that many follow the last.
const WORD: usize = size_of::<u64>();
/// The bytes of a head in the region.
const HEAD: usize = 16;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::store) struct Packed {
    heads: Bytes,
    bytes: Bytes,
}

/// What the region has of a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head {
    pub(super) least: u64,
    /// Where its rows begin.
    start: usize,
    /// How many bytes a row has.
    pub(super) width: u32,
}

impl Head {
    #[inline]
    fn of(bytes: &[u8; HEAD]) -> Self {
        // A file says what it likes.
        let width = u32_at(bytes, 12).min(WORD as u32);
        Self { least: u64_at(bytes, 0), start: u32_at(bytes, 8) as usize, width }
    }

    /// Returns the greatest value that a row can have.
    #[inline]
    pub(super) fn greatest(self) -> u64 {
        self.least.saturating_add(mask(self.width))
    }
}

impl Packed {
    /// Writes the values of a column.
    pub(super) fn write(values: &[u64], image: &mut ImageBuilder) {
        let (mut heads, mut bytes) = (Vec::new(), Vec::new());
        for values in values.chunks(CHUNK) {
            let least = values.iter().copied().min().unwrap_or_default();
            let range = values.iter().copied().max().unwrap_or_default() - least;
            let width = (u64::BITS - range.leading_zeros()).div_ceil(8);
            heads.extend_from_slice(&least.to_le_bytes());
            heads.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            heads.extend_from_slice(&width.to_le_bytes());
            for value in values {
                bytes.extend_from_slice(&(value - least).to_le_bytes()[..width as usize]);
            }
        }
        bytes.extend_from_slice(&[0; WORD]);
        image.table(&heads);
        image.section(&bytes);
    }

    /// Reads what [`Packed::write`] wrote.
    pub(super) fn read(image: &mut ImageReader) -> Result<Self, Damaged> {
        Ok(Self { heads: image.table()?, bytes: image.section()? })
    }

    /// Returns whether there are so many rows.
    pub(super) fn has(&self, rows: u32) -> bool {
        (rows as usize).div_ceil(CHUNK) * HEAD <= self.heads.len()
    }

    /// Returns the value of a row that there is.
    #[inline]
    pub(in crate::store) fn get(&self, row: u32) -> u64 {
        let Some((least, at, width)) = self.locate(row) else { return 0 };
        let word = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>());
        least.wrapping_add(word.map_or(0, |word| u64::from_le_bytes(*word) & mask(width)))
    }

    /// Unpacks a chunk; what is past its end has any value.
    pub(super) fn chunk(&self, chunk: usize, values: &mut [u64; CHUNK]) {
        let head = self.head(chunk).unwrap_or_default();
        let cells = self.cells(head);
        match head.width {
            0 => values.fill(head.least),
            1 => unpack::<1>(head.least, cells, values),
            2 => unpack::<2>(head.least, cells, values),
            3 => unpack::<3>(head.least, cells, values),
            4 => unpack::<4>(head.least, cells, values),
            5 => unpack::<5>(head.least, cells, values),
            6 => unpack::<6>(head.least, cells, values),
            7 => unpack::<7>(head.least, cells, values),
            _ => unpack::<8>(head.least, cells, values),
        }
    }

    /// Hands over the values of the first rows, in order.
    pub(super) fn unpack(&self, rows: usize, mut each: impl FnMut(u64)) {
        let mut values = [0; CHUNK];
        for chunk in 0..rows.div_ceil(CHUNK) {
            self.chunk(chunk, &mut values);
            values.iter().take(rows - chunk * CHUNK).for_each(|&value| each(value));
        }
    }

    /// Returns the bytes that tell one row from the others of its chunk.
    pub(super) fn cell(&self, row: u32) -> &[u8] {
        let cell = self.locate(row).and_then(|(_, at, width)| self.bytes.get(at..at + width as usize));
        cell.unwrap_or_default()
    }

    /// Returns the least value of a row's chunk, where its bytes begin, and how many they are.
    #[inline]
    fn locate(&self, row: u32) -> Option<(u64, usize, u32)> {
        let (chunk, place) = (row as usize / CHUNK, row as usize % CHUNK);
        let Head { least, start, width } = self.head(chunk)?;
        Some((least, start + place * width as usize, width))
    }

    #[inline]
    pub(super) fn head(&self, chunk: usize) -> Option<Head> {
        item(&self.heads, chunk).map(Head::of)
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = Head> {
        self.heads.as_chunks().0.iter().map(Head::of)
    }

    /// Returns the bytes from the first row of a chunk on.
    pub(super) fn cells(&self, head: Head) -> &[u8] {
        self.bytes.get(head.start..).unwrap_or_default()
    }
}

fn unpack<const WIDTH: usize>(least: u64, cells: &[u8], values: &mut [u64; CHUNK]) {
    for (value, cell) in values.iter_mut().zip(cells.as_chunks::<WIDTH>().0) {
        let mut word = [0; WORD];
        word[..WIDTH].copy_from_slice(cell);
        *value = least.wrapping_add(u64::from_le_bytes(word));
    }
}

/// Keeps the lowest `width` bytes.
#[inline]
pub(super) fn mask(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (u64::BITS - 8 * width) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(values: &[u64]) -> Packed {
        let mut builder = ImageBuilder::default();
        Packed::write(values, &mut builder);
        Packed::read(&mut builder.finish().reader()).unwrap()
    }

    #[test]
    fn a_column_of_one_value_takes_its_chunks_only() {
        let packed = packed(&[7; 1_000]);
        assert_eq!((packed.heads.len(), packed.bytes.len()), (4 * HEAD, WORD));
        assert_eq!(packed.get(999), 7);
    }

    #[test]
    fn one_great_value_widens_its_chunk_alone() {
        let mut values = vec![1_u64 << 60; 512];
        values[300] += 255;
        assert_eq!(packed(&values).bytes.len(), 256 + WORD);
    }

    proptest! {
        #[test]
        fn every_value_comes_back(
            values in prop::collection::vec((any::<u64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift), 0..900),
        ) {
            let packed = packed(&values);
            for (row, &value) in values.iter().enumerate() {
                prop_assert_eq!(packed.get(row as u32), value);
            }
            let mut unpacked = Vec::new();
            packed.unpack(values.len(), |value| unpacked.push(value));
            prop_assert_eq!(unpacked, values);
        }
    }
}

//! A column of numbers that never changes, narrowed without losing anything: each chunk keeps its least value, and per
//! row the difference from it in as many whole bytes as the greatest of the chunk needs.

/// Rows of a chunk.
pub(in crate::store) const CHUNK: usize = 256;
/// Read at once for any row, so that many follow the last.
const WORD: usize = size_of::<u64>();

/// See the module.
#[derive(Debug, Default)]
pub(in crate::store) struct Packed {
    chunks: Box<[Chunk]>,
    bytes: Box<[u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    least: u64,
    /// Where its rows begin.
    start: u32,
    /// Bytes of a row.
    width: u32,
}

impl Packed {
    /// Packs the values of a column.
    pub(super) fn of(values: &[u64]) -> Self {
        let mut bytes = Vec::new();
        let mut chunks = Vec::with_capacity(values.len().div_ceil(CHUNK));
        for values in values.chunks(CHUNK) {
            let least = values.iter().copied().min().unwrap_or_default();
            let range = values.iter().copied().max().unwrap_or_default() - least;
            let width = (u64::BITS - range.leading_zeros()).div_ceil(8);
            chunks.push(Chunk { least, start: bytes.len() as u32, width });
            for value in values {
                bytes.extend_from_slice(&(value - least).to_le_bytes()[..width as usize]);
            }
        }
        bytes.extend_from_slice(&[0; WORD]);
        Self { chunks: chunks.into(), bytes: bytes.into() }
    }

    /// Returns the value of a row that there is.
    #[inline]
    pub(in crate::store) fn get(&self, row: u32) -> u64 {
        let (chunk, place) = (row as usize / CHUNK, row as usize % CHUNK);
        let Some(&Chunk { least, start, width }) = self.chunks.get(chunk) else { return 0 };
        let at = start as usize + place * width as usize;
        let word = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>());
        let difference = word.map_or(0, |word| u64::from_le_bytes(*word) & mask(width));
        least + difference
    }

    /// Returns the bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len() + self.chunks.len() * size_of::<Chunk>()
    }
}

/// Keeps the lowest `width` bytes.
#[inline]
fn mask(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (u64::BITS - 8 * width) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_column_of_one_value_takes_its_chunks_only() {
        let packed = Packed::of(&[7; 1_000]);
        assert_eq!(packed.bytes(), 4 * size_of::<Chunk>() + WORD);
        assert_eq!(packed.get(999), 7);
    }

    #[test]
    fn one_great_value_widens_its_chunk_alone() {
        let mut values = vec![1_u64 << 60; 512];
        values[300] += 255;
        let packed = Packed::of(&values);
        assert_eq!(packed.bytes(), 2 * size_of::<Chunk>() + 256 + WORD);
    }

    proptest! {
        #[test]
        fn every_value_comes_back(
            values in prop::collection::vec((any::<u64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift), 0..900),
        ) {
            let packed = Packed::of(&values);
            for (row, &value) in values.iter().enumerate() {
                prop_assert_eq!(packed.get(row as u32), value);
            }
        }
    }
}

//! A set of rows of a block, or of its parts.

use std::ops::Range;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: u32,
}

/// Rows of a word.
pub(in crate::store) const WORD: usize = u64::BITS as usize;

impl Bits {
    /// Returns a set of all of so many rows.
    pub(crate) fn all(len: u32) -> Self {
        let mut bits = Self { words: vec![u64::MAX; (len as usize).div_ceil(WORD)], len };
        if let (Some(last), rest @ 1..) = (bits.words.last_mut(), len % u64::BITS) {
            *last >>= u64::BITS - rest;
        }
        bits
    }

    /// Returns a set of none of so many rows.
    pub(crate) fn none(len: u32) -> Self {
        Self { words: vec![0; (len as usize).div_ceil(WORD)], len }
    }

    /// Returns of how many rows it is a set.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    pub(crate) fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    #[inline]
    pub(crate) fn has(&self, row: u32) -> bool {
        self.words.get(row as usize / WORD).is_some_and(|word| word >> (row % u64::BITS) & 1 == 1)
    }

    #[inline]
    pub(crate) fn insert(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / WORD).filter(|_| row < self.len) {
            *word |= 1 << (row % u64::BITS);
        }
    }

    /// Puts in all rows of a range.
    pub(crate) fn insert_range(&mut self, rows: Range<u32>) {
        let (mut row, end) = (rows.start, rows.end.min(self.len));
        while row < end {
            let next = (row / u64::BITS + 1).saturating_mul(u64::BITS).min(end);
            if let Some(word) = self.words.get_mut(row as usize / WORD) {
                *word |= u64::MAX >> (u64::BITS - (next - row)) << (row % u64::BITS);
            }
            row = next;
        }
    }

    #[inline]
    pub(crate) fn remove(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / WORD) {
            *word &= !(1 << (row % u64::BITS));
        }
    }

    /// Takes out all.
    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Keeps what is in both.
    pub(crate) fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Takes in what is in the other.
    pub(crate) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Takes out what is in the other.
    pub(crate) fn without(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// Takes out the rows for which `keep` is false; it is asked for those that are in, in order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        for (first, word) in (0..).step_by(WORD).zip(&mut self.words) {
            retain_in(word, |place| keep(first + place));
        }
    }

    /// Returns the first row from this one on that is in.
    pub(crate) fn next_from(&self, row: u32) -> Option<u32> {
        let at = row as usize / WORD;
        let first = self.words.get(at)? & u64::MAX << (row % u64::BITS);
        let words = std::iter::once(&first).chain(self.words.get(at + 1..).unwrap_or_default());
        let (after, word) = words.enumerate().find(|(_, word)| **word != 0)?;
        Some((at + after) as u32 * u64::BITS + word.trailing_zeros())
    }

    /// Returns how many rows before this one are in.
    pub(crate) fn before(&self, row: u32) -> u32 {
        let at = row as usize / WORD;
        let whole: u32 = self.words.iter().take(at).map(|word| word.count_ones()).sum();
        let own = self.words.get(at).map_or(0, |word| word & ((1 << (row % u64::BITS)) - 1));
        whole + own.count_ones()
    }

    /// Returns the set of which this is a bit a row.
    pub(in crate::store) fn from_words(words: Vec<u64>, len: u32) -> Self {
        let mut bits = Self { words, len };
        bits.words.resize((len as usize).div_ceil(WORD), 0);
        let all = Self::all(len);
        bits.and(&all);
        bits
    }

    /// Returns the rows in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).step_by(WORD).zip(&self.words).flat_map(|(first, &word)| {
            let rest = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
            std::iter::successors(Some(word).filter(|word| *word != 0), rest)
                .map(move |word| first + word.trailing_zeros())
        })
    }

    /// Returns the set, a bit a row.
    pub(in crate::store) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Returns the set, a bit a row, for who changes many at once. Past the last row there are none.
    pub(in crate::store) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }
}

/// Takes out of a word the places for which `keep` is false.
#[inline]
pub(in crate::store) fn retain_in(word: &mut u64, mut keep: impl FnMut(u32) -> bool) {
    let mut rest = *word;
    while rest != 0 {
        let lowest = rest & rest.wrapping_neg();
        if !keep(rest.trailing_zeros()) {
            *word ^= lowest;
        }
        rest ^= lowest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_set_of_rows_has_what_was_put_in() {
        let mut bits = Bits::none(130);
        assert!(bits.is_empty());
        for row in [0, 63, 64, 129, 130] {
            bits.insert(row);
        }
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(bits.has(63) && !bits.has(1) && !bits.has(130));
        bits.remove(63);
        let mut all = Bits::all(130);
        assert_eq!((bits.count(), all.count()), (3, 130));
        all.without(&bits);
        assert_eq!(all.count(), 127);
        all.or(&bits);
        assert_eq!(all, Bits::all(130));
        all.and(&bits);
        assert_eq!(all, bits);
        all.clear();
        assert!(all.is_empty());
    }

    proptest! {
        #[test]
        fn ranges_and_rows_are_put_in_found_and_taken_out(len in 0..300_u32, from in 0..310_u32, to in 0..310_u32) {
            let mut bits = Bits::none(len);
            bits.insert_range(from..to);
            let expected: Vec<u32> = (from..to.min(len)).collect();
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), &expected[..]);
            for row in 0..len + 70 {
                prop_assert_eq!(bits.next_from(row), expected.iter().copied().find(|&found| found >= row));
            }
            bits.retain(|row| row % 3 == 0);
            let expected: Vec<u32> = expected.into_iter().filter(|row| row % 3 == 0).collect();
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), expected);
        }
    }
}

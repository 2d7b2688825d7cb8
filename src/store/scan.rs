//! Looking at many rows of a block at once: which of them pass a test of a column, which have certain bytes.

use super::View;
use super::ids::text_hash;
use super::row::Row;

/// A set of rows of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: u32,
}

impl Bits {
    /// Returns a set of all of so many rows.
    pub(crate) fn all(len: u32) -> Self {
        let mut bits = Self { words: vec![u64::MAX; (len as usize).div_ceil(64)], len };
        if let (Some(last), rest @ 1..) = (bits.words.last_mut(), len % 64) {
            *last >>= 64 - rest;
        }
        bits
    }

    /// Returns a set of none of so many rows.
    pub(crate) fn none(len: u32) -> Self {
        Self { words: vec![0; (len as usize).div_ceil(64)], len }
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
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub(crate) fn insert(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / 64).filter(|_| row < self.len) {
            *word |= 1 << (row % 64);
        }
    }

    pub(crate) fn remove(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / 64) {
            *word &= !(1 << (row % 64));
        }
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

    /// Returns the rows in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).step_by(64).zip(&self.words).flat_map(|(first, &word)| {
            let rest = |word: &u64| Some(word & (word - 1)).filter(|rest| *rest != 0);
            std::iter::successors(Some(word).filter(|word| *word != 0), rest)
                .map(move |word| first + word.trailing_zeros())
        })
    }
}

/// A column of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Column {
    Start,
    Duration,
    /// Names by number.
    Service,
    Operation,
    /// Scopes by number.
    Scope,
    /// [`crate::model::Kind`] as a number.
    Kind,
    /// [`crate::model::StatusCode`] as a number.
    Status,
    /// How many there are, at most 8,191; as the next.
    Events,
    Links,
    /// 1 at a root, else 0.
    IsRoot,
}

impl Column {
    fn of(self, row: &Row) -> u64 {
        match self {
            Self::Start => row.start_ns,
            Self::Duration => row.duration_ns,
            Self::Service => row.service.into(),
            Self::Operation => row.operation.into(),
            Self::Scope => row.scope.into(),
            Self::Kind => row.facts.kind() as u64,
            Self::Status => row.facts.status() as u64,
            Self::Events => row.facts.events().into(),
            Self::Links => row.facts.links().into(),
            Self::IsRoot => u64::from(row.parent_id == 0),
        }
    }
}

/// What is asked of a number of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Test<'a> {
    /// From the first to the last, both included.
    Between(u64, u64),
    /// By number; one past the end fails.
    OneOf(&'a [bool]),
}

impl Test<'_> {
    #[inline]
    fn passes(&self, value: u64) -> bool {
        match self {
            Self::Between(least, most) => (*least..=*most).contains(&value),
            Self::OneOf(passing) => passing.get(value as usize).copied().unwrap_or_default(),
        }
    }
}

impl View<'_> {
    /// Takes out of `rows` those of which a column does not pass a test.
    pub(crate) fn keep(&self, column: Column, test: &Test, rows: &mut Bits) {
        let failing: Vec<u32> = rows.iter().filter(|&row| !test.passes(column.of(&self.row(row)))).collect();
        failing.into_iter().for_each(|row| rows.remove(row));
    }

    /// Returns whether a span of this block may have an attribute, on itself, an event or a link, with this key and value
    /// (of [`fingerprint`]); nearly never if none has.
    pub(crate) fn may_have(&self, _fingerprint: u64) -> bool {
        true
    }

    /// Takes out of `rows` those whose spans have nowhere in their bytes (beside what the columns hold: ids, name, times)
    /// what `find` finds. It is given some bytes and where to begin, and returns where it found something. A row that
    /// stays may have it in the neighbourhood only.
    pub(crate) fn keep_with_bytes(&self, find: &dyn Fn(&[u8], usize) -> Option<usize>, rows: &mut Bits) {
        let mut reader = self.reader();
        let failing: Vec<u32> = rows.iter().filter(|&row| find(reader.body(row), 0).is_none()).collect();
        failing.into_iter().for_each(|row| rows.remove(row));
    }
}

/// A value of an attribute, as far as it tells one from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FingerprintOf<'a> {
    /// Of whatever value.
    Key,
    String(&'a str),
    /// Of integers the nearest: 5 and 5.0 are equal.
    Number(f64),
    Bool(bool),
}

/// Returns what [`View::may_have`] is asked by.
pub(crate) fn fingerprint(key: &str, of: FingerprintOf) -> u64 {
    let (kind, bits) = match of {
        FingerprintOf::Key => (0, 0),
        FingerprintOf::String(text) => (1, text_hash(text)),
        FingerprintOf::Number(number) => (2, (number + 0.0).to_bits()),
        FingerprintOf::Bool(value) => (3, u64::from(value)),
    };
    text_hash(key).rotate_left(17) ^ bits.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(kind)
}

#[cfg(test)]
mod tests {
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
    }
}

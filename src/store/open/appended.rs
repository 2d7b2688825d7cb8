//! A list that only grows: one writer appends, any number of readers look, nobody waits. What is in it never moves.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many items the first bucket holds; each further bucket holds as many as all before it.
const FIRST: u32 = 64;
const BUCKETS: usize = 27;

/// An append-only list whose items stay where they are. Items are pushed by the one writer of the block it belongs to.
#[derive(Debug)]
pub(in crate::store) struct Appended<T> {
    buckets: [OnceLock<Box<[OnceLock<T>]>>; BUCKETS],
    len: AtomicU32,
}

impl<T> Default for Appended<T> {
    fn default() -> Self {
        Self { buckets: std::array::from_fn(|_| OnceLock::new()), len: AtomicU32::new(0) }
    }
}

impl<T> Appended<T> {
    pub(in crate::store) fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// Appends an item and returns its index. Only the block's writer calls this.
    pub(in crate::store) fn push(&self, item: T) -> u32 {
        let index = self.len.load(Ordering::Relaxed);
        let (bucket, place) = locate(index);
        let slots = self.buckets[bucket].get_or_init(|| empty(bucket_len(bucket)));
        let fresh = slots[place].set(item).is_ok();
        debug_assert!(fresh, "one writer appends, so the slot is free");
        self.len.store(index + 1, Ordering::Release);
        index
    }

    /// Returns the item at `index`, none beyond the end.
    pub(in crate::store) fn get(&self, index: u32) -> Option<&T> {
        let (bucket, place) = locate(index);
        self.buckets.get(bucket)?.get()?.get(place)?.get()
    }

    /// Returns the items in order of appending, as far as the list reaches now.
    pub(in crate::store) fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// Returns an index's bucket and its place inside: bucket 0 holds 64 items, bucket n holds 64 · 2ⁿ⁻¹.
fn locate(index: u32) -> (usize, usize) {
    let bucket = (u32::BITS - (index / FIRST).leading_zeros()) as usize;
    let before = if bucket == 0 { 0 } else { FIRST << (bucket - 1) };
    (bucket, (index - before) as usize)
}

fn bucket_len(bucket: usize) -> usize {
    (FIRST as usize) << bucket.saturating_sub(1)
}

fn empty<T>(len: usize) -> Box<[OnceLock<T>]> {
    (0..len).map(|_| OnceLock::new()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stay_at_their_index_across_buckets() {
        let list = Appended::default();
        for i in 0..10_000_u32 {
            assert_eq!(list.push(i * 3), i);
        }
        assert_eq!(list.len(), 10_000);
        assert!((0..10_000).all(|i| list.get(i) == Some(&(i * 3))));
        assert_eq!(list.get(10_000), None);
        assert_eq!(list.get(u32::MAX), None);
        assert_eq!(list.iter().count(), 10_000);
    }
}

//! Links from the parts of a sealed block to newer parts of the same traces. They are set long after the block was sealed,
//! so they stand beside it; few parts have one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::open::{NewerLink, PartRef};

const CHUNK: usize = 256;

/// The links of one block, in memory and on disk the same ones.
#[derive(Debug)]
pub(super) struct NewerLinks {
    chunks: Box<[OnceLock<Box<[NewerLink]>>]>,
    allocated: AtomicUsize,
}

impl NewerLinks {
    /// Returns no links yet for so many parts.
    pub(super) fn new(parts: u32) -> Self {
        let chunks = (0..(parts as usize).div_ceil(CHUNK)).map(|_| OnceLock::new()).collect();
        Self { chunks, allocated: AtomicUsize::new(0) }
    }

    pub(super) fn get(&self, part: u32) -> Option<PartRef> {
        self.chunks.get(part as usize / CHUNK)?.get()?.get(part as usize % CHUNK)?.get()
    }

    /// Only the store's writer calls this.
    pub(super) fn set(&self, part: u32, newer: Option<PartRef>) {
        let Some(chunk) = self.chunks.get(part as usize / CHUNK) else { return };
        if newer.is_none() && chunk.get().is_none() {
            return;
        }
        let links = chunk.get_or_init(|| {
            self.allocated.fetch_add(1, Ordering::Relaxed);
            std::iter::repeat_with(NewerLink::default).take(CHUNK).collect()
        });
        if let Some(link) = links.get(part as usize % CHUNK) {
            link.set(newer);
        }
    }

    /// Returns the bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * size_of::<OnceLock<Box<[NewerLink]>>>()
            + self.allocated.load(Ordering::Relaxed) * CHUNK * size_of::<NewerLink>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_back_and_can_be_taken_away() {
        let links = NewerLinks::new(1_000);
        let newer = PartRef { block: 3, part: 4 };
        links.set(999, Some(newer));
        assert_eq!((links.get(999), links.get(998), links.get(0)), (Some(newer), None, None));
        links.set(999, None);
        links.set(5_000, Some(newer));
        assert_eq!((links.get(999), links.get(5_000)), (None, None));
    }
}

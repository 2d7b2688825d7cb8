//! Hashes of ids. Ids are chosen by whoever sends them, so the keys are secret: nobody can prepare collisions. The indexes
//! of a sealed block hold such hashes, so its keys are kept with it, and the hash is spelled out here: it must not change.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// What hashes depend on beside the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IdKeys(pub(super) [u64; 3]);

/// Those of this process, by which all blocks of its own are written.
static OURS: OnceLock<IdKeys> = OnceLock::new();

/// Half of the digits of pi, so that a key of zero does no harm.
const ODD: u64 = 0x243f_6a88_85a3_08d3;

impl IdKeys {
    /// Returns those of this process: drawn at random, unless [`IdKeys::adopt`] came first.
    #[inline]
    pub(super) fn ours() -> Self {
        *OURS.get_or_init(|| {
            // Drawn from the system, and a new one each time.
            let draw = || RandomState::new().hash_one(ODD);
            Self([draw(), draw(), draw()])
        })
    }

    /// Makes keys of an earlier run those of this process, if it has none yet: ids are then hashed once for its blocks and
    /// those found on disk.
    pub(super) fn adopt(self) {
        // Another store of this process was first; then the blocks' ids are hashed again with their own keys.
        OURS.set(self).ok();
    }

    /// Hashes a trace's id.
    #[inline]
    pub(super) fn trace(self, trace_id: u128) -> u64 {
        let [first, second, third] = self.0;
        let mixed = mix(trace_id as u64 ^ first, (trace_id >> 64) as u64 ^ second);
        mix(mixed ^ third, ODD)
    }

    /// Hashes what names a span. Its own id is not enough: some senders number the spans of each trace from one.
    #[inline]
    pub(super) fn span(self, trace_id: u128, span_id: u64) -> u64 {
        let [first, second, third] = self.0;
        let mixed = mix(trace_id as u64 ^ first, (trace_id >> 64) as u64 ^ second);
        mix(mixed ^ third, span_id ^ first.rotate_left(32))
    }
}

/// Hashes a trace's id, the same in every block of this process.
#[inline]
pub(super) fn id_hash(trace_id: u128) -> u64 {
    IdKeys::ours().trace(trace_id)
}

/// Hashes what names a span, the same in every block of this process.
#[inline]
pub(super) fn span_hash(trace_id: u128, span_id: u64) -> u64 {
    IdKeys::ours().span(trace_id, span_id)
}

/// Both halves of a product, folded: each bit of the result depends on all of both factors.
#[inline]
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn spans_numbered_from_one_in_each_trace_do_not_meet() {
        let hashes: HashSet<u64> =
            (1..=1_000).flat_map(|trace| (1..=20).map(move |span| span_hash(trace, span))).collect();
        assert_eq!(hashes.len(), 20_000);
    }

    #[test]
    fn the_bits_that_choose_a_place_are_spread() {
        for shift in [0, 20, 40] {
            let places: HashSet<u64> = (0..1_024_u128).map(|id| id_hash(id << 64 | 7) >> shift & 1_023).collect();
            assert!((550..750).contains(&places.len()), "{} places", places.len());
        }
    }

    /// Files of earlier runs are read with these.
    #[test]
    fn the_hash_stays_what_it_is() {
        let keys = IdKeys([1, 2, 3]);
        assert_eq!(keys.trace(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10), 10_778_084_034_745_063_284);
        assert_eq!(keys.span(5, 6), 47_244_640_322);
    }
}

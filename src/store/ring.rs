//! The blocks that are full, oldest first. Each waits to be sealed and then takes far less.

use std::collections::VecDeque;
use std::sync::Arc;

use super::open::{OpenBlock, PartRef, Spare};
use super::sealed::{SealedBlock, Sealer};
use super::view::Block;

/// How many blocks' memory is kept for the next ones.
const SPARES: usize = 2;

/// A full block that waits to be sealed.
#[derive(Debug)]
pub struct Unsealed(Arc<OpenBlock>);

/// A block that was sealed.
#[derive(Debug)]
pub struct Sealed(SealedBlock);

impl Unsealed {
    /// Returns whether somebody else still has the block: a store that has not evicted it, or a reader.
    pub fn is_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Seals the block; about a microsecond a span.
    pub fn seal(self, sealer: &mut Sealer) -> Sealed {
        Sealed(sealer.seal(&self.0))
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ring {
    blocks: VecDeque<Block>,
    bytes: usize,
    /// How many of them are not sealed.
    unsealed: usize,
    /// The first block that was not given out to be sealed.
    next: u32,
    /// Blocks of which sealed forms have taken the place, and that someone may still read.
    spent: Vec<Arc<OpenBlock>>,
    /// Memory for the next blocks.
    spares: Vec<Spare>,
}

impl Ring {
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Returns the bytes of all blocks, and of memory kept for the next ones.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.spares.iter().map(Spare::bytes).sum::<usize>()
    }

    /// Returns how many blocks are not sealed.
    pub(super) fn unsealed(&self) -> usize {
        self.unsealed
    }

    pub(super) fn oldest(&self) -> Option<&Block> {
        self.blocks.front()
    }

    /// Returns a block that is held.
    pub(super) fn get(&self, sequence: u32) -> Option<&Block> {
        self.blocks.get(self.place(sequence)?)
    }

    fn place(&self, sequence: u32) -> Option<usize> {
        Some(sequence.checked_sub(self.blocks.front()?.sequence())? as usize)
    }

    /// Returns the trace of a part that is held.
    pub(super) fn trace_id(&self, part: PartRef) -> Option<u128> {
        self.get(part.block)?.trace_id(part.part)
    }

    /// Returns whether a part that is held, or an older one of its trace, has this span.
    pub(super) fn has_span(&self, newest: Option<PartRef>, span_id: u64, hash: u64) -> bool {
        let mut next = newest;
        while let Some(at) = next
            && let Some(block) = self.get(at.block)
        {
            if block.has_span(at.part, span_id, hash) {
                return true;
            }
            next = block.older(at.part);
        }
        false
    }

    /// Adds a block that is full.
    pub(super) fn push(&mut self, block: Arc<OpenBlock>) {
        self.bytes += block.bytes();
        self.unsealed += 1;
        self.blocks.push_back(Block::Open(block));
    }

    /// Gives out the next block to be sealed.
    pub(super) fn take_unsealed(&mut self) -> Option<Unsealed> {
        let first = self.blocks.front()?.sequence();
        self.next = self.next.max(first);
        let Block::Open(block) = self.get(self.next)? else { return None };
        let unsealed = Unsealed(Arc::clone(block));
        self.next += 1;
        Some(unsealed)
    }

    /// Puts a sealed block in the place of the full one; returns whether that is still held.
    pub(super) fn put_sealed(&mut self, Sealed(sealed): Sealed) -> bool {
        let place = self.place(sealed.sequence);
        let Some(block) = place.and_then(|place| self.blocks.get_mut(place)) else { return false };
        let Block::Open(full) = block else { return false };
        let full = Arc::clone(full);
        // Links to newer parts that were set meanwhile.
        for (part, newer) in full.parts.iter().enumerate().filter_map(|(part, open)| Some((part, open.newer.get()?))) {
            if let Some(link) = sealed.parts.newer(part as u32) {
                link.set(newer);
            }
        }
        self.bytes = self.bytes + sealed.bytes() - block.bytes();
        *block = Block::Sealed(Arc::new(sealed));
        self.unsealed -= 1;
        self.spent.push(full);
        true
    }

    /// Takes the oldest block out.
    pub(super) fn pop_oldest(&mut self) -> Option<Block> {
        let block = self.blocks.pop_front()?;
        self.bytes -= block.bytes();
        self.unsealed -= usize::from(matches!(block, Block::Open(_)));
        Some(block)
    }

    /// Gives back what spent blocks hold that nobody reads any more, but for some memory that the next ones need.
    pub(super) fn reclaim(&mut self) {
        let spent = std::mem::take(&mut self.spent);
        for block in spent {
            match Arc::try_unwrap(block) {
                Ok(block) if self.spares.len() < SPARES => self.spares.push(block.into_spare()),
                Ok(_) => {}
                Err(read) => self.spent.push(read),
            }
        }
    }

    /// Returns the memory of an earlier block, where there is some.
    pub(super) fn spare(&mut self) -> Option<Spare> {
        self.spares.pop()
    }
}

//! The blocks that are full, oldest first: those that are on disk only, then those in memory. A block in memory waits to be
//! sealed, and then takes far less and gets a file; when it leaves memory it is read from there.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ids::id_hash;
use super::open::{OpenBlock, PartRef, Spare};
use super::sealed::{SealedBlock, Sealer, Verified};
use super::segment::{Segment, Shelf};
use super::view::Block;

/// How many blocks' memory is kept for the next ones.
const SPARES: usize = 2;

/// A full block that waits to be sealed.
#[derive(Debug)]
pub struct Unsealed(Arc<OpenBlock>);

/// A block that was sealed, and its file where it has one.
#[derive(Debug)]
pub struct Sealed {
    block: Arc<SealedBlock>,
    segment: Option<Segment>,
}

impl Unsealed {
    /// Returns whether somebody else still has the block: a store that has not evicted it, or a reader.
    pub fn is_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Seals the block; about a microsecond a span.
    pub fn seal(self, sealer: &mut Sealer) -> Sealed {
        Sealed { block: Arc::new(SealedBlock::seal(&self.0, sealer)), segment: None }
    }
}

/// A sealed block in memory that should have a file and has none.
#[derive(Debug)]
pub struct Unwritten(pub(super) Arc<SealedBlock>);

impl Unwritten {
    /// Writes the block's file.
    ///
    /// # Errors
    /// When the system cannot.
    pub fn write(&self, shelf: &Shelf) -> std::io::Result<Segment> {
        shelf.write(&self.0)
    }
}

/// A block's file that is to be read whole, to see whether it is damaged.
#[derive(Debug)]
pub struct Unverified(Arc<SealedBlock>);

impl Unverified {
    /// Returns the number of the block.
    pub fn sequence(&self) -> u32 {
        self.0.facts.sequence
    }

    /// Reads the file and says what of it is damaged.
    pub fn verify(&self) -> Verified {
        self.0.verify()
    }
}

impl Sealed {
    /// Writes the block's file.
    ///
    /// # Errors
    /// When the system cannot; then the block is in memory only.
    pub fn write(&mut self, shelf: &Shelf) -> std::io::Result<()> {
        self.segment = Some(shelf.write(&self.block)?);
        Ok(())
    }
}

/// A full block in memory.
#[derive(Debug)]
struct Slot {
    block: Block,
    /// Those that were counted for it; the links to newer parts may grow.
    bytes: usize,
    file: File,
}

/// What is on disk of a block in memory.
#[derive(Debug)]
enum File {
    /// Nothing yet, or it could not be written.
    Missing,
    Kept(Segment),
    /// It went, as there is a limit to what is on disk.
    Dropped,
}

/// A block that left memory.
#[derive(Debug)]
pub(super) enum Left {
    /// It is on disk still; this is the form that it had.
    ForDisk(Block),
    ForGood(Block),
}

/// What the files of blocks hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    pub count: u64,
    pub spans: u64,
    pub bytes: u64,
    /// What the spans' messages took as they came.
    pub received_bytes: u64,
}

impl Segments {
    fn add(&mut self, segment: &Segment) {
        self.count += 1;
        self.spans += u64::from(segment.sealed().len());
        self.bytes += segment.bytes();
        self.received_bytes += segment.sealed().facts.received_bytes;
    }

    fn remove(&mut self, segment: &Segment) {
        self.count -= 1;
        self.spans -= u64::from(segment.sealed().len());
        self.bytes -= segment.bytes();
        self.received_bytes -= segment.sealed().facts.received_bytes;
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ring {
    on_disk: VecDeque<Segment>,
    in_memory: VecDeque<Slot>,
    /// Of the blocks in memory.
    bytes: usize,
    segments: Segments,
    /// How many of those in memory are not sealed.
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
        self.on_disk.iter().map(Segment::block).chain(self.in_memory.iter().map(|slot| &slot.block))
    }

    /// Returns the blocks and the files that they have.
    pub(super) fn holdings(&self) -> impl Iterator<Item = (&Block, Option<&Segment>)> {
        let on_disk = self.on_disk.iter().map(|segment| (segment.block(), Some(segment)));
        on_disk.chain(self.in_memory.iter().map(|slot| match &slot.file {
            File::Kept(segment) => (&slot.block, Some(segment)),
            File::Missing | File::Dropped => (&slot.block, None),
        }))
    }

    fn newest_first(&self) -> impl Iterator<Item = &Block> {
        self.in_memory.iter().rev().map(|slot| &slot.block).chain(self.on_disk.iter().rev().map(Segment::block))
    }

    pub(super) fn len(&self) -> usize {
        self.on_disk.len() + self.in_memory.len()
    }

    /// Returns the bytes of the blocks in memory, of what is known of those on disk, and of memory kept for the next ones.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.known_bytes() + self.spares.iter().map(Spare::bytes).sum::<usize>()
    }

    /// Returns the bytes in memory of what is known of the blocks on disk.
    pub(super) fn known_bytes(&self) -> usize {
        self.segments.count as usize * size_of::<SealedBlock>()
    }

    pub(super) fn segments(&self) -> Segments {
        self.segments
    }

    /// Returns how many blocks are not sealed.
    pub(super) fn unsealed(&self) -> usize {
        self.unsealed
    }

    pub(super) fn oldest(&self) -> Option<&Block> {
        self.blocks().next()
    }

    pub(super) fn oldest_in_memory(&self) -> Option<&Block> {
        self.in_memory.front().map(|slot| &slot.block)
    }

    /// Returns whether the oldest block in memory may leave it: without a file of its own it waits for that, if one is to
    /// be written.
    pub(super) fn oldest_can_leave(&self, has_disk: bool) -> bool {
        let waits = |slot: &Slot| has_disk && matches!(slot.block, Block::Open(_));
        self.in_memory.front().is_some_and(|slot| !waits(slot))
    }

    /// Returns the first block, if there is one, whose spans are in no file that is to stay.
    pub(super) fn first_without_file(&self) -> Option<u32> {
        let slot = self.in_memory.iter().find(|slot| matches!(slot.file, File::Missing));
        slot.map(|slot| slot.block.sequence())
    }

    /// Returns the first block, if there is one, that is not sealed.
    pub(super) fn first_unsealed(&self) -> Option<u32> {
        let slot = self.in_memory.iter().find(|slot| matches!(slot.block, Block::Open(_)));
        slot.map(|slot| slot.block.sequence())
    }

    /// Returns a block that is held.
    pub(super) fn get(&self, sequence: u32) -> Option<&Block> {
        if let Some(place) = self.slot(sequence) {
            return Some(&self.in_memory.get(place)?.block);
        }
        let place = place(&self.on_disk, sequence, |segment| segment.block().sequence())?;
        Some(self.on_disk.get(place)?.block())
    }

    /// Returns the place of a block in memory.
    fn slot(&self, sequence: u32) -> Option<usize> {
        place(&self.in_memory, sequence, |slot| slot.block.sequence())
    }

    /// Returns the newest part on disk of a trace.
    pub(super) fn newest_part_on_disk(&self, trace_id: u128) -> Option<PartRef> {
        let hash = id_hash(trace_id);
        self.on_disk.iter().rev().find_map(|segment| {
            let part = segment.sealed().parts.find(trace_id, hash)?;
            Some(PartRef { block: segment.block().sequence(), part })
        })
    }

    /// Returns whether a part is of a full block in memory.
    pub(super) fn is_in_memory(&self, part: PartRef) -> bool {
        self.is_in_memory_block(part.block)
    }

    /// Returns whether a full block, if it is held, is in memory.
    pub(super) fn is_in_memory_block(&self, sequence: u32) -> bool {
        self.in_memory.front().is_some_and(|slot| slot.block.sequence() <= sequence)
    }

    /// Returns the trace of a part that is held.
    pub(super) fn trace_id(&self, part: PartRef) -> Option<u128> {
        self.get(part.block)?.trace_id(part.part)
    }

    /// Returns the part before one of a full block or of one that comes after all of them, of those that are held.
    pub(super) fn older(&self, block: &Block, part: u32) -> Option<PartRef> {
        self.held(block.older(part)?, || block.trace_id(part))
    }

    /// Returns a part of a trace if it is held, else the one before it that is.
    pub(super) fn held(&self, part: PartRef, trace_id: impl FnOnce() -> Option<u128>) -> Option<PartRef> {
        if self.get(part.block).is_some() {
            return Some(part);
        }
        // Where the block that held it is the only one that is gone, there may be parts before that.
        let is_last = self.oldest().is_none_or(|oldest| part.block < oldest.sequence());
        let trace_id = if is_last { None } else { trace_id() }?;
        let hash = id_hash(trace_id);
        self.newest_first().filter(|block| block.sequence() < part.block).find_map(|block| {
            let part = block.find_part(trace_id, hash)?;
            Some(PartRef { block: block.sequence(), part })
        })
    }

    /// Returns a held part and the older ones of its trace, newest first.
    pub(super) fn chain(&self, newest: Option<PartRef>) -> impl Iterator<Item = (&Block, u32)> {
        let mut next = newest;
        std::iter::from_fn(move || {
            let at = next?;
            let block = self.get(at.block)?;
            next = self.older(block, at.part);
            Some((block, at.part))
        })
    }

    /// Returns whether a part that is held, or an older one of its trace, has this span.
    pub(super) fn has_span(&self, newest: Option<PartRef>, span_id: u64, hash: u64) -> bool {
        self.chain(newest).any(|(block, part)| block.has_span(part, span_id, hash))
    }

    /// Adds a block that is full.
    pub(super) fn push(&mut self, block: Arc<OpenBlock>) {
        let bytes = block.bytes();
        self.bytes += bytes;
        self.unsealed += 1;
        self.in_memory.push_back(Slot { block: Block::Open(block), bytes, file: File::Missing });
    }

    /// Adds a block that is on disk; it comes after those that are.
    pub(super) fn push_segment(&mut self, segment: Segment) {
        self.segments.add(&segment);
        self.on_disk.push_back(segment);
    }

    /// Gives out the next block to be sealed.
    pub(super) fn take_unsealed(&mut self) -> Option<Unsealed> {
        let first = self.in_memory.front()?.block.sequence();
        self.next = self.next.max(first);
        let Block::Open(block) = &self.in_memory.get(self.slot(self.next)?)?.block else { return None };
        let unsealed = Unsealed(Arc::clone(block));
        self.next += 1;
        Some(unsealed)
    }

    /// Puts a sealed block in the place of the full one; gives its file back where that is not held any more.
    pub(super) fn put_sealed(&mut self, sealed: Sealed) -> Result<(), Option<Segment>> {
        let Sealed { block: sealed, segment } = sealed;
        let place = self.slot(sealed.facts.sequence);
        let Some(slot) = place.and_then(|place| self.in_memory.get_mut(place)) else { return Err(segment) };
        let Block::Open(full) = &slot.block else { return Err(segment) };
        let full = Arc::clone(full);
        // Links to newer parts that were set meanwhile.
        for (part, newer) in full.parts.iter().enumerate().filter_map(|(part, open)| Some((part, open.newer.get()?))) {
            sealed.newer.set(part as u32, Some(newer));
        }
        let bytes = sealed.bytes();
        self.bytes = self.bytes + bytes - std::mem::replace(&mut slot.bytes, bytes);
        slot.block = Block::Sealed(sealed);
        if let Some(segment) = segment {
            self.segments.add(&segment);
            slot.file = File::Kept(segment);
        }
        self.unsealed -= 1;
        self.spent.push(full);
        Ok(())
    }

    /// Returns the blocks in memory that are sealed and have no file, though they should.
    pub(super) fn without_file(&self) -> impl Iterator<Item = &Arc<SealedBlock>> {
        self.in_memory.iter().filter_map(|slot| match (&slot.block, &slot.file) {
            (Block::Sealed(block), File::Missing) => Some(block),
            _ => None,
        })
    }

    /// Notes that a block in memory has a file now; gives it back where the block is not in memory any more.
    pub(super) fn put_segment(&mut self, segment: Segment) -> Result<(), Segment> {
        let place = self.slot(segment.block().sequence());
        let slot = place.and_then(|place| self.in_memory.get_mut(place));
        let Some(slot) = slot.filter(|slot| matches!(slot.file, File::Missing)) else { return Err(segment) };
        self.segments.add(&segment);
        slot.file = File::Kept(segment);
        Ok(())
    }

    /// Returns the files of blocks from this one on.
    pub(super) fn files_from(&self, first: u32) -> impl Iterator<Item = Unverified> {
        let in_memory = self.in_memory.iter().filter_map(|slot| match &slot.file {
            File::Kept(segment) => Some(segment),
            File::Missing | File::Dropped => None,
        });
        let segments = self.on_disk.iter().chain(in_memory);
        let later = segments.filter(move |segment| segment.block().sequence() >= first);
        later.map(|segment| Unverified(Arc::clone(segment.sealed())))
    }

    /// Takes the damaged file of a block out, and says whether its block is gone with it. One in memory is to be written
    /// again.
    pub(super) fn take_out(&mut self, sequence: u32) -> Option<(Segment, bool)> {
        if let Some(slot) = self.slot(sequence).and_then(|place| self.in_memory.get_mut(place)) {
            if !matches!(slot.file, File::Kept(_)) {
                return None;
            }
            let File::Kept(segment) = std::mem::replace(&mut slot.file, File::Missing) else { return None };
            self.segments.remove(&segment);
            return Some((segment, false));
        }
        let place = place(&self.on_disk, sequence, |segment| segment.block().sequence())?;
        let segment = self.on_disk.remove(place)?;
        self.segments.remove(&segment);
        Some((segment, true))
    }

    /// Takes the oldest block out of memory.
    pub(super) fn leave_memory(&mut self) -> Option<Left> {
        let Slot { block, bytes, file } = self.in_memory.pop_front()?;
        self.bytes -= bytes;
        self.unsealed -= usize::from(matches!(block, Block::Open(_)));
        match file {
            File::Kept(segment) => {
                self.on_disk.push_back(segment);
                Some(Left::ForDisk(block))
            }
            File::Missing | File::Dropped => Some(Left::ForGood(block)),
        }
    }

    /// Takes the oldest file out, and says whether its block is gone with it, being in memory no more.
    pub(super) fn drop_oldest_file(&mut self) -> Option<(Segment, bool)> {
        if let Some(segment) = self.on_disk.pop_front() {
            self.segments.remove(&segment);
            return Some((segment, true));
        }
        let slot = self.in_memory.iter_mut().find(|slot| matches!(slot.file, File::Kept(_)))?;
        let File::Kept(segment) = std::mem::replace(&mut slot.file, File::Dropped) else { return None };
        self.segments.remove(&segment);
        Some((segment, false))
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

/// Returns the place of a sequence in a list where it grows: nearly always by one.
fn place<T>(list: &VecDeque<T>, sequence: u32, of: impl Fn(&T) -> u32) -> Option<usize> {
    let guess = sequence.checked_sub(of(list.front()?))? as usize;
    if list.get(guess).is_some_and(|item| of(item) == sequence) {
        return Some(guess);
    }
    list.binary_search_by_key(&sequence, of).ok()
}

//! What goes: blocks leave memory for the disk and the disk for good, oldest first, when a limit is reached; and what comes
//! back from the disk at the start.

use std::sync::Arc;

use super::Writer;
use crate::model::Timestamp;
use crate::store::Limits;
use crate::store::open::{Part, PartRef};
use crate::store::ring::{Left, Unverified, Unwritten};
use crate::store::sealed::{Facts, Verified};
use crate::store::segment::Segment;
use crate::store::segment::folder::Entry;
use crate::store::view::{Block, View};

impl Writer {
    /// Takes in a block of an earlier run, newer than those before.
    pub(super) fn take_over(&mut self, segment: Segment) {
        let Facts { sequence, begun, begun_with_errors, rows, .. } = segment.sealed().facts;
        self.traces += u64::from(begun);
        self.traces_with_errors += u64::from(begun_with_errors);
        let spans = u64::from(rows);
        self.counters.recovered += spans;
        self.counters.stored += spans;
        self.counters.on_disk += spans;
        for (part, _) in segment.sealed().parts.with_older() {
            let older = self.full.older(segment.block(), part);
            match older.and_then(|older| Some((self.full.get(older.block)?, older.part))) {
                Some((block, older)) => block.set_newer(older, Some(PartRef { block: sequence, part })),
                None => self.traces += 1,
            }
            let has_error = segment.block().has_error(part);
            let is_first = has_error && !self.full.chain(older).any(|(block, part)| block.has_error(part));
            self.traces_with_errors += u64::from(is_first);
        }
        self.full.push_segment(segment);
    }

    /// Drops what is past its retention at `now`, and ends the open block when it is old, so that it can go in time.
    pub fn tick(&mut self, now: Timestamp) {
        self.full.reclaim();
        let is_old = self.open.arrivals().is_some_and(|(first, _)| now.since(first) > self.limits.block_age_ns());
        if is_old {
            self.end_block();
        }
        let is_over = |block: &Block, most_ns: u64| block.arrivals().is_none_or(|(_, last)| now.since(last) > most_ns);
        let (before, in_memory) = (self.full.len(), self.counters.in_memory);
        while self.full.oldest().is_some_and(|block| is_over(block, self.limits.retention_ns)) && self.drop_oldest() {}
        let memory_ns = self.limits.memory_max_age_ns;
        while memory_ns > 0
            && self.full.oldest_in_memory().is_some_and(|block| is_over(block, memory_ns))
            && self.evict_oldest()
        {}
        let is_forgotten = self.past.forget_before(now.minus(self.limits.retention_ns));
        if is_forgotten {
            self.publish_blocks();
        }
        if is_old || is_forgotten || self.full.len() != before || self.counters.in_memory != in_memory {
            self.keep_budget();
            self.publish();
        }
    }

    /// Returns the sealed blocks in memory that should have a file and have none.
    pub fn without_file(&self) -> Vec<Unwritten> {
        self.full.without_file().map(|block| Unwritten(Arc::clone(block))).collect()
    }

    /// Notes that a block has a file now.
    pub fn put_segment(&mut self, segment: Segment) {
        match self.full.put_segment(segment) {
            Ok(()) => {
                self.keep_budget();
                self.publish();
            }
            Err(segment) => self.discard(Some(segment)),
        }
    }

    /// Removes the file of a block that is not held any more.
    pub(super) fn discard(&self, segment: Option<Segment>) {
        if let Some(segment) = segment {
            self.remove_file(segment.block().sequence());
        }
    }

    /// Removes the file of a block that is gone. One that could not be written to its end may be there without being known.
    fn remove_file(&self, sequence: u32) {
        if let Some(shelf) = &self.shelf {
            // One that stays is found by the next start, which has the same limits.
            shelf.remove(sequence).ok();
        }
    }

    /// Returns the first block whose spans are in no file of a block: earlier ones need no log.
    pub fn first_without_file(&self) -> u32 {
        self.full.first_without_file().unwrap_or(self.open.sequence)
    }

    /// Returns the first block that is not sealed.
    pub fn first_unsealed(&self) -> u32 {
        self.full.first_unsealed().unwrap_or(self.open.sequence)
    }

    /// Returns the last block that has spans.
    pub(in crate::store) fn last_block(&self) -> u32 {
        if self.open.written() > 0 { self.open.sequence } else { self.open.sequence.saturating_sub(1) }
    }

    /// Returns the files that were set aside for being damaged longer ago than anything is kept.
    pub fn leftovers(&self, now: Timestamp) -> Vec<Entry> {
        let Some(shelf) = &self.shelf else { return Vec::new() };
        // What cannot be listed now is next time.
        shelf.set_aside_before(now.minus(self.limits.retention_ns)).unwrap_or_default()
    }

    /// Removes these files.
    pub fn remove_leftovers(&self, leftovers: &[Entry]) {
        let Some(shelf) = &self.shelf else { return };
        for leftover in leftovers {
            // What cannot be removed now is next time.
            shelf.folder().remove(&leftover.name).ok();
        }
    }

    /// Says how many bytes the log takes on disk.
    pub fn set_log_bytes(&mut self, bytes: u64) {
        self.log_bytes = bytes;
        if self.keep_disk_budget() {
            self.publish();
        }
    }

    /// Makes room on a disk that is full; returns whether there was anything to drop.
    pub fn free_disk(&mut self) -> bool {
        let is_freed = self.drop_oldest_file();
        self.publish();
        is_freed
    }

    /// Makes room for a trace of which nothing is in memory, or nothing is held at all; returns whether something went.
    pub(super) fn make_room_for_trace(&mut self, is_new_in_memory: bool, is_new: bool) -> bool {
        let Limits { max_memory_traces, max_traces, .. } = self.limits;
        let before = (self.full.len(), self.counters.in_memory);
        while is_new_in_memory
            && max_memory_traces > 0
            && self.directory.len() >= max_memory_traces
            && self.evict_oldest()
        {}
        while is_new && max_traces > 0 && self.traces >= max_traces as u64 && self.drop_oldest() {}
        before != (self.full.len(), self.counters.in_memory)
    }

    pub(super) fn keep_budget(&mut self) {
        while self.bytes() > self.limits.memory_bytes && self.evict_oldest() {}
        self.keep_disk_budget();
    }

    /// Takes the oldest block out of memory; returns whether there was one that could go. Its spans go with it where it is
    /// not on disk.
    pub(super) fn evict_oldest(&mut self) -> bool {
        let has_disk = self.shelf.is_some();
        let left = self.full.oldest_can_leave(has_disk).then(|| self.full.leave_memory()).flatten();
        let Some(left) = left else { return false };
        let (Left::ForDisk(block) | Left::ForGood(block)) = &left;
        self.directory.forget(block);
        let spans = u64::from(block.written());
        self.counters.in_memory -= spans;
        if let Left::ForGood(block) = &left {
            self.counters.evicted += spans;
            self.forget_traces(block);
            self.past.add(&View::of(block, block.written()), &self.limits);
            self.remove_file(block.sequence());
        } else {
            self.counters.on_disk += spans;
        }
        self.publish_blocks();
        true
    }

    /// Drops the oldest block, from memory and from disk; returns whether there was one that could go.
    pub(super) fn drop_oldest(&mut self) -> bool {
        let is_on_disk = self.full.oldest().is_some_and(|oldest| !self.full.is_in_memory_block(oldest.sequence()));
        if is_on_disk { self.drop_oldest_file() } else { self.evict_oldest() }
    }

    /// Removes the oldest file of a block, and with it the block, unless that is in memory too; returns whether there was
    /// one.
    pub(super) fn drop_oldest_file(&mut self) -> bool {
        let Some((segment, is_gone)) = self.full.drop_oldest_file() else { return false };
        if is_gone {
            let spans = u64::from(segment.sealed().len());
            self.counters.on_disk -= spans;
            self.counters.evicted += spans;
            self.forget_traces(segment.block());
            let block = segment.block();
            self.past.add(&View::of(block, block.written()), &self.limits);
            self.publish_blocks();
        }
        self.discard(Some(segment));
        true
    }

    /// Returns the first file of a block from this one on, to be verified.
    pub fn file_from(&self, first: u32) -> Option<Unverified> {
        self.full.files_from(first).next()
    }

    /// Takes a block out of which columns are damaged, so that what is whole of it can be appended again. Its file is left
    /// to be set aside: its name is returned, if it was still held, and whether the block is gone with it. One in memory
    /// stays, and is to be written again.
    pub fn take_out(&mut self, verified: &Verified) -> Option<(String, bool)> {
        let (segment, is_gone) = self.full.take_out(verified.sequence)?;
        if is_gone {
            let spans = u64::from(segment.sealed().len());
            self.counters.on_disk -= spans;
            self.counters.evicted += spans;
            self.forget_traces(segment.block());
            self.publish_blocks();
        }
        self.publish();
        Some((segment.name(), is_gone))
    }

    /// Counts the traces that end with a block that is gone, and joins what was before and after it of the others.
    pub(super) fn forget_traces(&mut self, block: &Block) {
        for part in 0..block.parts() {
            let (older, newer) = (self.full.older(block, part), block.newer(part));
            if let Some((block, older)) = older.and_then(|older| Some((self.full.get(older.block)?, older.part))) {
                block.set_newer(older, newer);
            }
            // Of a damaged file the parts need not be those that were counted.
            let is_last = older.is_none() && newer.is_none();
            self.traces = self.traces.saturating_sub(u64::from(is_last));
            let was_last = block.has_error(part) && !self.has_error(older, newer);
            self.traces_with_errors = self.traces_with_errors.saturating_sub(u64::from(was_last));
        }
    }

    /// Returns whether one of the parts of a trace up to `older` and from `newer` on has an error.
    pub(super) fn has_error(&self, older: Option<PartRef>, mut newer: Option<PartRef>) -> bool {
        while let Some(at) = newer {
            if at.block == self.open.sequence {
                if self.open.parts.get(at.part).is_some_and(Part::has_error) {
                    return true;
                }
                break;
            }
            let Some(block) = self.full.get(at.block) else { break };
            if block.has_error(at.part) {
                return true;
            }
            newer = block.newer(at.part);
        }
        self.full.chain(older).any(|(block, part)| block.has_error(part))
    }

    /// Drops the oldest files while there are too many bytes on disk, or too much in memory is known of them; returns
    /// whether there were.
    pub(super) fn keep_disk_budget(&mut self) -> bool {
        let is_over = |writer: &Self| {
            writer.full.segments().bytes + writer.log_bytes > writer.limits.disk_bytes
                || writer.full.known_bytes() > writer.limits.known_bytes()
        };
        let mut is_dropped = false;
        while is_over(self) && self.drop_oldest_file() {
            is_dropped = true;
        }
        is_dropped
    }
}

//! What has to go by the limits: told before anything goes, so that it can be known without happening.

use super::Writer;
use crate::model::Timestamp;
use crate::store::Limits;
use crate::store::segment::Segment;
use crate::store::view::Block;

/// A block that has to go, or the file of one that stays in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    sequence: u32,
    /// The name of its file, if it has one.
    pub file: Option<String>,
    /// The bytes of the file.
    pub bytes: u64,
    /// The spans that are gone then.
    pub spans: u64,
    pub limit: Limit,
}

/// What makes a block go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// It came too long ago.
    Age,
    /// There are too many traces.
    Traces,
    /// There are too many bytes on disk.
    Bytes,
}

impl Writer {
    /// Returns what has to go by these limits, oldest first.
    pub fn expiring(&self, limits: &Limits, now: Timestamp) -> Vec<Expiring> {
        let mut expiring = Vec::new();
        let mut traces = self.traces;
        let mut bytes = self.full.segments().bytes + self.log_bytes;
        let mut holdings = self.full.holdings().peekable();
        while let Some((block, segment)) = holdings.peek() {
            let Some(limit) = self.limit_of(block, traces, (limits, now)) else { break };
            let file_bytes = segment.map_or(0, Segment::bytes);
            expiring.push(Expiring {
                sequence: block.sequence(),
                file: segment.map(Segment::name),
                bytes: file_bytes,
                spans: u64::from(block.written()),
                limit,
            });
            bytes -= file_bytes;
            if limits.max_traces > 0 {
                traces = traces
                    .saturating_sub((0..block.parts()).filter(|&part| block.newer(part).is_none()).count() as u64);
            }
            holdings.next();
        }
        for (block, segment) in holdings {
            let Some(segment) = segment.filter(|_| bytes > limits.disk_bytes) else { continue };
            let stays = self.full.is_in_memory_block(block.sequence());
            bytes -= segment.bytes();
            expiring.push(Expiring {
                sequence: block.sequence(),
                file: Some(segment.name()),
                bytes: segment.bytes(),
                spans: if stays { 0 } else { u64::from(block.written()) },
                limit: Limit::Bytes,
            });
        }
        expiring
    }

    /// Returns by which limit the oldest block has to go, where so many traces are held.
    fn limit_of(&self, oldest: &Block, traces: u64, (limits, now): (&Limits, Timestamp)) -> Option<Limit> {
        // One that gets a file waits for that.
        let waits = self.shelf.is_some() && matches!(oldest, Block::Open(_));
        let is_old = oldest.arrivals().is_none_or(|(_, last)| now.since(last) > limits.retention_ns);
        let limit = if is_old {
            Limit::Age
        } else if limits.max_traces > 0 && traces > limits.max_traces as u64 {
            Limit::Traces
        } else {
            return None;
        };
        (!waits).then_some(limit)
    }

    /// Returns what has to go now by the store's own limits.
    pub fn expiring_now(&self, now: Timestamp) -> Vec<Expiring> {
        self.expiring(&self.limits, now)
    }

    /// Lets go what [`Writer::expiring_now`] returned.
    pub fn expire(&mut self, expiring: &[Expiring]) {
        for Expiring { sequence, limit, .. } in expiring {
            if *limit == Limit::Bytes {
                self.drop_oldest_file();
            }
            while *limit != Limit::Bytes
                && self.full.oldest().is_some_and(|oldest| oldest.sequence() <= *sequence)
                && self.drop_oldest()
            {}
        }
        self.publish();
    }
}

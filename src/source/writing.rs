//! The writer's thread: stores what comes in, has it logged and sealed, and sees to what is on disk.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::logging::{Entry, LogState, Logging};
use super::sealing::Sealing;
use super::{Collected, Reason, Recovery, Removed};
use crate::model::Timestamp;
use crate::otlp::{self, Batch};
use crate::store::segment::{Record, Shelf};
use crate::store::{Losses, Outcome, Past, Verified, Writer};

/// How many seconds of rates are remembered.
const RATE_SECONDS: usize = 120;
/// How often what is known of spans that are gone is written down.
const PAST_EVERY_NS: u64 = 60_000_000_000;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    /// The permit is the request's share of a budget of bytes; it is given back when the request is stored, even if its
    /// sender has hung up meanwhile.
    Append {
        batch: Batch,
        arrived: Timestamp,
        done: oneshot::Sender<Outcome>,
        permit: Option<OwnedSemaphorePermit>,
    },
    Tick(Timestamp),
    /// Background work was done.
    Done,
    /// There is no room on the disk.
    FreeDisk(std::sync::mpsc::Sender<bool>),
    /// What has to go is to go now, or only to be named.
    Gc {
        now: Timestamp,
        is_dry_run: bool,
        done: std::sync::mpsc::Sender<Collected>,
    },
    Stop,
}

/// What the writer tells everybody.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The spans stored in each of the last seconds.
    pub(super) rates: ArcSwap<Vec<u32>>,
    pub(super) log: Arc<LogState>,
    /// Why the file of a block could not be written.
    file_trouble: ArcSwapOption<String>,
    pub(super) recovery: ArcSwap<Recovery>,
}

impl Shared {
    pub(super) fn note_losses(&self, losses: Losses) {
        self.recovery.store(Arc::new(losses.into()));
    }

    /// Returns why something is kept in memory only at present.
    pub(super) fn trouble(&self) -> Option<String> {
        let trouble = self.log.trouble.load_full().or_else(|| self.file_trouble.load_full());
        trouble.map(|trouble| trouble.to_string())
    }
}

/// See the module.
pub(super) struct Writing {
    writer: Writer,
    sealing: Sealing,
    logging: Option<Logging>,
    shelf: Option<Shelf>,
    shared: Arc<Shared>,
    this_second: u32,
    /// When the last tick was.
    now: Timestamp,
    /// When what is known of spans that are gone was written, and what that was.
    past_written: Timestamp,
    past: Past,
    cleaning: Cleaning,
}

/// How far the files are verified.
struct Cleaning {
    every: Option<Duration>,
    /// The next file, none until it is time again.
    next: Option<u32>,
    begun: Option<Timestamp>,
    /// Blocks that are known to be damaged, and were told.
    damaged: BTreeSet<u32>,
}

impl Writing {
    pub(super) fn new(
        writer: Writer,
        sealing: Sealing,
        (logging, shelf): (Option<Logging>, Option<Shelf>),
        shared: Arc<Shared>,
        cleanup: Option<Duration>,
    ) -> Self {
        let cleaning = Cleaning { every: cleanup, next: None, begun: None, damaged: BTreeSet::new() };
        let past = writer.past().clone();
        let (now, past_written) = (Timestamp::default(), Timestamp::default());
        Self { writer, sealing, logging, shelf, shared, this_second: 0, now, past_written, past, cleaning }
    }

    pub(super) fn run(&mut self, mut jobs: mpsc::Receiver<Job>) {
        self.exchange();
        while let Some(job) = jobs.blocking_recv() {
            match job {
                Job::Stop => break,
                Job::Append { batch, arrived, done, permit } => {
                    let outcome = self.writer.append(&batch, arrived);
                    self.this_second += outcome.stored as u32;
                    self.answer(Request { bytes: batch.bytes, arrived, done, permit }, outcome);
                }
                Job::Done => {}
                Job::FreeDisk(reply) => {
                    // Who asked may have given up.
                    reply.send(self.writer.free_disk()).ok();
                }
                Job::Gc { now, is_dry_run, done } => {
                    // The same.
                    done.send(Collected { is_dry_run, removed: self.collect(now, is_dry_run) }).ok();
                }
                Job::Tick(now) => self.tick(now),
            }
            self.exchange();
        }
        // Later requests are refused from here on.
        drop(jobs);
        self.write_past();
        if let Some(logging) = self.logging.take() {
            logging.finish();
        }
    }

    /// Answers a request that was stored, once it is logged.
    fn answer(&mut self, request: Request, outcome: Outcome) {
        let Request { bytes, arrived, done, permit } = request;
        let Some(logging) = &self.logging else {
            // A sender that hung up does not care; its spans are kept.
            done.send(outcome).ok();
            return;
        };
        // A request of nothing but duplicates is answered when what it repeats is written.
        let blocks = outcome.blocks.clone().unwrap_or(NO_BLOCKS);
        logging.append(Entry { record: Record { bytes, arrived, blocks }, outcome, done, _permit: permit });
    }

    fn exchange(&mut self) {
        self.sealing.exchange(&mut self.writer);
        if let Some(verified) = self.sealing.verified() {
            self.salvage(&verified);
        }
        if let Some(logging) = &mut self.logging {
            logging.release(self.writer.first_without_file(), self.writer.first_unsealed());
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.now = now;
        self.writer.tick(now);
        let mut seconds = self.shared.rates.load().to_vec();
        seconds.push(std::mem::take(&mut self.this_second));
        let excess = seconds.len().saturating_sub(RATE_SECONDS);
        seconds.drain(..excess);
        self.shared.rates.store(Arc::new(seconds));
        if self.shelf.is_some() {
            self.writer.set_log_bytes(self.shared.log.bytes.load(std::sync::atomic::Ordering::Relaxed));
            self.write_missing();
            self.clean(now);
            if now.since(self.past_written) >= PAST_EVERY_NS {
                self.past_written = now;
                self.write_past();
            }
        }
    }

    /// Lets go what has to go by the limits, unless it is only to be named, and returns it.
    fn collect(&mut self, now: Timestamp, is_dry_run: bool) -> Vec<Removed> {
        let (expiring, leftovers) = (self.writer.expiring_now(now), self.writer.leftovers(now));
        let removed = expiring.iter().map(Removed::from);
        let leftover = |file: &_| Removed::leftover(file, Reason::SetAside);
        let mut removed: Vec<Removed> = removed.chain(leftovers.iter().map(leftover)).collect();
        if !is_dry_run {
            self.writer.expire(&expiring);
            self.writer.remove_leftovers(&leftovers);
            let left = self.shelf.as_ref().and_then(|shelf| shelf.folder().list().ok()).unwrap_or_default();
            let left: HashSet<String> = left.into_iter().map(|entry| entry.name).collect();
            // What the system does not let go is no success; the next start tries again.
            removed.retain(|removed| !removed.file.as_ref().is_some_and(|file| left.contains(file)));
        }
        removed
    }

    /// Has what is known of spans that are gone written down, where that is more than before. Whoever ends before it is
    /// loses a minute of history, and no span that is held.
    fn write_past(&mut self) {
        let past = self.writer.past();
        let Some((logging, shelf)) = self.logging.as_ref().zip(self.shelf.clone()).filter(|_| *past != self.past)
        else {
            return;
        };
        self.past = past.clone();
        let past = past.clone();
        logging.then(move || {
            if let Err(error) = shelf.write_past(&past) {
                tracing::warn!(%error, "the history of health is in memory only");
            }
        });
    }

    /// Tries again to write files that could not be, on a full disk in place of the oldest.
    fn write_missing(&mut self) {
        if self.sealing.is_full() && !self.sealing.is_writing() && !self.writer.without_file().is_empty() {
            self.writer.free_disk();
        }
        self.sealing.write_missing(&self.writer);
        self.shared.file_trouble.store(self.sealing.trouble().map(|error| Arc::new(error.to_string())));
    }

    /// Has the next file verified: one a second, in no hurry. Once all are, leftovers are removed.
    fn clean(&mut self, now: Timestamp) {
        let Cleaning { every, next, begun, .. } = &mut self.cleaning;
        let Some(every) = every else { return };
        if next.is_none() && begun.is_none_or(|begun| u128::from(now.since(begun)) > every.as_nanos()) {
            (*next, *begun) = (Some(0), Some(now));
        }
        let Some(first) = next.filter(|_| !self.sealing.is_verifying()) else { return };
        let file = self.writer.file_from(first);
        *next = file.as_ref().map(|file| file.sequence().saturating_add(1));
        if let Some(file) = file {
            self.sealing.verify(file);
        } else {
            self.writer.remove_leftovers(&self.writer.leftovers(now));
        }
    }

    /// Takes what is whole out of a damaged file, stores it anew, and sets the file aside.
    fn salvage(&mut self, verified: &Verified) {
        if verified.damaged == 0 || !self.cleaning.damaged.insert(verified.sequence()) {
            return;
        }
        tracing::warn!(block = verified.sequence(), damaged = verified.damaged, "a file is damaged");
        let taken_out = verified.salvage.as_ref().and_then(|salvage| Some((salvage, self.writer.take_out(verified)?)));
        let Some((salvage, (name, is_gone))) = taken_out else { return self.note_damage(verified.damaged, 0) };
        let Some((logging, shelf)) = self.logging.as_ref().zip(self.shelf.clone()) else { return };
        if !is_gone {
            // The block is in memory, and is written anew in the place of this file; until then it is better than none.
            return self.note_damage(verified.damaged, 0);
        }
        for request in &salvage.requests {
            // It is ours: what a block restores can be scanned.
            let Ok(batch) = otlp::scan(request.clone()) else { continue };
            let outcome = self.writer.recover(&batch, salvage.arrived);
            let blocks = outcome.blocks.clone().unwrap_or(NO_BLOCKS);
            let record = Record { bytes: batch.bytes, arrived: salvage.arrived, blocks };
            let (done, _) = oneshot::channel();
            logging.append(Entry { record, outcome, done, _permit: None });
        }
        let now = self.now;
        // Where it stays, the next start finds it as damaged as it is.
        logging.then(move || drop(shelf.set_aside(&name, now)));
        self.note_damage(verified.damaged, salvage.lost);
    }

    /// Tells of stretches that are damaged, and of spans that were lost in them.
    fn note_damage(&self, damaged: u64, lost_spans: u64) {
        let known = **self.shared.recovery.load();
        let (damaged, lost_spans) = (known.damaged + damaged, known.lost_spans + lost_spans);
        self.shared.recovery.store(Arc::new(Recovery { damaged, lost_spans, ..known }));
    }
}

/// The blocks of a request of which nothing was stored.
#[expect(clippy::reversed_empty_ranges, reason = "it is empty")]
const NO_BLOCKS: std::ops::RangeInclusive<u32> = 1..=0;

/// A request that was stored and waits for its answer.
struct Request {
    bytes: bytes::Bytes,
    arrived: Timestamp,
    done: oneshot::Sender<Outcome>,
    permit: Option<OwnedSemaphorePermit>,
}

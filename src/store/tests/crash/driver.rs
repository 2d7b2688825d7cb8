//! A store on a folder, driven by one thread as the engine drives it by four: the writer's, the one that seals, the log's and
//! the one that syncs. Each step is one of theirs; in which order they come is up to the test.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::promises::{Promises, Spans, held, shown};
use super::requests::Request;
use crate::model::Timestamp;
use crate::store::segment::simulated::SimFolder;
use crate::store::segment::{Log, Record, Segment, Shelf, SyncJob, Synced};
use crate::store::{Limits, Opened, Opener, Sealed, Sealer, Snapshot, Store, Unsealed, Unwritten, Writer, open};

/// What is certain of a request once it is answered, as in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Always,
    /// After so long, in nanoseconds.
    Interval(u64),
    Never,
}

/// How many blocks may wait for the thread that seals.
const MOST_WAITING: usize = 4;
/// How long after a failure the log tries again.
const RETRY: u64 = 100;

/// See the module.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) folder: SimFolder,
    pub(super) promises: Promises,
    pub(super) now: u64,
    limits: Limits,
    policy: Policy,
    sealer: Sealer,
    running: Running,
    had_power_loss: bool,
}

/// What ends with the program.
#[derive(Debug)]
struct Running {
    store: Arc<Store>,
    writer: Writer,
    log: Log,
    shelf: Shelf,
    to_do: VecDeque<Work>,
    done: VecDeque<Done>,
    /// Blocks that are to be sealed or were, and are not in their places yet.
    waiting: usize,
    /// Files that are written beside that.
    writing: usize,
    to_log: VecDeque<ToLog>,
    released: (u32, u32),
    job: Option<Job>,
    next_sync: Option<u64>,
    retry_at: Option<u64>,
    /// Whether the last file could not be written for want of room.
    is_full: bool,
    /// How many files the log and the writer let go, as there was no room.
    freed: u64,
}

#[derive(Debug)]
enum Work {
    Seal(Unsealed),
    Write(Unwritten),
}

#[derive(Debug)]
enum Done {
    Sealed(Option<(Sealed, io::Result<()>)>),
    Written(io::Result<Segment>),
}

#[derive(Debug)]
enum ToLog {
    Entry(Record, Spans),
    Release(u32, u32),
}

#[derive(Debug)]
enum Job {
    Waiting(SyncJob),
    Done(Synced),
}

impl Driver {
    pub(super) fn start(folder: SimFolder, limits: Limits, policy: Policy) -> Self {
        let running = Running::open(&folder, limits, policy, 0).unwrap();
        let promises = Promises::default();
        let mut driver = Self {
            folder,
            promises,
            now: 0,
            limits,
            policy,
            sealer: Sealer::default(),
            running,
            had_power_loss: false,
        };
        driver.exchange();
        driver
    }

    /// Starts the program again, in the folder as it is found.
    pub(super) fn start_again(&mut self, folder: SimFolder) -> io::Result<()> {
        self.folder = folder;
        if let Policy::Interval(interval) = self.policy {
            // While the program does not run nothing is synced.
            self.promises.put_off(self.now, self.now + interval + 1);
        }
        self.running = Running::open(&self.folder, self.limits, self.policy, self.now)?;
        self.exchange();
        Ok(())
    }

    /// Returns the folder as it is found after a loss of power now.
    pub(super) fn lose_power(&mut self, seed: u64) -> SimFolder {
        self.had_power_loss = true;
        self.folder.crash(seed)
    }

    /// Returns whether what a file holds is what was written there, also after losses of power.
    pub(super) fn keeps_what_is_found(&self) -> bool {
        self.policy != Policy::Never || !self.had_power_loss
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.running.store.snapshot()
    }

    pub(super) fn freed(&self) -> u64 {
        self.running.freed
    }

    /// Returns what another run finds in a folder.
    pub(super) fn found_in(&self, folder: &SimFolder) -> Spans {
        folder.set_capacity(u64::MAX);
        held(&Running::open(folder, self.limits, self.policy, self.now).unwrap().store.snapshot())
    }

    /// Returns what is held but for blocks whose files went while they are in memory, and how many of these there are.
    pub(super) fn held_without_dropped(&self, files: &[String]) -> (Spans, u64) {
        let (mut spans, mut dropped) = (Spans::default(), 0);
        for view in self.snapshot().views() {
            let name = format!("block-{:016x}.spb", view.sequence());
            if view.sequence() < self.running.writer.first_without_file() && !files.contains(&name) {
                dropped += 1;
            } else {
                spans.add_all(&shown(&view));
            }
        }
        (spans, dropped)
    }

    /// Returns whether the user is told that something is in memory only.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.running.log.trouble().is_some() || !self.running.writer.without_file().is_empty()
    }

    /// Stores a request; it is answered when the log has it.
    pub(super) fn append(&mut self, request: &Request) {
        let arrived = Timestamp(self.now);
        let outcome = self.running.writer.append(&request.batch, arrived);
        #[expect(clippy::reversed_empty_ranges, reason = "it is empty")]
        let blocks = outcome.blocks.unwrap_or(1..=0);
        let record = Record { bytes: request.batch.bytes.clone(), arrived, blocks };
        self.running.to_log.push_back(ToLog::Entry(record, request.spans));
        self.exchange();
    }

    /// Lets time pass; the writer and the log do what is due.
    pub(super) fn pass(&mut self, time: u64) {
        self.now += time;
        let running = &mut self.running;
        if running.retry_at.is_some_and(|at| at <= self.now) {
            let result = running.retry();
            self.note(result);
            self.sync_later();
        }
        let running = &mut self.running;
        if running.next_sync.is_some_and(|at| at <= self.now) {
            running.next_sync = None;
            running.job = running.job.take().or_else(|| running.log.to_sync().map(Job::Waiting));
        }
    }

    /// Does what the writer does once a second.
    pub(super) fn tick(&mut self) {
        let running = &mut self.running;
        running.writer.tick(Timestamp(self.now));
        running.writer.set_log_bytes(running.log.bytes());
        if running.is_full {
            running.free_disk();
        }
        if running.writing == 0 {
            running.to_do.extend(running.writer.without_file().into_iter().map(Work::Write));
            running.writing = running.to_do.iter().filter(|work| matches!(work, Work::Write(_))).count();
        }
        self.exchange();
    }

    /// Does one work of the thread that seals.
    pub(super) fn seal(&mut self) {
        let running = &mut self.running;
        let done = match running.to_do.pop_front() {
            Some(Work::Seal(block)) => {
                Done::Sealed(block.is_held().then(|| seal(block, &running.shelf, &mut self.sealer)))
            }
            Some(Work::Write(block)) => Done::Written(block.write(&running.shelf)),
            None => return,
        };
        running.done.push_back(done);
    }

    /// Puts sealed blocks in their places and sees to it that full ones are sealed, as the writer does after all that it does.
    pub(super) fn exchange(&mut self) {
        let running = &mut self.running;
        while let Some(done) = running.done.pop_front() {
            match done {
                Done::Sealed(sealed) => {
                    running.waiting -= 1;
                    if let Some(sealed) = sealed {
                        running.put(sealed);
                    }
                }
                Done::Written(written) => {
                    running.writing -= 1;
                    let written = written.map(|segment| running.writer.put_segment(segment));
                    running.note_file(&written);
                }
            }
        }
        while let Some(block) = running.writer.take_unsealed() {
            if running.waiting < MOST_WAITING {
                running.waiting += 1;
                running.to_do.push_back(Work::Seal(block));
            } else {
                let sealed = seal(block, &running.shelf, &mut self.sealer);
                running.put(sealed);
            }
        }
        let release = (running.writer.first_without_file(), running.writer.first_unsealed());
        if std::mem::replace(&mut running.released, release) != release {
            running.to_log.push_back(ToLog::Release(release.0, release.1));
        }
    }

    /// Takes the next message to the log, together with requests right behind it.
    pub(super) fn log(&mut self, most: usize) {
        let mut batch = Vec::new();
        while let Some(message) = self.running.to_log.pop_front() {
            match message {
                ToLog::Entry(record, spans) => batch.push((record, spans)),
                release @ ToLog::Release(..) if !batch.is_empty() => {
                    self.running.to_log.push_front(release);
                    break;
                }
                ToLog::Release(safe, sealed) => {
                    self.running.log.release(safe);
                    self.running.log.forget(sealed);
                    return;
                }
            }
            if batch.len() == most {
                break;
            }
        }
        if !batch.is_empty() {
            self.write(batch);
        }
    }

    fn write(&mut self, batch: Vec<(Record, Spans)>) {
        let (records, spans): (Vec<Record>, Vec<Spans>) = batch.into_iter().unzip();
        let running = &mut self.running;
        let mut result = running.log.append(&records);
        if running.retry_at.is_none() && result.as_ref().is_err_and(is_full) {
            result = running.retry();
        }
        if result.is_ok() && self.policy == Policy::Always {
            result = running.log.sync();
        }
        self.note(result);
        self.sync_later();
        let is_kept = !self.is_in_trouble() && !self.folder.is_dead();
        for spans in spans.into_iter().filter(|_| is_kept) {
            self.promise(spans);
        }
    }

    /// Notes what a user may rely on from now on.
    fn promise(&mut self, spans: Spans) {
        let safe_at = match self.policy {
            Policy::Always => Some(self.now),
            Policy::Interval(interval) => Some(self.now + interval + 1),
            Policy::Never => None,
        };
        self.promises.answer(spans, safe_at);
    }

    /// Takes what was found after a loss of power for what is on disk.
    pub(super) fn begin_anew(&mut self, found: Spans) {
        self.promises = Promises::default();
        self.promises.answer(found, Some(0));
    }

    fn note(&mut self, mut result: io::Result<()>) {
        let was_broken = self.running.retry_at.is_some();
        if was_broken && result.is_ok() && self.policy == Policy::Always {
            result = self.running.log.sync();
        }
        self.running.retry_at = result.is_err().then(|| self.now + RETRY);
    }

    fn sync_later(&mut self) {
        if let Policy::Interval(interval) = self.policy {
            let at = self.now + interval / 2;
            self.running.next_sync.get_or_insert(at);
        }
    }

    /// Does the next part of a sync on another thread: the work, or the log's taking note of it.
    pub(super) fn sync(&mut self) {
        match self.running.job.take() {
            Some(Job::Waiting(job)) => self.running.job = Some(Job::Done(job.run())),
            Some(Job::Done(done)) => {
                let result = self.running.log.synced(done);
                self.note(result);
                self.sync_later();
            }
            None => {}
        }
    }

    /// Returns whether a sync is under way.
    pub(super) fn is_syncing(&self) -> bool {
        self.running.job.is_some()
    }

    /// Does everything that can be done now.
    pub(super) fn settle(&mut self) {
        while !(self.running.to_do.is_empty() && self.running.done.is_empty() && self.running.to_log.is_empty()) {
            self.seal();
            self.exchange();
            self.log(usize::MAX);
        }
        while self.is_syncing() {
            self.sync();
        }
    }
}

impl Running {
    fn open(folder: &SimFolder, limits: Limits, policy: Policy, now: u64) -> io::Result<Self> {
        let shelf = Shelf::new(Arc::new(folder.clone()), policy != Policy::Never);
        let Opened { store, writer, log, .. } = open(limits, &shelf, Opener::Owner(Timestamp(now)), |_, _| ())?;
        let next_sync = matches!(policy, Policy::Interval(_)).then_some(now);
        Ok(Self {
            store,
            writer,
            log,
            shelf,
            to_do: VecDeque::new(),
            done: VecDeque::new(),
            waiting: 0,
            writing: 0,
            to_log: VecDeque::new(),
            released: (0, 0),
            job: None,
            next_sync,
            retry_at: None,
            is_full: false,
            freed: 0,
        })
    }

    fn put(&mut self, (sealed, written): (Sealed, io::Result<()>)) {
        self.writer.put_sealed(sealed);
        self.note_file(&written);
    }

    fn note_file(&mut self, written: &io::Result<()>) {
        self.is_full = written.as_ref().is_err_and(is_full);
    }

    /// Tries again to write what could not be written, on a full disk in place of the oldest.
    fn retry(&mut self) -> io::Result<()> {
        let mut result = self.log.retry();
        if result.as_ref().is_err_and(is_full) && self.free_disk() {
            result = self.log.retry();
        }
        result
    }

    fn free_disk(&mut self) -> bool {
        let is_freed = self.writer.free_disk();
        self.freed += u64::from(is_freed);
        is_freed
    }
}

fn seal(block: Unsealed, shelf: &Shelf, sealer: &mut Sealer) -> (Sealed, io::Result<()>) {
    let mut sealed = block.seal(sealer);
    let written = sealed.write(shelf);
    (sealed, written)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

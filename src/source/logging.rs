//! The log's thread. Whoever sent a request is answered once it is written there, as the policy says; what comes meanwhile is
//! written with the next one. Where nothing can be written, requests are kept in memory only, and the user is told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::engine::clock;
use super::keeping::SyncPolicy;
use super::priority::Priority;
use crate::store::Outcome;
use crate::store::segment::{Log, Record, SyncJob, Synced};

/// How long a request waits for others to be written with it.
const GATHERING: Duration = Duration::from_millis(2);
/// How many bytes are written at once, so that nobody waits for what came long after.
const MOST_BYTES: usize = 8 << 20;
/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// A request that was stored in memory, and who waits for it.
pub(super) struct Entry {
    pub(super) record: Record,
    pub(super) outcome: Outcome,
    pub(super) done: oneshot::Sender<Outcome>,
    /// The request's share of the bytes in flight.
    pub(super) _permit: Option<OwnedSemaphorePermit>,
}

type Then = Box<dyn FnOnce() + Send>;

enum ToLog {
    Entry(Entry),
    /// Blocks before `safe` have files that are to stay; those before `sealed` are sealed in memory at least.
    Release {
        safe: u32,
        sealed: u32,
    },
    Synced(Synced),
    /// To be done once everything before is as safe as the policy asks.
    Then(Then),
    Stop,
}

/// The writer's end of the way to the log.
#[derive(Debug)]
pub(super) struct Logging {
    to_log: Sender<ToLog>,
    thread: JoinHandle<()>,
    released: (u32, u32),
}

/// What is known of the log elsewhere.
#[derive(Debug, Default)]
pub(super) struct LogState {
    pub(super) bytes: AtomicU64,
    /// Why nothing is written at present.
    pub(super) trouble: ArcSwapOption<String>,
}

/// Asks the store to make room on a full disk; returns whether it could.
pub(super) type FreeDisk = Box<dyn Fn() -> bool + Send>;

impl Logging {
    /// Starts the thread, with this priority.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        log: Log,
        (policy, batch_spans): (SyncPolicy, u64),
        state: Arc<LogState>,
        free_disk: FreeDisk,
        priority: Priority,
    ) -> io::Result<Self> {
        let (to_log, inbox) = channel();
        let synced = to_log.clone();
        let (to_sync, jobs) = channel::<SyncJob>();
        let sync = move || {
            priority.take();
            for job in jobs {
                if synced.send(ToLog::Synced(job.run())).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("syncer".into()).spawn(sync)?;
        let mut work = Work::new(log, (policy, batch_spans), (inbox, to_sync), state, free_disk);
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || {
            priority.take();
            work.run();
        })?;
        Ok(Self { to_log, thread, released: (0, 0) })
    }

    /// Has a request written and its sender answered.
    pub(super) fn append(&self, entry: Entry) {
        // A thread that is gone has panicked, which was reported: nobody is answered then, and senders send again.
        self.to_log.send(ToLog::Entry(entry)).ok();
    }

    /// Does something once everything before is as safe as the policy asks; not at all where that is never so.
    pub(super) fn then(&self, work: impl FnOnce() + Send + 'static) {
        self.to_log.send(ToLog::Then(Box::new(work))).ok();
    }

    /// Gives up the logs of blocks that have files, and what is kept in memory of those that are sealed.
    pub(super) fn release(&mut self, safe: u32, sealed: u32) {
        if self.released != (safe, sealed) {
            self.released = (safe, sealed);
            self.to_log.send(ToLog::Release { safe, sealed }).ok();
        }
    }

    /// Waits until everything is written.
    pub(super) fn finish(self) {
        let Self { to_log, thread, .. } = self;
        to_log.send(ToLog::Stop).ok();
        // A panic there was reported by the panic hook.
        drop(thread.join());
    }
}

/// What the thread works with.
struct Work {
    log: Log,
    policy: SyncPolicy,
    batch_spans: u64,
    inbox: Receiver<ToLog>,
    to_sync: Sender<SyncJob>,
    state: Arc<LogState>,
    free_disk: FreeDisk,
    /// When what was written is to be synced, if something was.
    next_sync: Option<Instant>,
    /// When it is tried again to write what could not be.
    retry_at: Option<Instant>,
    /// What is to be done when everything is safe.
    then: Vec<Then>,
}

impl Work {
    fn new(
        log: Log,
        (policy, batch_spans): (SyncPolicy, u64),
        (inbox, to_sync): (Receiver<ToLog>, Sender<SyncJob>),
        state: Arc<LogState>,
        free_disk: FreeDisk,
    ) -> Self {
        // At once: an earlier run that was killed may have left logs that nobody has synced.
        let next_sync = matches!(policy, SyncPolicy::Interval(_)).then(clock);
        let then = Vec::new();
        Self { log, policy, batch_spans, inbox, to_sync, state, free_disk, next_sync, retry_at: None, then }
    }

    fn run(&mut self) {
        loop {
            let message = match self.next() {
                Some(ToLog::Entry(first)) => {
                    let (batch, next) = self.gather(first);
                    self.write(batch);
                    next
                }
                message => message,
            };
            if message.is_some_and(|message| !self.take(message)) {
                return;
            }
            // Also where there is always a message.
            self.timers();
            self.state.bytes.store(self.log.bytes(), Ordering::Relaxed);
        }
    }

    /// Waits for a message, or until something is due.
    fn next(&self) -> Option<ToLog> {
        let due = [self.next_sync, self.retry_at].into_iter().flatten().min();
        let Some(due) = due else { return Some(self.inbox.recv().unwrap_or(ToLog::Stop)) };
        match self.inbox.recv_timeout(due.saturating_duration_since(clock())) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(ToLog::Stop),
        }
    }

    /// Gathers requests to be written at once; returns as well what came after them, if it is none.
    fn gather(&self, first: Entry) -> (Vec<Entry>, Option<ToLog>) {
        let (mut spans, mut bytes) = (first.outcome.stored, first.record.bytes.len());
        let mut batch = vec![first];
        let until = clock() + GATHERING;
        while bytes < MOST_BYTES {
            let message = if spans < self.batch_spans {
                self.inbox.recv_timeout(until.saturating_duration_since(clock())).ok()
            } else {
                self.inbox.try_recv().ok()
            };
            match message {
                Some(ToLog::Entry(entry)) => {
                    spans += entry.outcome.stored;
                    bytes += entry.record.bytes.len();
                    batch.push(entry);
                }
                other => return (batch, other),
            }
        }
        (batch, None)
    }

    /// Does what a message says; returns whether to go on.
    fn take(&mut self, message: ToLog) -> bool {
        match message {
            ToLog::Entry(entry) => self.write(vec![entry]),
            ToLog::Release { safe, sealed } => {
                self.log.release(safe);
                self.log.forget(sealed);
            }
            ToLog::Synced(done) => {
                let result = self.log.synced(done);
                self.note(result);
                // What was written meanwhile is due as well.
                self.sync_later();
                self.do_then();
            }
            ToLog::Then(work) => {
                self.then.push(work);
                self.do_then();
            }
            ToLog::Stop => {
                if self.retry_at.is_some() {
                    self.try_again();
                }
                if self.policy != SyncPolicy::Never {
                    self.sync_now();
                }
                self.do_then();
                return false;
            }
        }
        true
    }

    fn timers(&mut self) {
        let now = clock();
        if self.retry_at.is_some_and(|at| at <= now) {
            self.try_again();
        }
        if self.next_sync.is_some_and(|at| at <= now) {
            self.next_sync = None;
            if let Some(job) = self.log.to_sync() {
                // A thread that is gone has panicked, which was reported.
                self.to_sync.send(job).ok();
            }
        }
    }

    fn write(&mut self, batch: Vec<Entry>) {
        let records: Vec<Record> = batch.iter().map(|entry| entry.record.clone()).collect();
        let mut result = self.log.append(&records);
        if self.state.trouble.load().is_none() && result.as_ref().is_err_and(is_full) {
            // Nobody is told of a disk that is full as long as something can go.
            result = self.retry();
        }
        if result.is_ok() && self.policy == SyncPolicy::Always {
            result = self.log.sync();
        }
        self.note(result);
        self.sync_later();
        for Entry { outcome, done, .. } in batch {
            // A sender that hung up does not care; its spans are kept.
            done.send(outcome).ok();
        }
    }

    /// Tries again, and sees to it that what is written then is as safe as if it had been at once.
    fn try_again(&mut self) {
        self.retry_at = None;
        let mut result = self.retry();
        if result.is_ok() && self.policy == SyncPolicy::Always {
            result = self.log.sync();
        }
        self.note(result);
        self.sync_later();
        self.do_then();
    }

    /// Does what waited for everything to be safe, if it is.
    fn do_then(&mut self) {
        if self.then.is_empty() || self.log.trouble().is_some() {
            return;
        }
        let is_safe = match self.policy {
            SyncPolicy::Never => Ok(()),
            SyncPolicy::Always | SyncPolicy::Interval(_) => self.log.sync(),
        };
        match is_safe {
            Ok(()) => self.then.drain(..).for_each(|work| work()),
            // It is being synced, and comes here again.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.note(Err(error)),
        }
    }

    /// Tries to write again what could not be written, on a full disk in place of the oldest.
    fn retry(&mut self) -> io::Result<()> {
        let mut result = self.log.retry();
        if result.as_ref().is_err_and(is_full) && (self.free_disk)() {
            result = self.log.retry();
        }
        result
    }

    /// Notes how it went, for the user.
    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) => {
                self.retry_at = None;
                if self.state.trouble.swap(None).is_some() {
                    tracing::info!("writing to disk again");
                }
            }
            Err(error) => {
                // What comes meanwhile does not put it off.
                self.retry_at.get_or_insert_with(|| clock() + RETRY);
                let message = error.to_string();
                if self.state.trouble.swap(Some(Arc::new(message))).is_none() {
                    tracing::error!(%error, "what comes in is kept in memory only");
                }
            }
        }
    }

    /// Sees to it that what was written is synced in time: twice as often as promised, as syncing takes time.
    fn sync_later(&mut self) {
        if let SyncPolicy::Interval(interval) = self.policy {
            self.next_sync.get_or_insert_with(|| clock() + interval / 2);
        }
    }

    fn sync_now(&mut self) {
        // A job that is under way has to come back first.
        while let Err(error) = self.log.sync() {
            if error.kind() != io::ErrorKind::WouldBlock {
                tracing::error!(%error, "the last requests may not outlive a loss of power");
                return;
            }
            match self.inbox.recv() {
                Ok(ToLog::Synced(done)) => drop(self.log.synced(done)),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}

/// Returns whether there was no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::store::segment::read_logs;
    use crate::store::segment::simulated::SimFolder;

    /// A log's work on a folder, without its threads.
    fn work(folder: &SimFolder, policy: SyncPolicy) -> (Work, Receiver<SyncJob>) {
        let (_, inbox) = channel();
        let (to_sync, jobs) = channel();
        let log = Log::new(Arc::new(folder.clone()), 1, 1);
        (Work::new(log, (policy, 1), (inbox, to_sync), Arc::default(), Box::new(|| false)), jobs)
    }

    fn entry() -> Entry {
        let record = Record { bytes: vec![7; 100].into(), arrived: Timestamp(0), blocks: 0..=0 };
        Entry { record, outcome: Outcome::default(), done: oneshot::channel().0, _permit: None }
    }

    fn logged(folder: &SimFolder) -> usize {
        let logs = read_logs(folder).unwrap();
        logs.iter().filter_map(|log| log.contents.as_ref().ok()).map(|contents| contents.requests.len()).sum()
    }

    const INTERVAL: SyncPolicy = SyncPolicy::Interval(Duration::from_secs(1));

    #[test]
    fn what_is_written_at_the_second_try_is_synced_as_well() {
        let folder = SimFolder::new(1);
        for policy in [SyncPolicy::Always, INTERVAL] {
            let (mut work, jobs) = work(&folder, policy);
            work.next_sync = None;
            folder.fail_from(1);
            work.write(vec![entry()]);
            assert!(work.state.trouble.load().is_some());
            // The time for a sync comes while nothing can be synced.
            work.next_sync = Some(clock()).filter(|_| policy == INTERVAL);
            work.timers();
            folder.heal();
            work.retry_at = Some(clock());
            work.timers();
            assert!(work.state.trouble.load().is_none());
            if policy == INTERVAL {
                assert!(work.next_sync.is_some() && jobs.try_recv().is_err());
            } else {
                assert!((0..20).all(|seed| logged(&folder.crash(seed)) == 1));
            }
            work.log.release(1);
        }
    }

    #[test]
    fn logs_of_an_earlier_run_are_synced_at_once() {
        let folder = SimFolder::new(1);
        work(&folder, INTERVAL).0.write(vec![entry()]);
        let found = read_logs(&folder).unwrap().remove(0);
        let (mut work, jobs) = work(&folder, INTERVAL);
        work.log.adopt(found.name, found.bytes, 0);
        work.timers();
        work.take(ToLog::Synced(jobs.recv().unwrap().run()));
        assert!((0..20).all(|seed| logged(&folder.crash(seed)) == 1));
    }

    #[test]
    fn what_waits_for_requests_to_be_safe_is_done_when_they_are() {
        for policy in [SyncPolicy::Always, INTERVAL, SyncPolicy::Never] {
            let folder = SimFolder::new(1);
            let (mut work, jobs) = work(&folder, policy);
            let (done, is_done) = channel();
            folder.fail_from(1);
            work.write(vec![entry()]);
            let look = folder.clone();
            work.take(ToLog::Then(Box::new(move || done.send(look.crash(1)).unwrap())));
            assert!(is_done.try_recv().is_err(), "nothing is written yet");
            folder.heal();
            if policy == INTERVAL {
                work.try_again();
            } else {
                work.take(ToLog::Stop);
            }
            let safe = is_done.try_recv().unwrap();
            assert!(policy == SyncPolicy::Never || logged(&safe) == 1);
            assert!(jobs.try_recv().is_err());
        }
    }

    #[test]
    fn the_end_is_another_try() {
        let folder = SimFolder::new(1);
        let (mut work, _jobs) = work(&folder, INTERVAL);
        folder.fail_from(1);
        work.write(vec![entry()]);
        folder.heal();
        work.take(ToLog::Stop);
        assert_eq!(logged(&folder.kill()), 1);
    }
}

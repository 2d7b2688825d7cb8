//! The engine owns the store: one thread writes, one seals full blocks, one writes the log, and anyone asks. What is accepted
//! goes through a bounded queue; when that is full, senders wait, and are told to come back later if it stays so.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::answer::answer_gradually;
use super::keeping::{Keeping, SyncPolicy};
use super::logging::{FreeDisk, Logging};
use super::sealing::Sealing;
use super::writing::{Job, Shared, Writing};
use super::{Collected, DiskStatus, Priority, Reply, Request, Source, SourceError};
use crate::analysis::Rules;
use crate::model::Timestamp;
use crate::otlp::Batch;
use crate::query::Memory;
use crate::store::segment::Shelf;
use crate::store::{Limits, Opened, Opener, Outcome, Store, Writer, open};

/// How many scanned requests may wait for the writer.
const QUEUE: usize = 256;
/// After how long an answer that takes time is first shown as far as it is, and how often then.
const FIRST: Duration = Duration::from_millis(10);
const NEXT: Duration = Duration::from_millis(100);
/// How long a request waits for a place in the queue before its sender is asked to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Debug)]
pub struct Engine {
    store: Arc<Store>,
    queue: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    /// Where it is kept on disk, and how many bytes it may take.
    disk: Option<(PathBuf, u64)>,
    refused: AtomicU64,
    last_refusal: ArcSwap<Option<String>>,
    listening: ArcSwap<Vec<String>>,
    started: Instant,
    /// What searches found.
    memory: Memory,
    rules: ArcSwap<Rules>,
}

/// The writer's thread, which ends after [`Engine::stop`].
#[derive(Debug)]
pub struct WriterThread(JoinHandle<()>);

/// The queue stayed full, or the program is stopping: nothing was kept, and the sender should try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much is coming in: nothing of this request was kept, send it again later")]
pub struct Overloaded;

impl Engine {
    /// Starts a store in memory, its writer's thread with this priority, and the one that seals.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(limits: Limits, priority: Priority) -> io::Result<(Arc<Self>, WriterThread)> {
        let (store, writer) = Writer::new(limits);
        Self::with(store, None, priority, limits, |_| Ok((writer, None)))
    }

    /// Starts a store that is kept on disk, with what an earlier run left there. Says from time to time how much of how much
    /// of that is read.
    ///
    /// # Errors
    /// When the folder cannot be listed, or the system gives no thread.
    pub fn start_kept(
        limits: Limits,
        priority: Priority,
        keeping: &Keeping,
        progress: impl FnMut(u64, u64),
    ) -> io::Result<(Arc<Self>, WriterThread)> {
        let shelf = Shelf::new(Arc::clone(&keeping.folder), keeping.sync != SyncPolicy::Never);
        let Opened { store, writer, log, losses } = open(limits, &shelf, Opener::Owner(now()), progress)?;
        Self::with(store, Some((keeping, shelf)), priority, limits, |(shared, queue)| {
            shared.note_losses(losses);
            let free_disk = free_disk(queue);
            let policy = (keeping.sync, keeping.batch_spans);
            let logging = Logging::start(log, policy, Arc::clone(&shared.log), free_disk, priority)?;
            Ok((writer, Some(logging)))
        })
    }

    fn with(
        store: Arc<Store>,
        kept: Option<(&Keeping, Shelf)>,
        priority: Priority,
        limits: Limits,
        parts: impl FnOnce((&Shared, mpsc::WeakSender<Job>)) -> io::Result<(Writer, Option<Logging>)>,
    ) -> io::Result<(Arc<Self>, WriterThread)> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let (writer, logging) = parts((&shared, queue.downgrade()))?;
        // Weak, as the writer goes on for as long as somebody else may send it something. Where the queue is full the writer
        // is at work, and looks for sealed blocks anyway.
        let wake = queue.downgrade();
        let wake = move || {
            if let Some(queue) = wake.upgrade() {
                queue.try_send(Job::Done).ok();
            }
        };
        let disk = kept.as_ref().map(|(keeping, _)| (keeping.path.clone(), limits.disk_bytes));
        let cleanup = kept.as_ref().and_then(|(keeping, _)| keeping.cleanup);
        let shelf = kept.map(|(_, shelf)| shelf);
        let sealing = Sealing::start(shelf.clone(), wake)?;
        let mut writing = Writing::new(writer, sealing, (logging, shelf), Arc::clone(&shared), cleanup);
        let work = move || {
            priority.take();
            writing.run(jobs);
        };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(work)?;
        let engine = Self {
            store,
            queue,
            shared,
            disk,
            refused: AtomicU64::new(0),
            last_refusal: ArcSwap::default(),
            listening: ArcSwap::default(),
            started: clock(),
            memory: Memory::default(),
            rules: ArcSwap::default(),
        };
        Ok((Arc::new(engine), WriterThread(thread)))
    }

    /// Stores a scanned request; once this returns, every answer has its spans, and they are on disk as the policy says. The
    /// permit is held until then.
    ///
    /// # Errors
    /// When the store cannot keep up, or is stopping; then nothing of the request was kept.
    pub async fn ingest(&self, batch: Batch, permit: Option<OwnedSemaphorePermit>) -> Result<Outcome, Overloaded> {
        let (done, outcome) = oneshot::channel();
        let job = Job::Append { batch, arrived: now(), done, permit };
        self.queue.send_timeout(job, PATIENCE).await.map_err(|_| Overloaded)?;
        outcome.await.map_err(|_| Overloaded)
    }

    /// Counts a request that was refused whole, and remembers why, so that the screen can say it.
    pub fn refuse(&self, reason: String) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.last_refusal.store(Arc::new(Some(reason)));
    }

    /// Notes the bound addresses, as `otlp/grpc 127.0.0.1:4317`.
    pub fn set_listening(&self, addresses: Vec<String>) {
        self.listening.store(Arc::new(addresses));
    }

    /// Says how figures are made from now on.
    pub fn set_rules(&self, rules: Rules) {
        self.rules.store(Arc::new(rules));
    }

    /// Lets time pass: rates are noted and what is too old goes. To be called about once a second.
    pub async fn tick(&self) {
        // The writer is gone only when the program ends; then there is nothing to tick.
        drop(self.queue.send(Job::Tick(now())).await);
    }

    /// Stops the writer once everything accepted is stored; what comes later is refused.
    pub async fn stop(&self) {
        // A writer that is gone has stopped already.
        drop(self.queue.send(Job::Stop).await);
    }

    /// Has the writer let go what has to go, or only name it.
    fn collect(&self, is_dry_run: bool) -> Result<Collected, SourceError> {
        let (done, collected) = std::sync::mpsc::channel();
        let sent = self.queue.blocking_send(Job::Gc { now: now(), is_dry_run, done });
        let collected = sent.ok().and_then(|()| collected.recv().ok());
        collected.ok_or_else(|| SourceError { message: "cannot remove anything: the program is stopping".into() })
    }

    fn status(&self, reply: Reply) -> Reply {
        let Reply::Status(mut status) = reply else { return reply };
        status.spans_per_second = self.shared.rates.load().to_vec();
        status.uptime_ns = u64::try_from(clock().duration_since(self.started).as_nanos()).unwrap_or(u64::MAX);
        status.refused_requests = self.refused.load(Ordering::Relaxed);
        status.last_refusal.clone_from(&self.last_refusal.load());
        status.listening = self.listening.load().to_vec();
        status.is_taking = !self.queue.is_closed();
        status.disk = self.disk.as_ref().map(|(path, budget_bytes)| {
            let log_bytes = self.shared.log.bytes.load(Ordering::Relaxed);
            DiskStatus {
                budget_bytes: *budget_bytes,
                trouble: self.shared.trouble(),
                recovery: **self.shared.recovery.load(),
                ..DiskStatus::in_folder(path, status.disk.take(), log_bytes)
            }
        });
        Reply::Status(status)
    }
}

/// Returns what the log calls where the disk is full: the writer lets the oldest file go.
fn free_disk(queue: mpsc::WeakSender<Job>) -> FreeDisk {
    Box::new(move || {
        let (reply, is_freed) = std::sync::mpsc::channel();
        let sent = queue.upgrade().is_some_and(|queue| queue.blocking_send(Job::FreeDisk(reply)).is_ok());
        // While the writer stops nobody answers.
        sent && is_freed.recv_timeout(PATIENCE).unwrap_or_default()
    })
}

impl Source for Engine {
    fn ask(&self, request: &Request) -> Result<Reply, SourceError> {
        self.ask_while(request, &|| true)
    }

    fn ask_while(&self, request: &Request, is_wanted: &dyn Fn() -> bool) -> Result<Reply, SourceError> {
        if let Request::Gc { is_dry_run } = request {
            return self.collect(*is_dry_run).map(Reply::Gc);
        }
        Ok(self.status(answer_gradually(request, &self.store.snapshot(), (&self.memory, &self.rules.load()), &|_| {
            is_wanted()
        })))
    }

    fn ask_gradually(&self, request: &Request, on: &mut dyn FnMut(Reply) -> bool) -> Result<(), SourceError> {
        if matches!(request, Request::Gc { .. }) {
            on(self.ask(request)?);
            return Ok(());
        }
        let (on, shown, is_wanted) = (RefCell::new(on), Cell::new(None), Cell::new(true));
        let begun = clock();
        let steps = |reply: &dyn Fn() -> Reply| {
            let now = clock();
            let due = shown.get().map_or(begun + FIRST, |last: Instant| last + NEXT);
            if now >= due {
                is_wanted.set(on.borrow_mut()(reply()));
                shown.set(Some(clock()));
            }
            is_wanted.get()
        };
        let reply =
            self.status(answer_gradually(request, &self.store.snapshot(), (&self.memory, &self.rules.load()), &steps));
        if is_wanted.get() {
            on.into_inner()(reply);
        }
        Ok(())
    }

    fn revision(&self) -> u64 {
        self.store.revision()
    }
}

impl WriterThread {
    /// Waits until everything accepted is stored.
    pub fn join(self) {
        // A panic there was reported by the panic hook; there is nothing left to save.
        drop(self.0.join());
    }
}

/// Returns the time by which arrivals are stamped and windows like "the last hour" are meant.
#[expect(clippy::disallowed_methods, reason = "the engine gives arrivals their time")]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "the engine knows how long it has been running")]
pub(super) fn clock() -> Instant {
    Instant::now()
}

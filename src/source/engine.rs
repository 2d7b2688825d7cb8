//! The engine owns the store: one thread writes, one seals full blocks, and anyone asks. What is accepted goes through a
//! bounded queue; when that is full, senders wait, and are told to come back later if it stays so.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::answer::answer;
use super::sealing::Sealing;
use super::{Priority, Reply, Request, Source, SourceError};
use crate::model::Timestamp;
use crate::otlp::Batch;
use crate::store::{Limits, Outcome, Store, Writer};

/// How many scanned requests may wait for the writer.
const QUEUE: usize = 256;
/// How long a request waits for a place in the queue before its sender is asked to come back.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many seconds of rates are remembered.
const RATE_SECONDS: usize = 120;

/// See the module.
#[derive(Debug)]
pub struct Engine {
    store: Arc<Store>,
    queue: mpsc::Sender<Job>,
    rates: Arc<ArcSwap<Vec<u32>>>,
    refused: AtomicU64,
    last_refusal: ArcSwap<Option<String>>,
    listening: ArcSwap<Vec<String>>,
    started: Instant,
}

/// The writer's thread, which ends after [`Engine::stop`].
#[derive(Debug)]
pub struct WriterThread(JoinHandle<()>);

enum Job {
    /// The permit is the request's share of a budget of bytes; it is given back when the request is stored, even if its
    /// sender has hung up meanwhile.
    Append {
        batch: Batch,
        arrived: Timestamp,
        done: oneshot::Sender<Outcome>,
        _permit: Option<OwnedSemaphorePermit>,
    },
    Tick(Timestamp),
    /// A block was sealed.
    Sealed,
    Stop,
}

/// The queue stayed full, or the program is stopping: nothing was kept, and the sender should try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much is coming in: nothing of this request was kept, send it again later")]
pub struct Overloaded;

impl Engine {
    /// Starts an empty store, its writer's thread with this priority, and the one that seals.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(limits: Limits, priority: Priority) -> std::io::Result<(Arc<Self>, WriterThread)> {
        let (store, writer) = Writer::new(limits);
        let (queue, jobs) = mpsc::channel(QUEUE);
        let rates = Arc::new(ArcSwap::default());
        let shared_rates = Arc::clone(&rates);
        // Weak, as the writer goes on for as long as somebody else may send it something. Where the queue is full the writer
        // is at work, and looks for sealed blocks anyway.
        let wake = queue.downgrade();
        let wake = move || {
            if let Some(queue) = wake.upgrade() {
                queue.try_send(Job::Sealed).ok();
            }
        };
        let sealing = Sealing::start(wake)?;
        let work = move || {
            priority.take();
            write(writer, jobs, &shared_rates, sealing);
        };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(work)?;
        let engine = Self {
            store,
            queue,
            rates,
            refused: AtomicU64::new(0),
            last_refusal: ArcSwap::default(),
            listening: ArcSwap::default(),
            started: clock(),
        };
        Ok((Arc::new(engine), WriterThread(thread)))
    }

    /// Stores a scanned request; once this returns, every answer has its spans. The permit is held until then.
    ///
    /// # Errors
    /// When the store cannot keep up, or is stopping; then nothing of the request was kept.
    pub async fn ingest(&self, batch: Batch, permit: Option<OwnedSemaphorePermit>) -> Result<Outcome, Overloaded> {
        let (done, outcome) = oneshot::channel();
        let job = Job::Append { batch, arrived: now(), done, _permit: permit };
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

    fn status(&self, reply: Reply) -> Reply {
        let Reply::Status(mut status) = reply else { return reply };
        status.spans_per_second = self.rates.load().to_vec();
        status.uptime_ns = u64::try_from(clock().duration_since(self.started).as_nanos()).unwrap_or(u64::MAX);
        status.refused_requests = self.refused.load(Ordering::Relaxed);
        status.last_refusal.clone_from(&self.last_refusal.load());
        status.listening = self.listening.load().to_vec();
        status.is_taking = !self.queue.is_closed();
        Reply::Status(status)
    }
}

impl Source for Engine {
    fn ask(&self, request: &Request) -> Result<Reply, SourceError> {
        Ok(self.status(answer(request, &self.store.snapshot())))
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

fn write(mut writer: Writer, mut jobs: mpsc::Receiver<Job>, rates: &ArcSwap<Vec<u32>>, mut sealing: Sealing) {
    let mut this_second = 0;
    while let Some(job) = jobs.blocking_recv() {
        match job {
            Job::Stop => return,
            Job::Append { batch, arrived, done, _permit } => {
                let outcome = writer.append(&batch, arrived);
                this_second += outcome.stored as u32;
                // A sender that hung up does not care; its spans are kept.
                done.send(outcome).ok();
            }
            Job::Sealed => {}
            Job::Tick(now) => {
                writer.tick(now);
                let mut seconds = rates.load().to_vec();
                seconds.push(std::mem::take(&mut this_second));
                let excess = seconds.len().saturating_sub(RATE_SECONDS);
                seconds.drain(..excess);
                rates.store(Arc::new(seconds));
            }
        }
        sealing.exchange(&mut writer);
    }
}

/// Returns the time by which arrivals are stamped and windows like "the last hour" are meant.
#[expect(clippy::disallowed_methods, reason = "the engine gives arrivals their time")]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "the engine knows how long it has been running")]
fn clock() -> Instant {
    Instant::now()
}

//! Admission: how a body gets in. It is collected, unpacked, scanned and stored within a budget of bytes in flight that
//! all requests share; when that is used up senders wait, and after a while are asked to come back.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::inflate::{self, Coding, Inflater};
use super::refusal::Refusal;
use super::signal::Signal;
use crate::otlp::{self, Batch};
use crate::source::Engine;

/// Bounds on what is taken in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one request, before and after unpacking.
    pub message_bytes: usize,
    /// Bytes of all requests being received, unpacked or waiting to be stored; at least one message.
    pub in_flight_bytes: usize,
}

/// The way in, shared by every receiver.
#[derive(Clone, Debug)]
pub struct Admission {
    engine: Arc<Engine>,
    limits: Limits,
    /// One permit a KiB.
    budget: Arc<Semaphore>,
}

/// A body that was let in, with its share of the budget.
pub(super) struct Admitted {
    pub(super) bytes: Bytes,
    share: Share,
}

/// How a request's bytes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// What is told to the sender of a request that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) rejected: u64,
    /// Why spans were rejected; empty where none was.
    pub(super) message: String,
}

/// A body that does not go on for this long is given up.
const BODY_DEADLINE: Duration = Duration::from_secs(30);
/// Likewise one that holds a good part of the budget, as others wait for it no longer than [`PATIENCE`].
const LARGE_BODY_DEADLINE: Duration = Duration::from_secs(4);
const LARGE_BODY: usize = 1 << 20;
/// A whole body has the first deadline and a second more for each of these many bytes.
const LEAST_RATE: usize = 64 << 10;
/// How long a request waits for its share of the budget.
const PATIENCE: Duration = Duration::from_secs(5);
/// A body that is refused is read on and thrown away up to this many times the limit, so that its sender gets to
/// read the answer instead of a broken connection.
const DRAIN_FACTOR: usize = 4;

impl Admission {
    /// Returns the way in to `engine`.
    pub fn new(engine: Arc<Engine>, limits: Limits) -> Self {
        let limits = Limits { in_flight_bytes: limits.in_flight_bytes.max(limits.message_bytes), ..limits };
        // One KiB more, so that a message of exactly the limit fits together with its framing.
        let budget = Arc::new(Semaphore::new(limits.in_flight_bytes.div_ceil(1024) + 1));
        Self { engine, limits, budget }
    }

    pub(super) fn message_bytes(&self) -> usize {
        self.limits.message_bytes
    }

    /// Counts a refused request and gives its reason to the screen and the log.
    pub(super) fn note(&self, refusal: &Refusal) {
        tracing::warn!(%refusal, "a request was refused");
        self.engine.refuse(refusal.to_string());
    }

    /// Collects a body of at most `limit` bytes, framing included, into one allocation of its size: a piece is a slice of a
    /// far larger network buffer, and the store keeps what it is given. `announced` tells from the first piece how long
    /// the body will be, where HTTP does not.
    pub(super) async fn collect(
        &self,
        mut body: Incoming,
        limit: usize,
        announced: fn(&[u8]) -> Option<usize>,
    ) -> Result<Admitted, Refusal> {
        let too_large = Refusal::TooLarge { limit: self.limits.message_bytes, inflated: false };
        if body.size_hint().lower() > limit as u64 {
            drain(body, limit).await;
            return Err(too_large);
        }
        let mut share = self.share();
        let mut whole = Vec::new();
        let mut expected = body.size_hint().exact().map(|exact| exact as usize);
        let begun = Instant::now();
        while let Some(piece) = next_frame(&mut body, whole.len(), begun).await? {
            let len = whole.len() + piece.len();
            if len > limit {
                drain(body, limit).await;
                return Err(too_large);
            }
            if len > whole.capacity() {
                // What is announced is reserved at once: two large bodies that each hold a part and wait for more would
                // both fail.
                let expected = expected.take().or_else(|| announced(&piece).filter(|_| whole.is_empty()));
                let capacity = expected.unwrap_or(whole.len() * 2).min(limit).max(len);
                share.grow_to(capacity).await?;
                whole.reserve_exact(capacity - whole.len());
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Admitted { bytes: whole.into_boxed_slice().into(), share })
    }

    /// Unpacks a body.
    pub(super) async fn unpack(&self, admitted: Admitted, coding: Coding) -> Result<Admitted, Refusal> {
        if coding == Coding::Identity {
            return Ok(admitted);
        }
        let Admitted { bytes, mut share } = admitted;
        if let Some(size) = inflate::stated_size(coding, &bytes, self.limits.message_bytes) {
            share.grow_to(bytes.len() + size).await?;
            if let Some(unpacked) = inflate::in_one_go(&bytes, size) {
                return Ok(Admitted { bytes: unpacked.into(), share });
            }
        }
        let mut inflater = Inflater::new(coding, &bytes, self.limits.message_bytes)?;
        while !inflater.turn()? {
            share.grow_to(inflater.unpacked.len()).await?;
            tokio::task::yield_now().await;
        }
        share.grow_to(inflater.unpacked.len()).await?;
        let unpacked = std::mem::take(&mut inflater.unpacked).into_boxed_slice();
        Ok(Admitted { bytes: unpacked.into(), share })
    }

    /// Takes an unpacked body in: stores traces, and counts what is not kept.
    pub(super) async fn take(&self, signal: Signal, body: Admitted, encoding: Encoding) -> Result<Receipt, Refusal> {
        match signal.not_kept() {
            None => self.traces(body, encoding).await,
            Some(advice) => {
                let rejected = signal.count(&body.bytes, encoding)?;
                let message = if rejected > 0 { advice.to_owned() } else { String::new() };
                Ok(Receipt { rejected, message })
            }
        }
    }

    /// Scans and stores a request of traces; once this returns, every answer has its spans.
    async fn traces(&self, admitted: Admitted, encoding: Encoding) -> Result<Receipt, Refusal> {
        let batch = scan(admitted.bytes, encoding)?;
        let message = batch.rejection.map(|reason| format!("spans were rejected: {reason}")).unwrap_or_default();
        if batch.spans.is_empty() && batch.rejected == 0 {
            return Ok(Receipt::default());
        }
        let outcome = self.engine.ingest(batch, admitted.share.held).await.map_err(|_| Refusal::Overloaded)?;
        Ok(Receipt { rejected: outcome.rejected, message })
    }

    fn share(&self) -> Share {
        let total = self.limits.in_flight_bytes.div_ceil(1024);
        Share { budget: Arc::clone(&self.budget), total, held: None }
    }
}

fn scan(bytes: Bytes, encoding: Encoding) -> Result<Batch, Refusal> {
    let protobuf = match encoding {
        Encoding::Protobuf => bytes,
        Encoding::Json => otlp::json::to_protobuf(&bytes)
            .map_err(|error| Refusal::Invalid {
                field: error.path.clone(),
                message: format!("cannot read the request as OTLP/JSON: {error}"),
            })?
            .into_boxed_slice()
            .into(),
    };
    otlp::scan(protobuf).map_err(|error| Refusal::unreadable("read the request as OTLP protobuf", &error))
}

/// A request's part of the bytes in flight; given back when it is dropped.
struct Share {
    budget: Arc<Semaphore>,
    /// All there is: a request that needs more than that is taken when it is alone.
    total: usize,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    async fn grow_to(&mut self, bytes: usize) -> Result<(), Refusal> {
        let wanted = bytes.div_ceil(1024).min(self.total);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted <= held {
            return Ok(());
        }
        let more = Arc::clone(&self.budget).acquire_many_owned((wanted - held) as u32);
        match tokio::time::timeout(PATIENCE, more).await {
            Ok(Ok(permit)) => match &mut self.held {
                Some(held) => held.merge(permit),
                None => self.held = Some(permit),
            },
            _ => return Err(Refusal::Overloaded),
        }
        Ok(())
    }
}

/// Returns the next piece of a body of which `len` bytes have come since it has begun, none at the end; trailers are passed
/// over. Clocks and timers are touched only where there is something to wait for.
async fn next_frame(body: &mut Incoming, len: usize, begun: Instant) -> Result<Option<Bytes>, Refusal> {
    let deadline = if len > LARGE_BODY { LARGE_BODY_DEADLINE } else { BODY_DEADLINE };
    loop {
        let at_hand = poll_fn(|context| Poll::Ready(Pin::new(&mut *body).poll_frame(context))).await;
        let frame = match at_hand {
            Poll::Ready(frame) => frame,
            Poll::Pending if begun.elapsed() > BODY_DEADLINE + Duration::from_secs((len / LEAST_RATE) as u64) => {
                return Err(Refusal::Stalled);
            }
            Poll::Pending => tokio::time::timeout(deadline, body.frame()).await.map_err(|_| Refusal::Stalled)?,
        };
        match frame.transpose().map_err(|_| Refusal::Broken)?.map(Frame::into_data) {
            None => return Ok(None),
            Some(Ok(data)) => return Ok(Some(data)),
            Some(Err(_)) => {}
        }
    }
}

/// Reads on for as long as that is reasonable; whatever goes wrong here, the request is refused anyway.
async fn drain(mut body: Incoming, limit: usize) {
    let begun = Instant::now();
    let mut len = 0;
    while let Ok(Some(frame)) = next_frame(&mut body, len, begun).await
        && len < limit.saturating_mul(DRAIN_FACTOR)
    {
        len += frame.len();
    }
}

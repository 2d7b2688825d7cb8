//! Admission: how a body gets in. It is collected, unpacked, scanned and stored within the budget of bytes in flight, which
//! covers the body and what is made of it until it is stored.

use std::future::poll_fn;
use std::mem::{Discriminant, discriminant};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use tokio::time::Instant;

use super::budget::{Budget, Share};
use super::inflate::{self, Coding, Inflater};
use super::refusal::Refusal;
use super::rows;
use super::signal::Signal;
use super::throttle::Throttle;
use crate::otlp;
use crate::source::Engine;

/// Bounds on what is taken in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one request, before and after unpacking.
    pub message_bytes: usize,
    /// Bytes of all requests being received, unpacked, scanned or waiting to be stored; at least one message.
    pub in_flight_bytes: usize,
}

/// The way in, shared by every receiver.
#[derive(Clone, Debug)]
pub struct Admission {
    engine: Arc<Engine>,
    limits: Limits,
    budget: Budget,
    log: Arc<Mutex<Throttle<Option<Discriminant<Refusal>>>>>,
}

/// A body that was let in, with its share of the budget.
pub(super) struct Admitted {
    pub(super) bytes: Bytes,
    share: Share,
}

/// What is known of a body before it comes.
#[derive(Clone, Copy)]
pub(super) struct Outline {
    pub(super) coding: Coding,
    pub(super) encoding: Encoding,
    /// The most bytes, framing included.
    pub(super) limit: usize,
    /// Tells from the first piece how long the body will be, where HTTP does not.
    pub(super) announced: fn(&[u8]) -> Option<usize>,
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
/// Likewise one that holds a good part of the budget.
const LARGE_BODY_DEADLINE: Duration = Duration::from_secs(4);
const LARGE_BODY: usize = 1 << 20;
/// A whole body has the first deadline and a second more for each of these many bytes.
const LEAST_RATE: usize = 64 << 10;
/// How much larger packed spans usually are unpacked; what is really needed is known later.
const USUAL_PACKING: usize = 10;
/// A body that is refused is read on and thrown away up to this many times the limit, so that its sender gets to
/// read the answer instead of a broken connection.
const DRAIN_FACTOR: usize = 4;

impl Outline {
    /// Returns what a body of `len` bytes usually comes to, together with what is made of it on its way to the store:
    /// unpacked bytes, protobuf, and rows of half their size.
    fn usual_bytes(&self, len: usize) -> usize {
        let (packed, unpacked) = match self.coding {
            Coding::Identity => (0, len),
            Coding::Gzip | Coding::Zstd => (len, len.saturating_mul(USUAL_PACKING).min(self.limit)),
        };
        let json = if self.encoding == Encoding::Json { unpacked } else { 0 };
        packed + json + unpacked + unpacked / 2
    }
}

impl Admission {
    /// Returns the way in to `engine`.
    pub fn new(engine: Arc<Engine>, limits: Limits) -> Self {
        let budget = Budget::new(limits.in_flight_bytes.max(limits.message_bytes));
        Self { engine, limits, budget, log: Arc::default() }
    }

    pub(super) fn message_bytes(&self) -> usize {
        self.limits.message_bytes
    }

    /// Counts a refused request and gives its reason to the screen and the log.
    pub(super) fn note(&self, refusal: &Refusal) {
        self.refused(Some(discriminant(refusal)), refusal.to_string());
    }

    /// Likewise with a connection on which there was no request, and what its sender can do about it.
    pub fn turned_away(&self, advice: &str) {
        self.refused(None, advice.to_owned());
    }

    fn refused(&self, kind: Option<Discriminant<Refusal>>, reason: String) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = log.due(kind, Instant::now().into_std()) {
            tracing::warn!(count, reason, "refused");
        }
        drop(log);
        self.engine.refuse(reason);
    }

    /// Collects a body into one allocation of its size: a piece is a slice of a far larger network buffer, and the store
    /// keeps what it is given.
    pub(super) async fn collect(&self, mut body: Incoming, outline: Outline) -> Result<Admitted, Refusal> {
        let collected = self.collect_within(&mut body, outline).await;
        if let Err(Refusal::TooLarge { .. } | Refusal::Overloaded) = collected {
            drain(body, outline.limit).await;
        }
        collected
    }

    async fn collect_within(&self, body: &mut Incoming, outline: Outline) -> Result<Admitted, Refusal> {
        let too_large = Refusal::TooLarge { limit: self.limits.message_bytes, inflated: false };
        if body.size_hint().lower() > outline.limit as u64 {
            return Err(too_large);
        }
        let mut share = self.budget.share();
        let mut whole = Vec::new();
        let mut expected = body.size_hint().exact().map(|exact| exact as usize);
        let begun = Instant::now();
        while let Some(piece) = next_frame(body, Progress { begun, len: whole.len(), room: whole.capacity() }).await? {
            let len = whole.len() + piece.len();
            if len > outline.limit {
                return Err(too_large);
            }
            if len > whole.capacity() {
                // All that will be needed is reserved at once, if it is announced: of requests that each hold a part and
                // wait for more, none would get it.
                let expected = expected.take().or_else(|| (outline.announced)(&piece).filter(|_| whole.is_empty()));
                let capacity = expected.unwrap_or(whole.len() * 2).min(outline.limit).max(len);
                share.resize(outline.usual_bytes(capacity)).await?;
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
            share.grow(bytes.len() + size).await?;
            if let Some(unpacked) = inflate::in_one_go(&bytes, size) {
                return Ok(Admitted { bytes: unpacked.into(), share });
            }
        }
        let mut inflater = Inflater::new(coding, &bytes, self.limits.message_bytes)?;
        while !inflater.turn()? {
            share.grow(bytes.len() + inflater.unpacked.capacity()).await?;
            tokio::task::yield_now().await;
        }
        share.grow(bytes.len() + inflater.unpacked.len()).await?;
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
        let Admitted { bytes, mut share } = admitted;
        let bytes = match encoding {
            Encoding::Protobuf => bytes,
            Encoding::Json => {
                share.grow(bytes.len() * 2).await?;
                from_json(&bytes)?
            }
        };
        share.resize(bytes.len() + rows::bytes(&bytes)).await?;
        let batch =
            otlp::scan(bytes).map_err(|error| Refusal::unreadable("read the request as OTLP protobuf", &error))?;
        let message = batch.rejection.map(|reason| format!("spans were rejected: {reason}")).unwrap_or_default();
        if batch.spans.is_empty() && batch.rejected == 0 {
            return Ok(Receipt::default());
        }
        let outcome = self.engine.ingest(batch, share.into_permit()).await.map_err(|_| Refusal::Overloaded)?;
        Ok(Receipt { rejected: outcome.rejected, message })
    }
}

fn from_json(body: &[u8]) -> Result<Bytes, Refusal> {
    let protobuf = otlp::json::to_protobuf(body).map_err(|error| Refusal::Invalid {
        field: error.path.clone(),
        message: format!("cannot read the request as OTLP/JSON: {error}"),
    })?;
    Ok(protobuf.into_boxed_slice().into())
}

/// How far a body has come.
#[derive(Clone, Copy)]
struct Progress {
    begun: Instant,
    len: usize,
    /// The bytes that are reserved for it.
    room: usize,
}

/// Returns the next piece of a body, none at the end; trailers are passed over. Clocks and timers are touched only where
/// there is something to wait for.
async fn next_frame(body: &mut Incoming, progress: Progress) -> Result<Option<Bytes>, Refusal> {
    let Progress { begun, len, room } = progress;
    let deadline = if room > LARGE_BODY { LARGE_BODY_DEADLINE } else { BODY_DEADLINE };
    loop {
        let at_hand = poll_fn(|context| Poll::Ready(Pin::new(&mut *body).poll_frame(context))).await;
        let frame = match at_hand {
            Poll::Ready(frame) => frame,
            Poll::Pending if begun.elapsed() > deadline + Duration::from_secs((len / LEAST_RATE) as u64) => {
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
    while let Ok(Some(frame)) = next_frame(&mut body, Progress { begun, len, room: 0 }).await
        && len < limit.saturating_mul(DRAIN_FACTOR)
    {
        len += frame.len();
    }
}

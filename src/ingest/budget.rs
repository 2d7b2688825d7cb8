//! The budget of bytes in flight that all requests share. Each reserves at the door what such a body usually comes to; who
//! finds no room waits a moment in a queue that is bounded, and is then told to come back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;

/// How long a request waits for its share: long enough for a burst to pass, short enough that a sender under overload has
/// an honest answer while there is time to act on it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many requests wait at once; what further ones have sent would only pile up in the network's buffers.
const WAITING: usize = 256;
/// What a permit stands for.
const PERMIT_BYTES: usize = 1024;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    free: Arc<Semaphore>,
    places: Arc<Semaphore>,
    permits: usize,
}

/// A request's part of the budget; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Budget,
    held: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        let permits = bytes.div_ceil(PERMIT_BYTES).min(u32::MAX as usize);
        Self { free: Arc::new(Semaphore::new(permits)), places: Arc::new(Semaphore::new(WAITING)), permits }
    }

    /// Returns a share of nothing yet.
    pub(super) fn share(&self) -> Share {
        Share { budget: self.clone(), held: None }
    }
}

impl Share {
    /// Makes this a share of so many bytes: gives back what is too much, waits for what is missing. A request that needs
    /// more than there is at all gets all there is, and so is alone.
    ///
    /// # Errors
    /// When others need the budget for too long, or too many wait for it.
    pub(super) async fn resize(&mut self, bytes: usize) -> Result<(), Refusal> {
        let wanted = bytes.div_ceil(PERMIT_BYTES).min(self.budget.permits);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted <= held {
            // Dropped, and so given back.
            self.held.as_mut().and_then(|permit| permit.split(held - wanted));
            return Ok(());
        }
        let more = (wanted - held) as u32;
        let more = match Arc::clone(&self.budget.free).try_acquire_many_owned(more) {
            Ok(permit) => permit,
            Err(_) => self.budget.wait(more).await?,
        };
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }

    /// Makes this a share of at least so many bytes.
    ///
    /// # Errors
    /// As [`Share::resize`].
    pub(super) async fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        self.resize(bytes.max(held * PERMIT_BYTES)).await
    }

    /// Returns what holds the share until it is dropped.
    pub(super) fn into_permit(self) -> Option<OwnedSemaphorePermit> {
        self.held
    }
}

impl Budget {
    async fn wait(&self, permits: u32) -> Result<OwnedSemaphorePermit, Refusal> {
        let _place = self.places.try_acquire().map_err(|_| Refusal::Overloaded)?;
        let free = Arc::clone(&self.free).acquire_many_owned(permits);
        let permit = tokio::time::timeout(PATIENCE, free).await.map_err(|_| Refusal::Overloaded)?;
        permit.map_err(|_| Refusal::Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_share_grows_shrinks_and_comes_back() {
        let budget = Budget::new(10 * PERMIT_BYTES);
        let mut share = budget.share();
        for (bytes, free) in [(1, 9), (4 * PERMIT_BYTES, 6), (PERMIT_BYTES + 1, 8), (0, 10), (1 << 40, 0)] {
            share.resize(bytes).await.unwrap();
            assert_eq!(budget.free.available_permits(), free, "{bytes}");
        }
        drop(share);
        assert_eq!(budget.free.available_permits(), 10);
    }

    #[tokio::test]
    async fn behind_too_many_nobody_waits() {
        let budget = Budget::new(10 * PERMIT_BYTES);
        let mut all = budget.share();
        all.resize(10 * PERMIT_BYTES).await.unwrap();
        let _places = budget.places.try_acquire_many(WAITING as u32).unwrap();
        assert_eq!(budget.share().resize(1).await, Err(Refusal::Overloaded));
    }

    #[tokio::test]
    async fn who_waits_goes_on_once_there_is_room() {
        let budget = Budget::new(10 * PERMIT_BYTES);
        let mut all = budget.share();
        all.resize(10 * PERMIT_BYTES).await.unwrap();
        let mut second = budget.share();
        let (waited, ()) = tokio::join!(second.resize(1), async { drop(all) });
        assert_eq!(waited, Ok(()));
    }
}

//! Sealing in the background: full blocks go to a thread of low priority and come back a sixth of their size. Where it
//! falls behind, the writer waits for it, and senders for the writer.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::priority::Priority;
use crate::store::{Sealed, Sealer, Unsealed, Writer};

/// How many blocks may wait to be sealed, the one at hand included.
const MOST_WAITING: usize = 4;

/// The writer's ends of the way to the sealing thread and back. The thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Sealing {
    full: Sender<Unsealed>,
    sealed: Receiver<Sealed>,
}

impl Sealing {
    /// Starts the thread; it calls `wake` for each block that it has sealed.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (full, to_seal) = channel::<Unsealed>();
        let (done, sealed) = channel();
        let work = move || {
            Priority::Background.take();
            let mut sealer = Sealer::default();
            for block in to_seal {
                if done.send(block.seal(&mut sealer)).is_err() {
                    return;
                }
                wake();
            }
        };
        std::thread::Builder::new().name("sealer".into()).spawn(work)?;
        Ok(Self { full, sealed })
    }

    /// Puts sealed blocks in their places and gives out full ones; waits where too many are not sealed.
    pub(super) fn exchange(&self, writer: &mut Writer) {
        while let Some(block) = writer.take_unsealed() {
            // A thread that is gone has panicked, which was reported; blocks then stay as they are.
            drop(self.full.send(block));
        }
        while let Ok(sealed) = self.sealed.try_recv() {
            writer.put_sealed(sealed);
        }
        while writer.unsealed() > MOST_WAITING
            && let Ok(sealed) = self.sealed.recv()
        {
            writer.put_sealed(sealed);
        }
    }
}

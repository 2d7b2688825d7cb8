//! Sealing in the background: full blocks go to a thread of low priority and come back a sixth of their size. Where it
//! falls behind, the writer seals as well, and senders wait for the writer.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::priority::Priority;
use crate::store::{Sealed, Sealer, Unsealed, Writer};

/// How many blocks may wait for the thread, the one at hand included.
const MOST_WAITING: usize = 4;

/// The writer's ends of the way to the sealing thread and back. The thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Sealing {
    full: Sender<Unsealed>,
    sealed: Receiver<Option<Sealed>>,
    /// Blocks that were sent and did not come back, held still or not.
    waiting: usize,
    /// What the writer seals with.
    own: Sealer,
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
                let sealed = block.is_held().then(|| block.seal(&mut sealer));
                if done.send(sealed).is_err() {
                    return;
                }
                wake();
            }
        };
        std::thread::Builder::new().name("sealer".into()).spawn(work)?;
        Ok(Self { full, sealed, waiting: 0, own: Sealer::default() })
    }

    /// Puts sealed blocks in their places and sees to it that full ones are sealed.
    pub(super) fn exchange(&mut self, writer: &mut Writer) {
        while let Ok(sealed) = self.sealed.try_recv() {
            self.waiting -= 1;
            if let Some(sealed) = sealed {
                writer.put_sealed(sealed);
            }
        }
        while let Some(block) = writer.take_unsealed() {
            let block = if self.waiting < MOST_WAITING {
                self.waiting += 1;
                // A thread that is gone has panicked, which was reported; the writer then does its work.
                self.full.send(block).err().map(|unsent| unsent.0)
            } else {
                Some(block)
            };
            if let Some(block) = block {
                let sealed = block.seal(&mut self.own);
                writer.put_sealed(sealed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::model::Timestamp;
    use crate::otlp::fixture::{batch, span};
    use crate::store::Limits;

    #[test]
    fn where_the_thread_falls_behind_the_writer_seals() {
        let (go_on, gate) = mpsc::channel::<()>();
        // After its first block the thread waits until the end of the test.
        let mut sealing = Sealing::start(move || assert!(gate.recv().is_err())).unwrap();
        // A block takes parts of three traces, so that four of them end one each time, and all are held.
        let (store, mut writer) = Writer::new(Limits { max_memory_traces: 4, ..Limits::default() });
        for id in 1..=30 {
            let spans: Vec<_> = (1..=4).map(|trace| span(trace, id, 0, 1)).collect();
            writer.append(&batch(&spans), Timestamp(0));
            sealing.exchange(&mut writer);
            assert!(writer.unsealed() <= MOST_WAITING);
        }
        assert_eq!(store.snapshot().facts().counters.in_memory, 120);
        drop(go_on);
    }

    #[test]
    fn blocks_that_were_evicted_meanwhile_do_not_pile_up() {
        let (go_on, gate) = mpsc::channel::<()>();
        let mut sealing = Sealing::start(move || assert!(gate.recv().is_err())).unwrap();
        // Each trace ends a block, and four are held.
        let (_store, mut writer) = Writer::new(Limits { max_memory_traces: 4, ..Limits::default() });
        for trace in 1..=60 {
            writer.append(&batch(&[span(trace, 1, 0, 1)]), Timestamp(0));
            sealing.exchange(&mut writer);
            assert!(sealing.waiting <= MOST_WAITING);
        }
        drop(go_on);
    }
}

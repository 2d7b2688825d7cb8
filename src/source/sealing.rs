//! Work on full blocks in the background: a thread of low priority seals them to a sixth of their size, writes their files
//! and verifies these now and then. Where it falls behind, the writer seals as well, and senders wait for the writer.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::logging::is_full;
use super::priority::Priority;
use crate::store::segment::{Segment, Shelf};
use crate::store::{Sealed, Sealer, Unsealed, Unverified, Unwritten, Verified, Writer};

/// How many blocks may wait for the thread, the one at hand included.
const MOST_WAITING: usize = 4;

/// The writer's ends of the way to the sealing thread and back. The thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Sealing {
    to_do: Sender<Work>,
    done: Receiver<Done>,
    /// Blocks that were sent and did not come back, held still or not.
    waiting: usize,
    /// Whether a file is being written or verified beside that.
    writing: bool,
    is_verifying: bool,
    own: Hands,
    /// Why a file could not be written that still is not.
    trouble: Option<io::Error>,
    /// Whether the last file could not be written.
    fails: bool,
    verified: Option<Verified>,
}

enum Work {
    Seal(Unsealed),
    Write(Unwritten),
    Verify(Unverified),
}

enum Done {
    /// None where the block was evicted meanwhile.
    Sealed(Option<(Sealed, io::Result<()>)>),
    Written(io::Result<Segment>),
    Verified(Verified),
}

/// What it takes to seal and write.
#[derive(Debug)]
struct Hands {
    sealer: Sealer,
    shelf: Option<Shelf>,
}

impl Hands {
    fn new(shelf: Option<Shelf>) -> Self {
        Self { sealer: Sealer::default(), shelf }
    }

    fn seal(&mut self, block: Unsealed) -> (Sealed, io::Result<()>) {
        let mut sealed = block.seal(&mut self.sealer);
        let written = self.shelf.as_ref().map_or(Ok(()), |shelf| sealed.write(shelf));
        (sealed, written)
    }

    fn work(&mut self, work: Work) -> Done {
        match work {
            Work::Seal(block) => Done::Sealed(block.is_held().then(|| self.seal(block))),
            Work::Write(block) => Done::Written(match &self.shelf {
                Some(shelf) => block.write(shelf),
                None => Err(io::ErrorKind::Unsupported.into()),
            }),
            Work::Verify(file) => Done::Verified(file.verify()),
        }
    }
}

impl Sealing {
    /// Starts the thread; it calls `wake` for all work that it has done.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(shelf: Option<Shelf>, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let (to_do, works) = channel::<Work>();
        let (report, done) = channel();
        let mut hands = Hands::new(shelf.clone());
        let work = move || {
            Priority::Background.take();
            for work in works {
                if report.send(hands.work(work)).is_err() {
                    return;
                }
                wake();
            }
        };
        std::thread::Builder::new().name("sealer".into()).spawn(work)?;
        let own = Hands::new(shelf);
        Ok(Self {
            to_do,
            done,
            waiting: 0,
            writing: false,
            is_verifying: false,
            own,
            trouble: None,
            fails: false,
            verified: None,
        })
    }

    /// Puts sealed blocks in their places and sees to it that full ones are sealed.
    pub(super) fn exchange(&mut self, writer: &mut Writer) {
        while let Ok(done) = self.done.try_recv() {
            match done {
                Done::Sealed(sealed) => {
                    self.waiting -= 1;
                    if let Some(sealed) = sealed {
                        self.put(sealed, writer);
                    }
                }
                Done::Written(segment) => {
                    self.writing = false;
                    self.note(segment.map(|segment| writer.put_segment(segment)));
                    if !self.fails {
                        self.write_missing(writer);
                    }
                }
                Done::Verified(verified) => {
                    self.is_verifying = false;
                    self.verified = Some(verified);
                }
            }
        }
        while let Some(block) = writer.take_unsealed() {
            let block = if self.waiting < MOST_WAITING {
                self.waiting += 1;
                // A thread that is gone has panicked, which was reported; the writer then does its work.
                self.to_do.send(Work::Seal(block)).err().map(|unsent| unsent.0)
            } else {
                Some(Work::Seal(block))
            };
            if let Some(Work::Seal(block)) = block {
                let sealed = self.own.seal(block);
                self.put(sealed, writer);
            }
        }
        if self.trouble.is_some() && writer.without_file().is_empty() {
            (self.trouble, self.fails) = (None, false);
        }
    }

    fn put(&mut self, (sealed, written): (Sealed, io::Result<()>), writer: &mut Writer) {
        writer.put_sealed(sealed);
        self.note(written);
    }

    fn note(&mut self, written: io::Result<()>) {
        self.fails = written.is_err();
        if let Err(error) = written {
            if self.trouble.is_none() {
                tracing::error!(%error, "a sealed block is kept in memory only");
            }
            self.trouble = Some(error);
        }
    }

    /// Returns why a block is in memory only, if one is that should not be.
    pub(super) fn trouble(&self) -> Option<&io::Error> {
        self.trouble.as_ref()
    }

    /// Returns whether there was no room for the last file.
    pub(super) fn is_full(&self) -> bool {
        self.fails && self.trouble.as_ref().is_some_and(is_full)
    }

    /// Returns whether a file is being written anew.
    pub(super) fn is_writing(&self) -> bool {
        self.writing
    }

    /// Has the oldest file written that could not be, unless one is; the next one when that has succeeded.
    pub(super) fn write_missing(&mut self, writer: &Writer) {
        if let Some(block) = writer.without_file().into_iter().next().filter(|_| !self.writing) {
            self.writing = self.to_do.send(Work::Write(block)).is_ok();
        }
    }

    /// Has a file verified, unless one is; what comes of it is given out by [`Sealing::verified`].
    pub(super) fn verify(&mut self, file: Unverified) {
        self.is_verifying |= !self.is_verifying && self.to_do.send(Work::Verify(file)).is_ok();
    }

    pub(super) fn is_verifying(&self) -> bool {
        self.is_verifying || self.verified.is_some()
    }

    pub(super) fn verified(&mut self) -> Option<Verified> {
        self.verified.take()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;
    use crate::model::Timestamp;
    use crate::otlp::fixture::{batch, span};
    use crate::store::Limits;
    use crate::store::segment::simulated::SimFolder;

    #[test]
    fn where_the_thread_falls_behind_the_writer_seals() {
        let (go_on, gate) = mpsc::channel::<()>();
        // After its first block the thread waits until the end of the test.
        let mut sealing = Sealing::start(None, move || assert!(gate.recv().is_err())).unwrap();
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
    fn the_trouble_is_over_when_every_block_has_its_file() {
        let shelf = Shelf::new(Arc::new(SimFolder::new(1)), true);
        let limits = Limits { max_memory_traces: 40, ..Limits::default() };
        let (_store, mut writer) = Writer::with_segments(limits, Some(shelf.clone()), Vec::new(), 0);
        let spans: Vec<_> = (1..=11).map(|trace| span(trace, 1, 0, 1)).collect();
        writer.append(&batch(&spans), Timestamp(0));
        let mut sealing = Sealing::start(Some(shelf.clone()), || ()).unwrap();
        let unwritten = writer.take_unsealed().unwrap().seal(&mut Sealer::default());
        sealing.put((unwritten, Err(io::ErrorKind::StorageFull.into())), &mut writer);
        assert!(sealing.is_full());
        sealing.note(Ok(()));
        sealing.exchange(&mut writer);
        assert!(sealing.trouble().is_some() && !sealing.is_full(), "another one has its file, this one has none");
        for block in writer.without_file() {
            writer.put_segment(block.write(&shelf).unwrap());
        }
        sealing.exchange(&mut writer);
        assert!(sealing.trouble().is_none());
    }

    #[test]
    fn blocks_that_were_evicted_meanwhile_do_not_pile_up() {
        let (go_on, gate) = mpsc::channel::<()>();
        let mut sealing = Sealing::start(None, move || assert!(gate.recv().is_err())).unwrap();
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

//! Copying the files of a folder to another one, which is then as good as the first. The first may be written to meanwhile.
//! What was copied before is not copied again, so that copying can be broken off at any time and go on later.

use std::io;

use bytes::Bytes;

use super::folder::{Entry, Folder};
use super::frame::{FRAME_BYTES, Frames, HEADER_BYTES, Header, HeaderError, Piece};
use super::log::{self, context};
use super::shelf::{UNFINISHED, Unreadable, sequence_of, verify};

/// What was copied.
#[derive(Debug, Default)]
pub struct Copied {
    /// Files that are in the other folder now, and the bytes of them.
    pub files: u64,
    pub bytes: u64,
    /// How many of the files were there already.
    pub already: u64,
    /// Files that are not copied, or not all of them.
    pub faults: Vec<Fault>,
}

/// A file that was not copied, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct Fault {
    pub name: String,
    pub reason: FaultReason,
}

/// Why a file was not copied.
#[derive(Debug, thiserror::Error)]
pub enum FaultReason {
    #[error(transparent)]
    Block(Unreadable),
    #[error(transparent)]
    Log(HeaderError),
    #[error("cannot read it: {0}")]
    Unread(io::Error),
    #[error("damaged in places ({0}); the rest of it is copied")]
    Places(u64),
    #[error("another block has this name where it would be copied to")]
    Other,
}

/// Copies the blocks and the logs of a folder to one that is owned. Says from time to time how many bytes of how many are
/// done.
///
/// # Errors
/// When a folder cannot be listed, or something cannot be written.
pub fn copy(from: &dyn Folder, to: &dyn Folder, progress: impl FnMut(u64, u64)) -> io::Result<Copied> {
    let entries = from.list()?;
    let all = entries.iter().filter(|entry| is_block(entry) || is_log(entry)).map(|entry| entry.bytes).sum();
    let mut copying = Copying { from, to, copied: Copied::default(), done: 0, all, progress };
    let mut found = copying.found_logs()?;
    // Logs first: a log that goes away meanwhile has left a block.
    for log in sorted(entries, is_log) {
        copying.log(&log, &mut found)?;
    }
    for block in sorted(from.list()?, is_block) {
        copying.block(&block)?;
    }
    to.sync()?;
    Ok(copying.copied)
}

fn is_block(entry: &Entry) -> bool {
    sequence_of(&entry.name).is_some()
}

fn is_log(entry: &Entry) -> bool {
    log::number_of(&entry.name).is_some()
}

fn sorted(mut entries: Vec<Entry>, is_wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    entries.retain(is_wanted);
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    entries
}

struct Copying<'a, P> {
    from: &'a dyn Folder,
    to: &'a dyn Folder,
    copied: Copied,
    done: u64,
    all: u64,
    progress: P,
}

/// A log that is in the other folder. Numbers are given again where all logs were gone, so a log is known by its id.
struct FoundId {
    id: u64,
    name: String,
}

impl<P: FnMut(u64, u64)> Copying<'_, P> {
    fn found_logs(&self) -> io::Result<Vec<FoundId>> {
        let mut found = Vec::new();
        for Entry { name, .. } in sorted(self.to.list()?, is_log) {
            let id = Header::read(&self.to.map(&name)?).map_or(0, |header| header.id);
            found.push(FoundId { id, name });
        }
        Ok(found)
    }

    /// Copies the requests of a log, as far as they are whole.
    fn log(&mut self, entry: &Entry, found: &mut Vec<FoundId>) -> io::Result<()> {
        let Some(file) = self.read(entry, |from, name| from.read(name).map(Bytes::from)) else { return Ok(()) };
        let (id, whole, damages) = match whole_requests(&file) {
            Ok(whole) => whole,
            // Its first request was not written to its end.
            Err(HeaderError::Torn) => return Ok(()),
            Err(error) => {
                self.fault(entry, FaultReason::Log(error));
                return Ok(());
            }
        };
        if damages > 0 {
            self.fault(entry, FaultReason::Places(damages));
        }
        if whole.len() <= HEADER_BYTES {
            return Ok(());
        }
        let mut name = None;
        for known in found.iter().filter(|known| known.id == id) {
            let there = self.to.map(&known.name)?;
            if there.starts_with(&whole) {
                self.note_present(&there);
                return Ok(());
            }
            // It grew.
            name = name.or_else(|| whole.starts_with(&there).then(|| known.name.clone()));
        }
        let name = name.unwrap_or_else(|| {
            let is_taken = found.iter().any(|known| known.name == entry.name);
            let name = if is_taken { next_name(found) } else { entry.name.clone() };
            found.push(FoundId { id, name: name.clone() });
            name
        });
        if !self.put(&name, &whole, |copy| *copy == whole)? {
            return Err(misread(&name));
        }
        Ok(())
    }

    fn block(&mut self, entry: &Entry) -> io::Result<()> {
        let Some(file) = self.read(entry, |from, name| from.map(name)) else { return Ok(()) };
        let there = match self.to.map(&entry.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            there => Some(there?),
        };
        if let Some(there) = there.filter(|there| verify(&entry.name, there).is_ok()) {
            if there == file {
                self.note_present(&there);
            } else {
                self.fault(entry, FaultReason::Other);
            }
            return Ok(());
        }
        if !self.put(&entry.name, &file, |copy| verify(&entry.name, copy).is_ok())? {
            let Err(reason) = verify(&entry.name, &file) else { return Err(misread(&entry.name)) };
            self.fault(entry, FaultReason::Block(reason));
        }
        Ok(())
    }

    /// Reads a file, none where it went away.
    fn read(&mut self, entry: &Entry, read: impl Fn(&dyn Folder, &str) -> io::Result<Bytes>) -> Option<Bytes> {
        self.done += entry.bytes;
        (self.progress)(self.done.min(self.all), self.all);
        match read(self.from, &entry.name) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.fault(entry, FaultReason::Unread(error));
                None
            }
        }
    }

    /// Writes a file under another name, and gives it its own if it is whole; returns whether it is.
    fn put(&mut self, name: &str, file: &Bytes, is_whole: impl Fn(&Bytes) -> bool) -> io::Result<bool> {
        let unfinished = format!("{name}{UNFINISHED}");
        let written = self.write(&unfinished, file).and_then(|()| self.to.map(&unfinished));
        let copy = written.map_err(|error| context("write", name, &error));
        let is_whole = copy.as_ref().is_ok_and(is_whole);
        if !is_whole {
            // It is in nobody's way.
            self.to.remove(&unfinished).ok();
            return copy.map(|_| false);
        }
        self.to.rename(&unfinished, name).map_err(|error| context("rename", &unfinished, &error))?;
        self.copied.files += 1;
        self.copied.bytes += file.len() as u64;
        Ok(true)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = match self.to.create(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.to.remove(name)?;
                self.to.create(name)?
            }
            created => created?,
        };
        file.append(bytes)?;
        file.sync()
    }

    fn note_present(&mut self, file: &Bytes) {
        self.copied.files += 1;
        self.copied.already += 1;
        self.copied.bytes += file.len() as u64;
    }

    fn fault(&mut self, entry: &Entry, reason: FaultReason) {
        self.copied.faults.push(Fault { name: entry.name.clone(), reason });
    }
}

fn misread(name: &str) -> io::Error {
    io::Error::other(format!("cannot copy {name}: what is read is not what was written"))
}

/// Returns the name of a log after all of these.
fn next_name(found: &[FoundId]) -> String {
    let last = found.iter().filter_map(|known| log::number_of(&known.name)).max();
    log::name_of(last.map_or(0, |last| last + 1))
}

/// Returns the id of a log, it without what is no request of it, and how many places were left out between them.
fn whole_requests(file: &Bytes) -> Result<(u64, Bytes, u64), HeaderError> {
    let id = Header::read(file)?.id;
    let (mut pieces, mut damages) = (Vec::new(), 0);
    pieces.push(0..HEADER_BYTES);
    for piece in Frames::of(file)? {
        match piece {
            Piece::Request(frame) => pieces.push(frame.request.start - FRAME_BYTES..frame.request.end),
            Piece::Damaged(_) => damages += 1,
            Piece::Torn(_) => {}
        }
    }
    if damages == 0 {
        let end = pieces.last().map_or(HEADER_BYTES, |last| last.end);
        return Ok((id, file.slice(..end), damages));
    }
    let whole: Vec<u8> = pieces.into_iter().flat_map(|piece| &file[piece]).copied().collect();
    Ok((id, whole.into(), damages))
}

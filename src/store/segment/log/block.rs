//! The log of one block of the store: its requests, and the file that they are in.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::file::{Files, LogFile};
use crate::model::Timestamp;
use crate::store::segment::folder::{Entry, File};

/// A request that can be written again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) sequence: u64,
    pub(super) arrived: Timestamp,
    pub(super) bytes: Bytes,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct BlockLog {
    kept: Vec<Kept>,
    pub(super) kept_bytes: u64,
    /// How many of them are in the file, the first ones.
    written: usize,
    file: Option<LogFile>,
    /// Whether a sync of the file failed: it may have lost anything since the last one that did not, without a sign.
    is_unsound: bool,
    /// Files that were given up and have what the present one has not, or not safely.
    old: Vec<Old>,
    /// Whether requests were forgotten that are in the file.
    is_partial: bool,
}

/// A file that was given up.
#[derive(Debug)]
struct Old {
    entry: Entry,
    /// Whether some of it outlives a loss of power.
    was_safe: bool,
}

/// A part of a file that may not outlive a loss of power.
#[derive(Debug)]
pub(super) struct Unsynced {
    pub(super) number: u64,
    /// How long the file is.
    pub(super) bytes: u64,
    pub(super) file: Arc<dyn File>,
}

impl BlockLog {
    /// Takes a request in, to be written next.
    pub(super) fn keep(&mut self, request: Kept) {
        self.kept_bytes += request.bytes.len() as u64;
        self.kept.push(request);
    }

    /// Gives up the memory of the requests; they can then not be written again.
    pub(super) fn forget(&mut self) {
        self.is_partial |= !self.kept.is_empty();
        (self.kept, self.kept_bytes, self.written) = (Vec::new(), 0, 0);
    }

    /// Returns the bytes on disk.
    pub(super) fn bytes(&self) -> u64 {
        self.entries().map(|entry| entry.bytes).sum()
    }

    /// Returns its files.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        let file = self.file.as_ref().map(LogFile::entry);
        self.old.iter().map(|old| old.entry.clone()).chain(file)
    }

    /// Writes what is not in the file yet. A file that fails is cut back to what was sound and tried once more, then another
    /// takes its place.
    ///
    /// # Errors
    /// When not all is written. What was written before still is.
    pub(super) fn write(&mut self, files: &mut Files) -> io::Result<()> {
        let missing = &self.kept[self.written..];
        if missing.is_empty() {
            return Ok(());
        }
        if let Some(file) = &mut self.file {
            let mut result = file.append(missing);
            if let Err(error) = &result
                && file.cut_back().is_ok()
            {
                if is_full(error) {
                    // Another file would need even more room.
                    return result;
                }
                result = file.append(missing);
            }
            if result.is_ok() {
                self.written = self.kept.len();
                return Ok(());
            }
            self.give_up(files);
        }
        self.write_anew(files)
    }

    /// Writes everything that is kept to another file, which takes the place of the present one.
    ///
    /// # Errors
    /// When not all is written, or not all is kept. What was written before still is.
    pub(super) fn write_anew(&mut self, files: &mut Files) -> io::Result<()> {
        if self.is_partial {
            return Err(io::Error::other("a part of the log cannot be written again, as its requests were forgotten"));
        }
        let file = files.create(&self.kept)?;
        self.give_up(files);
        self.file = Some(file);
        self.written = self.kept.len();
        self.is_unsound = false;
        // The new one has everything. The others are needed only until it is as safe as they are.
        self.remove_old(files, |old| !old.was_safe);
        Ok(())
    }

    fn give_up(&mut self, files: &mut Files) {
        if let Some(file) = self.file.take() {
            self.old.push(Old { entry: file.entry(), was_safe: file.is_safe(files) });
            files.given_up += 1;
        }
        self.written = 0;
    }

    /// Returns whether a sync of the file failed and another one can take its place.
    pub(super) fn can_be_healed(&self) -> bool {
        self.is_unsound && !self.is_partial
    }

    /// Puts another file in the place of one whose sync failed, and syncs that.
    ///
    /// # Errors
    /// When that fails too.
    pub(super) fn heal(&mut self, files: &mut Files) -> io::Result<()> {
        self.write_anew(files)?;
        let synced = self.file.as_mut().map_or(Ok(()), LogFile::sync);
        self.is_unsound = synced.is_err();
        synced
    }

    /// Returns what a sync would make safe. A file whose sync failed is not synced again.
    pub(super) fn to_sync(&self) -> Option<Unsynced> {
        let file = self.file.as_ref().filter(|file| file.safe_bytes < file.bytes && !self.is_unsound)?;
        Some(Unsynced { number: file.number(), bytes: file.bytes, file: Arc::clone(&file.file) })
    }

    /// Notes that so many bytes of a file are safe, or that it cannot be trusted any more; a file that was given up meanwhile
    /// says nothing. Returns whether it is the present one.
    pub(super) fn note_sync(&mut self, number: u64, safe_bytes: Option<u64>) -> bool {
        let Some(file) = self.file.as_mut().filter(|file| file.number() == number) else { return false };
        match safe_bytes {
            Some(bytes) => file.safe_bytes = bytes.max(file.safe_bytes),
            None => self.is_unsound = true,
        }
        true
    }

    /// Removes the files that were given up, once the present one is safe: it was written with everything that they have.
    pub(super) fn remove_replaced(&mut self, files: &mut Files) {
        if !self.is_unsound && self.file.as_ref().is_some_and(|file| file.is_safe(files)) {
            self.remove_old(files, |_| true);
        }
    }

    fn remove_old(&mut self, files: &mut Files, is_useless: impl Fn(&Old) -> bool) {
        for old in self.old.extract_if(.., |old| is_useless(old)) {
            files.remove(old.entry);
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

//! One file of the log, and the making and removing of files.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, IoSlice};
use std::sync::Arc;

use super::block::Kept;
use super::{context, name_of};
use crate::store::segment::folder::{Entry, File, Folder};
use crate::store::segment::frame::{FRAME_BYTES, HEADER_BYTES, Header};

/// How many files may wait to be removed before no new one is made.
const MAX_UNWANTED: usize = 64;

/// The folder as the log uses it.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) folder: Arc<dyn Folder>,
    next_number: u64,
    ids: RandomState,
    /// How many files were made and removed.
    pub(super) changes: u64,
    /// How many of these changes outlive a loss of power.
    pub(super) safe_changes: u64,
    /// Files that could not be removed yet.
    unwanted: Vec<Entry>,
    /// How many files were given up for others.
    pub(super) given_up: u64,
}

/// A file of the log that is being written.
#[derive(Debug)]
pub(super) struct LogFile {
    pub(super) name: String,
    pub(super) file: Arc<dyn File>,
    header: Header,
    /// How long it is, as far as it was written without a fault.
    pub(super) bytes: u64,
    /// How much of it outlives a loss of power.
    pub(super) safe_bytes: u64,
    /// [`Files::changes`] when it was made.
    change: u64,
}

impl Files {
    pub(super) fn new(folder: Arc<dyn Folder>, next_number: u64) -> Self {
        Self {
            folder,
            next_number,
            ids: RandomState::new(),
            changes: 0,
            safe_changes: 0,
            unwanted: Vec::new(),
            given_up: 0,
        }
    }

    /// Makes a file and writes requests to it; there is at least one.
    ///
    /// # Errors
    /// When not all could be written; there is no new file then.
    pub(super) fn create(&mut self, requests: &[Kept]) -> io::Result<LogFile> {
        self.remove_unwanted();
        if self.unwanted.len() >= MAX_UNWANTED {
            return Err(io::Error::other(format!("{MAX_UNWANTED} files of the log cannot be removed")));
        }
        let number = self.next_number;
        self.next_number += 1;
        let name = name_of(number);
        let file = self.folder.create(&name).map_err(|error| context("create", &name, &error))?;
        self.changes += 1;
        let created = requests.first().map(|request| request.arrived).unwrap_or_default();
        let header = Header { created, id: self.ids.hash_one(number), number };
        let mut file = LogFile { name, file, header, bytes: 0, safe_bytes: 0, change: self.changes };
        match file.append(requests) {
            Ok(()) => Ok(file),
            Err(error) => {
                self.remove(file.entry());
                Err(error)
            }
        }
    }

    /// Removes a file, now or when it is tried again.
    pub(super) fn remove(&mut self, file: Entry) {
        match self.folder.remove(&file.name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => self.unwanted.push(file),
            _ => self.changes += 1,
        }
    }

    /// Tries again to remove what could not be removed.
    pub(super) fn remove_unwanted(&mut self) {
        for file in std::mem::take(&mut self.unwanted) {
            self.remove(file);
        }
    }

    pub(super) fn unwanted_bytes(&self) -> u64 {
        self.unwanted.iter().map(|file| file.bytes).sum()
    }

    /// Makes it certain that files made and removed stay so.
    ///
    /// # Errors
    /// When the system cannot.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.folder.sync().map_err(|error| sync_failed(&error))?;
        self.safe_changes = self.changes;
        Ok(())
    }
}

/// Returns the error of a folder that could not be synced.
pub(super) fn sync_failed(error: &io::Error) -> io::Error {
    context("sync", "the folder of the log", error)
}

impl LogFile {
    pub(super) fn entry(&self) -> Entry {
        Entry { name: self.name.clone(), bytes: self.bytes }
    }

    pub(super) fn number(&self) -> u64 {
        self.header.number
    }

    /// Returns whether a loss of power now would leave the file there and something in it.
    pub(super) fn is_safe(&self, files: &Files) -> bool {
        self.safe_bytes > 0 && files.safe_changes >= self.change
    }

    /// Appends requests, all at once and from where they lie.
    ///
    /// # Errors
    /// When not all could be written; some of their bytes may have been.
    pub(super) fn append(&mut self, requests: &[Kept]) -> io::Result<()> {
        let frame = |request: &Kept| self.header.frame_head(request.sequence, request.arrived, &request.bytes);
        let heads: Vec<[u8; FRAME_BYTES]> = requests.iter().map(frame).collect();
        let header: [u8; HEADER_BYTES] = self.header.to_bytes();
        let mut pieces = Vec::with_capacity(2 * requests.len() + 1);
        if self.bytes == 0 {
            pieces.push(IoSlice::new(&header));
        }
        for (head, request) in heads.iter().zip(requests) {
            pieces.extend([IoSlice::new(head), IoSlice::new(&request.bytes)]);
        }
        let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
        self.file.append_vectored(&mut pieces).map_err(|error| context("write", &self.name, &error))?;
        self.bytes += bytes as u64;
        Ok(())
    }

    /// Removes what a failed append may have left.
    ///
    /// # Errors
    /// When the system cannot.
    pub(super) fn cut_back(&self) -> io::Result<()> {
        self.file.cut(self.bytes)
    }

    /// Makes it certain that everything written outlives a loss of power.
    ///
    /// # Errors
    /// When that is not certain. The file is then never certain again.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync().map_err(|error| context("sync", &self.name, &error))?;
        self.safe_bytes = self.bytes;
        Ok(())
    }
}

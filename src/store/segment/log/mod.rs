//! The log: accepted requests of the blocks that are not sealed yet, a file for each block. Knows no clock and no thread.
//!
//! What an append returned `Ok` for outlives the process, what a sync returned `Ok` for outlives a loss of power, until the
//! block is released. Requests are kept in memory until then as well, so that a file that failed can be written anew; of a
//! request that could not be written nothing is lost but its safety, and [`Log::retry`] makes up for that.

mod block;
mod file;
mod found;
mod sync;

use std::collections::BTreeMap;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;

use self::block::{BlockLog, Kept};
use self::file::Files;
use super::folder::{Entry, Folder};
use super::frame::MAX_REQUEST_BYTES;
use crate::model::Timestamp;

pub use self::found::{Contents, FoundLog, LogError, Logged, in_order, read_logs};
pub use self::sync::{SyncJob, Synced};

/// A request that was accepted.
#[derive(Clone, Debug)]
pub struct Record {
    /// OTLP protobuf.
    pub bytes: Bytes,
    pub arrived: Timestamp,
    /// The sequence numbers of the blocks that have spans of it; an empty range if all were known.
    pub blocks: RangeInclusive<u32>,
}

/// The one who writes the log.
#[derive(Debug)]
pub struct Log {
    files: Files,
    next_sequence: u64,
    blocks: BTreeMap<u32, BlockLog>,
    /// Blocks before this one are released.
    first_block: u32,
    adopted: Vec<Adopted>,
    trouble: Option<Trouble>,
    /// Whether the folder has to be synced for the log to be whole.
    folder_is_due: bool,
    /// Whether a job is out.
    is_syncing: bool,
}

/// A log of an earlier run.
#[derive(Debug)]
struct Adopted {
    entry: Entry,
    /// The last block that has requests of it.
    last_block: u32,
    /// Whether it was synced, or that failed and is not tried again.
    is_settled: bool,
}

/// Why the log is broken.
#[derive(Debug)]
struct Trouble {
    kind: io::ErrorKind,
    message: String,
}

impl Log {
    /// Returns a log without requests. Its files and requests are numbered from these on; numbers of files that are there,
    /// or that ever were, are better not given again.
    pub fn new(folder: Arc<dyn Folder>, next_number: u64, next_sequence: u64) -> Self {
        Self {
            files: Files::new(folder, next_number),
            next_sequence,
            blocks: BTreeMap::new(),
            first_block: 0,
            adopted: Vec::new(),
            trouble: None,
            folder_is_due: false,
            is_syncing: false,
        }
    }

    /// Writes each request to the log of the last block that has spans of it, with one write for each of these blocks; what
    /// is in released blocks only is passed over.
    ///
    /// # Errors
    /// When not all could be written; the log is then broken, and remembers them nonetheless. A broken one fails at once.
    pub fn append(&mut self, records: &[Record]) -> io::Result<()> {
        if records.iter().any(|record| record.bytes.len() > MAX_REQUEST_BYTES) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a request is too large for the log"));
        }
        for record in records {
            let Record { bytes, arrived, blocks } = record;
            // The log of the last block is there for as long as one of the earlier ones needs it.
            if !blocks.is_empty() && *blocks.end() >= self.first_block {
                let request = Kept { sequence: self.next_sequence, arrived: *arrived, bytes: bytes.clone() };
                self.blocks.entry(*blocks.end()).or_default().keep(request);
            }
            self.next_sequence += 1;
        }
        self.whole()?;
        self.write().map_err(|error| self.broke(&error))
    }

    /// Writes everything that a broken log could not write; the log is whole again then.
    ///
    /// # Errors
    /// When not all could be written.
    pub fn retry(&mut self) -> io::Result<()> {
        self.files.remove_unwanted();
        self.repair().map_err(|error| self.broke(&error))?;
        self.trouble = None;
        self.remove_replaced();
        Ok(())
    }

    /// Removes the logs of all blocks before this one and forgets their requests: they are sealed safely, or are gone.
    pub fn release(&mut self, first_unsealed: u32) {
        self.first_block = self.first_block.max(first_unsealed);
        self.files.remove_unwanted();
        let unsealed = self.blocks.split_off(&self.first_block);
        for block in std::mem::replace(&mut self.blocks, unsealed).into_values() {
            block.entries().for_each(|entry| self.files.remove(entry));
        }
        for log in self.adopted.extract_if(.., |log| log.last_block < self.first_block) {
            self.files.remove(log.entry);
        }
    }

    /// Gives back the memory that requests of the blocks before this one take, while their files stay until they are
    /// released. Requests that are not written yet are lost to the log, and a file of them that fails is not written anew.
    pub fn forget(&mut self, first_kept: u32) {
        self.blocks.range_mut(..first_kept).for_each(|(_, block)| block.forget());
    }

    /// Takes over a log of an earlier run, whose requests are now in blocks up to this one: it is synced with the others, as
    /// that run may have been killed before it did so, and removed when these blocks are released.
    pub fn adopt(&mut self, name: impl Into<String>, bytes: u64, last_block: u32) {
        let entry = Entry { name: name.into(), bytes };
        self.adopted.push(Adopted { entry, last_block, is_settled: false });
        self.files.changes += 1;
    }

    /// Returns the bytes that all logs take on disk.
    pub fn bytes(&self) -> u64 {
        let adopted: u64 = self.adopted.iter().map(|log| log.entry.bytes).sum();
        self.blocks.values().map(BlockLog::bytes).sum::<u64>() + adopted + self.files.unwanted_bytes()
    }

    /// Returns the bytes of the requests that it keeps in memory; most of them are those that the store has as well.
    pub fn kept_bytes(&self) -> u64 {
        self.blocks.values().map(|block| block.kept_bytes).sum()
    }

    /// Returns why it is broken, if it is.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_ref().map(|trouble| trouble.message.as_str())
    }

    /// Returns how often a file failed and was given up for another one.
    pub fn given_up(&self) -> u64 {
        self.files.given_up
    }

    fn write(&mut self) -> io::Result<()> {
        self.blocks.values_mut().try_for_each(|block| block.write(&mut self.files))
    }

    fn repair(&mut self) -> io::Result<()> {
        self.heal()?;
        self.write()
    }

    fn whole(&self) -> io::Result<()> {
        self.trouble.as_ref().map_or(Ok(()), |trouble| Err(trouble.error()))
    }

    /// Notes that the log is broken; returns the error again.
    fn broke(&mut self, error: &io::Error) -> io::Error {
        let trouble = Trouble { kind: error.kind(), message: error.to_string() };
        self.trouble.insert(trouble).error()
    }
}

impl Trouble {
    fn error(&self) -> io::Error {
        io::Error::new(self.kind, self.message.clone())
    }
}

const PREFIX: &str = "log-";
const SUFFIX: &str = ".spl";

/// Returns the name of a log.
pub(super) fn name_of(number: u64) -> String {
    format!("{PREFIX}{number:016x}{SUFFIX}")
}

/// Returns the number of a log from its name, none if it is not that of a log.
pub(super) fn number_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    // Numbers are counted up from zero; none of ours comes near the end.
    (name_of(number) == name && number < u64::MAX / 2).then_some(number)
}

/// Returns an error that says what was tried on what.
pub(super) fn context(verb: &str, what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {verb} {what}: {error}"))
}

#[cfg(test)]
mod tests;

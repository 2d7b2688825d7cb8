//! The logs that a folder has: what a crash left of the requests that were not sealed. Changes nothing.

use std::io;

use bytes::Bytes;

use super::{context, number_of};
use crate::model::Timestamp;
use crate::store::segment::folder::{Entry, Folder};
use crate::store::segment::frame::{Frames, HeaderError, Piece};

/// A log that was found.
#[derive(Debug)]
pub struct FoundLog {
    pub name: String,
    pub number: u64,
    pub bytes: u64,
    pub contents: Result<Contents, LogError>,
}

/// What is in a log that could be read.
#[derive(Debug, Default)]
pub struct Contents {
    pub requests: Vec<Logged>,
    /// Stretches that were passed over, and their bytes.
    pub damages: u64,
    pub damaged_bytes: u64,
    /// The bytes at the end that hold no request: the last one was not written to its end.
    pub torn_bytes: u64,
}

/// A request of a log; shares the log's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub sequence: u64,
    pub arrived: Timestamp,
    /// OTLP protobuf.
    pub bytes: Bytes,
}

/// Why nothing could be read from a log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(transparent)]
    Header(HeaderError),
    #[error("the system cannot read it: {0}")]
    Unreadable(io::Error),
}

/// Reads all logs of a folder, in order of their numbers. One that went away meanwhile is passed over: its block was sealed.
///
/// # Errors
/// When the folder cannot be listed.
pub fn read_logs(folder: &dyn Folder) -> io::Result<Vec<FoundLog>> {
    let entries = folder.list()?.into_iter();
    let mut found: Vec<_> = entries.filter_map(|entry| Some((number_of(&entry.name)?, entry))).collect();
    found.sort_unstable_by_key(|(number, _)| *number);
    let read = |(number, entry): (u64, Entry)| match folder.read(&entry.name) {
        Ok(bytes) => {
            let length = bytes.len() as u64;
            Some(FoundLog { name: entry.name, number, bytes: length, contents: Contents::of(&bytes.into()) })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            Some(FoundLog { name: entry.name, number, bytes: entry.bytes, contents: Err(LogError::Unreadable(error)) })
        }
    };
    Ok(found.into_iter().filter_map(read).collect())
}

/// Returns the requests of some logs in the order in which they came, each once: one that has spans in two blocks is in the
/// logs of both.
pub fn in_order(logs: &[FoundLog]) -> Vec<Logged> {
    let contents = logs.iter().filter_map(|log| log.contents.as_ref().ok());
    let mut requests: Vec<Logged> = contents.flat_map(|contents| contents.requests.iter().cloned()).collect();
    requests.sort_by_key(|request| request.sequence);
    // Numbers may have been given twice, if all logs were gone at one time and an old one came back with the power. So
    // only what is the same in all is the same.
    let mut kept: Vec<Logged> = Vec::with_capacity(requests.len());
    for request in requests {
        let same_number = kept.iter().rev().take_while(|other| other.sequence == request.sequence);
        if !same_number.into_iter().any(|other| *other == request) {
            kept.push(request);
        }
    }
    kept
}

impl FoundLog {
    /// Cuts off the bytes at its end that hold no request. Only the owner of the folder may do so.
    ///
    /// # Errors
    /// When the system cannot.
    pub fn cut_torn(&mut self, folder: &dyn Folder) -> io::Result<()> {
        let Ok(contents) = &mut self.contents else { return Ok(()) };
        if contents.torn_bytes > 0 {
            let sound = self.bytes - contents.torn_bytes;
            folder.cut(&self.name, sound).map_err(|error| context("cut", &self.name, &error))?;
            (self.bytes, contents.torn_bytes) = (sound, 0);
        }
        Ok(())
    }
}

impl Contents {
    /// Reads a log.
    ///
    /// # Errors
    /// When it has no header that this version can read.
    fn of(bytes: &Bytes) -> Result<Self, LogError> {
        let mut contents = Self::default();
        let frames = match Frames::of(bytes) {
            Err(HeaderError::Torn) => {
                contents.torn_bytes = bytes.len() as u64;
                return Ok(contents);
            }
            frames => frames.map_err(LogError::Header)?,
        };
        for piece in frames {
            match piece {
                Piece::Request(frame) => contents.requests.push(Logged {
                    sequence: frame.sequence,
                    arrived: frame.arrived,
                    bytes: bytes.slice(frame.request),
                }),
                Piece::Damaged(range) => {
                    contents.damages += 1;
                    contents.damaged_bytes += range.len() as u64;
                }
                Piece::Torn(range) => contents.torn_bytes = range.len() as u64,
            }
        }
        Ok(contents)
    }
}

//! What a folder holds when it is opened: the state of the store is what is there, nothing else says what should be.

use std::io;

use super::folder::Entry;
use super::log::number_of;
use super::shelf::{Segment, Shelf, UNFINISHED, Unreadable, sequence_of};
use crate::model::Timestamp;
use crate::store::PAST_FILE;

/// The files of blocks in a folder.
#[derive(Debug, Default)]
pub struct Found {
    /// Those that could be opened, oldest first.
    pub segments: Vec<Segment>,
    /// The number that the next block may have at least.
    pub next: u32,
    /// Files of which the description is damaged: nothing can be read of them.
    pub damaged: Vec<String>,
    /// Files that were not whole yet when the last run ended; all that was in them is in a log.
    pub unfinished: Vec<String>,
    /// Files of another version, that are not ours, or that the system cannot read.
    pub left_alone: u64,
}

/// What the name of a damaged file gets in the middle: when it was found.
const SET_ASIDE: &str = ".corrupt-";

impl Shelf {
    /// Opens all files of blocks; of their data nothing is read. Says from time to time how many of how many are open.
    ///
    /// # Errors
    /// When the folder cannot be listed. A file that cannot be opened is no error.
    pub fn find(&self, mut progress: impl FnMut(u64, u64)) -> io::Result<Found> {
        let entries = self.folder().list()?;
        let mut found = Found::default();
        let mut blocks: Vec<(u32, &Entry)> = Vec::new();
        for entry in &entries {
            if let Some(sequence) = sequence_of(&entry.name) {
                blocks.push((sequence, entry));
            } else if is_unfinished(&entry.name) {
                found.unfinished.push(entry.name.clone());
            }
        }
        blocks.sort_unstable_by_key(|&(sequence, _)| sequence);
        let all: u64 = blocks.len() as u64;
        for (done, (sequence, entry)) in (0..).zip(&blocks) {
            progress(done, all);
            found.next = found.next.max(sequence.saturating_add(1));
            match self.open(&entry.name) {
                Ok(segment) => found.segments.push(segment),
                Err(Unreadable::Damaged) => found.damaged.push(entry.name.clone()),
                // It was dropped meanwhile by the one who owns the folder.
                Err(Unreadable::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => found.left_alone += 1,
            }
        }
        Ok(found)
    }

    /// Removes what an earlier run left unfinished.
    pub fn remove_unfinished(&self, found: &Found) {
        for name in &found.unfinished {
            // It is in nobody's way.
            self.folder().remove(name).ok();
        }
    }

    /// Gives a damaged file another name, so that it is neither read nor lost.
    ///
    /// # Errors
    /// When the system cannot.
    pub fn set_aside(&self, name: &str, now: Timestamp) -> io::Result<()> {
        self.folder().rename(name, &format!("{name}{SET_ASIDE}{}", now.0 / NS))?;
        self.note_removal();
        Ok(())
    }

    /// Returns the files that were set aside before a time.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn set_aside_before(&self, time: Timestamp) -> io::Result<Vec<Entry>> {
        let is_before = |entry: &Entry| set_aside_at(&entry.name).is_some_and(|seconds| seconds < time.0 / NS);
        Ok(self.folder().list()?.into_iter().filter(is_before).collect())
    }

    /// Returns the files that are not whole. Only who has the folder and writes nothing there knows that they never will be.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn unfinished(&self) -> io::Result<Vec<Entry>> {
        Ok(self.folder().list()?.into_iter().filter(|entry| is_unfinished(&entry.name)).collect())
    }
}

/// Returns whether a file is one that a store reads, by its name.
pub fn is_ours(name: &str) -> bool {
    sequence_of(name).is_some() || number_of(name).is_some() || name == PAST_FILE
}

const NS: u64 = 1_000_000_000;

/// Returns when a file was set aside, in seconds since 1970, if it was.
fn set_aside_at(name: &str) -> Option<u64> {
    let (name, seconds) = name.rsplit_once(SET_ASIDE)?;
    is_ours(name).then(|| seconds.parse().ok())?
}

/// Returns whether a file is not whole yet, and would become one of ours.
fn is_unfinished(name: &str) -> bool {
    name.strip_suffix(UNFINISHED).is_some_and(is_ours)
}

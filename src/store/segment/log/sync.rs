//! Syncing the log on another thread than the one that writes it.

use std::io;
use std::sync::Arc;

use super::block::{BlockLog, Unsynced};
use super::file::sync_failed;
use super::{Log, context, name_of};
use crate::store::segment::folder::Folder;

/// What is to be synced, see [`Log::to_sync`]. May take long.
#[derive(Debug)]
#[must_use = "the log gives out no other one until this one is done"]
pub struct SyncJob {
    folder: Arc<dyn Folder>,
    files: Vec<(u32, Unsynced)>,
    /// The names of logs of earlier runs.
    adopted: Vec<String>,
    /// How many changes of the folder's entries were made, if not all of them are safe.
    changes: Option<u64>,
}

/// What came of it, for [`Log::synced`].
#[derive(Debug)]
#[must_use = "the log gives out no other job until it has this"]
pub struct Synced {
    files: Vec<(u32, Unsynced, io::Result<()>)>,
    adopted: Vec<(String, io::Result<()>)>,
    folder: Option<(u64, io::Result<()>)>,
}

impl SyncJob {
    /// Syncs the files, then their names.
    pub fn run(self) -> Synced {
        let sync = |(block, part): (u32, Unsynced)| {
            let result = part.file.sync();
            (block, part, result)
        };
        let files = self.files.into_iter().map(sync).collect();
        let sync_adopted = |name: String| {
            let result = self.folder.sync_file(&name);
            (name, result)
        };
        let adopted = self.adopted.into_iter().map(sync_adopted).collect();
        Synced { files, adopted, folder: self.changes.map(|changes| (changes, self.folder.sync())) }
    }
}

impl Log {
    /// Returns what is written and not safe from a loss of power yet, to be synced on any thread while the log goes on; none
    /// while an earlier job was not brought back by [`Log::synced`], if everything is safe, or if the log is broken.
    pub fn to_sync(&mut self) -> Option<SyncJob> {
        if self.is_syncing || self.trouble.is_some() {
            return None;
        }
        let part = |(block, log): (&u32, &BlockLog)| log.to_sync().map(|part| (*block, part));
        let files: Vec<_> = self.blocks.iter().filter_map(part).collect();
        let adopted = self.adopted.iter().filter(|log| !log.is_settled).map(|log| log.entry.name.clone()).collect();
        let changes = Some(self.files.changes).filter(|changes| *changes > self.files.safe_changes);
        let job = SyncJob { folder: Arc::clone(&self.files.folder), files, adopted, changes };
        self.is_syncing = !(job.files.is_empty() && job.adopted.is_empty() && job.changes.is_none());
        self.is_syncing.then_some(job)
    }

    /// Takes in what came of a job. A file that could not be synced is written anew to another one and synced here: to sync it
    /// again would succeed without writing what was lost. What was in a file that was given up since the job was made is made
    /// safe by the next one.
    ///
    /// # Errors
    /// When it could not be made safe. The log is broken then.
    pub fn synced(&mut self, done: Synced) -> io::Result<()> {
        self.is_syncing = false;
        let mut failed = self.note_adopted(done.adopted).err();
        let mut can_be_healed = false;
        for (block, part, result) in done.files {
            let Some(log) = self.blocks.get_mut(&block) else { continue };
            let is_present = log.note_sync(part.number, result.is_ok().then_some(part.bytes));
            match result {
                Err(_) if is_present && log.can_be_healed() => can_be_healed = true,
                Err(error) if is_present => failed = Some(context("sync", &name_of(part.number), &error)),
                _ => {}
            }
        }
        match done.folder {
            Some((changes, Ok(()))) => self.files.safe_changes = changes.max(self.files.safe_changes),
            Some((_, Err(error))) => {
                self.folder_is_due = true;
                failed = Some(sync_failed(&error));
            }
            None => {}
        }
        if let Some(error) = failed {
            return Err(self.broke(&error));
        }
        if can_be_healed && self.trouble.is_none() {
            self.heal().map_err(|error| self.broke(&error))?;
        }
        self.remove_replaced();
        self.whole()
    }

    /// Notes which logs of earlier runs are safe. One that could not be synced is as safe as it will ever be.
    fn note_adopted(&mut self, done: Vec<(String, io::Result<()>)>) -> io::Result<()> {
        let mut noted = Ok(());
        for (name, result) in done {
            // It may have been removed meanwhile.
            let Some(log) = self.adopted.iter_mut().find(|log| log.entry.name == name) else { continue };
            log.is_settled = true;
            noted = noted.and(result.map_err(|error| context("sync", &name, &error)));
        }
        noted
    }

    /// Makes everything that was appended safe from a loss of power, here and now.
    ///
    /// # Errors
    /// When it is not, and while an earlier job was not brought back.
    pub fn sync(&mut self) -> io::Result<()> {
        self.whole()?;
        if self.is_syncing {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, "the log is being synced by another thread"));
        }
        self.to_sync().map_or(Ok(()), |job| self.synced(job.run()))
    }

    /// Makes up for syncs that failed: writes the blocks to other files and makes these safe.
    pub(super) fn heal(&mut self) -> io::Result<()> {
        for block in self.blocks.values_mut().filter(|block| block.can_be_healed()) {
            block.heal(&mut self.files)?;
            // Nothing is safe without its name.
            self.folder_is_due = true;
        }
        if self.folder_is_due {
            self.files.sync()?;
            self.folder_is_due = false;
        }
        Ok(())
    }

    /// Removes files in whose place others are safe.
    pub(super) fn remove_replaced(&mut self) {
        for block in self.blocks.values_mut() {
            block.remove_replaced(&mut self.files);
        }
    }
}

//! A folder in memory for tests, which loses what was not synced, tears sectors, fails calls and runs full. All of it follows
//! from a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use super::folder::{Entry, File, Folder};

const SECTOR: usize = 512;

/// A folder of a computer that can lose its power. Clones are the same folder.
#[derive(Clone, Debug)]
pub(crate) struct SimFolder(Arc<Mutex<Disk>>);

#[derive(Clone, Debug)]
struct Disk {
    files: Vec<Contents>,
    /// The entries as programs see them.
    names: BTreeMap<String, usize>,
    /// The entries as they are after a loss of power.
    safe_names: BTreeMap<String, usize>,
    /// What was done to the entries since they were synced.
    changes: Vec<Change>,
    capacity: u64,
    calls: u64,
    failing: Range<u64>,
    /// From this call on nothing happens any more.
    dead_from: u64,
    random: Random,
}

/// The bytes of a file.
#[derive(Clone, Debug, Default)]
struct Contents {
    /// As programs see them.
    seen: Vec<u8>,
    /// As they are on the disk.
    safe: Vec<u8>,
    /// Sectors that the next sync writes to the disk.
    dirty: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
enum Change {
    /// This name is now that of this file, and its only one.
    Named(String, usize),
    Removed(String),
}

/// Numbers that look random, by splitmix64.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

impl SimFolder {
    pub(crate) fn new(seed: u64) -> Self {
        Self::of(Disk {
            files: Vec::new(),
            names: BTreeMap::new(),
            safe_names: BTreeMap::new(),
            changes: Vec::new(),
            capacity: u64::MAX,
            calls: 0,
            failing: 0..0,
            dead_from: u64::MAX,
            random: Random(seed),
        })
    }

    fn of(disk: Disk) -> Self {
        Self(Arc::new(Mutex::new(disk)))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }

    /// Returns the folder as it is found after a loss of power now. This one stays as it is.
    pub(crate) fn crash(&self, seed: u64) -> Self {
        let mut disk = self.disk().clone();
        disk.random = Random(seed);
        disk.lose_power();
        disk.revive();
        Self::of(disk)
    }

    /// Returns the folder as it is found after the program was killed now: all that was written is there, and what was not
    /// synced is still not safe. This one stays as it is.
    pub(crate) fn kill(&self) -> Self {
        let mut disk = self.disk().clone();
        disk.revive();
        Self::of(disk)
    }

    /// Returns how many calls were made, of the folder and its files together.
    pub(crate) fn calls(&self) -> u64 {
        self.disk().calls
    }

    /// Lets the `n`-th call from now on fail; the next one is the first.
    pub(crate) fn fail_nth(&self, n: u64) {
        let mut disk = self.disk();
        let at = disk.calls + n;
        disk.failing = at..at + 1;
    }

    /// Lets the `n`-th call from now on fail and all after it.
    pub(crate) fn fail_from(&self, n: u64) {
        let mut disk = self.disk();
        disk.failing = disk.calls + n..u64::MAX;
    }

    /// Stops the program, as far as the folder can tell, in the middle of the `n`-th call from now on: of that call some may
    /// be done, and nothing of those after it.
    pub(crate) fn die_at(&self, n: u64) {
        let mut disk = self.disk();
        disk.dead_from = disk.calls + n;
    }

    /// Returns whether the program was stopped.
    pub(crate) fn is_dead(&self) -> bool {
        self.disk().is_dead()
    }

    /// Lets no further call fail.
    pub(crate) fn heal(&self) {
        self.disk().failing = 0..0;
    }

    /// Leaves room for so many bytes, together with those that are there.
    pub(crate) fn set_capacity(&self, bytes: u64) {
        self.disk().capacity = bytes;
    }

    /// Returns the bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.disk().used()
    }

    /// Puts a file there that is as safe as if it had always been there.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let mut disk = self.disk();
        let file = disk.files.len();
        disk.files.push(Contents { seen: bytes.to_vec(), safe: bytes.to_vec(), dirty: BTreeSet::new() });
        disk.names.insert(name.to_owned(), file);
        disk.safe_names.insert(name.to_owned(), file);
    }
}

fn failure() -> io::Error {
    io::Error::other("the disk failed, as the test wants it")
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk {
    /// Counts a call; returns whether it is to fail.
    fn fails(&mut self) -> bool {
        self.calls += 1;
        self.failing.contains(&self.calls) || self.is_dead()
    }

    fn is_dead(&self) -> bool {
        self.calls >= self.dead_from
    }

    /// Lets calls succeed again.
    fn revive(&mut self) {
        self.failing = 0..0;
        self.dead_from = u64::MAX;
    }

    /// Counts a call.
    ///
    /// # Errors
    /// When it is to fail.
    fn call(&mut self) -> io::Result<()> {
        if self.fails() { Err(failure()) } else { Ok(()) }
    }

    fn file(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(not_found)
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    fn used(&self) -> u64 {
        self.names.values().map(|&file| self.files[file].seen.len() as u64).sum()
    }

    fn free(&self) -> u64 {
        self.capacity.saturating_sub(self.used())
    }

    fn append(&mut self, file: usize, bytes: &[u8]) -> io::Result<()> {
        let fails = self.fails();
        let room = usize::try_from(self.free()).unwrap_or(usize::MAX).min(bytes.len());
        let written = match fails {
            true if self.calls > self.dead_from => 0,
            true => self.random.below(room + 1),
            false => room,
        };
        self.files[file].append(&bytes[..written]);
        match (fails, written == bytes.len()) {
            (true, _) => Err(failure()),
            (false, false) => Err(io::ErrorKind::StorageFull.into()),
            (false, true) => Ok(()),
        }
    }

    fn cut(&mut self, file: usize, bytes: u64) -> io::Result<()> {
        self.call()?;
        // The system may have written meanwhile what is cut now.
        if self.random.coin() {
            self.files[file].sync();
        }
        self.files[file].cut(bytes as usize);
        Ok(())
    }

    fn sync_file(&mut self, file: usize) -> io::Result<()> {
        if self.fails() {
            // What a program leaves that was stopped, the system may still write.
            if !self.is_dead() {
                self.files[file].lose(&mut self.random);
            }
            return Err(failure());
        }
        self.files[file].sync();
        Ok(())
    }

    fn lose_power(&mut self) {
        let random = &mut self.random;
        for file in &mut self.files {
            file.tear(random);
        }
        for change in self.changes.drain(..).filter(|_| random.coin()) {
            change.apply(&mut self.safe_names);
        }
        self.names = self.safe_names.clone();
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Named(name, file) => {
                names.retain(|_, other| other != file);
                names.insert(name.clone(), *file);
            }
            Self::Removed(name) => {
                names.remove(name);
            }
        }
    }
}

impl Contents {
    fn append(&mut self, bytes: &[u8]) {
        let start = self.seen.len() / SECTOR;
        self.seen.extend_from_slice(bytes);
        self.dirty.extend(start..self.seen.len().div_ceil(SECTOR));
    }

    fn cut(&mut self, bytes: usize) {
        self.seen.resize(bytes, 0);
        self.dirty.retain(|sector| *sector < bytes.div_ceil(SECTOR));
    }

    fn sector(&self, sector: usize) -> Range<usize> {
        (sector * SECTOR).min(self.seen.len())..((sector + 1) * SECTOR).min(self.seen.len())
    }

    /// Writes to the disk what it lacks, as far as that is still known.
    fn sync(&mut self) {
        self.safe.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            let range = self.sector(sector);
            self.safe[range.clone()].copy_from_slice(&self.seen[range]);
        }
    }

    /// Writes some of what the disk lacks and forgets the rest: a later sync does not write it.
    fn lose(&mut self, random: &mut Random) {
        self.dirty.retain(|_| random.coin());
        if random.coin() {
            self.sync();
        }
        self.dirty.clear();
    }

    /// Leaves what is found after a loss of power: of each sector that was not synced the old, the new, or a part of the
    /// new; of the length any between the old and the new one.
    fn tear(&mut self, random: &mut Random) {
        let lengths = [self.safe.len(), self.seen.len()];
        self.safe.resize(lengths[0].max(lengths[1]), 0);
        for sector in std::mem::take(&mut self.dirty) {
            let range = self.sector(sector);
            let kept = match random.below(3) {
                0 => 0,
                1 => range.len(),
                _ => random.below(range.len()),
            };
            let kept = range.start..range.start + kept;
            self.safe[kept.clone()].copy_from_slice(&self.seen[kept]);
        }
        let [low, high] = [lengths[0].min(lengths[1]), lengths[0].max(lengths[1])];
        self.safe.truncate(match random.below(3) {
            0 => low,
            1 => high,
            _ => low + random.below(high - low + 1),
        });
        self.seen.clone_from(&self.safe);
    }
}

impl Folder for SimFolder {
    fn list(&self) -> io::Result<Vec<Entry>> {
        let mut disk = self.disk();
        disk.call()?;
        let entry =
            |(name, &file): (&String, &usize)| Entry { name: name.clone(), bytes: disk.files[file].seen.len() as u64 };
        Ok(disk.names.iter().map(entry).collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut disk = self.disk();
        disk.call()?;
        if disk.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = disk.files.len();
        disk.files.push(Contents::default());
        disk.change(Change::Named(name.to_owned(), file));
        Ok(Arc::new(SimFile { disk: self.clone(), file }))
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut disk = self.disk();
        disk.call()?;
        let file = disk.file(name)?;
        Ok(disk.files[file].seen.clone())
    }

    fn map(&self, name: &str) -> io::Result<Bytes> {
        self.read(name).map(Bytes::from)
    }

    fn sync_file(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let file = disk.file(name)?;
        disk.sync_file(file)
    }

    fn cut(&self, name: &str, bytes: u64) -> io::Result<()> {
        let mut disk = self.disk();
        let file = disk.file(name)?;
        disk.cut(file, bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call()?;
        let file = disk.file(from)?;
        disk.change(Change::Named(to.to_owned(), file));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call()?;
        disk.file(name)?;
        disk.change(Change::Removed(name.to_owned()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.call()?;
        for change in std::mem::take(&mut disk.changes) {
            change.apply(&mut disk.safe_names);
        }
        Ok(())
    }
}

/// A file of it.
#[derive(Debug)]
struct SimFile {
    disk: SimFolder,
    file: usize,
}

impl File for SimFile {
    fn append_vectored(&self, pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.disk.disk().append(self.file, &bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.disk().sync_file(self.file)
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.disk.disk().cut(self.file, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEDS: Range<u64> = 0..200;

    /// Returns everything that may be found after a loss of power, without repetition.
    fn after_crashes<T: Ord>(folder: &SimFolder, look: impl Fn(&SimFolder) -> T) -> BTreeSet<T> {
        SEEDS.map(|seed| look(&folder.crash(seed))).collect()
    }

    fn names(folder: &SimFolder) -> String {
        folder.list().unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_was_synced_stays_and_what_was_not_may_go() {
        let folder = SimFolder::new(1);
        let file = folder.create("one").unwrap();
        file.append(b"synced").unwrap();
        file.sync().unwrap();
        assert_eq!(after_crashes(&folder, names), BTreeSet::from([String::new(), "one".into()]));
        folder.sync().unwrap();
        assert_eq!(after_crashes(&folder, |folder| folder.read("one").unwrap()), BTreeSet::from([b"synced".to_vec()]));
        file.append(&[1; 2_000]).unwrap();
        let found = after_crashes(&folder, |folder| folder.read("one").unwrap());
        assert!(found.iter().all(|bytes| bytes.starts_with(b"synced")));
        assert!(found.iter().any(|bytes| bytes.len() == 6) && found.iter().any(|bytes| bytes.len() == 2_006));
        assert!(found.iter().any(|bytes| bytes[6..].contains(&0) && bytes[6..].contains(&1)), "sectors are lost");
        assert_eq!(folder.kill().read("one").unwrap().len(), 2_006);
    }

    #[test]
    fn a_rename_puts_the_old_or_the_new_there() {
        let folder = SimFolder::new(1);
        folder.put("old", b"old");
        folder.put("new", b"new");
        folder.rename("new", "old").unwrap();
        assert_eq!(after_crashes(&folder, names), BTreeSet::from(["new old".into(), "old".into()]));
        let found = after_crashes(&folder, |folder| folder.read("old").unwrap());
        assert_eq!(found, BTreeSet::from([b"old".to_vec(), b"new".to_vec()]));
    }

    #[test]
    fn a_failed_sync_may_lose_for_ever_what_it_should_have_written() {
        let mut lost = 0;
        for seed in SEEDS {
            let folder = SimFolder::new(seed);
            let file = folder.create("one").unwrap();
            folder.sync().unwrap();
            file.append(b"bytes").unwrap();
            folder.fail_nth(1);
            assert!(file.sync().is_err());
            file.sync().unwrap();
            assert_eq!(folder.read("one").unwrap(), b"bytes");
            lost += u64::from(folder.crash(seed).read("one").unwrap() != b"bytes");
        }
        assert!(lost > 0 && lost < SEEDS.end);
    }

    #[test]
    fn a_full_disk_takes_what_it_has_room_for() {
        let folder = SimFolder::new(1);
        folder.set_capacity(4);
        let file = folder.create("one").unwrap();
        assert_eq!(file.append(b"bytes").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(folder.read("one").unwrap(), b"byte");
        folder.remove("one").unwrap();
        folder.create("two").unwrap().append(b"more").unwrap();
    }

    #[test]
    fn calls_fail_as_asked_for() {
        let folder = SimFolder::new(1);
        folder.fail_nth(2);
        assert!(folder.list().is_ok() && folder.list().is_err() && folder.list().is_ok());
        folder.fail_from(1);
        assert!(folder.list().is_err() && folder.create("one").is_err());
        folder.heal();
        assert!(folder.create("one").is_ok());
        assert_eq!(folder.calls(), 6);
    }
}

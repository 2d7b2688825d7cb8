//! What a log promises, held against everything that can happen to it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// The log and what is expected of it. Requests are known by their number.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) folder: SimFolder,
    pub(super) log: Log,
    records: Vec<Record>,
    block: u32,
    released: u32,
    /// Requests from this one on are kept in memory.
    first_kept: usize,
    /// What outlives the process.
    written: BTreeSet<usize>,
    /// What outlives a loss of power.
    pub(super) synced: BTreeSet<usize>,
    /// With what it makes safe, unless a file is given up meanwhile.
    job: Option<(Job, BTreeSet<usize>, u64)>,
    /// Requests of earlier runs.
    adopted: BTreeSet<usize>,
    /// Those of them that a sync that failed may have lost for ever: they look as if they were there, and the next sync
    /// succeeds.
    doubtful: BTreeSet<usize>,
}

/// A job before or after the other thread ran it.
#[derive(Debug)]
enum Job {
    Waiting(SyncJob),
    Done(Synced),
}

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        Self::on(SimFolder::new(seed))
    }

    fn on(folder: SimFolder) -> Self {
        Self {
            log: Log::new(Arc::new(folder.clone()), 1, 1),
            folder,
            records: Vec::new(),
            block: 1,
            released: 0,
            first_kept: 0,
            written: BTreeSet::new(),
            synced: BTreeSet::new(),
            job: None,
            adopted: BTreeSet::new(),
            doubtful: BTreeSet::new(),
        }
    }

    /// Appends requests of these sizes, the last of which also reaches into so many further blocks.
    pub(super) fn append(&mut self, sizes: &[usize], further: u32) -> io::Result<()> {
        let first = self.records.len();
        for (nth, size) in sizes.iter().enumerate() {
            let number = self.records.len();
            let bytes =
                format!("{number}:").into_bytes().into_iter().chain(std::iter::repeat(number as u8)).take(*size);
            let last = if nth + 1 == sizes.len() { self.block + further } else { self.block };
            let arrived = Timestamp(number as u64);
            self.records.push(Record { bytes: bytes.collect(), arrived, blocks: self.block..=last });
            self.block = last;
        }
        let result = self.log.append(&self.records[first..]);
        if result.is_ok() {
            self.written.extend(self.first_kept..self.records.len());
        }
        self.check();
        result
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        let covered = self.written.clone();
        let result = self.log.sync();
        self.note_sync(&covered, &result);
        result
    }

    pub(super) fn begin_sync(&mut self) {
        if let Some(job) = self.log.to_sync() {
            assert!(self.job.is_none(), "one job at a time");
            self.job = Some((Job::Waiting(job), self.written.clone(), self.log.given_up()));
        }
    }

    pub(super) fn run_sync(&mut self) {
        self.job = self.job.take().map(|(job, covered, given_up)| match job {
            Job::Waiting(job) => (Job::Done(job.run()), covered, given_up),
            done @ Job::Done(_) => (done, covered, given_up),
        });
    }

    pub(super) fn end_sync(&mut self) -> io::Result<()> {
        self.run_sync();
        let Some((Job::Done(done), mut covered, given_up)) = self.job.take() else { return Ok(()) };
        if self.log.given_up() > given_up {
            covered.clear();
        }
        let result = self.log.synced(done);
        self.note_sync(&covered, &result);
        result
    }

    fn note_sync(&mut self, covered: &BTreeSet<usize>, result: &io::Result<()>) {
        match result {
            Ok(()) => self.synced.extend(covered.difference(&self.doubtful)),
            Err(_) => self.doubtful.extend(self.adopted.difference(&self.synced)),
        }
        self.check();
    }

    pub(super) fn retry(&mut self) -> io::Result<()> {
        let result = self.log.retry();
        assert_eq!(self.log.trouble().is_none(), result.is_ok());
        if result.is_ok() {
            self.written.extend(self.first_kept..self.records.len());
        }
        self.check();
        result
    }

    pub(super) fn release(&mut self, first_unsealed: u32) {
        self.released = self.released.max(first_unsealed);
        self.log.release(first_unsealed);
        self.check();
    }

    /// Opens the log again in a folder as it was found.
    fn open(&mut self, folder: SimFolder, is_killed: bool) {
        folder.set_capacity(u64::MAX);
        let mut logs = read_logs(&folder).unwrap();
        let found: BTreeSet<usize> = recovered(&folder).into_iter().map(|bytes| self.number(&bytes)).collect();
        let next_number = logs.last().map_or(1, |log| log.number + 1);
        let next_sequence = in_order(&logs).last().map_or(1, |request| request.sequence + 1);
        let had_trouble = self.log.trouble().is_some() || matches!(self.job, Some((Job::Done(_), ..)));
        self.log = Log::new(Arc::new(folder.clone()), next_number, next_sequence);
        logs.last_mut().map_or(Ok(()), |newest| newest.cut_torn(&folder)).unwrap();
        for log in &logs {
            self.log.adopt(&log.name, log.bytes, self.block);
        }
        self.folder = folder;
        self.first_kept = self.records.len();
        if is_killed {
            let is_released = |number: &usize| *self.records[*number].blocks.end() < self.released;
            self.synced.retain(|number| found.contains(number) && !is_released(number));
            let unsynced = found.difference(&self.synced).filter(|_| had_trouble);
            self.doubtful.extend(unsynced);
        } else {
            self.synced.clone_from(&found);
            self.doubtful.clear();
        }
        // The requests are now in blocks up to this one.
        for number in &found {
            self.records[*number].blocks = self.block..=self.block;
        }
        self.adopted.clone_from(&found);
        self.written = found;
        self.block += 1;
        self.job = None;
        self.check();
    }

    fn number(&self, bytes: &[u8]) -> usize {
        let digits = bytes.split(|&byte| byte == b':').next().unwrap();
        let number: usize = std::str::from_utf8(digits).unwrap().parse().unwrap();
        assert_eq!(self.records[number].bytes, bytes, "what comes back is what was appended");
        number
    }

    /// Everything that was promised is there.
    fn check(&self) {
        self.check_folder(&self.folder.kill(), &self.written);
        for seed in 0..3 {
            self.check_folder(&self.folder.crash(seed), &self.synced);
        }
    }

    fn check_folder(&self, folder: &SimFolder, promised: &BTreeSet<usize>) {
        let found: Vec<usize> = recovered(folder).into_iter().map(|bytes| self.number(&bytes)).collect();
        let set: BTreeSet<usize> = found.iter().copied().collect();
        assert_eq!(found.len(), set.len(), "each comes back once");
        let missing: Vec<_> =
            promised.difference(&set).filter(|number| *self.records[**number].blocks.end() >= self.released).collect();
        assert!(missing.is_empty(), "{missing:?} of {promised:?} are lost");
    }
}

/// What happens to a log.
#[derive(Clone, Debug)]
enum Event {
    Append(Vec<usize>, u32),
    Sync,
    BeginSync,
    RunSync,
    EndSync,
    Retry,
    Release(u32),
    FailNth(u64),
    FailFrom(u64),
    Heal,
    Capacity(u64),
    Kill,
    Crash(u64),
}

impl Event {
    /// Returns whether the log said that all went well.
    fn happen(&self, model: &mut Model) -> io::Result<()> {
        match self {
            Self::Append(sizes, further) => return model.append(sizes, *further),
            Self::Sync => return model.sync(),
            Self::BeginSync => model.begin_sync(),
            Self::RunSync => model.run_sync(),
            Self::EndSync => return model.end_sync(),
            Self::Retry => return model.retry(),
            Self::Release(behind) => model.release(model.block.saturating_sub(*behind)),
            Self::FailNth(nth) => model.folder.fail_nth(*nth),
            Self::FailFrom(nth) => model.folder.fail_from(*nth),
            Self::Heal => model.folder.heal(),
            Self::Capacity(bytes) => model.folder.set_capacity(*bytes),
            Self::Kill => model.open(model.folder.kill(), true),
            Self::Crash(seed) => model.open(model.folder.crash(*seed), false),
        }
        Ok(())
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let sizes = prop::collection::vec(8..1_500_usize, 1..4);
    let event = prop_oneof![
        8 => (sizes, prop_oneof![3 => Just(0), 1 => 1..3_u32]).prop_map(|(sizes, further)| Event::Append(sizes, further)),
        2 => Just(Event::Sync),
        2 => Just(Event::BeginSync),
        1 => Just(Event::RunSync),
        2 => Just(Event::EndSync),
        2 => Just(Event::Retry),
        2 => (0..4_u32).prop_map(Event::Release),
        2 => (1..12_u64).prop_map(Event::FailNth),
        1 => (1..8_u64).prop_map(Event::FailFrom),
        1 => Just(Event::Heal),
        1 => (0..12_000_u64).prop_map(Event::Capacity),
        1 => Just(Event::Capacity(u64::MAX)),
        1 => Just(Event::Kill),
        1 => any::<u64>().prop_map(Event::Crash),
    ];
    prop::collection::vec(event, 0..30)
}

proptest! {
    #[test]
    fn whatever_happens_nothing_is_lost_that_was_promised(events in events(), seed in any::<u64>()) {
        let mut model = Model::new(seed);
        for event in &events {
            // Whether it went well is for the model to judge.
            event.happen(&mut model).ok();
        }
        model.folder.heal();
        model.folder.set_capacity(u64::MAX);
        // What could not be written, and files that could not be removed.
        model.end_sync().ok();
        model.retry().unwrap();
        model.sync().unwrap();
        prop_assert_eq!(model.log.bytes(), disk_bytes(&model.folder));
        model.release(u32::MAX);
        prop_assert_eq!((model.log.bytes(), names(&model.folder)), (0, String::new()));
    }
}

/// A life of a log with everything in it that makes calls.
fn life() -> Vec<Event> {
    vec![
        Event::Append(vec![700, 20], 0),
        Event::Sync,
        Event::Append(vec![30, 900], 1),
        Event::BeginSync,
        Event::RunSync,
        Event::Append(vec![600], 0),
        Event::EndSync,
        Event::Append(vec![1_200], 2),
        Event::Sync,
        Event::Release(1),
        Event::Append(vec![40], 0),
        Event::Sync,
    ]
}

#[test]
fn no_single_failure_loses_what_was_promised_or_breaks_the_log() {
    let mut whole = Model::new(0);
    for event in life() {
        event.happen(&mut whole).unwrap();
    }
    for seed in 0..20 {
        for nth in 1..=whole.folder.calls() {
            let mut model = Model::new(seed);
            model.folder.fail_nth(nth);
            let failed = life().iter().find(|event| event.happen(&mut model).is_err()).cloned();
            // A file that could not be made, and a folder that could not be synced, have nothing that takes their place.
            if failed.is_some() {
                model.retry().unwrap();
            }
            model.sync().unwrap();
            assert_eq!(model.synced.len(), model.records.len());
        }
    }
}

#[test]
fn a_disk_that_fails_from_some_call_on_loses_nothing_that_was_promised() {
    let mut whole = Model::new(0);
    for event in life() {
        event.happen(&mut whole).unwrap();
    }
    for seed in 0..20 {
        for nth in 1..=whole.folder.calls() {
            let mut model = Model::new(seed);
            model.folder.fail_from(nth);
            for event in life() {
                event.happen(&mut model).ok();
            }
            // Files that fail again and again do not pile up.
            for _ in 0..3 {
                model.retry().ok();
            }
            model.folder.heal();
            model.retry().unwrap();
            model.sync().unwrap();
            assert_eq!(model.synced.len(), model.records.len());
            model.release(u32::MAX);
            assert_eq!(names(&model.folder), "");
        }
    }
}

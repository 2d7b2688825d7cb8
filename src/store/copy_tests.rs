//! A folder that is copied while it is written to, in pieces, from one that is damaged, and on top of an older copy.

use super::segment::folder::Folder;
use super::segment::simulated::SimFolder;
use super::segment::{Copied, FaultReason, Log, Record, Shelf, copy};
use super::tests::held;
use super::*;
use crate::otlp::fixture::{TestSpan, batch, span};

/// A store that logs what it stores, and writes a block of each trace.
struct Owner {
    folder: SimFolder,
    writer: Writer,
    store: Arc<Store>,
    shelf: Shelf,
    log: Log,
    sealer: Sealer,
}

impl Owner {
    fn new(folder: SimFolder) -> Self {
        let limits = Limits { max_memory_traces: 4, ..Limits::default() };
        let shelf = Shelf::new(Arc::new(folder.clone()), true);
        let (store, writer) = Writer::with_segments(limits, Some(shelf.clone()), Vec::new(), 0);
        let log = Log::new(Arc::new(folder.clone()), 0, 0);
        Self { folder, writer, store, shelf, log, sealer: Sealer::default() }
    }

    fn append(&mut self, trace: u8, id: u64) {
        let request = batch(&[span(trace, id, 0, 1)]);
        let blocks = self.writer.append(&request, Timestamp(0)).blocks.unwrap();
        self.log.append(&[Record { bytes: request.bytes, arrived: Timestamp(0), blocks }]).unwrap();
        while let Some(block) = self.writer.take_unsealed() {
            let mut sealed = block.seal(&mut self.sealer);
            sealed.write(&self.shelf).unwrap();
            self.writer.put_sealed(sealed);
        }
        self.log.release(self.writer.first_without_file());
    }

    fn of_traces(traces: std::ops::RangeInclusive<u8>) -> Self {
        let mut owner = Self::new(SimFolder::new(1));
        traces.for_each(|trace| owner.append(trace, 1));
        owner
    }

    fn copy_to(&self, to: &SimFolder) -> Copied {
        copy(&self.folder, to, |_, _| ()).unwrap()
    }
}

/// Returns what a folder holds.
fn held_in(folder: &SimFolder) -> String {
    let shelf = Shelf::new(Arc::new(folder.clone()), true);
    held(&open(Limits::unlimited(), &shelf, Opener::Reader, |_, _| ()).unwrap().store)
}

fn names(folder: &SimFolder) -> Vec<String> {
    let mut names: Vec<_> = folder.list().unwrap().into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

fn settled(folder: &SimFolder) -> Settled {
    let folder: Arc<dyn Folder> = Arc::new(folder.clone());
    settle(&folder).unwrap()
}

#[test]
fn a_copy_holds_what_was_held_and_outlives_a_loss_of_power() {
    let owner = Owner::of_traces(1..=9);
    let to = SimFolder::new(2);
    let Copied { files, already, faults, .. } = owner.copy_to(&to);
    assert_eq!((files, already, faults.len()), (9, 0, 0));
    assert_eq!(held_in(&to.crash(3)), held(&owner.store));
    assert_eq!(names(&to), names(&owner.folder));
    let bytes: u64 = to.list().unwrap().iter().map(|entry| entry.bytes).sum();
    let again = owner.copy_to(&to);
    assert_eq!((again.files, again.already, again.bytes), (9, 9, bytes));
}

#[test]
fn a_copy_that_was_broken_off_goes_on_later() {
    let owner = Owner::of_traces(1..=6);
    let whole = SimFolder::new(2);
    owner.copy_to(&whole);
    let calls = whole.calls();
    for call in 1..calls {
        let to = SimFolder::new(call);
        to.fail_from(call);
        copy(&owner.folder, &to, |_, _| ()).ok();
        let to = if call % 2 == 0 { to.kill() } else { to.crash(call) };
        owner.copy_to(&to);
        assert_eq!(held_in(&to), held(&owner.store), "{call}");
        let unfinished = Shelf::new(Arc::new(to), true).unfinished().unwrap();
        assert!(unfinished.len() <= 1, "{call}: {unfinished:?}");
    }
}

#[test]
fn a_later_copy_adds_what_came_and_drops_the_logs_that_blocks_took_the_place_of() {
    let mut owner = Owner::of_traces(1..=4);
    let to = SimFolder::new(2);
    owner.copy_to(&to);
    owner.append(4, 2);
    let Copied { files, already, .. } = owner.copy_to(&to);
    assert_eq!((files, already), (4, 3), "the log grew");
    assert_eq!(held_in(&to), "1:1 2:1 3:1 4:2");
    (5..=8).for_each(|trace| owner.append(trace, 1));
    owner.copy_to(&to);
    assert_eq!(settled(&to), Settled { spans: 9, traces: 8, removed: 1 });
    assert_eq!(names(&to), names(&owner.folder));
}

#[test]
fn a_later_copy_keeps_what_is_gone_where_it_came_from() {
    let mut owner = Owner::of_traces(1..=4);
    let to = SimFolder::new(2);
    owner.copy_to(&to);
    (5..=8).for_each(|trace| owner.append(trace, 1));
    // The block of the trace that was in the log only, and one before it, went meanwhile.
    for sequence in [1, 3] {
        owner.shelf.remove(sequence).unwrap();
    }
    owner.copy_to(&to);
    assert_eq!(settled(&to).removed, 0);
    assert_eq!(held_in(&to), "1:1 2:1 3:1 4:1 5:1 6:1 7:1 8:1");
}

#[test]
fn logs_and_blocks_of_another_store_are_not_written_over() {
    let (one, to) = (Owner::of_traces(1..=3), SimFolder::new(2));
    one.copy_to(&to);
    let another = Owner::of_traces(11..=13);
    let Copied { files, faults, .. } = another.copy_to(&to);
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let fault =
        |sequence| format!("block-{sequence:016x}.spb: another block has this name where it would be copied to");
    assert_eq!((files, faults), (1, vec![fault(0), fault(1)]));
    assert_eq!(held_in(&to), "13:1 1:1 2:1 3:1");
}

#[test]
fn what_is_damaged_is_told_and_the_rest_is_copied() {
    let owner = Owner::of_traces(1..=6);
    let damaged = owner.folder.kill();
    for (name, at) in [("block-0000000000000001.spb", 100), ("block-0000000000000003.spb", 20_000)] {
        let mut bytes = damaged.read(name).unwrap();
        let at = at.min(bytes.len() / 2);
        bytes[at] ^= 1;
        damaged.put(name, &bytes);
    }
    damaged.put("block-0000000000000099.spb", b"none");
    let to = SimFolder::new(2);
    let Copied { files, faults, .. } = copy(&damaged, &to, |_, _| ()).unwrap();
    assert_eq!((files, faults.len()), (4, 3), "{faults:?}");
    assert!(faults.iter().all(|fault| matches!(fault.reason, FaultReason::Block(_))), "{faults:?}");
    assert_eq!(held_in(&to), "1:1 3:1 5:1 6:1");
    // A copy that was damaged since is made anew.
    to.put("block-0000000000000000.spb", b"rotten");
    owner.copy_to(&to);
    assert_eq!(held_in(&to), held(&owner.store));
}

#[test]
fn of_a_damaged_log_the_whole_requests_are_copied() {
    let mut owner = Owner::of_traces(1..=1);
    (2..=4).for_each(|id| owner.append(1, id));
    let name = names(&owner.folder).remove(0);
    let mut bytes = owner.folder.read(&name).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes.truncate(bytes.len() - 3);
    owner.folder.put(&name, &bytes);
    let to = SimFolder::new(2);
    let Copied { faults, .. } = owner.copy_to(&to);
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].to_string(), format!("{name}: damaged in places (1); the rest of it is copied"));
    assert_eq!(held_in(&to), "1:2");
}

/// Returns what a folder holds after its spans went to another store, and how many of them were lost.
fn sent_on(folder: &SimFolder) -> (String, u64) {
    let shelf = Shelf::new(Arc::new(folder.clone()), true);
    let opened = open(Limits::unlimited(), &shelf, Opener::Reader, |_, _| ()).unwrap();
    let mut requests = Requests::of(opened.store.snapshot());
    let (store, mut writer) = Writer::new(Limits::default());
    for request in &mut requests {
        writer.append(&crate::otlp::scan(request).unwrap(), Timestamp(0));
    }
    assert_eq!(requests.done(), opened.store.snapshot().facts().counters.stored);
    (held(&store), requests.lost())
}

#[test]
fn all_spans_come_as_requests_and_of_damaged_blocks_those_that_are_whole() {
    let owner = Owner::of_traces(1..=6);
    assert_eq!(sent_on(&owner.folder), (held(&owner.store), 0));
    let name = "block-0000000000000002.spb";
    let whole = owner.folder.read(name).unwrap();
    let mut worst = 0;
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        owner.folder.put(name, &bytes);
        let (held, lost) = sent_on(&owner.folder);
        assert!(
            held == "1:1 2:1 3:1 4:1 5:1 6:1" && lost == 0 || held == "1:1 2:1 4:1 5:1 6:1" && lost == 1,
            "{at}: {held}"
        );
        worst = worst.max(lost);
    }
    assert_eq!(worst, 1);
}

#[test]
fn no_request_is_larger_than_a_receiver_takes() {
    let (store, mut writer) = Writer::new(Limits::default());
    let name: &str = "long ".repeat(100_000).leak();
    let spans: Vec<_> = (1..=9).map(|id| TestSpan { name, ..span(1, id, 0, 1) }).collect();
    writer.append(&batch(&spans), Timestamp(0));
    let sizes: Vec<usize> = Requests::of(store.snapshot()).map(|request| request.len()).collect();
    assert!(sizes.len() >= 3 && sizes.iter().all(|&bytes| bytes <= 2 << 20), "{sizes:?}");
}

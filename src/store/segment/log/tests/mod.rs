mod model;

use std::collections::BTreeSet;
use std::io::ErrorKind;

use self::model::Model;
use super::*;
use crate::store::segment::disk::DiskFolder;
use crate::store::segment::simulated::SimFolder;

/// Returns the requests in all logs of a folder.
fn recovered(folder: &SimFolder) -> Vec<Bytes> {
    folder.heal();
    in_order(&read_logs(folder).unwrap()).into_iter().map(|request| request.bytes).collect()
}

fn names(folder: &SimFolder) -> String {
    folder.list().unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>().join(" ")
}

fn disk_bytes(folder: &SimFolder) -> u64 {
    folder.list().unwrap().into_iter().map(|entry| entry.bytes).sum()
}

#[test]
fn each_block_has_a_file_and_a_request_is_in_that_of_its_last_block() {
    let mut model = Model::new(0);
    model.append(&[100, 100], 1).unwrap();
    model.append(&[100], 0).unwrap();
    assert_eq!(names(&model.folder), "log-0000000000000001.spl log-0000000000000002.spl");
    let requests = |log: &FoundLog| log.contents.as_ref().unwrap().requests.iter().map(|r| r.sequence).collect();
    let logs: Vec<Vec<u64>> = read_logs(&model.folder).unwrap().iter().map(requests).collect();
    assert_eq!(logs, [vec![1], vec![2, 3]]);
    assert_eq!(recovered(&model.folder).len(), 3);
    model.release(2);
    assert_eq!(names(&model.folder), "log-0000000000000002.spl");
    model.append(&[100], 0).unwrap();
    assert_eq!(recovered(&model.folder).len(), 3);
    assert_eq!((model.log.bytes(), model.log.kept_bytes()), (disk_bytes(&model.folder), 300));
}

#[test]
fn a_batch_takes_one_call_for_each_file() {
    let mut model = Model::new(0);
    model.append(&[100], 0).unwrap();
    let before = model.folder.calls();
    model.log.append(&vec![Record { bytes: vec![0; 10].into(), arrived: Timestamp(0), blocks: 1..=1 }; 50]).unwrap();
    assert_eq!(model.folder.calls() - before, 1);
}

#[test]
fn requests_without_new_spans_or_of_released_blocks_only_are_not_written() {
    let folder = SimFolder::new(0);
    let mut log = Log::new(Arc::new(folder.clone()), 1, 1);
    log.release(5);
    #[expect(clippy::reversed_empty_ranges, reason = "that is how a request says that it is in no block")]
    let nowhere = 7..=6;
    for blocks in [1..=4, nowhere] {
        log.append(&[Record { bytes: Bytes::from_static(b"request"), arrived: Timestamp(0), blocks }]).unwrap();
    }
    assert_eq!((names(&folder), log.kept_bytes()), (String::new(), 0));
}

#[test]
fn when_space_returns_everything_gets_to_the_disk() {
    let mut model = Model::new(0);
    model.append(&[400], 0).unwrap();
    model.sync().unwrap();
    model.folder.set_capacity(600);
    assert_eq!(model.append(&[300, 300], 1).unwrap_err().kind(), ErrorKind::StorageFull);
    let trouble = model.log.trouble().unwrap().to_owned();
    assert!(trouble.starts_with("cannot write log-0000000000000001.spl: "), "{trouble}");
    let calls = model.folder.calls();
    assert_eq!(model.log.append(&[]).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(model.log.sync().unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(model.folder.calls(), calls, "a broken log fails at once");
    assert_eq!(model.retry().unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(recovered(&model.folder).len(), 1, "what was cut off leaves no trace");
    model.folder.set_capacity(u64::MAX);
    model.retry().unwrap();
    assert_eq!(recovered(&model.folder).len(), 3);
    assert_eq!(names(&model.folder), "log-0000000000000001.spl log-0000000000000002.spl");
}

#[test]
fn a_file_whose_sync_failed_is_written_anew_and_never_synced_again() {
    let mut model = Model::new(0);
    model.append(&[400], 0).unwrap();
    model.sync().unwrap();
    model.append(&[400], 0).unwrap();
    model.folder.fail_nth(1);
    model.sync().unwrap();
    assert_eq!((model.log.given_up(), names(&model.folder).as_str()), (1, "log-0000000000000002.spl"));
    assert_eq!(model.synced.len(), 2);
}

#[test]
fn one_job_is_out_at_a_time_and_what_is_appended_meanwhile_waits_for_the_next() {
    let mut model = Model::new(0);
    assert!(model.log.to_sync().is_none(), "nothing is written");
    model.append(&[400], 0).unwrap();
    model.begin_sync();
    assert!(model.log.to_sync().is_none());
    assert_eq!(model.log.sync().unwrap_err().kind(), ErrorKind::WouldBlock);
    model.run_sync();
    model.append(&[400], 1).unwrap();
    model.end_sync().unwrap();
    assert_eq!(model.synced, BTreeSet::from([0]));
    model.begin_sync();
    model.end_sync().unwrap();
    assert_eq!(model.synced, BTreeSet::from([0, 1]));
    assert!(model.log.to_sync().is_none(), "everything is safe");
}

#[test]
fn a_file_that_cannot_be_removed_is_removed_later() {
    let mut model = Model::new(0);
    model.append(&[400], 0).unwrap();
    let bytes = model.log.bytes();
    model.folder.fail_nth(1);
    model.log.release(9);
    assert_eq!((model.log.bytes(), model.log.kept_bytes()), (bytes, 0));
    model.log.release(9);
    assert_eq!((model.log.bytes(), names(&model.folder)), (0, String::new()));
}

#[test]
fn what_is_forgotten_stays_on_disk_until_it_is_released() {
    let mut model = Model::new(0);
    model.append(&[400], 0).unwrap();
    model.append(&[400], 1).unwrap();
    model.log.forget(2);
    assert_eq!((model.log.kept_bytes(), disk_bytes(&model.folder)), (400, model.log.bytes()));
    // Only the forgotten block cannot be made safe any more; that is said once.
    model.folder.fail_nth(1);
    model.log.sync().unwrap_err();
    model.log.retry().unwrap();
    model.log.sync().unwrap();
    assert_eq!(recovered(&model.folder).len(), 2);
    model.release(2);
    assert_eq!(names(&model.folder), "log-0000000000000002.spl");
}

#[test]
fn a_log_of_an_earlier_run_goes_when_the_blocks_with_its_requests_are_released() {
    let mut model = Model::new(0);
    model.append(&[400, 50], 0).unwrap();
    let mut log = Log::new(Arc::new(model.folder.clone()), 2, 3);
    log.adopt("log-0000000000000001.spl", model.log.bytes(), 3);
    assert_eq!(log.bytes(), model.log.bytes());
    log.release(3);
    assert_eq!(names(&model.folder), "log-0000000000000001.spl");
    log.release(4);
    assert_eq!((log.bytes(), names(&model.folder)), (0, String::new()));
}

#[test]
fn logs_are_read_in_order_and_what_is_not_ours_is_left_alone() {
    let mut model = Model::new(0);
    model.append(&[400], 1).unwrap();
    let sound = model.folder.read("log-0000000000000001.spl").unwrap();
    model.folder.put("log-0000000000000002.spl", &sound);
    let with = |at: usize, byte: u8| {
        let mut bytes = sound.clone();
        bytes[at] ^= byte;
        bytes
    };
    model.folder.put("log-0000000000000010.spl", b"something else");
    model.folder.put("log-000000000000000f.spl", &with(9, 9));
    model.folder.put("log-0000000000000003.spl", &with(60, 9));
    model.folder.put("log-0000000000000004.spl", &[&sound[..], &sound[40..99]].concat());
    model.folder.put("log-0000000000000005.spl", b"");
    for other in
        ["log-6.spl", "log-000000000000000F.spl", "log-+00000000000006.spl", "log-0000000000000006.spl.tmp", "x"]
    {
        model.folder.put(other, &sound);
    }
    let draw = |log: FoundLog| match log.contents {
        Ok(Contents { requests, damages, damaged_bytes, torn_bytes }) => {
            format!("{}: {} !{damages}/{damaged_bytes} ~{torn_bytes}", log.number, requests.len())
        }
        Err(error) => format!("{}: {error}", log.number),
    };
    let drawn: Vec<String> = read_logs(&model.folder).unwrap().into_iter().map(draw).collect();
    assert_eq!(
        drawn,
        [
            "1: 1 !0/0 ~0",
            "2: 1 !0/0 ~0",
            "3: 0 !0/0 ~436",
            "4: 1 !0/0 ~59",
            "5: 0 !0/0 ~0",
            "15: its header is damaged",
            "16: it is not a log of spantop",
        ]
    );
    assert_eq!(recovered(&model.folder).len(), 1, "each request once");
}

#[test]
fn a_log_that_went_away_or_cannot_be_read_does_not_hide_the_others() {
    let mut model = Model::new(0);
    model.append(&[400], 0).unwrap();
    model.append(&[400], 1).unwrap();
    model.folder.fail_nth(2);
    let logs = read_logs(&model.folder).unwrap();
    assert!(matches!(logs[0].contents, Err(LogError::Unreadable(_))));
    assert_eq!(logs[1].contents.as_ref().unwrap().requests.len(), 1);
}

#[test]
fn numbers_that_were_given_twice_hide_no_request() {
    let folder = SimFolder::new(0);
    for number in [1, 2] {
        let mut log = Log::new(Arc::new(folder.clone()), number, 1);
        let bytes = Bytes::from(format!("of run {number}"));
        log.append(&[Record { bytes, arrived: Timestamp(0), blocks: 1..=1 }]).unwrap();
    }
    assert_eq!(recovered(&folder), ["of run 1", "of run 2"]);
}

#[test]
fn a_log_on_a_real_disk_comes_back() {
    let path = std::env::temp_dir().join(format!("spantop-log-{}", std::process::id()));
    std::fs::create_dir(&path).unwrap();
    let folder = Arc::new(DiskFolder::new(&path));
    let record = Record { bytes: vec![7; 100_000].into(), arrived: Timestamp(1), blocks: 1..=2 };
    let mut log = Log::new(folder.clone(), 1, 1);
    log.append(&vec![record.clone(); 1_500]).unwrap();
    // On another thread, as the engine does it.
    let job = log.to_sync().unwrap();
    let done = std::thread::spawn(|| job.run()).join().unwrap();
    log.synced(done).unwrap();
    let found = in_order(&read_logs(&*folder).unwrap());
    assert!(found.len() == 1_500 && found.iter().all(|request| request.bytes == record.bytes));
    log.release(3);
    assert_eq!(folder.list().unwrap(), []);
    std::fs::remove_dir(&path).unwrap();
}

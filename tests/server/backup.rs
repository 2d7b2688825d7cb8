//! Backups: made and brought back while a spantop runs and while none does.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use crate::crash;
use crate::support::{Directory, Spantop, message, program, run};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

fn send(spantop: &Spantop, traces: std::ops::RangeInclusive<u8>) {
    for trace in traces {
        let answer = spantop.post("/v1/traces", &[PROTOBUF], message(&[(trace, 1, 0), (trace, 2, 1)]));
        assert_eq!(answer.status, 200);
    }
}

fn total(spantop: &Spantop) -> (u64, u64) {
    let stats = spantop.json("/admin/tracing/stats");
    let spans = &stats["spans"];
    let held = spans["in_memory"].as_u64().unwrap() + spans["on_disk"].as_u64().unwrap();
    (stats["total_traces"].as_u64().unwrap(), held)
}

/// Runs a command that has to succeed, and returns what it says.
#[track_caller]
fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_backup_of_a_running_spantop_is_an_ordinary_data_directory() {
    let (from, to) = (Directory::new("backed-up"), Directory::new("backup"));
    let spantop = Spantop::keeping(&["--data-dir", from.path()]);
    send(&spantop, 1..=20);
    let said = done(&["backup", to.path(), "--data-dir", from.path()]);
    assert!(said.starts_with("backed up 1 file"), "{said}");
    send(&spantop, 21..=30);
    done(&["backup", to.path(), "--data-dir", from.path()]);
    drop(spantop);
    assert_eq!(total(&Spantop::keeping(&["--data-dir", to.path()])), (30, 60));
}

#[test]
fn a_backup_comes_back_to_an_empty_directory_and_to_one_that_has_traces() {
    let [from, backup, empty, other] =
        ["restore-from", "restore-backup", "restore-empty", "restore-other"].map(Directory::new);
    let spantop = Spantop::keeping(&["--data-dir", from.path()]);
    send(&spantop, 1..=20);
    done(&["backup", backup.path(), "--data-dir", from.path()]);
    drop(spantop);
    done(&["restore", backup.path(), "--data-dir", empty.path()]);
    assert_eq!(total(&Spantop::keeping(&["--data-dir", empty.path()])), (20, 40));
    let spantop = Spantop::keeping(&["--data-dir", other.path()]);
    send(&spantop, 18..=25);
    drop(spantop);
    for there in ["6 were there", "40 were there"] {
        let said = done(&["restore", backup.path(), "--data-dir", other.path()]);
        assert!(said.contains(there), "{said}");
    }
    assert_eq!(total(&Spantop::keeping(&["--data-dir", other.path()])), (25, 50));
}

#[test]
fn a_backup_comes_back_to_a_spantop_that_runs() {
    let [from, backup] = ["live-from", "live-backup"].map(Directory::new);
    let spantop = Spantop::keeping(&["--data-dir", from.path()]);
    send(&spantop, 1..=20);
    done(&["backup", backup.path(), "--data-dir", from.path()]);
    drop(spantop);
    let spantop = Spantop::start();
    send(&spantop, 20..=21);
    let said = done(&["restore", backup.path(), "--connect", &spantop.api.to_string()]);
    assert!(said.starts_with("sent 40 spans") && said.contains("2 were there"), "{said}");
    assert_eq!(total(&spantop), (21, 42));
}

#[test]
fn a_backup_is_not_made_where_it_cannot_be() {
    let [from, owned] = ["unsafe-from", "unsafe-owned"].map(Directory::new);
    let spantop = Spantop::keeping(&["--data-dir", from.path()]);
    let inside = Path::new(from.path()).join("inside");
    for to in [from.path(), inside.to_str().unwrap()] {
        let output = run(&["backup", to, "--data-dir", from.path()]);
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let other = Spantop::keeping(&["--data-dir", owned.path()]);
    let output = program().args(["backup", owned.path(), "--data-dir", from.path()]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && error.contains(&format!("pid {}", other.pid())), "{error}");
    let missing = run(&["restore", "no/such/directory", "--data-dir", from.path()]);
    assert!(String::from_utf8(missing.stderr).unwrap().contains("there is none"));
    assert_eq!(total(&spantop), (0, 0));
}

#[test]
fn a_backup_is_for_its_owner_alone_and_tells_what_is_damaged() {
    use std::os::unix::fs::PermissionsExt;
    let [from, to] = ["rotten-from", "rotten-to"].map(Directory::new);
    let spantop = Spantop::keeping(&["--data-dir", from.path()]);
    send(&spantop, 1..=3);
    drop(spantop);
    let name = "block-0000000000000009.spb";
    std::fs::write(Path::new(from.path()).join(name), "spantopB, and then nothing that is one").unwrap();
    let output = run(&["backup", to.path(), "--data-dir", from.path()]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("backed up 1 file (0 were there)") && said.contains("; 6 spans in "), "{said}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with(&format!("cannot copy {name}: ")), "{error}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(Path::new(to.path())), 0o700);
    let copies: Vec<_> = std::fs::read_dir(to.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(copies.len() == 2 && copies.iter().all(|path| mode(path) == 0o600), "{copies:?}");
}

#[test]
fn a_backup_of_another_store_takes_nothing_from_an_older_one() {
    let [one, another, to] = ["first-from", "second-from", "both-to"].map(Directory::new);
    for (from, traces) in [(&one, 1..=3), (&another, 4..=8)] {
        let spantop = Spantop::keeping(&["--data-dir", from.path()]);
        send(&spantop, traces);
        drop(spantop);
        done(&["backup", to.path(), "--data-dir", from.path()]);
    }
    assert_eq!(total(&Spantop::keeping(&["--data-dir", to.path()])), (8, 16));
}

#[test]
fn the_owner_of_a_directory_takes_in_what_is_restored_to_it() {
    let [from, to] = ["given-from", "owned-to"].map(Directory::new);
    let spantop = Spantop::keeping(&["--data-dir", from.path()]);
    send(&spantop, 1..=4);
    drop(spantop);
    let owner = Spantop::keeping(&["--data-dir", to.path()]);
    send(&owner, 4..=5);
    let restore = |api: &str| {
        let mut command = program();
        command.env("SPANTOP_LISTEN_API", api).args(["restore", from.path(), "--data-dir", to.path()]);
        command.output().unwrap()
    };
    let output = restore("localhost:1");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(&format!("pid {}", owner.pid())) && error.contains("--connect HOST:PORT"), "{error}");
    let output = restore(&owner.api.to_string());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("sent 8 spans") && said.ends_with("; 2 were there\n"), "{said}");
    assert_eq!(total(&owner), (5, 10));
}

#[test]
fn a_backup_has_all_that_was_acknowledged_before_it_and_nothing_by_half() {
    let [from, to] = ["busy-from", "busy-to"].map(Directory::new);
    let spantop = Spantop::keeping(&["--data-dir", from.path(), "--memory", "16MiB"]);
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let next = Arc::new(AtomicU64::new(1));
    let senders: Vec<_> =
        (0..2).map(|_| crash::send(spantop.http, Arc::clone(&next), Arc::clone(&acknowledged))).collect();
    let count = || acknowledged.lock().unwrap().len() as u64;
    for round in 1..=4 {
        while count() < round * 150 {
            std::thread::yield_now();
        }
        let before = count();
        done(&["backup", to.path(), "--data-dir", from.path()]);
        let stats: serde_json::Value = serde_json::from_str(&done(&["stats", "--data-dir", to.path()])).unwrap();
        let [traces, spans] =
            [&stats["total_traces"], &stats["spans"]["recovered"]].map(|count| count.as_u64().unwrap());
        assert!(traces >= before && spans == traces * crash::SPANS, "{before}: {stats}");
    }
    drop(spantop);
    for sender in senders {
        sender.join().unwrap();
    }
}

//! Commands on a data directory, of a running spantop or not.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Directory, Spantop, message, program, run};

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

/// The name and the bytes of each file, but for the lock.
fn files(directory: &Directory) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<_> = entries.map(|path| (named(&path), std::fs::read(path).unwrap())).collect();
    files.retain(|(name, _)| name != "LOCK");
    files.sort();
    files
}

/// Starts a spantop on a directory, with these traces of two spans each.
fn keeping(directory: &Directory, traces: std::ops::RangeInclusive<u8>) -> Spantop {
    let spantop = Spantop::keeping(&["--data-dir", directory.path()]);
    for trace in traces {
        assert_eq!(spantop.export(&message(&[(trace, 1, 0), (trace, 2, 1)])).header("grpc-status"), "0");
    }
    spantop
}

const TRACE: &str = "02020202020202020202020202020202";

#[test]
fn a_data_directory_is_read_beside_its_owner_and_after_it() {
    let directory = Directory::new("read");
    let spantop = keeping(&directory, 1..=3);
    let trace = spantop.json(&format!("/admin/tracing/traces/{TRACE}"));
    for owner in [Some(spantop), None] {
        let before = files(&directory);
        let stats = json(&run(&["stats", "--data-dir", directory.path()]));
        assert_eq!((&stats["total_traces"], &stats["spans"]["recovered"]), (&3.into(), &6.into()), "{stats}");
        assert_eq!(stats["disk"]["path"], directory.path());
        assert_eq!(stats["bytes"]["disk"], before.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
        assert_eq!(json(&run(&["trace", TRACE, "--data-dir", directory.path()])), trace);
        let table = stdout(&run(&["trace", TRACE, "--data-dir", directory.path(), "--format", "table"]));
        assert!(table.starts_with(&format!("trace {TRACE}  2 spans")), "{table}");
        assert_eq!(files(&directory), before);
        drop(owner);
    }
}

#[test]
fn what_a_data_directory_does_not_have_is_told() {
    let directory = Directory::new("unread");
    let output = run(&["stats", "--data-dir", directory.path()]);
    assert_eq!(output.status.code(), Some(1));
    let missing = format!("cannot read the data directory {}: there is none\n", directory.path());
    assert!(stderr(&output).starts_with(&missing), "{}", stderr(&output));
    drop(keeping(&directory, 1..=1));
    let output = run(&["trace", TRACE, "--data-dir", directory.path()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).starts_with(&format!("trace {TRACE} is not held\n")), "{}", stderr(&output));
    let both = run(&["stats", "--data-dir", directory.path(), "--connect", "localhost:1"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn where_no_spantop_runs_its_data_directory_is_read() {
    let directory = Directory::new("home");
    drop(keeping(&directory, 1..=2));
    let stats = |state: &str| {
        let mut command = program();
        command.env_remove("SPANTOP_STORE_EPHEMERAL").env("SPANTOP_STORE_PATH", state);
        command.args(["stats"]).env("SPANTOP_LISTEN_API", "localhost:1").output().unwrap()
    };
    let output = stats(directory.path());
    assert_eq!(json(&output)["total_traces"], 2);
    let said = format!("no spantop runs here: this is about what one kept in {}\n", directory.path());
    assert_eq!(stderr(&output), said);
    let output = stats("/nowhere/spantop");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("there is no spantop to ask, and no data directory\n"), "{}", stderr(&output));
}

#[test]
fn the_spantop_that_runs_is_asked_first() {
    let directory = Directory::new("running");
    let spantop = keeping(&directory, 1..=2);
    let mut command = program();
    command.env("SPANTOP_LISTEN_API", spantop.api.to_string()).args(["stats"]);
    let output = command.output().unwrap();
    assert_eq!((json(&output)["spans"]["received"].clone(), stderr(&output)), (4.into(), String::new()));
}

/// Starts a spantop on a directory, with these traces of two spans each: a block for each, and so a file.
fn keeping_in_files(directory: &Directory, traces: std::ops::RangeInclusive<u8>) -> Spantop {
    let config = Path::new(directory.path()).with_extension("toml");
    std::fs::write(&config, "store.max_memory_traces = 4\n").unwrap();
    let arguments = ["--data-dir", directory.path(), "--config", config.to_str().unwrap()];
    let spantop = Spantop::keeping(&arguments);
    let last = *traces.end();
    for trace in traces {
        assert_eq!(spantop.export(&message(&[(trace, 1, 0), (trace, 2, 1)])).header("grpc-status"), "0");
    }
    // All but the last trace get a file each.
    while spantop.json("/admin/tracing/stats")["disk"]["segments"] != last - 1 {
        std::thread::yield_now();
    }
    spantop
}

#[test]
fn what_is_collected_is_what_a_dry_run_tells() {
    let directory = Directory::new("collected");
    drop(keeping_in_files(&directory, 1..=9));
    for leftover in ["block-00000000000000aa.spb.tmp", "log-00000000000000aa.spl.tmp", "notes.tmp"] {
        std::fs::write(Path::new(directory.path()).join(leftover), "half").unwrap();
    }
    let gc = |arguments: &[&str]| {
        let mut command = program();
        command.env("SPANTOP_STORE_MAX_TRACES", "4").args(["gc", "--data-dir", directory.path()]);
        json(&command.args(arguments).output().unwrap())
    };
    let before = files(&directory);
    let told = gc(&["--dry-run"]);
    assert_eq!(files(&directory), before);
    assert_eq!((&told["dry_run"], &told["files"], &told["spans"]), (&true.into(), &7.into(), &10.into()), "{told}");
    let done = gc(&[]);
    assert_eq!((&done["dry_run"], &done["removed"]), (&false.into(), &told["removed"]));
    let left: Vec<_> = files(&directory).into_iter().map(|(name, _)| name).collect();
    for removed in done["removed"].as_array().unwrap() {
        assert!(!left.iter().any(|name| removed["file"] == **name), "{removed}");
    }
    assert!(left.contains(&"notes.tmp".to_owned()), "{left:?}");
    assert_eq!(json(&run(&["stats", "--data-dir", directory.path()]))["total_traces"], 4);
    assert_eq!(gc(&[])["files"], 0);
}

#[test]
fn a_running_spantop_collects_for_itself() {
    let directory = Directory::new("collecting");
    let spantop = keeping(&directory, 1..=2);
    let leftover = Path::new(directory.path()).join("block-0000000000000009.spb.corrupt-1000000");
    let unfinished = Path::new(directory.path()).join("block-0000000000000009.spb.tmp");
    std::fs::write(&leftover, "damaged").unwrap();
    std::fs::write(&unfinished, "being written").unwrap();
    let api = spantop.api.to_string();
    let gc = |arguments: &[&str]| {
        let table = ["gc", "--connect", &api, "--format", "table"];
        stdout(&run(&[&table, arguments].concat()))
    };
    let row =
        "  block-0000000000000009.spb.corrupt-1000000        0 spans       7 B  damaged, and set aside long ago\n";
    assert_eq!(gc(&["--dry-run"]), format!("would remove 1 file, 0 spans, 7 B\n{row}"));
    assert!(leftover.exists());
    assert_eq!(gc(&[]), format!("removed 1 file, 0 spans, 7 B\n{row}"));
    assert!(!leftover.exists() && unfinished.exists());
    assert_eq!(gc(&[]), "removed nothing: all that is there is within the limits\n");
    let output = run(&["gc", "--data-dir", directory.path()]);
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(message.contains(&format!("another spantop (pid {})", spantop.pid())), "{message}");
    assert!(message.contains("hint: that one can do it: leave out --data-dir"), "{message}");
}

#[test]
fn a_query_reads_a_data_directory_as_it_asks_a_spantop() {
    let directory = Directory::new("queried");
    let spantop = keeping(&directory, 1..=3);
    let query = ["query", "{ name = \"work 2\" }", "--limit", "2"];
    let there = ["--data-dir", directory.path()];
    let list = run(&[&query[..], &there, &["--format", "json"]].concat());
    assert_eq!(json(&list), spantop.json("/admin/tracing?limit=2&q=operation=%22work%202%22"));
    let lines = stdout(&run(&[&query[..], &there].concat()));
    assert_eq!((lines.lines().count(), lines.contains("\"root_operation\":\"work 1\"")), (2, true), "{lines}");
    let spans = stdout(&run(&[&query[..], &there, &["--spans", "--format", "csv"]].concat()));
    assert!(spans.starts_with("trace_id,span_id,start_time,duration_ms,service,operation,kind,status\r\n"), "{spans}");
    assert_eq!(spans.lines().count(), 3);
    let table = stdout(&run(&[&query[..], &there, &["--format", "table"]].concat()));
    assert!(table.ends_with("2 of 3 traces\n"), "{table}");
    let series = run(&["query", "{ } | rate()", there[0], there[1], "--format", "json"]);
    assert_eq!(json(&series)["series"].as_array().map(Vec::len), Some(1));
    let explained = run(&["query", "work", there[0], there[1], "--explain", "--format", "table"]);
    assert!(stdout(&explained).starts_with("TraceQL   { any =~ \"(?i).*work.*\" }\nnote "), "{}", stdout(&explained));
}

#[test]
fn what_is_wrong_with_a_query_is_shown_at_its_place() {
    let output = run(&["query", "{ stauts = error }"]);
    assert_eq!(output.status.code(), Some(2));
    let expected = "cannot read the query\n  { stauts = error }\n    ^^^^^^\n'stauts' is no field and no value\n  did you mean 'status'?\n";
    assert_eq!(stderr(&output), expected);
    for wrong in [&["query", "{ } | rate()", "--spans"][..], &["query", "error", "--step", "1s"], &["query", "--eror"]]
    {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let directory = Directory::new("tailed");
    drop(keeping(&directory, 1..=1));
    let tail = run(&["tail", "--data-dir", directory.path()]);
    assert_eq!((tail.status.code(), stdout(&tail)), (Some(1), String::new()));
}

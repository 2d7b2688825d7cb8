//! What is kept on disk, as the next start and the user find it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::support::{Directory, Spantop, message, message_at, program};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

fn files(directory: &Directory, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

/// Sends some traces of so many spans, each in a request of its own.
fn send(spantop: &Spantop, traces: std::ops::RangeInclusive<u8>, spans: u8) {
    for trace in traces {
        let spans: Vec<(u8, u8, u8)> = (1..=spans).map(|id| (trace, id, id - 1)).collect();
        assert_eq!(spantop.post("/v1/traces", &[PROTOBUF], message(&spans)).status, 200);
    }
}

fn terminate(spantop: Spantop) {
    let pid = rustix::process::Pid::from_raw(spantop.pid() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(spantop.wait().success());
}

/// Blocks end every few traces.
fn small_blocks(directory: &Directory) -> [String; 4] {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small_blocks.toml");
    std::fs::write(&path, "store.max_memory_traces = 4").unwrap();
    ["--config".into(), path.to_str().unwrap().into(), "--data-dir".into(), directory.path().into()]
}

fn start(arguments: &[String; 4]) -> Spantop {
    Spantop::keeping(&arguments.each_ref().map(String::as_str))
}

#[test]
fn traces_of_the_last_run_are_there() {
    let directory = Directory::new("last-run");
    let arguments = small_blocks(&directory);
    let spantop = start(&arguments);
    send(&spantop, 1..=20, 3);
    let first = spantop.json("/admin/tracing?limit=100");
    let trace = spantop.json(&format!("/admin/tracing/traces/{}", "07".repeat(16)));
    terminate(spantop);
    let spantop = start(&arguments);
    assert_eq!(spantop.json("/admin/tracing?limit=100"), first);
    let again = spantop.json(&format!("/admin/tracing/traces/{}", "07".repeat(16)));
    assert_eq!(again["resourceSpans"], trace["resourceSpans"]);
    let stats = spantop.json("/admin/tracing/stats");
    assert_eq!((stats["spans"]["recovered"].as_u64(), stats["spans"]["received"].as_u64()), (Some(60), Some(0)));
    send(&spantop, 20..=20, 4);
    let stats = spantop.json("/admin/tracing/stats");
    assert_eq!((stats["spans"]["duplicates"].as_u64(), stats["total_traces"].as_u64()), (Some(3), Some(20)));
}

#[test]
fn health_is_known_of_spans_that_are_gone_also_after_a_restart() {
    let directory = Directory::new("past");
    let arguments = small_blocks(&directory);
    let few = Path::new(env!("CARGO_TARGET_TMPDIR")).join("few_traces.toml");
    std::fs::write(&few, "store = { max_memory_traces = 4, max_traces = 6 }").unwrap();
    let [flag, _, data, path] = arguments;
    let arguments = [flag, few.to_str().unwrap().into(), data, path];
    // Of spans that began long before they came nothing is kept.
    let start = spantop::source::now().minus(60_000_000_000).0;
    let known = |spantop: &Spantop| {
        let trends = spantop.json("/admin/tracing/analysis/trends");
        let series = trends["services"][0]["series"].as_array().unwrap().clone();
        series.iter().map(|minute| minute["requests"].as_u64().unwrap()).sum::<u64>()
    };
    let spantop = self::start(&arguments);
    for trace in 1..=20 {
        assert_eq!(spantop.post("/v1/traces", &[PROTOBUF], message_at(start, &[(trace, 1, 0)])).status, 200);
    }
    let held = |spantop: &Spantop| spantop.json("/admin/tracing/stats")["total_traces"].as_u64().unwrap();
    assert!(held(&spantop) <= 6);
    assert_eq!(known(&spantop), 20);
    terminate(spantop);
    let spantop = self::start(&arguments);
    assert!(held(&spantop) <= 6);
    assert_eq!(known(&spantop), 20);
    assert_eq!(files(&directory, "past.spp").len(), 1);
}

#[test]
fn what_is_kept_is_for_its_owner_alone() {
    let directory = Directory::new("rights");
    let spantop = start(&small_blocks(&directory));
    send(&spantop, 1..=9, 1);
    assert_eq!(std::fs::metadata(directory.path()).unwrap().mode() & 0o777, 0o700);
    for path in files(&directory, "") {
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_second_spantop_is_told_who_has_the_directory() {
    let directory = Directory::new("second");
    let spantop = Spantop::keeping(&["--data-dir", directory.path()]);
    let off = ["serve", "--grpc", "127.0.0.1:0", "--http", "off", "--api", "off", "--data-dir", directory.path()];
    let second = program().args(off).output().unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(error.contains(&format!("(pid {})", spantop.pid())) && error.contains("--ephemeral"), "{error}");
}

#[test]
fn a_directory_that_others_may_change_is_refused_and_stays_as_it_is() {
    let directory = Directory::new("open");
    std::fs::create_dir(directory.path()).unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let off = ["serve", "--grpc", "127.0.0.1:0", "--http", "off", "--api", "off", "--data-dir", directory.path()];
    let refused = program().args(off).output().unwrap();
    assert_eq!((refused.status.code(), files(&directory, "").len()), (Some(1), 0));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("chmod go-w"));
}

#[test]
fn strange_files_are_left_alone() {
    let directory = Directory::new("strange");
    std::fs::create_dir(directory.path()).unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let strange = ["notes.txt", "block-0000000000000007.spb", "log-0000000000000003.spl", "block-x.spb"];
    for name in strange {
        std::fs::write(Path::new(directory.path()).join(name), "mine").unwrap();
    }
    let spantop = start(&small_blocks(&directory));
    send(&spantop, 1..=12, 1);
    assert_eq!(spantop.json("/admin/tracing/stats")["disk"]["recovery"]["left_alone"], 2);
    terminate(spantop);
    for name in strange {
        assert_eq!(std::fs::read_to_string(Path::new(directory.path()).join(name)).unwrap(), "mine");
    }
}

#[test]
fn of_a_damaged_file_the_rest_is_read_and_the_loss_is_told() {
    let directory = Directory::new("damaged");
    let arguments = small_blocks(&directory);
    let spantop = start(&arguments);
    send(&spantop, 1..=30, 5);
    // Blocks are sealed in the background; there are some by the time of the last answer or a little later.
    let is_sealed = (0..10_000_000).any(|_| files(&directory, ".spb").len() >= 3);
    assert!(is_sealed);
    terminate(spantop);
    let path = files(&directory, ".spb").into_iter().min().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // Between the two copies of the description lie the columns, then the spans' attributes.
    let middle = bytes.len() / 2;
    bytes[middle - 100] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let spantop = start(&arguments);
    // Files are verified one a second.
    let stats = || spantop.json("/admin/tracing/stats");
    let told = (0..20_000).map(|_| stats()).find(|stats| stats["disk"]["recovery"]["damaged"] != 0);
    let recovery = told.unwrap_or_else(|| panic!("no damage is told of: {}", stats()));
    let lost = recovery["disk"]["recovery"]["lost_spans"].as_u64().unwrap();
    let total = spantop.json("/admin/tracing?limit=100")["traces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["span_count"].as_u64().unwrap())
        .sum::<u64>();
    assert_eq!(total + lost, 150, "{recovery}");
}

//! The commands: what they print, and how they end.

use std::process::Command;

use crate::support::{Spantop, message, run};

fn stdout(output: &std::process::Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_taken_port_is_an_error_that_names_it_and_the_flag() {
    let spantop = Spantop::start();
    let address = spantop.grpc.to_string();
    let output = run(&["serve", "--grpc", &address, "--http", "localhost:0", "--api", "localhost:0"]);
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(message.starts_with(&format!("cannot bind {address}: it is in use by spantop (pid ")), "{message}");
    assert!(message.contains("hint: listen elsewhere with --grpc ADDR"), "{message}");
}

#[test]
fn a_stopped_daemon_finishes_and_says_so_with_its_exit_code() {
    for (signal, code) in [("TERM", 0), ("INT", 130)] {
        let spantop = Spantop::start();
        spantop.export(&message(&[(1, 1, 0)]));
        let sent = Command::new("kill").args([&format!("-{signal}"), &spantop.pid().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(spantop.wait().code(), Some(code));
    }
}

#[test]
fn a_daemon_that_should_outlive_its_terminal_does() {
    let program = env!("CARGO_BIN_EXE_spantop");
    let command = format!("trap '' HUP; exec {program} serve --ephemeral --grpc localhost:0 --http off --api off");
    let mut child = Command::new("sh").args(["-c", &command]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let kill = |name: &str| Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(kill("-HUP").success());
    assert!(kill("-INT").success());
    assert_eq!(child.wait().unwrap().code(), Some(130), "it was the interrupt that ended it");
}

#[test]
fn a_trace_is_shown_as_a_tree_or_as_json() {
    let spantop = Spantop::start();
    spantop.export(&message(&[(1, 1, 0), (1, 2, 1)]));
    let api = spantop.api.to_string();
    let ask = |id: &str, format: &str| run(&["trace", id, "--connect", &api, "--format", format]);
    let tree = stdout(&ask("01010101010101010101010101010101", "table"));
    assert!(tree.starts_with("trace 01010101010101010101010101010101"), "{tree}");
    assert!(tree.contains("└─● unknown_service work 2"), "{tree}");
    let json = stdout(&ask("01010101010101010101010101010101", "json"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json, spantop.json("/admin/tracing/traces/01010101010101010101010101010101"));
    assert_eq!(ask("09090909090909090909090909090909", "json").status.code(), Some(3));
    assert_eq!(ask("xyz", "json").status.code(), Some(2));
}

#[test]
fn stats_are_shown_as_a_table_or_as_json() {
    let spantop = Spantop::start();
    spantop.export(&message(&[(1, 1, 0), (1, 1, 0)]));
    let api = spantop.api.to_string();
    let table = stdout(&run(&["stats", "--connect", &api, "--format", "table"]));
    assert!(table.contains("  duplicates      1\n"), "{table}");
    let json: serde_json::Value = serde_json::from_str(&stdout(&run(&["stats", "--connect", &api]))).unwrap();
    assert_eq!(json["spans"]["stored"], 1);
}

#[test]
fn asking_nobody_is_an_error_with_a_hint() {
    let output = run(&["stats", "--connect", "127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("cannot reach a spantop at 127.0.0.1:1: "), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint: start one with 'spantop'"));
    assert_eq!(run(&["stats", "--connect", "nowhere"]).status.code(), Some(2));
}

#[test]
fn asking_somebody_else_is_no_empty_answer() {
    let spantop = Spantop::start();
    let output = run(&["stats", "--connect", &spantop.http.to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("is no spantop: 404"), "{}", stderr(&output));
}

#[test]
fn one_connection_at_a_time_is_enough_for_one_after_the_other() {
    let config = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("one.toml");
    std::fs::write(&config, "[ingest]\nmax_connections = 1\n").unwrap();
    let spantop = Spantop::with(&["--config", config.to_str().unwrap()]);
    for id in 1..=3 {
        assert_eq!(spantop.export(&message(&[(1, id, 0)])).header("grpc-status"), "0");
    }
    assert_eq!(spantop.json("/admin/tracing/stats")["spans"]["stored"], 3);
}

#[test]
fn wrong_usage_ends_with_2_and_names_what_is_wrong() {
    for (arguments, said) in [
        (&["serve", "--grpc", "somewhere"][..], "somewhere"),
        (&["serve", "--memory", "1MiB"], "16MiB"),
        (&["serve", "--zipkin", "localhost:9411"], "--zipkin"),
        (&["atach"], "atach"),
        (&["--config", "/nowhere/spantop.toml"], "/nowhere/spantop.toml"),
        (&["serve", "--grpc", "0.0.0.0:0"], "insecure"),
        (&["demo", "--rate", "0"], "rate"),
        (&["serve", "--grpc", "off", "--http", "off"], "nothing to receive with"),
        (&["config", "check", "/dev/zero"], "/dev/zero"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn config_shows_every_setting_with_its_origin_and_is_a_file_itself() {
    let output = run(&["config", "show", "--memory", "64MiB"]);
    let shown = stdout(&output);
    assert!(shown.contains("store.memory = \"64MiB\""), "{shown}");
    assert!(shown.lines().any(|line| line.starts_with("store.memory ") && line.ends_with("# --memory")), "{shown}");
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("shown.toml");
    std::fs::write(&file, &shown).unwrap();
    assert_eq!(run(&["config", "check", file.to_str().unwrap()]).status.code(), Some(0));
    let example = stdout(&run(&["config", "example"]));
    assert_eq!(example, include_str!("../../config.example.toml"));
    assert!(stdout(&run(&["config", "path"])).ends_with("config.toml\n"));
}

#[test]
fn a_closed_pipe_is_success() {
    let output = Command::new("sh")
        .args(["-c", &format!("{} config example | true", env!("CARGO_BIN_EXE_spantop"))])
        .output()
        .unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

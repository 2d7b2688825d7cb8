//! The shape of the program, held by reading its source: who may import whom, what knows no terminal and no clock,
//! where colours are, how long a file may be. The table is the one in ARCHITECTURE.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

/// Each module and the modules of ours that it may import; every module may import `model`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &[]),
    ("demo", &[]),
    ("otlp", &[]),
    ("store", &["otlp"]),
    ("query", &["store", "otlp"]),
    ("analysis", &["store", "query", "otlp"]),
    ("source", &["store", "query", "analysis", "otlp"]),
    ("net", &["config"]),
    ("ingest", &["source", "config", "otlp", "net"]),
    ("api", &["source", "analysis", "query", "config", "otlp"]),
    ("remote", &["source", "analysis", "query", "config", "otlp"]),
    ("tui", &["source", "analysis", "query", "config"]),
    (
        "cli",
        &["analysis", "api", "config", "demo", "ingest", "net", "otlp", "query", "remote", "source", "store", "tui"],
    ),
];

/// Words that a file may hold only if its path begins with one of these.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("ratatui", &["tui/"]),
    ("crossterm", &["tui/terminal.rs", "tui/input.rs"]),
    ("Color::", &["tui/theme.rs"]),
    ("SystemTime::now", &["tui/mod.rs", "source/engine.rs", "ingest/"]),
    ("Instant::now", &["tui/mod.rs", "source/engine.rs", "ingest/", "cli/progress.rs"]),
    ("unsafe ", &["store/segment/disk.rs"]),
];

/// Words that files of these paths may not hold.
const NEVER_IN: &[(&str, &[&str])] = &[
    ("tokio", &["model/", "otlp/", "store/", "query/", "analysis/", "demo/"]),
    ("std::net", &["model/", "otlp/", "store/", "query/", "analysis/", "demo/"]),
    ("ratatui", &["state.rs"]),
];

const MAX_LINES: usize = 500;

struct Source {
    /// Inside `src/`, with forward slashes.
    path: String,
    /// Without tests, doc comments and comments.
    code: String,
    lines: usize,
}

impl Source {
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs")
            || self.path == "testing.rs"
            || self.path.contains("/tests/")
            || self.path.ends_with("fixture.rs")
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns the text up to the tests at its end, without comments.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    let lines = text.get(..end).unwrap_or(text).lines();
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&root, &mut found);
    let source = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = code(&text);
        let path = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        Source { path, lines: code.lines().count().max(1), code }
    };
    let sources: Vec<Source> = found.into_iter().map(source).filter(|source| !source.is_test()).collect();
    assert!(sources.len() > 50, "the source is read");
    sources
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut faults = Vec::new();
    for source in sources() {
        let module = source.module();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{}: the module '{module}' is not in the table", source.path));
            continue;
        };
        for import in source.code.split("crate::").skip(1) {
            let imported: String = import.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_ours = MAY_IMPORT.iter().any(|(name, _)| *name == imported);
            let may = imported == module || imported == "model" || allowed.contains(&imported.as_str());
            if is_ours && !may {
                faults.push(format!("{}: {module} may not import {imported}", source.path));
            }
        }
    }
    report(&faults);
}

#[test]
fn every_import_of_ours_names_its_module() {
    // `use crate::{a, b}` would pass the table unread.
    let grouped = |source: &Source| source.code.contains("crate::{");
    let faults = sources().into_iter().filter(grouped).map(|source| format!("{}: crate::{{", source.path));
    report(&faults.collect::<Vec<_>>());
}

#[test]
fn terminals_clocks_colours_and_networks_stay_where_they_belong() {
    let mut faults = Vec::new();
    for source in sources() {
        for (word, places) in ONLY_IN {
            if source.code.contains(word) && !places.iter().any(|place| source.path.starts_with(place)) {
                faults.push(format!("{}: '{word}' belongs in {places:?}", source.path));
            }
        }
        for (word, places) in NEVER_IN {
            let is_there = |place: &str| source.path.starts_with(place) || source.path.ends_with(&format!("/{place}"));
            if source.code.contains(word) && places.iter().any(|place| is_there(place)) {
                faults.push(format!("{}: '{word}' may not be here", source.path));
            }
        }
    }
    report(&faults);
}

#[test]
fn files_are_short_enough_to_read() {
    let long = |source: &Source| source.lines > MAX_LINES;
    let faults = sources().into_iter().filter(long).map(|source| format!("{}: {} lines", source.path, source.lines));
    report(&faults.collect::<Vec<_>>());
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let opens = |path: &str| std::fs::read_to_string(root.join(path)).unwrap().starts_with("//! ");
    let faults: Vec<String> = sources().into_iter().map(|source| source.path).filter(|path| !opens(path)).collect();
    report(&faults);
}

#[test]
fn the_table_is_the_one_in_the_documentation() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let row = |(module, allowed): &(&str, &[&str])| {
        let allowed = if allowed.is_empty() { "–".to_owned() } else { allowed.join(", ") };
        format!("| {module} | {allowed} |")
    };
    let missing: Vec<String> = MAY_IMPORT.iter().map(row).filter(|row| !text.contains(row)).collect();
    report(&missing);
}

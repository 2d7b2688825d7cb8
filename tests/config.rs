//! Configuration files as they come: a valid one loads, an invalid one is reported as the `.expected` file beside it says.
//! A new case is a file and no code. `UPDATE_EXPECTED=1` writes what is expected; read it before keeping it.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use spantop::config::{self, Config, Origin, Problem, SETTINGS};

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    let files = fs::read_dir(&folder).expect("a folder of cases").filter_map(Result::ok).map(|entry| entry.path());
    let mut cases: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    cases
}

/// Compares with a file that the repository keeps, or writes it.
fn check_file(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(path, actual).expect("a folder one can write to");
    }
    let expected = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    if expected == actual {
        return Ok(());
    }
    Err(format!("{} is stale\n--- expected\n{expected}\n--- actual\n{actual}", path.display()))
}

fn report(problems: &[Problem]) -> String {
    problems.iter().flat_map(|problem| [problem.to_string(), "\n".into()]).collect()
}

#[test]
fn valid_files_load() {
    for path in cases("valid") {
        let loaded = config::check_bytes(Path::new("spantop.toml"), fs::read(&path).unwrap());
        if let Err(problems) = loaded {
            panic!("{}:\n{}", path.display(), report(&problems));
        }
    }
}

#[test]
fn invalid_files_are_reported_as_expected() {
    let stale: Vec<String> = cases("invalid")
        .into_iter()
        .filter_map(|path| {
            let loaded = config::check_bytes(Path::new("spantop.toml"), fs::read(&path).unwrap());
            let report = report(&loaded.err().unwrap_or_default());
            assert!(!report.is_empty(), "{} loads", path.display());
            check_file(&path.with_extension("expected"), &report).err()
        })
        .collect();
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn example_file_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    check_file(&path, &config::example()).unwrap();
}

#[test]
fn example_file_sets_every_setting_to_its_default() {
    let example = config::check_bytes(Path::new("config.example.toml"), config::example().into_bytes()).unwrap();
    assert_eq!(example.config, Config::default());
    assert!(example.settings().all(|(_, origin)| matches!(origin, Origin::Line(_))));
}

/// Text that is close enough to a configuration to get past its first line.
fn nearly_configuration() -> impl Strategy<Value = String> {
    let keys = SETTINGS.iter().flat_map(|setting| [setting.key, setting.name(), setting.section()]);
    let values =
        ["true", "0", "-1", "1e9", "0xff", "\"off\"", "\"1h\"", "'512MiB'", "[1]", "{}", "1979-05-27", "\"\"\"\n"];
    let rest = ["\n", "\n", " = ", "=", "[", "]", "[[", ".", "#", "\"", "\r", "\t", "\u{feff}", "\u{1b}", "µ", "猫"];
    let pieces: Vec<&str> = keys.chain(values).chain(rest).collect();
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

/// Loads or is reported; every report keeps its lines short, can be printed, and points into the file.
fn check_any(bytes: Vec<u8>) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    for problem in config::check_bytes(Path::new("spantop.toml"), bytes).err().unwrap_or_default() {
        if let Origin::Line(at) = &problem.origin {
            assert!((1..=lines).contains(&at.line) && at.column >= 1, "{}:{}", at.line, at.column);
        }
        let report = problem.to_string();
        assert!(
            report.lines().count() <= 4 && report.chars().filter(|c| *c != '\n').all(|c| !c.is_control()),
            "{report:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_load_or_are_reported(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_any(bytes);
    }

    #[test]
    fn any_text_loads_or_is_reported(text in ".{0,100}(\n.{0,100}){0,4}") {
        check_any(text.into_bytes());
    }

    #[test]
    fn nearly_a_configuration_loads_or_is_reported(text in nearly_configuration()) {
        check_any(text.into_bytes());
    }
}

#[test]
fn hostile_files_are_read_in_bounded_space() {
    for piece in ["a", "[", "=\n", "a.", "[x]\n", "a={", "\"", "猫", "x = 1\n", "[[a]]\n", "[,", "{=", "a=1,", "]}"] {
        check_any(piece.repeat(20_000).into_bytes());
    }
    let many: String = (0..500).flat_map(|n| ["unknown".into(), n.to_string(), " = 1\n".into()]).collect();
    let problems = config::check_bytes(Path::new("spantop.toml"), many.into_bytes()).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].to_string(), "spantop.toml: 400 more problems are not listed");
    assert!(config::check_bytes(Path::new("spantop.toml"), vec![b'\n'; (1 << 20) + 1]).is_err());
}

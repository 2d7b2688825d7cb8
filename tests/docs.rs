//! What the documents say is so: every command and flag in them exists, every setting is in the example.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The texts between backticks, and the lines of shell blocks.
fn quoted(text: &str) -> Vec<String> {
    let mut found: Vec<String> = text.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let blocks = text.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    found.extend(blocks.flat_map(str::lines).map(str::to_owned));
    found
}

#[test]
fn every_command_in_the_readme_parses() {
    let mut checked = 0;
    for quote in quoted(&document("README.md")) {
        let line = quote.replace("cargo run --release --", "spantop");
        if line != "spantop" && !line.starts_with("spantop ") {
            continue;
        }
        let words =
            line.split_whitespace().map(|word| if word == "ID" { "4bf92f3577b34da6a3ce929d0e0e4736" } else { word });
        let parsed = spantop::cli::command().try_get_matches_from(words);
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
        checked += 1;
    }
    assert!(checked >= 6, "{checked}");
}

#[test]
fn every_flag_in_the_readme_exists() {
    let mut command = spantop::cli::command();
    let of_verbs: String = command.get_subcommands_mut().map(|verb| verb.render_long_help().to_string()).collect();
    let help = command.render_long_help().to_string() + &of_verbs;
    let flags: Vec<String> = quoted(&document("README.md"))
        .iter()
        .filter_map(|quote| quote.strip_prefix("--").map(|flag| flag.split(' ').next().unwrap().to_owned()))
        .collect();
    assert!(flags.len() >= 4, "{flags:?}");
    for flag in flags.iter().filter(|flag| *flag != "format") {
        assert!(help.contains(&format!("--{flag}")), "--{flag}");
    }
}

#[test]
fn the_command_line_is_consistent() {
    spantop::cli::command().debug_assert();
}

#[test]
fn the_readmes_parameters_are_the_apis() {
    let readme = document("README.md");
    let source = document("src/api/traces.rs") + &document("src/api/parameters.rs");
    let row = readme.lines().find(|line| line.starts_with("| `GET /admin/tracing`")).unwrap();
    for name in quoted(row).iter().skip(1) {
        let name = name.split('=').next().unwrap();
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn every_file_that_a_document_points_to_is_there() {
    for name in ["README.md", "ARCHITECTURE.md", "docs/performance.md"] {
        for target in document(name).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.starts_with("http") {
                assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(), "{name}: {target}");
            }
        }
    }
}

//! What the documents say is so: every command and flag in them exists, every setting is in the example.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Read;
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

/// Splits a line as a shell does that knows no more than spaces and single quotes.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('\'').enumerate();
    let words = pieces.flat_map(|(at, piece)| match at % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    });
    words.collect()
}

#[test]
fn every_finding_is_explained() {
    let figures = document("docs/figures.md");
    for finder in &spantop::analysis::findings::FINDERS {
        assert!(figures.contains(&format!("| `{}` | ", finder.name)), "{}", finder.name);
    }
}

#[test]
fn every_command_in_the_readme_parses() {
    let mut checked = 0;
    for quote in quoted(&document("README.md")) {
        let line = quote.replace("cargo run --release --", "spantop");
        if line != "spantop" && !line.starts_with("spantop ") {
            continue;
        }
        let words = words(&line).into_iter().map(|word| match word.as_str() {
            "ID" => "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
            _ => word,
        });
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
    for name in ["README.md", "ARCHITECTURE.md", "docs/performance.md", "docs/search.md"] {
        for target in document(name).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.starts_with("http") {
                assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(), "{name}: {target}");
            }
        }
    }
}

/// A store with the recorded traffic.
fn recorded() -> std::sync::Arc<spantop::store::Store> {
    use spantop::model::Timestamp;
    use spantop::otlp;
    let (store, mut writer) = spantop::store::Writer::new(spantop::store::Limits::default());
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for capture in ["node-json", "python-grpc", "rust-proto"] {
        let manifest = std::fs::read_to_string(corpus.join(capture).join("manifest.jsonl")).unwrap();
        for entry in manifest.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
            if entry["signal"] != "traces" {
                continue;
            }
            let body = std::fs::read(corpus.join(capture).join(entry["file"].as_str().unwrap())).unwrap();
            let mut unpacked = Vec::new();
            let body = match entry["encoding"].as_str() {
                Some("gzip") => {
                    flate2::read::GzDecoder::new(&*body).read_to_end(&mut unpacked).unwrap();
                    unpacked
                }
                _ => body,
            };
            let body = match capture {
                "node-json" => otlp::json::to_protobuf(&body).unwrap(),
                _ => body,
            };
            writer.append(&otlp::scan(body.into()).unwrap(), Timestamp(0));
        }
    }
    store
}

#[test]
fn every_example_of_the_language_finds_something_in_the_recorded_traffic() {
    use spantop::source::{Reply, Request, SeriesRequest, TraceFilter, TracesRequest, Window, answer};
    let snapshot = recorded().snapshot();
    for example in spantop::query::manual::examples() {
        let query = spantop::query::parse(example).unwrap_or_else(|error| panic!("{example}: {error}")).query;
        let (is_metrics, query) = (query.metrics.is_some(), Some(query.into()));
        let found = if is_metrics {
            let request =
                SeriesRequest { query: query.unwrap(), window: Window::default(), service: None, step_ns: None };
            let Reply::Series(series) = answer(&Request::Series(request), &snapshot) else { panic!() };
            series.series.len()
        } else {
            let filter = TraceFilter { query, ..TraceFilter::default() };
            let request = TracesRequest { filter, limit: 1, ..TracesRequest::default() };
            let Reply::Traces(list) = answer(&Request::Traces(request), &snapshot) else { panic!() };
            list.total
        };
        assert!(found > 0, "{example}");
    }
}

/// Written anew with `SPANTOP_WRITE_DOCS=1`.
#[test]
fn the_manual_of_the_language_is_that_of_the_tables() {
    let manual = spantop::query::manual::manual();
    if std::env::var_os("SPANTOP_WRITE_DOCS").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/search.md"), &manual).unwrap();
    }
    assert_eq!(document("docs/search.md"), manual);
}

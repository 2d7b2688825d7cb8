//! The cases of `cases/*.txt`. A case is its title after `# `, the query, and what is expected of it:
//!
//! - `spans: a1 a2 h2..h9`: the spans that it returns, in any order; with `traces:` the traces, where these are not just
//!   those of the spans;
//! - `shown: a1 1 "x" nil`: the values of the fields that it selects, for a span;
//! - `step: 10` with a line `series: {label=value} 0 1.5 10 2` for each series: times in seconds, and samples;
//! - `error: 12 words`: where the first problem is, in bytes, and what it says among other things.

use std::path::Path;

#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) title: String,
    pub(crate) query: String,
    pub(crate) spans: Option<Vec<String>>,
    pub(crate) traces: Option<Vec<String>>,
    pub(crate) shown: Vec<(String, String)>,
    pub(crate) step_seconds: u64,
    pub(crate) series: Option<Vec<Line>>,
    pub(crate) error: Option<(u32, String)>,
}

/// A series: its labels, and seconds with values.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) labels: String,
    pub(crate) samples: Vec<(u64, f64)>,
}

/// Returns all cases.
pub(crate) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| read(&std::fs::read_to_string(file).unwrap())).collect()
}

fn read(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(title) = line.strip_prefix("# ") {
            cases.push(Case { title: title.into(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a title comes first");
        let (key, value) = line.split_once(':').unwrap_or_default();
        let value = value.trim();
        match key {
            "spans" => case.spans = Some(value.split_whitespace().flat_map(names).collect()),
            "traces" => case.traces = Some(value.split_whitespace().map(str::to_owned).collect()),
            "shown" => {
                let (span, values) = value.split_once(' ').expect("a span and values");
                case.shown.push((span.into(), values.into()));
            }
            "step" => case.step_seconds = value.parse().expect("seconds"),
            "series" => case.series.get_or_insert_default().extend((value != "none").then(|| series(value))),
            "error" => {
                let (at, message) = value.split_once(' ').expect("a place and a message");
                case.error = Some((at.parse().expect("a place"), message.into()));
            }
            _ if case.query.is_empty() => line.clone_into(&mut case.query),
            _ => case.query.extend(["\n", line]),
        }
    }
    cases
}

/// Returns `a1` as it is, and what `a1..a3` stands for.
fn names(word: &str) -> Vec<String> {
    let Some((first, last)) = word.split_once("..") else { return vec![word.to_owned()] };
    let number = |name: &str| name[1..].parse::<u8>().expect("the number of a span");
    (number(first)..=number(last)).map(|number| format!("{}{number}", &first[..1])).collect()
}

fn series(text: &str) -> Line {
    let (labels, samples) = text.split_at(text.rfind('}').expect("labels") + 1);
    let words: Vec<&str> = samples.split_whitespace().collect();
    let pair = |pair: &[&str]| (pair[0].parse().expect("seconds"), pair[1].parse().expect("a number"));
    Line { labels: labels.into(), samples: words.chunks(2).map(pair).collect() }
}

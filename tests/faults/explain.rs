//! Whether `explain` names what is wrong. The table in docs/figures.md is of seeds that nothing was made with:
//! `FAULT_SEEDS=1001..1071 cargo test --test faults -- --nocapture` tells them again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use spantop::analysis::explain::{Cause, What};
use spantop::source::{ExplainRequest, Reply, Request, Selection, answer};

use crate::picked;
use crate::running::exported;
use crate::stores::{self, Blocks};
use crate::systems::{Kind, System};

/// How often what is named is what is wrong.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    systems: usize,
    first: usize,
    among_three: usize,
    /// Systems in which an attribute is at fault, and in how many of them it comes first of the attributes.
    attributes: usize,
    attribute_first: usize,
}

/// Returns what is named for a system, whether each is what is wrong, and all of it in words.
fn named(seed: u64, kind: Option<Kind>) -> (System, Vec<(Cause, bool)>) {
    let system = System::of(seed, kind);
    let traces = system.requests(seed);
    let query = spantop::query::parse(&picked(&system, &traces)).unwrap().query;
    let form = stores::form(&exported(&system, &traces, 100), Blocks::Sealed);
    let of = Selection { query: Some(query.into()), ..Selection::default() };
    let request = Request::Explain(ExplainRequest { of, against: Selection::default() });
    let Reply::Explained(found) = answer(&request, &form.snapshot) else { panic!("it answers something else") };
    let truth = system.truth();
    let is_true = |cause: &Cause| match &cause.what {
        What::Operation { of, .. } => truth.operations.contains(&(of.service.to_string(), of.name.to_string())),
        What::Value { of, value } => {
            let name = if of.is_of_resource { format!("{}: {}", of.service, of.name) } else { of.name.to_string() };
            truth.attributes.contains(&(name, value.clone()))
        }
    };
    let causes = found.explanation.causes.into_iter();
    let causes = causes.map(|cause| {
        let is_true = is_true(&cause);
        (cause, is_true)
    });
    (system, causes.collect())
}

/// Tries it on systems of these seeds, the kinds of faults in turn. Returns the scores, and what was wrong and what was named.
fn scores(seeds: Range<u64>) -> (BTreeMap<Kind, Score>, String) {
    let mut scores: BTreeMap<Kind, Score> = BTreeMap::new();
    let mut told = String::new();
    for (seed, kind) in seeds.zip(Kind::ALL.into_iter().cycle()) {
        let (system, causes) = named(seed, Some(kind));
        let score = scores.entry(kind).or_default();
        let is_first = causes.first().is_some_and(|(_, is_true)| *is_true);
        score.systems += 1;
        score.first += usize::from(is_first);
        score.among_three += usize::from(causes.iter().take(3).any(|(_, is_true)| *is_true));
        if !system.truth().attributes.is_empty() {
            let first = causes.iter().find(|(cause, _)| matches!(cause.what, What::Value { .. }));
            score.attributes += 1;
            score.attribute_first += usize::from(first.is_some_and(|(_, is_true)| *is_true));
        }
        if !is_first {
            let sentences: Vec<String> = causes.iter().take(3).map(|(cause, _)| cause.sentence()).collect();
            writeln!(told, "{seed} {kind:?} {:?}: {sentences:?}", system.truth()).unwrap();
        }
    }
    (scores, told)
}

/// The seeds that are tried: those that it was made with, or others.
fn seeds(made_with: u64) -> Range<u64> {
    let given = std::env::var("FAULT_SEEDS").ok().and_then(|text| {
        let (from, to) = text.split_once("..")?;
        Some(from.parse().ok()?..to.parse().ok()?)
    });
    given.unwrap_or(1..made_with + 1)
}

#[test]
fn what_is_wrong_is_named() {
    let (scores, told) = scores(seeds(28));
    let sum = |of: fn(&Score) -> usize| scores.values().map(of).sum::<usize>();
    let (all, first, among_three) =
        (sum(|score| score.systems), sum(|score| score.first), sum(|score| score.among_three));
    let told = format!("{first} first and {among_three} among three of {all}\n{scores:#?}\n{told}");
    tell(&told);
    assert!(first * 100 >= all * 80 && among_three * 100 >= all * 95, "{told}");
}

#[test]
fn where_nothing_is_wrong_nothing_is_named() {
    let seeds = seeds(10);
    let number = seeds.end - seeds.start;
    let quiet = seeds.filter(|seed| named(*seed, None).1.is_empty()).count() as u64;
    tell(&format!("nothing is named in {quiet} of {number} without a fault\n"));
    assert!(quiet * 100 >= number * 90, "{quiet} of {number}");
}

fn tell(text: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes()).unwrap();
}

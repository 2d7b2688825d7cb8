//! Whether `explain` names what is wrong: on made-up systems with one fault each, and on some with none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod explain;
mod random;
mod running;
#[path = "../queries/stores.rs"]
#[expect(dead_code, reason = "not every form is needed here")]
mod stores;
mod systems;

use running::{Trace, exported};
use spantop::source::{Reply, Request, SpansRequest, Window, answer};
use stores::{Blocks, Form};
use systems::{Kind, System, middle};

/// What someone picks who sees that something is wrong, and does not know what. Where more requests fail than before, those that
/// fail; else the slow ones of one operation: of that of which more are slow than before, or where none has become slower, of
/// that which is slow for the longest time altogether. `Before` is the first third of the time, and now is the last one.
fn picked(system: &System, traces: &[Trace]) -> String {
    let third = traces.len() / 3;
    let (before, now) = (&traces[..third], &traces[traces.len() - third..]);
    let errors = |traces: &[Trace]| traces.iter().filter(|trace| trace.is_error).count();
    if errors(now) >= 8 + 2 * errors(before) || errors(traces) * 25 > traces.len() {
        return "{ span:parentID = \"\" && status = error }".to_owned();
    }
    let all = |root: usize, traces: &[Trace]| -> Vec<f64> {
        let mut all: Vec<f64> = traces.iter().filter(|trace| trace.root == root).map(Trace::duration_ms).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let above = |all: &[f64], limit: f64| all.iter().filter(|ms| **ms > limit).count();
    let slower = system.roots.iter().map(|(root, _)| {
        let usual = all(*root, before);
        let limit = 1.2 * usual.get(usual.len() * 95 / 100).copied().unwrap_or(f64::MAX);
        let more = above(&all(*root, now), limit).saturating_sub(2 * above(&usual, limit));
        (more, *root, limit)
    });
    let (more, root, limit) = slower.max_by_key(|(more, _, _)| *more).unwrap();
    let slow = |root: usize, limit: f64| {
        format!("{{ span:parentID = \"\" && name = \"{}\" && duration > {limit:.3}ms }}", system.operations[root].name)
    };
    if more >= 8 {
        return slow(root, limit);
    }
    let longest = system.roots.iter().map(|(root, _)| {
        let all = all(*root, traces);
        let limit = 2.0 * middle(all.clone());
        let over: f64 = all.iter().map(|ms| (ms - limit).max(0.0)).sum();
        let slowest = all.get(all.len() * 95 / 100).copied().unwrap_or_default();
        (over, *root, if above(&all, limit) >= 15 { limit } else { slowest })
    });
    let (_, root, limit) = longest.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    slow(root, limit)
}

/// Returns how many spans a query returns.
fn found(form: &Form, query: &str) -> usize {
    let query = spantop::query::parse(query).unwrap().query.into();
    let request = SpansRequest { query, window: Window::default(), service: None, offset: 0, limit: 0 };
    match answer(&Request::Spans(request), &form.snapshot) {
        Reply::Spans(found) => found.total,
        other => panic!("{other:?}"),
    }
}

#[test]
fn systems_are_as_large_as_they_should_be_and_their_faults_are_noticed() {
    for (seed, kind) in (1..).zip(Kind::ALL.repeat(4)) {
        let system = System::of(seed, Some(kind));
        assert!((8..=20).contains(&system.services.len()));
        let traces = system.requests(seed);
        let struck = system.fault.as_ref().unwrap();
        let truth = system.truth();
        assert!(!truth.operations.is_empty());
        let with = traces.iter().filter(|trace| trace.passed(struck.at)).count();
        assert!(with >= 20, "{kind:?} {seed}: {with} come by it");
        if seed % 4 == 0 {
            let form = stores::form(&exported(&system, &traces, 100), Blocks::Sealed);
            assert!(found(&form, &picked(&system, &traces)) >= 15);
        }
        // The same seed makes the same system.
        assert_eq!(format!("{system:?}"), format!("{:?}", System::of(seed, Some(kind))));
    }
    assert!(System::of(1, None).truth().operations.is_empty());
}

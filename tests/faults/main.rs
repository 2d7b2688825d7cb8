//! Whether `explain` names what is wrong: on made-up systems with one fault each, and on some with none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod random;
mod running;
#[path = "../queries/stores.rs"]
#[expect(dead_code, reason = "not every form is needed here")]
mod stores;
mod systems;

use running::exported;
use spantop::source::{Reply, Request, SpansRequest, Window, answer};
use stores::{Blocks, Form};
use systems::{Kind, System, middle};

/// What someone picks who sees that something is wrong, and does not know what: requests that fail, where more than a few do, or
/// else the slow ones of one operation.
fn picked(system: &System, traces: &[running::Trace]) -> String {
    let errors = traces.iter().filter(|trace| trace.is_error).count();
    if errors * 33 > traces.len() {
        return "{ span:parentID = \"\" && status = error }".to_owned();
    }
    let slow = |root: usize| {
        let of_root: Vec<f64> =
            traces.iter().filter(|trace| trace.root == root).map(running::Trace::duration_ms).collect();
        let limit = middle(of_root.clone()) * 2.0;
        let above = of_root.iter().filter(|ms| **ms > limit).count();
        (above, limit, of_root)
    };
    let roots = system.roots.iter().map(|(root, _)| (*root, slow(*root)));
    let (root, (above, limit, mut all)) = roots.max_by_key(|(_, (above, _, _))| *above).unwrap();
    all.sort_by(f64::total_cmp);
    let limit = if above >= 15 { limit } else { all[all.len() * 95 / 100] };
    format!("{{ span:parentID = \"\" && name = \"{}\" && duration > {limit:.3}ms }}", system.operations[root].name)
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

//! What stands out in recorded traffic.

use std::collections::BTreeMap;

use spantop::analysis::findings::{Finding, FindingGroup, FindingKind};
use spantop::model::TraceId;
use spantop::source::{Findings, Reply, Request, Selection, answer};

use crate::recorded::{CAPTURES, requests, truth};
use crate::stores::{self, Blocks, Form};

fn findings(form: &Form, of: Selection) -> Findings {
    match answer(&Request::Findings(of), &form.snapshot) {
        Reply::Findings(found) => {
            assert_eq!(found.progress.searched, found.progress.of);
            *found
        }
        other => panic!("{other:?}"),
    }
}

fn of_trace(form: &Form, id: TraceId) -> Option<Vec<Finding>> {
    match answer(&Request::TraceFindings(id), &form.snapshot) {
        Reply::TraceFindings(found) => found,
        other => panic!("{other:?}"),
    }
}

fn is_repeated(kind: FindingKind) -> bool {
    matches!(kind, FindingKind::NPlusOne | FindingKind::FanOut)
}

/// Returns what truth lists of similar siblings: of each trace, by the operation called, how often and how many spans.
fn listed() -> BTreeMap<String, BTreeMap<String, (u64, u64)>> {
    let truth = truth();
    let mut all: BTreeMap<String, BTreeMap<String, (u64, u64)>> = BTreeMap::new();
    for capture in truth["captures"].as_object().unwrap().values() {
        for trace in capture["trace_list"].as_array().unwrap() {
            for siblings in trace["repeated_children_5plus"].as_array().unwrap() {
                let of_trace = all.entry(trace["trace_id"].as_str().unwrap().to_owned()).or_default();
                let of = of_trace.entry(siblings["name"].as_str().unwrap().to_owned()).or_default();
                of.0 += 1;
                of.1 += siblings["count"].as_u64().unwrap();
            }
        }
    }
    all
}

#[test]
fn repeated_siblings_of_recorded_traffic_are_n_plus_one_or_fan_out() {
    let batches: Vec<_> = CAPTURES.iter().flat_map(|capture| requests(capture)).collect();
    let form = stores::of_batches(&batches, Blocks::Mixed);
    let listed = listed();
    assert!(listed.len() > 50);
    let truth = truth();
    for capture in truth["captures"].as_object().unwrap().values() {
        for (number, trace) in capture["trace_list"].as_array().unwrap().iter().enumerate() {
            let id = trace["trace_id"].as_str().unwrap();
            // All of those in which there is something, and some in which there is not.
            if !listed.contains_key(id) && number % 8 > 0 {
                continue;
            }
            let found = of_trace(&form, id.parse().unwrap()).unwrap();
            let mut repeated: BTreeMap<String, (u64, u64)> = BTreeMap::new();
            for finding in found.iter().filter(|finding| is_repeated(finding.kind)) {
                let of = repeated.entry(finding.subject.clone()).or_default();
                (of.0, of.1) = (of.0 + finding.times, of.1 + finding.count);
            }
            assert_eq!(repeated, listed.get(id).cloned().unwrap_or_default(), "{id}");
        }
    }
}

#[test]
fn how_spans_lie_in_blocks_changes_nothing_of_what_is_found() {
    let batches: Vec<_> = CAPTURES.iter().flat_map(|capture| requests(capture)).collect();
    let mut of_first: Option<Vec<FindingGroup>> = None;
    for blocks in [Blocks::Open, Blocks::Sealed, Blocks::Mixed, Blocks::Each] {
        let form = stores::of_batches(&batches, blocks);
        let found = findings(&form, Selection::default());
        assert_eq!(found.traces, truth()["all"]["traces"]["count"].as_u64().unwrap());
        let first = of_first.get_or_insert_with(|| found.groups.clone());
        assert_eq!(&found.groups, first);
        // A trace that shows a group has it.
        for group in &found.groups {
            let own = of_trace(&form, group.samples[0]).unwrap();
            let is_same =
                |finding: &&Finding| finding.kind == group.worst.kind && finding.subject == group.worst.subject;
            assert!(own.iter().any(|finding| is_same(&finding)), "{group:?}");
        }
        let query = spantop::query::parse("{ resource.service.name = \"orders\" }").unwrap().query;
        let some = findings(&form, Selection { query: Some(query.into()), ..Selection::default() });
        assert!(some.traces > 0 && some.traces < found.traces);
        let of_service = findings(&form, Selection { service: Some("orders".into()), ..Selection::default() });
        assert_eq!(some, of_service);
        assert_eq!(findings(&form, Selection { service: Some("no".into()), ..Selection::default() }).traces, 0);
    }
    let kinds: Vec<FindingKind> = of_first.unwrap().iter().map(|group| group.worst.kind).collect();
    assert!(kinds.contains(&FindingKind::NPlusOne));
}

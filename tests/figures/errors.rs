//! Which errors there are in recorded traffic.

use std::collections::BTreeMap;

use spantop::analysis::errors::ErrorGroup;
use spantop::source::{Errors, Reply, Request, Selection, answer};

use crate::recorded::{CAPTURES, requests, truth};
use crate::stores::{self, Blocks, Form};

fn errors(form: &Form, of: Selection) -> Errors {
    match answer(&Request::Errors(of), &form.snapshot) {
        Reply::Errors(found) => {
            assert_eq!(found.progress.searched, found.progress.of);
            *found
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_error_of_recorded_traffic_is_in_one_group() {
    let truth = truth();
    let batches: Vec<_> = CAPTURES.iter().flat_map(|capture| requests(capture)).collect();
    let mut of_first: Option<Vec<ErrorGroup>> = None;
    for blocks in [Blocks::Open, Blocks::Sealed, Blocks::Mixed, Blocks::Each] {
        let form = stores::of_batches(&batches, blocks);
        let found = errors(&form, Selection::default());
        assert_eq!((found.total, found.others), (truth["all"]["error_spans"].as_u64().unwrap(), 0));
        let mut by_service: BTreeMap<String, u64> = BTreeMap::new();
        for group in &found.groups {
            *by_service.entry(group.service.to_string()).or_default() += group.count;
            assert!(!group.exception_type.is_empty() || !group.message.is_empty(), "{group:?}");
            assert_eq!(group.series.iter().sum::<u64>(), group.count);
        }
        for (service, own) in truth["all"]["services"].as_object().unwrap() {
            assert_eq!(
                by_service.get(service).copied().unwrap_or_default(),
                own["errors"].as_u64().unwrap(),
                "{service}"
            );
        }
        // How spans lie in blocks changes nothing.
        let first = of_first.get_or_insert_with(|| found.groups.clone());
        assert_eq!(&found.groups, first);
        let service = found.groups[0].service.to_string();
        let own = errors(&form, Selection { service: Some(service.clone()), ..Selection::default() });
        assert_eq!(own.total, by_service[&service]);
        let query = spantop::query::parse("{ status = error && kind = server }").unwrap().query;
        let some = errors(&form, Selection { query: Some(query.into()), ..Selection::default() });
        assert!(some.total > 0 && some.total < found.total);
    }
    // There are fewer causes than errors.
    assert!((2..40).contains(&of_first.unwrap().len()));
}

//! Which errors there are.

use std::collections::BTreeMap;

use super::Steps;
use super::selected::{Going, Selected, on_all_cores};
use crate::analysis::errors::{Collecting, Said, Seen};
use crate::model::{SpanId, TraceId, Value};
use crate::otlp::decode;
use crate::query::Memory;
use crate::source::{Errors, Progress, Reply, Selection};
use crate::store::{Snapshot, View};

/// Returns the groups of errors.
pub(super) fn errors(of: &Selection, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> Errors {
    let going = |progress| steps(&|| Reply::Errors(Box::new(Errors { progress, ..Errors::default() })));
    let selected = Selected::new(of, snapshot, memory, &going);
    selected.as_ref().and_then(|selected| make(selected, &going)).unwrap_or_default()
}

/// Returns none where that was ended.
fn make(selected: &Selected, going: Going) -> Option<Errors> {
    let (from, to) = selected.window(selected.starts());
    let window = (from.unwrap_or_default(), to.unwrap_or_default());
    let all = on_all_cores(selected.spans.views.len(), |positions| {
        let mut found = (Collecting::new(window), Versions::default());
        for position in positions {
            look(selected, position, &mut found);
        }
        found
    });
    if !going(Progress { searched: 0, ..selected.all_searched() }) {
        return None;
    }
    let (mut found, mut versions) = (Collecting::new(window), Versions::default());
    for (other, of_other) in all {
        found.merge(other);
        versions.merge(of_other);
    }
    let (groups, others) = found.finish(|service| versions.newest(service));
    let total = others + groups.iter().map(|group| group.count).sum::<u64>();
    Some(Errors { groups, total, others, window, progress: selected.all_searched() })
}

fn look(selected: &Selected, position: usize, (found, versions): &mut (Collecting, Versions)) {
    let spans = &selected.spans;
    let view = &spans.views[position];
    let origins = versions.take_in(view, position);
    let mut failed = Vec::new();
    spans.each(position, selected.starts(), |timing| {
        if timing.is_error() {
            failed.push(*timing);
        }
    });
    // Spans that lie side by side are read at little cost.
    let mut reader = view.reader();
    for timing in failed {
        let said = Said::of(&decode::span(reader.body(timing.row)));
        let trace = view.trace_id(view.part_of_row(timing.row)).unwrap_or_default();
        let version = origins.get(view.row(timing.row).scope as usize).map_or("", String::as_str);
        let seen = Seen {
            service: view.text(timing.service),
            operation: view.text(timing.operation),
            version,
            trace: TraceId(trace),
            span: SpanId(view.span_id(timing.row)),
            start_ns: timing.start_ns,
        };
        found.add(&seen, said);
    }
}

/// The versions of services, each with the first block that has it.
#[derive(Debug, Default)]
struct Versions(BTreeMap<String, BTreeMap<String, usize>>);

/// No more versions of a service are known.
const MOST_VERSIONS: usize = 1_000;

impl Versions {
    /// Takes in the versions of a block; returns that of each of its scopes.
    fn take_in(&mut self, view: &View, position: usize) -> Vec<String> {
        let mut reader = view.reader();
        let mut take_in = |scope| {
            let (message, schema_url) = reader.resource(scope);
            let attributes = decode::resource(message, schema_url).attributes;
            let text = |key: &str| {
                let value = attributes.iter().find(|attribute| attribute.key == key).map(|found| &found.value);
                value.and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let (service, version) = (text("service.name"), text("service.version"));
            let known = self.0.entry(service).or_default();
            if !version.is_empty() && (known.len() < MOST_VERSIONS || known.contains_key(&version)) {
                let first = known.entry(version.clone()).or_insert(position);
                *first = position.min(*first);
            }
            version
        };
        (0..view.scopes()).map(&mut take_in).collect()
    }

    fn merge(&mut self, other: Self) {
        for (service, versions) in other.0 {
            let known = self.0.entry(service).or_default();
            for (version, position) in versions {
                let first = known.entry(version).or_insert(position);
                *first = position.min(*first);
            }
        }
    }

    /// Returns the version of a service that came last, and whether others came before it. In the same block the greater
    /// name counts as the later one.
    fn newest(&self, service: &str) -> Option<(String, bool)> {
        let versions = self.0.get(service)?;
        let (version, _) = versions.iter().max_by_key(|(version, first)| (**first, *version))?;
        Some((version.clone(), versions.len() > 1))
    }
}

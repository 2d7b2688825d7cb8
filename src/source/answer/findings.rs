//! What stands out in a trace, or in many.

use super::Steps;
use super::each_trace::{Traces, Whole};
use super::selected::{Going, Selected};
use super::trace;
use crate::analysis::findings::limits::HUGE;
use crate::analysis::findings::{self, Collecting, Details, Finding, Statement, Usual};
use crate::model::{Attribute, Trace, TraceId, Value};
use crate::otlp::decode;
use crate::query::Memory;
use crate::source::{Findings, Progress, Reply, Selection};
use crate::store::{Bits, Reader, Snapshot, View, target};

/// What is usual is told from so many of the newest spans, give or take some blocks.
const USUAL: u64 = 250_000;

/// Returns what stands out in the traces that have a selected span.
pub(super) fn findings(of: &Selection, snapshot: &Snapshot, memory: &Memory, steps: Steps) -> Findings {
    let going = |progress| steps(&|| Reply::Findings(Box::new(Findings { progress, ..Findings::default() })));
    let selected = Selected::new(of, snapshot, memory, &going);
    selected.as_ref().and_then(|selected| make(selected, snapshot, &going)).unwrap_or_default()
}

/// Returns none where that was ended.
fn make(selected: &Selected, snapshot: &Snapshot, going: Going) -> Option<Findings> {
    let usual = usual(snapshot, &|| going(Progress { searched: 0, ..selected.all_searched() }))?;
    let large = large(&selected.spans.views);
    let merge = |(mut found, traces): (Collecting, u64), (other, others): (Collecting, u64)| {
        found.merge(other);
        (found, traces + others)
    };
    let look = |(found, traces): &mut (Collecting, u64), whole: Whole| {
        *traces += 1;
        let mut reading = Reading::new(&selected.spans.views, &large, &whole.trace, &whole.places);
        let findings = findings::find(&whole.trace, &usual, &mut reading);
        found.add(&whole.trace, findings);
    };
    let traces = Traces::new(selected, snapshot, selected.starts());
    let (found, traces) = traces.each((Default::default, merge), None, look, going)?;
    Some(Findings { groups: found.finish(), traces, progress: selected.all_searched() })
}

/// Returns what stands out in one trace, none where it is not held.
pub(super) fn of_trace(id: TraceId, snapshot: &Snapshot) -> Option<Vec<Finding>> {
    let trace = trace::open(id, snapshot)?;
    let usual = usual(snapshot, &|| true)?;
    let views: Vec<View> = snapshot.views().collect();
    let places = trace::places(id, snapshot);
    let large = large(&views);
    Some(findings::find(&trace, &usual, &mut Reading::new(&views, &large, &trace, &places)))
}

/// Returns what is usual in the newest traces; none where that was ended.
fn usual(snapshot: &Snapshot, going: &dyn Fn() -> bool) -> Option<Usual> {
    let everything = Selection::default();
    let memory = Memory::default();
    let selected = Selected::new(&everything, snapshot, &memory, &|_| true)?;
    let merge = |mut usual: Usual, other: Usual| {
        usual.merge(other);
        usual
    };
    let traces = Traces::new(&selected, snapshot, (None, None));
    traces.each((Usual::default, merge), Some(USUAL), |usual, whole| usual.add(&whole.trace), &|_| going())
}

fn large(views: &[View]) -> Vec<Bits> {
    views.iter().map(|view| view.large_rows(HUGE)).collect()
}

/// Reads single spans of a trace.
struct Reading<'a> {
    views: &'a [View<'a>],
    large: &'a [Bits],
    trace: &'a Trace,
    places: &'a [(usize, u32)],
    /// Of the block that was read last: spans that lie side by side are read at little cost.
    reader: Option<(usize, Reader<'a>)>,
}

impl<'a> Reading<'a> {
    fn new(views: &'a [View<'a>], large: &'a [Bits], trace: &'a Trace, places: &'a [(usize, u32)]) -> Self {
        Self { views, large, trace, places, reader: None }
    }

    /// Returns the place of a span, and the reader of its block.
    fn reader(&mut self, span: u32) -> Option<(u32, &mut Reader<'a>)> {
        let &(position, row) = self.places.get(span as usize)?;
        let view = self.views.get(position)?;
        if self.reader.as_ref().is_none_or(|(of, _)| *of != position) {
            self.reader = Some((position, view.reader()));
        }
        self.reader.as_mut().map(|(_, reader)| (row, reader))
    }
}

impl Details for Reading<'_> {
    fn statement(&mut self, span: u32) -> Option<Statement> {
        let (row, reader) = self.reader(span)?;
        let attributes = decode::span(reader.body(row)).attributes;
        let text = attributes.iter().find(|attribute| QUERIES.contains(&attribute.key.as_str()))?.value.as_str()?;
        let parameter = |attribute: &&Attribute| attribute.key.starts_with("db.query.parameter.");
        let mut parameters: Vec<String> = attributes
            .iter()
            .filter(parameter)
            .map(|Attribute { key, value }| match value {
                Value::String(text) => format!("{key}={text}"),
                other => format!("{key}={other:?}"),
            })
            .collect();
        parameters.sort_unstable();
        Some(Statement { text: text.to_owned(), parameters: parameters.join("\n") })
    }

    fn target(&mut self, span: u32) -> Option<String> {
        let kind = self.trace.spans.get(span as usize)?.kind;
        let (row, reader) = self.reader(span)?;
        target(kind, reader.body(row)).map(|(_, name)| name)
    }

    fn huge(&mut self, span: u32) -> Option<usize> {
        let &(position, row) = self.places.get(span as usize)?;
        if !self.large.get(position)?.has(row) {
            return None;
        }
        let (row, reader) = self.reader(span)?;
        Some(reader.span(row).len()).filter(|bytes| *bytes >= HUGE)
    }
}

/// The attributes that hold a query (OpenTelemetry's semantic conventions, also those of before 1.27).
const QUERIES: [&str; 2] = ["db.query.text", "db.statement"];

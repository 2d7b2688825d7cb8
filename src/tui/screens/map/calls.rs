//! The rows of the calls of a node: whom it calls, and who calls it.

use std::cmp::Ordering;
use std::sync::Arc;

use ratatui::style::Style;

use crate::analysis::Figures;
use crate::analysis::graph::{Edge, Graph, Node};
use crate::model::EdgeKind;
use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::rows::{Row, Value};
use crate::tui::widgets::table::{Column, Place, Width};
use crate::tui::widgets::{chip, gauge, numbers};

/// What the calls can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Way,
    Rate,
    Errors,
    P95,
}

const WAY: usize = 0;
const OTHER: usize = 1;
const KIND: usize = 2;
const CALLS: usize = 3;
const RATE: usize = 4;
const ERRORS: usize = 5;
const P50: usize = 6;
const P95: usize = 7;
const P99: usize = 8;
const CALLER: usize = 9;
const BAR: usize = 10;

const fn column(title: &'static str, sort: Option<Key>, width: Width, right: bool, from: u16) -> Column<Key> {
    Column { title, sort, width, right, from }
}

const DURATION: Width = Width::Fixed(format::DURATION_WIDTH);

/// The columns, in the order of the constants above; what tells least goes first where it is narrow.
pub(super) const COLUMNS: [Column<Key>; 11] = [
    column("direction", Some(Key::Way), Width::Fixed(10), false, 0),
    column("service", None, Width::Share(10, 40, 3), false, 0),
    column("kind", None, Width::Fixed(9), false, 84),
    column("calls", None, Width::Fixed(6), true, 100),
    column("per min", Some(Key::Rate), Width::Fixed(7), true, 46),
    column("errors", Some(Key::Errors), Width::Fixed(8), true, 0),
    column("P50", None, DURATION, true, 92),
    column("P95", Some(Key::P95), DURATION, true, 0),
    column("P99", None, DURATION, true, 70),
    column("caller's P95", None, Width::Fixed(12), true, 76),
    column("", None, Width::Share(6, 24, 1), false, 128),
];

/// The calls between a node and another one.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Whether the node is the caller.
    pub(super) is_out: bool,
    pub(super) other: Node,
    pub(super) kind: EdgeKind,
    calls: Figures,
    by_caller: Option<Figures>,
}

impl Call {
    /// Returns the calls of a node of a graph.
    pub(super) fn all(graph: &Graph, node: usize) -> Vec<Self> {
        let call = |edge: &Edge, is_out: bool| {
            let other = graph.nodes.get(if is_out { edge.callee } else { edge.caller })?.clone();
            let Edge { kind, calls, by_caller, .. } = edge.clone();
            Some(Self { is_out, other, kind, calls, by_caller })
        };
        let own = |edge: &Edge| {
            let out = (edge.caller == node).then(|| call(edge, true)).flatten();
            out.into_iter().chain((edge.callee == node).then(|| call(edge, false)).flatten())
        };
        graph.edges.iter().flat_map(own).collect()
    }
}

impl Row for Call {
    type Key = Key;

    const KEYS: &'static [Key] = &[Key::Way, Key::Rate, Key::Errors, Key::P95];

    fn value(&self, key: Key) -> Value<'_> {
        Value::Number(match key {
            Key::Way => Some(f64::from(u8::from(!self.is_out))),
            Key::Rate => self.calls.per_minute(),
            Key::Errors => self.calls.error_rate_percent(),
            Key::P95 => numbers::p95(&self.calls),
        })
    }

    fn descends(key: Key) -> bool {
        key != Key::Way
    }

    fn tie(&self, other: &Self) -> Ordering {
        fn names(call: &Call) -> (bool, &Arc<str>, EdgeKind, bool) {
            (!call.is_out, &call.other.name, call.kind, call.other.outside.is_some())
        }
        other.calls.requests.cmp(&self.calls.requests).then_with(|| names(self).cmp(&names(other)))
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.is_out, &self.other.name, self.kind) == (other.is_out, &other.other.name, other.kind)
    }
}

/// Draws a cell of a row.
pub(super) fn cell(canvas: &mut Canvas, at: (u16, u16), place: Place, row: &Call) {
    let (theme, width, calls) = (canvas.theme(), place.width, &row.calls);
    let percentiles = calls.percentiles;
    match place.column {
        WAY => _ = canvas.text(at, width, if row.is_out { "calls" } else { "called by" }, theme.dim()),
        OTHER if row.other.outside.is_none() => chip::draw(canvas, at, width, &row.other.name),
        OTHER => _ = canvas.text((at.0 + 1, at.1), width.saturating_sub(1), &row.other.name, Style::new()),
        KIND => _ = canvas.text(at, width, row.kind.name(), theme.dim()),
        CALLS => canvas.text_right(at, width, &format::count(calls.requests), theme.dim()),
        RATE => numbers::or_nothing(canvas, at, width, calls.per_minute().map(format::rate), Style::new()),
        ERRORS => numbers::errors(canvas, at, width, calls),
        P50 => numbers::duration(canvas, at, width, percentiles.map(|all| all.p50_ns)),
        P95 => numbers::duration(canvas, at, width, percentiles.map(|all| all.p95_ns)),
        P99 => numbers::duration(canvas, at, width, percentiles.map(|all| all.p99_ns)),
        CALLER => {
            let by_caller = row.by_caller.as_ref().and_then(|caller| caller.percentiles);
            numbers::duration(canvas, at, width, by_caller.map(|all| all.p95_ns));
        }
        BAR => {
            let share = percentiles.map_or(0.0, |all| gauge::log_share(all.p95_ns));
            gauge::bar(canvas, at, width, share, theme.bar(calls.errors > 0));
        }
        _ => {}
    }
}

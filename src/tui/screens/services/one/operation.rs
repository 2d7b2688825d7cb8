//! The rows of the table of operations.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::analysis::{Figures, OperationFigures, ServiceFigures};
use crate::query::Query;
use crate::tui::format;
use crate::tui::search;
use crate::tui::widgets::numbers::{self, CHANGE_WIDTH, Change};
use crate::tui::widgets::rows::{Row, Value};
use crate::tui::widgets::table::{Column, Width};

/// What the table can be sorted by, in the order of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Operation,
    Kind,
    Spans,
    Errors,
    Mean,
    P50,
    P95,
    P95Change,
    P99,
    Most,
    Share,
}

pub(super) const OPERATION: usize = 0;
pub(super) const KIND: usize = 1;
pub(super) const SPANS: usize = 2;
pub(super) const ERRORS: usize = 3;
pub(super) const MEAN: usize = 4;
pub(super) const P50: usize = 5;
pub(super) const P95: usize = 6;
pub(super) const P95_CHANGE: usize = 7;
pub(super) const P99: usize = 8;
pub(super) const MOST: usize = 9;
pub(super) const SHARE: usize = 10;
pub(super) const BAR: usize = 11;

const fn column(title: &'static str, sort: Option<Key>, width: Width, right: bool, from: u16) -> Column<Key> {
    Column { title, sort, width, right, from }
}

/// Returns the columns for a table of that width, in the order of the constants above.
pub(super) const fn columns(_: u16) -> [Column<Key>; 12] {
    let duration = Width::Fixed(format::DURATION_WIDTH);
    [
        column("operation", Some(Key::Operation), Width::Share(12, 60, 3), false, 0),
        column("kind", Some(Key::Kind), Width::Fixed(8), false, 100),
        column("spans", Some(Key::Spans), Width::Fixed(6), true, 46),
        column("errors", Some(Key::Errors), Width::Fixed(8), true, 0),
        column("mean", Some(Key::Mean), duration, true, 112),
        column("P50", Some(Key::P50), duration, true, 64),
        column("P95", Some(Key::P95), duration, true, 0),
        column("+/-", Some(Key::P95Change), Width::Fixed(CHANGE_WIDTH), true, 84),
        column("P99", Some(Key::P99), duration, true, 76),
        column("max", Some(Key::Most), duration, true, 124),
        column("share", Some(Key::Share), Width::Fixed(7), true, 56),
        column("", None, Width::Share(8, 30, 1), false, 136),
    ]
}

/// An operation of one kind.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) of: OperationFigures,
    pub(super) change: Change,
    /// Of the time spent in all operations, in percent.
    pub(super) share: f64,
}

impl Operation {
    /// Returns the rows of all operations of a service. Where the window before had nothing at all, nothing is said of
    /// changes.
    pub(super) fn all(service: &ServiceFigures) -> Vec<Self> {
        let is_before =
            |operation: &OperationFigures| operation.before.as_ref().is_some_and(|before| before.requests > 0);
        let has_before = service.operations.iter().any(is_before);
        let whole: f64 = service.operations.iter().map(|operation| operation.figures.sum_ns as f64).sum();
        let row = |of: &OperationFigures| Self {
            change: Change::of(&of.figures, of.before.as_ref().filter(|_| has_before), numbers::p95),
            share: if whole > 0.0 { of.figures.sum_ns as f64 * 100.0 / whole } else { 0.0 },
            of: of.clone(),
        };
        service.operations.iter().map(row).collect()
    }

    /// Returns the query that finds its spans, of those that a query returns where there is one.
    pub(super) fn query(&self, service: &str, of: Option<&Query>) -> String {
        search::of_operation(of, (service, &self.of.operation), self.of.kind)
    }
}

/// Returns a service of which nothing is known.
pub(super) fn nothing(service: &Arc<str>) -> ServiceFigures {
    ServiceFigures {
        service: Arc::clone(service),
        figures: Figures::default(),
        before: None,
        ticks: Vec::new(),
        operations: Vec::new(),
    }
}

impl Row for Operation {
    type Key = Key;

    const KEYS: &'static [Key] = &[
        Key::Operation,
        Key::Kind,
        Key::Spans,
        Key::Errors,
        Key::Mean,
        Key::P50,
        Key::P95,
        Key::P95Change,
        Key::P99,
        Key::Most,
        Key::Share,
    ];

    fn value(&self, key: Key) -> Value<'_> {
        let figures = &self.of.figures;
        let percentile = |of: fn(&crate::analysis::Percentiles) -> u64| figures.percentiles.map(|all| of(&all) as f64);
        Value::Number(match key {
            Key::Operation => return Value::Text(&self.of.operation),
            Key::Kind => return Value::Text(self.of.kind.name()),
            Key::Spans => Some(figures.requests as f64),
            Key::Errors => figures.error_rate_percent(),
            Key::Mean => figures.mean_ns(),
            Key::P50 => percentile(|all| all.p50_ns),
            Key::P95 => percentile(|all| all.p95_ns),
            Key::P95Change => self.change.value(),
            Key::P99 => percentile(|all| all.p99_ns),
            Key::Most => (figures.requests > 0).then_some(figures.max_ns as f64),
            Key::Share => Some(self.share),
        })
    }

    fn descends(key: Key) -> bool {
        !matches!(key, Key::Operation | Key::Kind)
    }

    fn tie(&self, other: &Self) -> Ordering {
        let names = |row: &Self| (Arc::clone(&row.of.operation), row.of.kind);
        names(self).cmp(&names(other))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.tie(other) == Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;
    use crate::query;

    #[test]
    fn a_query_finds_the_spans_of_an_operation_whatever_its_name() {
        let query = |service: &str, name: &str| {
            let of = OperationFigures {
                operation: name.into(),
                kind: Kind::Server,
                figures: Figures::default(),
                before: None,
            };
            let query = Operation { of, change: Change::Unknown, share: 0.0 }.query(service, None);
            query::parse(&query).unwrap().query.to_string()
        };
        assert_eq!(
            query("till", "GET /"),
            r#"{ resource.service.name = "till" && span:name = "GET /" && span:kind = server }"#
        );
        assert!(query("till", "say \"}\" \\ `日本`\n").contains("日本"));
        assert!(query("unknown_service", "x").contains("nil"));
    }
}

//! How the made-up source searches: as much of the language as its tests need.

use std::cell::RefCell;
use std::sync::Arc;

use regex::Regex;

use crate::model::{Span, SpanId, Trace, TraceSummary};
use crate::query::Query;
use crate::query::ast::{Combine, Expr, Field, Item, Literal, Operator, Spansets, Stage};
use crate::query::fields::Intrinsic;
use crate::source::{Cell, Facet, Facets, FacetsRequest, Scatter, ScatterRequest};

/// Returns the spans of a trace that a query returns.
pub(crate) fn found(query: &Query, trace: &Trace) -> Vec<SpanId> {
    let mut found: Option<Vec<SpanId>> = None;
    for stage in &query.pipeline {
        let Stage::Spansets(spansets) = stage else { continue };
        let ids = spans(spansets, trace).into_iter().map(|span| span.id);
        found = Some(ids.filter(|id| found.as_ref().is_none_or(|found| found.contains(id))).collect());
    }
    found.unwrap_or_default()
}

fn spans<'a>(spansets: &Spansets, trace: &'a Trace) -> Vec<&'a Span> {
    match spansets {
        Spansets::Spans(expr, _) => {
            trace.spans.iter().filter(|span| expr.as_ref().is_none_or(|expr| holds(expr, span))).collect()
        }
        Spansets::Combined(combined) => {
            let (left, right) = (spans(&combined.left, trace), spans(&combined.right, trace));
            match combined.combine {
                Combine::And if left.is_empty() || right.is_empty() => Vec::new(),
                _ => left.into_iter().chain(right).collect(),
            }
        }
        Spansets::Without(inner, _) => {
            if spans(inner, trace).is_empty() {
                trace.spans.iter().collect()
            } else {
                Vec::new()
            }
        }
        Spansets::Pipeline(stages, _) => match stages.first() {
            Some(Stage::Spansets(inner)) => spans(inner, trace),
            _ => Vec::new(),
        },
    }
}

fn holds(expr: &Expr, span: &Span) -> bool {
    let Expr::Binary(binary) = expr else { return false };
    let (left, right) = (&binary.left, &binary.right);
    match (binary.operator, left, right) {
        (Operator::And, ..) => holds(left, span) && holds(right, span),
        (Operator::Or, ..) => holds(left, span) || holds(right, span),
        (operator, Expr::Field(field), Expr::Literal(literal, _)) => {
            values(&field.field, span).iter().any(|value| compare(operator, value, literal))
        }
        _ => false,
    }
}

thread_local! {
    /// The expression used last: making one takes longer than all that is done with it.
    static LAST: RefCell<Option<(Arc<str>, Regex)>> = const { RefCell::new(None) };
}

fn matches(regex: &Arc<str>, text: &str) -> bool {
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| known != regex) {
            *last = Some((Arc::clone(regex), Regex::new(&format!("^(?s:{regex})$")).unwrap()));
        }
        last.as_ref().is_some_and(|(_, regex)| regex.is_match(text))
    })
}

fn compare(operator: Operator, value: &Literal, literal: &Literal) -> bool {
    match (operator, value, literal) {
        (Operator::Matches, Literal::String(text), Literal::String(regex)) => matches(regex, text),
        (Operator::Greater, Literal::Duration(a), Literal::Duration(b)) => a > b,
        (Operator::GreaterOrEqual, Literal::Duration(a), Literal::Duration(b)) => a >= b,
        (Operator::Less, Literal::Duration(a), Literal::Duration(b)) => a < b,
        (Operator::LessOrEqual, Literal::Duration(a), Literal::Duration(b)) => a <= b,
        (Operator::Equal, a, b) => a == b,
        (Operator::NotEqual, a, b) => a != b,
        _ => false,
    }
}

fn values(field: &Field, span: &Span) -> Vec<Literal> {
    let text = |text: &Arc<str>| Literal::String(Arc::clone(text));
    match &field.item {
        Item::Intrinsic(Intrinsic::Name) => vec![text(&span.operation)],
        Item::Intrinsic(Intrinsic::ParentId) => {
            vec![text(&span.parent.map(|id| id.to_string()).unwrap_or_default().into())]
        }
        Item::Intrinsic(Intrinsic::Status) => vec![Literal::Status(span.status)],
        Item::Intrinsic(Intrinsic::Kind) => vec![Literal::Kind(span.kind)],
        Item::Intrinsic(Intrinsic::Duration) => vec![Literal::Duration(span.duration_ns as i64)],
        Item::Intrinsic(Intrinsic::Any) => vec![text(&span.service), text(&span.operation)],
        Item::Attribute(_, name) => match &**name {
            "service.name" => vec![text(&span.service)],
            "http.status_code" if span.operation.contains(" /") => {
                vec![Literal::Int(if span.is_error() { 502 } else { 200 })]
            }
            "db.system" if ["redis", "postgres"].contains(&&*span.service) => vec![text(&span.service)],
            _ => Vec::new(),
        },
        Item::Intrinsic(_) => Vec::new(),
    }
}

/// Returns the values of fields in these traces.
pub(crate) fn facets(request: &FacetsRequest, traces: &[&Trace]) -> Facets {
    let facet = |field: &Field| {
        let mut counts: Vec<(Literal, u64)> = Vec::new();
        for trace in traces {
            let mut seen: Vec<Literal> = Vec::new();
            for value in trace.spans.iter().flat_map(|span| values(field, span)) {
                if !seen.contains(&value) {
                    seen.push(value);
                }
            }
            for value in seen {
                match counts.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, count)) => *count += 1,
                    None => counts.push((value, 1)),
                }
            }
        }
        let begins = |value: &Literal| match value {
            Literal::String(text) => text.to_lowercase().starts_with(&request.prefix.to_lowercase()),
            other => format!("{other:?}").contains(&request.prefix),
        };
        counts.retain(|(value, _)| begins(value));
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let others = counts.len().saturating_sub(request.limit) as u64;
        counts.truncate(request.limit);
        Facet { field: field.clone(), values: counts, others }
    };
    Facets { facets: request.fields.iter().map(facet).collect(), traces: traces.len() as u64, is_all: true }
}

/// Returns the names of attributes with this in them.
pub(crate) fn attributes(part: &str, limit: usize) -> Vec<(Arc<str>, u64)> {
    let names = [
        ("http.status_code", 1_204),
        ("http.method", 1_190),
        ("db.system", 844),
        ("service.name", 5_120),
        ("日本語", 3),
    ];
    let named = names.into_iter().filter(|(name, _)| name.contains(&part.to_lowercase()));
    named.take(limit).map(|(name, count)| (name.into(), count)).collect()
}

/// Returns traces as points.
pub(crate) fn scatter(request: &ScatterRequest, rows: &[&TraceSummary]) -> Scatter {
    let starts = || rows.iter().map(|row| row.start);
    let durations = || rows.iter().map(|row| row.duration_ns);
    let (Some(from), Some(to)) = (starts().min(), starts().max()) else { return Scatter::default() };
    let (least_ns, most_ns) = (durations().min().unwrap_or(0), durations().max().unwrap_or(0));
    let mut shown = Scatter { from, to, least_ns, most_ns, ..Scatter::default() };
    let (columns, heights) = (request.columns, request.rows);
    let mut cells: Vec<Cell> = Vec::new();
    for row in rows {
        let column = (0..columns).rev().find(|&at| shown.column_start(at, columns) <= row.start).unwrap_or(0);
        let place = (0..heights).rev().find(|&at| row.duration_ns < shown.row_top_ns(at, heights)).unwrap_or(0);
        let errors = u32::from(row.error_count > 0);
        match cells.iter_mut().find(|cell| (cell.column, cell.row) == (column, place)) {
            Some(cell) => (cell.traces, cell.errors) = (cell.traces + 1, cell.errors + errors),
            None => cells.push(Cell { column, row: place, traces: 1, errors }),
        }
    }
    cells.sort_by_key(|cell| (cell.column, cell.row));
    shown.cells = cells;
    shown
}

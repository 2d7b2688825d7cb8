//! A tree as TraceQL, so that reading it gives the same tree. What TraceQL has no form for is written in one of ours:
//! `without ({ … })` for traces that have no such spans, and the fields `any` and `slow`.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::{
    Aggregate, Binary, Combine, Expr, Field, Function, Having, Item, Literal, Metrics, Operator, Query, Scope, Second,
    Spansets, Stage,
};
use super::fields::{FIELDS, SCOPES};
use super::lex::{ENDS_NAME, UNITS};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        pipeline(&self.pipeline, f)?;
        if let Some(metrics) = &self.metrics {
            write!(f, " | {metrics}")?;
        }
        if !self.hints.is_empty() {
            f.write_str(" with (")?;
            separated(&self.hints, f, |hint, f| write!(f, "{}={}", hint.name, hint.value))?;
            f.write_char(')')?;
        }
        Ok(())
    }
}

fn pipeline(stages: &[Stage], f: &mut Formatter<'_>) -> fmt::Result {
    for (at, stage) in stages.iter().enumerate() {
        write!(f, "{}{stage}", if at > 0 { " | " } else { "" })?;
    }
    Ok(())
}

fn separated<T>(
    items: &[T],
    f: &mut Formatter<'_>,
    each: impl Fn(&T, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        each(item, f)?;
    }
    Ok(())
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spansets(spans) => spans.fmt(f),
            Self::Having(Having { aggregate, comparison, value, .. }) => {
                write!(f, "{aggregate} {} {value}", comparison.symbol())
            }
            Self::By(expr, _) => write!(f, "by({expr})"),
            Self::Select(fields, _) => {
                f.write_str("select(")?;
                separated(fields, f, |field, f| field.field.fmt(f))?;
                f.write_char(')')
            }
            Self::Coalesce(_) => f.write_str("coalesce()"),
        }
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => f.write_str("count()"),
            Self::Min(field) => write!(f, "min({})", field.field),
            Self::Max(field) => write!(f, "max({})", field.field),
            Self::Avg(field) => write!(f, "avg({})", field.field),
            Self::Sum(field) => write!(f, "sum({})", field.field),
        }
    }
}

/// How tightly a way to put sets together binds.
pub(super) fn level_of_sets(combine: Combine) -> u8 {
    u8::from(!matches!(combine, Combine::And | Combine::Or))
}

impl Display for Spansets {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spans(None, _) => f.write_str("{ }"),
            Self::Spans(Some(expr), _) => write!(f, "{{ {expr} }}"),
            Self::Pipeline(stages, _) => {
                f.write_char('(')?;
                pipeline(stages, f)?;
                f.write_char(')')
            }
            Self::Without(inner, _) => match &**inner {
                // It has parentheses already.
                Self::Pipeline(..) => write!(f, "without {inner}"),
                inner => write!(f, "without ({inner})"),
            },
            Self::Combined(combined) => {
                let level = level_of_sets(combined.combine);
                operand_of_sets(&combined.left, level, f)?;
                write!(f, " {} ", combined.combine.symbol())?;
                operand_of_sets(&combined.right, level + 1, f)
            }
        }
    }
}

/// Puts parentheses where what stands there binds less than that.
fn operand_of_sets(spans: &Spansets, least: u8, f: &mut Formatter<'_>) -> fmt::Result {
    match spans {
        Spansets::Combined(inner) if level_of_sets(inner.combine) < least => write!(f, "({spans})"),
        _ => spans.fmt(f),
    }
}

/// How tightly an operator binds.
pub(super) fn level(operator: Operator) -> u8 {
    match operator {
        Operator::And | Operator::Or => 0,
        Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual
        | Operator::Matches
        | Operator::NotMatches => 1,
        Operator::Add | Operator::Subtract => 2,
        Operator::Multiply | Operator::Divide | Operator::Modulo => NOT + 1,
        Operator::Power => NOT + 2,
    }
}

/// How tightly `!` binds, and the minus before an expression.
pub(super) const NOT: u8 = 3;
pub(super) const MINUS: u8 = 6;

fn level_of(expr: &Expr) -> u8 {
    match expr {
        Expr::Literal(..) | Expr::Field(_) => u8::MAX,
        Expr::Not(..) => NOT,
        Expr::Negate(..) => MINUS,
        Expr::Binary(binary) => level(binary.operator),
    }
}

fn operand(expr: &Expr, least: u8, f: &mut Formatter<'_>) -> fmt::Result {
    if level_of(expr) < least { write!(f, "({expr})") } else { expr.fmt(f) }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal, _) => literal.fmt(f),
            Self::Field(field) => field.field.fmt(f),
            Self::Not(inner, _) => {
                f.write_char('!')?;
                operand(inner, NOT, f)
            }
            Self::Negate(inner, _) => {
                f.write_char('-')?;
                // A number that a minus stands before is one literal.
                if matches!(**inner, Self::Literal(..)) { write!(f, "({inner})") } else { operand(inner, MINUS, f) }
            }
            Self::Binary(binary) => {
                let Binary { operator, left, right, .. } = &**binary;
                let level = level(*operator);
                let is_power = *operator == Operator::Power;
                operand(left, if is_power { level + 1 } else { level }, f)?;
                write!(f, " {} ", operator.symbol())?;
                operand(right, if is_power { level } else { level + 1 }, f)
            }
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parent = if self.of_parent { "parent." } else { "" };
        match &self.item {
            Item::Intrinsic(intrinsic) => write!(f, "{parent}{}", intrinsic.info().name),
            Item::Attribute(Scope::Either, key) if self.of_parent && !is_taken(key) => {
                write!(f, "{parent}{}", quoted_key(key))
            }
            Item::Attribute(scope, key) => write!(f, "{parent}{}{}", scope.info().prefix, quoted_key(key)),
        }
    }
}

/// Returns a name of an attribute as it is written, in quotes where it needs them.
pub(super) fn quoted_key(key: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"' && !ENDS_NAME.contains(c);
    // A dot and a digit would begin a number.
    if key.chars().all(is_plain) && !key.starts_with(|c: char| c.is_ascii_digit()) {
        return key.to_owned();
    }
    let escaped = key.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Returns whether something else would be read after `parent.`; the attribute is then written after another dot.
fn is_taken(key: &str) -> bool {
    let is_scope = SCOPES.iter().any(|scope| key.starts_with(scope.prefix));
    is_scope || FIELDS.iter().any(|field| field.old_name == key || field.name == key)
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Int(i64::MIN) => f.write_str("minInt"),
            Self::Int(number) => number.fmt(f),
            // Always with a point or an exponent, so that it stays a float.
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Duration(ns) => duration(*ns, f),
            Self::String(text) => f.write_str(&quoted(text)),
            Self::Bool(value) => value.fmt(f),
            Self::Status(status) => f.write_str(status.name()),
            Self::Kind(kind) => f.write_str(kind.name()),
        }
    }
}

/// Returns a text as it is written: between backticks where that saves escapes.
pub(super) fn quoted(text: &str) -> String {
    let needs_escapes = text.contains(['\\', '"']);
    if needs_escapes && !text.contains('`') && !text.contains(char::is_control) {
        return format!("`{text}`");
    }
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a String does not fail.
                write!(out, "\\u{:04x}", u32::from(c)).unwrap_or_default();
            }
            c => out.push(c),
        }
    }
    out + "\""
}

/// In the largest unit of which it is a whole number.
fn duration(ns: i64, f: &mut Formatter<'_>) -> fmt::Result {
    let size = ns.unsigned_abs();
    let units = UNITS.iter().rev().filter(|(name, _)| !matches!(*name, "µs" | "d"));
    let whole = units.clone().find(|(_, unit)| size >= *unit && size.is_multiple_of(*unit));
    let sign = if ns < 0 { "-" } else { "" };
    match whole {
        // The least cannot be written as a minus and a number.
        _ if ns == i64::MIN => f.write_str("(-9223372036854775807ns - 1ns)"),
        Some((name, unit)) => write!(f, "{sign}{}{name}", size / unit),
        None => write!(f, "{sign}{size}ns"),
    }
}

impl Display for Metrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let of = |name: &str, field: &super::ast::FieldAt, f: &mut Formatter<'_>| write!(f, "{name}({})", field.field);
        match &self.function {
            Function::Rate => f.write_str("rate()")?,
            Function::Count => f.write_str("count_over_time()")?,
            Function::Min(field) => of("min_over_time", field, f)?,
            Function::Max(field) => of("max_over_time", field, f)?,
            Function::Avg(field) => of("avg_over_time", field, f)?,
            Function::Sum(field) => of("sum_over_time", field, f)?,
            Function::Histogram(field) => of("histogram_over_time", field, f)?,
            Function::Quantile(field, parts) => {
                write!(f, "quantile_over_time({}", field.field)?;
                parts.iter().try_for_each(|part| write!(f, ", {part}"))?;
                f.write_char(')')?;
            }
            Function::Compare(selection, most) => {
                f.write_str("compare(")?;
                Spansets::Spans(selection.clone(), super::ast::At::default()).fmt(f)?;
                most.iter().try_for_each(|most| write!(f, ", {most}"))?;
                f.write_char(')')?;
            }
        }
        if !self.by.is_empty() {
            f.write_str(" by(")?;
            separated(&self.by, f, |field, f| field.field.fmt(f))?;
            f.write_char(')')?;
        }
        self.seconds.iter().try_for_each(|second| write!(f, " | {second}"))
    }
}

impl Display for Second {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::TopK(count, _) => write!(f, "topk({count})"),
            Self::BottomK(count, _) => write!(f, "bottomk({count})"),
            Self::Having(operator, value, _) => write!(f, "{} {value}", operator.symbol()),
        }
    }
}

//! Adds a condition to the text of a query, or takes it out again. Shorthand stays shorthand, where that can say it.

use super::ast::{
    Binary, Combine, Combined, Expr, Field, FieldAt, Item, Literal, Operator, Query, Scope, Spansets, Stage,
};
use super::complete::{attribute_text, value_text};
use super::fields::Intrinsic;
use super::language::parse;
use super::node::SERVICE_NAME;
use super::short::{self, PieceKind};

/// What a condition asks of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Some span has the value.
    Include,
    /// No span has it.
    Exclude,
}

/// Returns the text of a query with a condition on a field, or without it where it has it already. Where it has the
/// opposite, that goes. A text that cannot be read stays as it is.
pub fn toggle(text: &str, field: &Field, value: &Literal, wish: Wish) -> String {
    let Ok(parsed) = parse(text) else { return text.to_owned() };
    let pieces = if parsed.is_shorthand { short::pieces(text) } else { Vec::new() };
    let has_or = pieces.iter().any(|piece| piece.kind == PieceKind::Or);
    let condition = shorthand(field, value).filter(|_| parsed.is_shorthand && !has_or);
    match condition {
        Some(condition) => in_shorthand(text, &condition, wish),
        None => in_tree(parsed.query, field, value, wish),
    }
}

/// Returns a condition in the shorthand, none where it has no form there.
fn shorthand(field: &Field, value: &Literal) -> Option<String> {
    let name = match &field.item {
        _ if field.of_parent => return None,
        Item::Attribute(Scope::Resource, key) if &**key == SERVICE_NAME => "service".to_owned(),
        Item::Attribute(scope, key) => attribute_text(*scope, key, true),
        Item::Intrinsic(Intrinsic::Name) => "operation".to_owned(),
        Item::Intrinsic(intrinsic) => intrinsic.info().name.to_owned(),
    };
    let condition = format!("{name}={}", value_text(value, true));
    // What is not read as one comparison cannot be written so.
    let is_one =
        matches!(short::pieces(&condition).as_slice(), [piece] if matches!(piece.kind, PieceKind::Comparison { .. }));
    is_one.then_some(condition)
}

fn in_shorthand(text: &str, condition: &str, wish: Wish) -> String {
    let sign = if wish == Wish::Exclude { "-" } else { "" };
    let mut kept: Vec<String> = Vec::new();
    let (mut had_same, mut negated) = (false, false);
    for piece in short::pieces(text) {
        let written = text.get(piece.at.range()).unwrap_or_default();
        if piece.kind == PieceKind::Not {
            negated = true;
            continue;
        }
        if written == condition {
            had_same |= negated == (wish == Wish::Exclude);
        } else {
            kept.push(format!("{}{written}", if negated { "-" } else { "" }));
        }
        negated = false;
    }
    if !had_same {
        kept.push(format!("{sign}{condition}"));
    }
    kept.join(" ")
}

fn in_tree(mut query: Query, field: &Field, value: &Literal, wish: Wish) -> String {
    let at = super::ast::At::default();
    let left = Expr::Field(FieldAt { field: field.clone(), at });
    let equal = Binary { operator: Operator::Equal, left, right: Expr::Literal(value.clone(), at), at };
    let include = Spansets::Spans(Some(Expr::Binary(Box::new(equal))), at);
    let exclude = Spansets::Without(Box::new(include.clone()), at);
    let wanted = if wish == Wish::Include { &include } else { &exclude };
    let Some(Stage::Spansets(spans)) = query.pipeline.first_mut() else { return query.to_string() };
    let before = std::mem::replace(spans, Spansets::Spans(None, at));
    let mut all = Vec::new();
    conjuncts(before, &mut all);
    let had_same = all.contains(wanted);
    all.retain(|spans| *spans != include && *spans != exclude && *spans != Spansets::Spans(None, at));
    if !had_same {
        all.push(wanted.clone());
    }
    let joined = all
        .into_iter()
        .reduce(|left, right| Spansets::Combined(Box::new(Combined { combine: Combine::And, left, right, at })));
    if let Some(joined) = joined {
        *spans = joined;
    }
    query.to_string()
}

/// Takes apart what `&&` puts together.
fn conjuncts(spans: Spansets, out: &mut Vec<Spansets>) {
    match spans {
        Spansets::Combined(combined) if combined.combine == Combine::And => {
            conjuncts(combined.left, out);
            conjuncts(combined.right, out);
        }
        other => out.push(other),
    }
}

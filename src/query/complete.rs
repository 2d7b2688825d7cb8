//! What could stand at a place of a query, whole or broken.

use std::ops::Range;

use super::ast::{Field, Item, Literal, Scope};
use super::fields::{FIELDS, SCOPES, Type};
use super::highlight::Class;
use super::lex::{self, Kind, Token};
use super::parse::{FUNCTIONS, STAGES, field};
use super::print::{quoted, quoted_key};
use super::short::{self, PieceKind};
use crate::model;

/// What could stand at a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// What would be replaced, in bytes.
    pub replace: Range<usize>,
    /// What is written of it so far.
    pub typed: String,
    pub wants: Vec<Wanted>,
}

/// One thing, or many of a kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Always the same.
    Word { text: String, doc: &'static str, class: Class },
    /// Names of attributes that spans have; written by [`attribute_text`].
    Attributes(Scope),
    /// Values that a field has; written by [`value_text`].
    Values(Field),
}

/// Returns what could stand where the cursor is, in bytes.
pub fn complete(text: &str, cursor: usize) -> Completion {
    let cursor = (0..=cursor.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    if short::is_traceql(text) { traceql(text, cursor) } else { shorthand(text, cursor) }
}

/// Returns an attribute as it is written.
pub fn attribute_text(scope: Scope, name: &str, is_shorthand: bool) -> String {
    let name = quoted_key(name);
    if is_shorthand && scope == Scope::Either && !name.starts_with('"') {
        name
    } else {
        format!("{}{name}", scope.info().prefix)
    }
}

/// Returns a value as it is written.
pub fn value_text(value: &Literal, is_shorthand: bool) -> String {
    match value {
        Literal::String(text) if is_shorthand => {
            let is_plain = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\\'));
            let is_taken = lex::number(text).is_ok() || super::parse::literal(text).is_some() || text.starts_with('-');
            if is_plain && !is_taken {
                return text.to_string();
            }
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Literal::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn word(text: impl Into<String>, doc: &'static str, class: Class) -> Wanted {
    Wanted::Word { text: text.into(), doc, class }
}

fn words<'a>(texts: impl IntoIterator<Item = &'a str>, class: Class) -> Vec<Wanted> {
    texts.into_iter().map(|text| word(text, "", class)).collect()
}

/// Returns the values that a type always has.
fn literals(kind: Type) -> Vec<Wanted> {
    let of = |words_of: &[&str]| words(words_of.iter().copied(), Class::Literal);
    match kind {
        Type::Status => of(&["ok", "error", "unset"]),
        Type::Kind => words(model::Kind::ALL.into_iter().map(model::Kind::name), Class::Literal),
        Type::Bool => of(&["true", "false"]),
        _ => Vec::new(),
    }
}

fn type_of(field: &Field) -> Type {
    match &field.item {
        Item::Intrinsic(intrinsic) => intrinsic.info().value,
        Item::Attribute(..) => Type::Unknown,
    }
}

fn values(field: Field) -> Vec<Wanted> {
    let mut wants = literals(type_of(&field));
    if wants.is_empty() && type_of(&field) != Type::Duration {
        wants.push(Wanted::Values(field));
    }
    wants
}

fn traceql(text: &str, cursor: usize) -> Completion {
    let tokens = lex::tokens(text);
    let starts_before = |token: &&Token| (token.at.start as usize) < cursor && token.kind != Kind::End;
    let mut before: Vec<&Token> = tokens.iter().take_while(starts_before).collect();
    // A word or a text that the cursor is in, or right behind, is being written.
    let is_in_hand = |token: &&&Token| {
        let is_word = matches!(token.kind, Kind::Name(_) | Kind::Text(_) | Kind::Number(_) | Kind::Wrong(_));
        is_word && token.at.end as usize >= cursor
    };
    let in_hand = before.last().filter(is_in_hand).copied();
    if in_hand.is_some() {
        before.pop();
    }
    let replace = in_hand.map_or(cursor..cursor, |token| token.at.range());
    let typed = text.get(replace.start..cursor).unwrap_or_default();
    let is_text = typed.starts_with(['"', '`']);
    let typed = typed.trim_start_matches(['"', '`']).to_owned();
    let (wants, typed) = wanted(&before, typed, is_text);
    Completion { replace, typed, wants }
}

/// Where a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Nothing,
    Braces,
    /// Of a function that takes fields.
    Function,
}

fn inside(before: &[&Token]) -> Inside {
    let mut levels = Vec::new();
    for (at, token) in before.iter().enumerate() {
        let is_after_name = at.checked_sub(1).is_some_and(|at| matches!(before[at].kind, Kind::Name(_)));
        match token.kind {
            Kind::Sign("{") => levels.push(Inside::Braces),
            // Parentheses in braces change nothing.
            Kind::Sign("(") => levels.push(match levels.last() {
                Some(Inside::Braces) => Inside::Braces,
                _ if is_after_name => Inside::Function,
                _ => Inside::Nothing,
            }),
            Kind::Sign("}" | ")") => {
                levels.pop();
            }
            _ => {}
        }
    }
    levels.last().copied().unwrap_or(Inside::Nothing)
}

fn wanted(before: &[&Token], typed: String, is_text: bool) -> (Vec<Wanted>, String) {
    let last = before.last().map(|token| &token.kind);
    match (inside(before), last) {
        (Inside::Nothing, None | Some(Kind::Sign("|" | "("))) => (stages(), typed),
        (Inside::Nothing, Some(Kind::Sign("}" | ")"))) => (after_set(), typed),
        (Inside::Function, Some(Kind::Sign("(" | ","))) => fields(typed),
        (Inside::Nothing | Inside::Function, _) => (Vec::new(), typed),
        (Inside::Braces, Some(Kind::Sign("=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~"))) => {
            let field = before.len().checked_sub(2).and_then(|at| match &before[at].kind {
                Kind::Name(name) => field(name, before[at].at).ok(),
                _ => None,
            });
            (field.map_or_else(Vec::new, values), typed)
        }
        _ if is_text => (Vec::new(), typed),
        (Inside::Braces, Some(Kind::Name(name))) => match super::parse::literal(name) {
            Some(_) => (words(["&&", "||", "}"], Class::Operator), typed),
            None => (operators(name), typed),
        },
        (Inside::Braces, Some(Kind::Text(_) | Kind::Number(_) | Kind::Sign(")"))) => {
            (words(["&&", "||", "}"], Class::Operator), typed)
        }
        (Inside::Braces, _) => fields(typed),
    }
}

fn stages() -> Vec<Wanted> {
    let mut wants = vec![word("{ ", "spans for which something holds", Class::Punctuation)];
    wants.extend(STAGES.iter().chain(&FUNCTIONS).map(|name| word(format!("{name}("), "", Class::Keyword)));
    wants
}

fn after_set() -> Vec<Wanted> {
    let mut wants = vec![word("| ", "what is done with these spans", Class::Operator)];
    wants.extend(super::ast::Combine::ALL.iter().map(|(_, sign)| word(format!("{sign} {{ "), "", Class::Operator)));
    wants
}

/// Returns the operators that fit a field.
fn operators(name: &str) -> Vec<Wanted> {
    let kind = field(name, super::ast::At::default()).map_or(Type::Unknown, |field| type_of(&field));
    words(
        match kind {
            Type::Status | Type::Kind | Type::Bool | Type::Nil => &["=", "!="][..],
            Type::Int | Type::Float | Type::Duration => &["=", "!=", "<", "<=", ">", ">="],
            Type::String => &["=", "!=", "=~", "!~"],
            Type::Unknown => &["=", "!=", "=~", "!~", "<", "<=", ">", ">="],
        }
        .iter()
        .copied(),
        Class::Operator,
    )
}

/// Before a field of the span above.
const PARENT: &str = "parent.";

/// Returns fields; of a scope that is written already its attributes, and then only what is written behind it.
fn fields(typed: String) -> (Vec<Wanted>, String) {
    let of_scope = SCOPES.iter().find(|scope| typed.starts_with(scope.prefix));
    if let Some(scope) = of_scope {
        let rest = typed.strip_prefix(scope.prefix).unwrap_or_default().trim_start_matches('"').to_owned();
        return (vec![Wanted::Attributes(scope.scope)], rest);
    }
    if let Some(of_parent) = typed.strip_prefix(PARENT) {
        let is_open = |name: &str| !of_parent.is_empty() || !name.contains(':');
        let names = FIELDS.iter().flat_map(|field| [field.old_name, field.name].map(|name| (name, field.doc)));
        let names = names.filter(|(name, _)| !name.is_empty() && is_open(name));
        return (names.map(|(name, doc)| word(format!("{PARENT}{name}"), doc, Class::Field)).collect(), typed);
    }
    // As people write them, then with their scopes.
    let old = FIELDS.iter().filter(|field| !field.old_name.is_empty());
    let mut wants: Vec<Wanted> = old.map(|field| word(field.old_name, field.doc, Class::Field)).collect();
    wants.extend(FIELDS.iter().map(|field| word(field.name, field.doc, Class::Field)));
    wants.extend(SCOPES.iter().map(|scope| word(scope.prefix, scope.doc, Class::Field)));
    wants.push(word(PARENT, "of the parent", Class::Field));
    wants.push(Wanted::Attributes(Scope::Either));
    (wants, typed)
}

fn shorthand(text: &str, cursor: usize) -> Completion {
    let pieces = short::pieces(text);
    let piece = pieces.into_iter().find(|piece| (piece.at.start as usize) < cursor && cursor <= piece.at.end as usize);
    let (range, kind) = piece.map_or((cursor..cursor, None), |piece| (piece.at.range(), Some(piece.kind)));
    let typed = |range: &Range<usize>| text.get(range.start..cursor).unwrap_or_default().to_owned();
    match kind {
        Some(PieceKind::Comparison { name, value_at, .. }) if cursor >= value_at.start as usize => {
            let replace = value_at.range();
            let typed = typed(&replace).trim_start_matches('"').to_owned();
            let wants = values(short::field_of(&name));
            Completion { replace, typed, wants }
        }
        Some(PieceKind::Comparison { name_at, .. }) if cursor <= name_at.end as usize => {
            let replace = name_at.range();
            Completion { typed: typed(&replace), replace, wants: names("") }
        }
        // Nothing fits into an operator.
        Some(PieceKind::Comparison { .. }) => Completion { replace: cursor..cursor, ..Completion::default() },
        // Nothing stands behind the comparison yet.
        Some(PieceKind::Wrong(_)) if typed(&range).ends_with(['=', '~', '<', '>']) => {
            let name = typed(&range).trim_end_matches(['=', '~', '<', '>', '!']).to_owned();
            let wants = values(short::field_of(&name));
            Completion { typed: String::new(), replace: cursor..cursor, wants }
        }
        Some(PieceKind::Text(_) | PieceKind::Regex(_) | PieceKind::Wrong(_)) => {
            Completion { typed: typed(&range), replace: range, wants: Vec::new() }
        }
        Some(PieceKind::Not) => Completion { typed: String::new(), replace: cursor..cursor, wants: names("=") },
        Some(PieceKind::Or | PieceKind::Word(_)) | None => {
            Completion { typed: typed(&range), replace: range, wants: names("=") }
        }
    }
}

/// Returns the names of the shorthand, with what stands behind them.
fn names(behind: &str) -> Vec<Wanted> {
    let mut wants = vec![word(format!("service{behind}"), "the name of the service", Class::Field)];
    let short = FIELDS.iter().filter(|field| !field.short_name.is_empty() && field.value != Type::Bool);
    wants.extend(short.map(|field| word(format!("{}{behind}", field.short_name), field.doc, Class::Field)));
    wants.push(word(if behind.is_empty() { "spans" } else { "spans>" }, "how many spans the trace has", Class::Field));
    wants.push(word("error", "a span with an error", Class::Keyword));
    wants.push(word("slow", "a request slower than the P95 of its service's", Class::Keyword));
    wants.push(word("or", "one of both", Class::Keyword));
    wants.push(Wanted::Attributes(Scope::Either));
    wants
}

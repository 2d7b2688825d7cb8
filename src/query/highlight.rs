//! What each piece of a query is, for colours; of any text, whether it can be read or not.

use std::ops::Range;

use super::lex::{self, Kind};
use super::parse::{FUNCTIONS, STAGES, literal};
use super::short::{self, PieceKind};

/// What a piece of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A function or a word of the language.
    Keyword,
    Field,
    Operator,
    Text,
    Number,
    /// `true`, `ok`, `server`, `nil`.
    Literal,
    Regex,
    /// Braces, parentheses and commas.
    Punctuation,
    /// A word that is looked for.
    Word,
    Error,
}

/// Returns the pieces of a text in order, in bytes; nothing but white space lies between them.
pub fn highlight(text: &str) -> Vec<(Range<usize>, Class)> {
    if short::is_traceql(text) { traceql(text) } else { shorthand(text) }
}

fn traceql(text: &str) -> Vec<(Range<usize>, Class)> {
    let tokens = lex::tokens(text);
    let mut pieces = Vec::new();
    let mut is_after_match = false;
    for token in &tokens {
        let class = match &token.kind {
            Kind::End => break,
            Kind::Sign("{" | "}" | "(" | ")" | ",") => Class::Punctuation,
            Kind::Sign(_) => Class::Operator,
            Kind::Text(_) if is_after_match => Class::Regex,
            Kind::Text(_) => Class::Text,
            Kind::Number(_) => Class::Number,
            Kind::Wrong(_) => Class::Error,
            Kind::Name(name) => class_of_name(name),
        };
        is_after_match = matches!(token.kind, Kind::Sign("=~" | "!~"));
        pieces.push((token.at.range(), class));
    }
    pieces
}

fn class_of_name(name: &str) -> Class {
    if literal(name).is_some() {
        return Class::Literal;
    }
    if STAGES.contains(&name) || FUNCTIONS.contains(&name) || matches!(name, "with" | "without" | "topk" | "bottomk") {
        return Class::Keyword;
    }
    Class::Field
}

fn shorthand(text: &str) -> Vec<(Range<usize>, Class)> {
    let mut pieces = Vec::new();
    for piece in short::pieces(text) {
        let range = piece.at.range();
        match piece.kind {
            PieceKind::Or => pieces.push((range, Class::Keyword)),
            PieceKind::Not => pieces.push((range, Class::Operator)),
            PieceKind::Word(word) if word == "error" || word == "slow" => pieces.push((range, Class::Keyword)),
            PieceKind::Word(_) => pieces.push((range, Class::Word)),
            PieceKind::Text(_) => pieces.push((range, Class::Text)),
            PieceKind::Regex(_) => pieces.push((range, Class::Regex)),
            PieceKind::Wrong(_) => pieces.push((range, Class::Error)),
            PieceKind::Comparison { name_at, value_at, value, is_quoted, .. } => {
                let class = match literal(&value) {
                    _ if is_quoted => Class::Text,
                    Some(_) => Class::Literal,
                    None if lex::number(&value).is_ok() => Class::Number,
                    None => Class::Text,
                };
                pieces.push((name_at.range(), Class::Field));
                pieces.push((name_at.range().end..value_at.range().start, Class::Operator));
                pieces.push((value_at.range(), class));
            }
        }
    }
    pieces
}

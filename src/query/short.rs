//! The shorthand for people in a hurry: words and comparisons, each about some span of a trace. It becomes the tree that
//! TraceQL becomes.

use super::ast::{
    Aggregate, At, Binary, Combine, Combined, Expr, Field, FieldAt, Having, Item, Literal, Operator, Query, Scope,
    Spansets, Stage,
};
use super::check::{check_expr, pattern_problem};
use super::fields::{FIELDS, Intrinsic, Type};
use super::lex;
use super::node::SERVICE_NAME;
use super::parse::{MAX_OPERATORS, field, literal};
use super::problem::Problem;

/// The most words; each becomes at most four operators of the TraceQL that it stands for.
const MAX_WORDS: usize = MAX_OPERATORS / 4;

/// Returns whether a text is TraceQL: it begins as only that does.
pub fn is_traceql(text: &str) -> bool {
    let text = text.trim_start();
    if text.is_empty() || text.starts_with(['{', '(']) {
        return text.starts_with(['{', '(']);
    }
    let name = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let functions = super::parse::STAGES.iter().chain(&super::parse::FUNCTIONS).chain(&["without"]);
    let is_function = functions.into_iter().any(|function| *function == name);
    is_function && text.get(name.len()..).is_some_and(|rest| rest.trim_start().starts_with('('))
}

/// A piece of the shorthand, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) kind: PieceKind,
    pub(super) at: At,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum PieceKind {
    Or,
    /// The next piece is to be on no span.
    Not,
    Word(String),
    /// In quotes.
    Text(String),
    /// Between slashes.
    Regex(String),
    Comparison {
        name: String,
        name_at: At,
        operator: Operator,
        value: String,
        value_at: At,
        is_quoted: bool,
    },
    Wrong(Problem),
}

/// Longer ones before those that they begin with.
const COMPARISONS: [(&str, Operator); 8] = [
    ("!=", Operator::NotEqual),
    ("!~", Operator::NotMatches),
    ("=~", Operator::Matches),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

/// Returns the pieces of a text.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut reader = Reader { text, at: 0 };
    let mut pieces = Vec::new();
    loop {
        reader.skip_space();
        let start = reader.at;
        let Some(kind) = reader.piece() else { return pieces };
        pieces.push(Piece { kind, at: At::from(start..reader.at) });
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
    }

    fn piece(&mut self) -> Option<PieceKind> {
        let start = self.at;
        match self.peek()? {
            '-' | '!' => {
                self.bump();
                Some(PieceKind::Not)
            }
            '"' => Some(self.quoted('"').map_or_else(PieceKind::Wrong, PieceKind::Text)),
            '/' => Some(self.quoted('/').map_or_else(PieceKind::Wrong, PieceKind::Regex)),
            _ => {
                let name = self.until_operator();
                let name_at = At::from(start..self.at);
                let operator = COMPARISONS.iter().find(|(sign, _)| self.rest().starts_with(sign));
                let Some((sign, operator)) = operator else {
                    return Some(match name.as_str() {
                        "||" => PieceKind::Or,
                        name if name.eq_ignore_ascii_case("or") => PieceKind::Or,
                        _ => parenthesis(&name, At::from(start..self.at)).unwrap_or(PieceKind::Word(name)),
                    });
                };
                self.at += sign.len();
                Some(self.comparison((name, name_at), *operator))
            }
        }
    }

    fn comparison(&mut self, (name, name_at): (String, At), operator: Operator) -> PieceKind {
        let start = self.at;
        if name.is_empty() {
            let before = self.text.get(..name_at.start as usize).unwrap_or_default();
            let problem = Problem::new(name_at.start as usize..start, "expected a field before the comparison");
            // People put spaces round it, as in TraceQL.
            let field = before.split_whitespace().next_back().filter(|_| before.ends_with(char::is_whitespace));
            let value = self.rest().split_whitespace().next();
            return PieceKind::Wrong(match field.zip(value) {
                Some((field, value)) => problem.hint(format!("without spaces: {field}{}{value}", operator.symbol())),
                None => problem,
            });
        }
        let quote = self.peek().filter(|c| matches!(c, '"' | '/'));
        let is_quoted =
            quote == Some('"') || (quote == Some('/') && matches!(operator, Operator::Matches | Operator::NotMatches));
        let value = match quote.filter(|_| is_quoted) {
            Some(quote) => self.quoted(quote),
            None => Ok(self.until_space()),
        };
        match value {
            Ok(value) if value.is_empty() && !is_quoted => {
                let problem = Problem::new(start.saturating_sub(1)..start, "expected a value after the comparison");
                PieceKind::Wrong(problem.hint("nothing at all is written \"\""))
            }
            Ok(value) => {
                PieceKind::Comparison { name, name_at, operator, value, value_at: At::from(start..self.at), is_quoted }
            }
            Err(problem) => PieceKind::Wrong(problem),
        }
    }

    fn until_space(&mut self) -> String {
        let mut word = String::new();
        while let Some(next) = self.peek().filter(|next| !next.is_whitespace()) {
            self.bump();
            word.push(next);
        }
        word
    }

    fn until_operator(&mut self) -> String {
        let mut word = String::new();
        while let Some(next) = self.peek().filter(|next| !next.is_whitespace()) {
            if COMPARISONS.iter().any(|(sign, _)| self.rest().starts_with(sign)) {
                break;
            }
            self.bump();
            word.push(next);
        }
        word
    }

    /// In a text `\"` and `\\` are escaped, in an expression only `\/`: the rest is its own.
    fn quoted(&mut self, quote: char) -> Result<String, Problem> {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        loop {
            match self.bump() {
                Some(end) if end == quote => return Ok(text),
                Some('\\') => match self.bump() {
                    Some(escaped) if escaped == quote || (quote == '"' && escaped == '\\') => text.push(escaped),
                    Some(other) => text.extend(['\\', other]),
                    None => text.push('\\'),
                },
                Some(other) => text.push(other),
                None => {
                    let message = format!("expected '{quote}' at the end");
                    let problem = Problem::new(start..self.at, message);
                    return Err(if quote == '/' {
                        problem.hint("a word with a slash stands in quotes")
                    } else {
                        problem
                    });
                }
            }
        }
    }
}

/// Returns what is wrong with a word that begins or ends a group, as there are none.
fn parenthesis(word: &str, at: At) -> Option<PieceKind> {
    let is_group = word.starts_with('(') || (word.ends_with(')') && !word.contains('('));
    let problem = || {
        let hint = "write each alternative out, or in TraceQL: { status = error } || { slow }; a text stands in quotes";
        Problem::new(at, "words are not put together by parentheses").hint(hint)
    };
    is_group.then(|| PieceKind::Wrong(problem()))
}

/// Reads a shorthand, and notes what is wrong with it.
pub(super) fn shorthand(text: &str) -> (Query, Vec<Problem>) {
    let mut problems = Vec::new();
    // Alternatives, each of conditions that all have to hold.
    let mut alternatives: Vec<Vec<Spansets>> = vec![Vec::new()];
    let (mut negation, mut or_at): (Option<At>, Option<At>) = (None, None);
    let pieces = pieces(text);
    if pieces.len() > MAX_WORDS {
        problems.push(Problem::new(0..text.len(), format!("more than {MAX_WORDS} words")));
        return (Query::everything(), problems);
    }
    for piece in pieces {
        match piece.kind {
            // All of them have to hold anyway.
            PieceKind::Word(word) if matches!(word.as_str(), "and" | "AND" | "&&") && negation.is_none() => {}
            PieceKind::Not => match negation {
                None => negation = Some(piece.at),
                Some(_) => problems.push(Problem::new(piece.at, "expected a word after '-'")),
            },
            PieceKind::Or => {
                if alternatives.last().is_none_or(Vec::is_empty) || negation.is_some() {
                    problems.push(quote_or(piece.at));
                }
                alternatives.push(Vec::new());
                or_at = Some(piece.at);
            }
            PieceKind::Wrong(problem) => problems.push(problem),
            kind => match spans(&kind, piece.at) {
                Ok(spans) => {
                    let spans = match negation.take() {
                        Some(at) => Spansets::Without(Box::new(spans), at.to(piece.at)),
                        None => spans,
                    };
                    alternatives.last_mut().into_iter().for_each(|all| all.push(spans.clone()));
                    or_at = None;
                }
                Err(problem) => problems.push(problem),
            },
        }
    }
    problems.extend(negation.map(|at| Problem::new(at, "expected a word after '-'")));
    problems.extend(or_at.filter(|_| problems.is_empty()).map(quote_or));
    let both = |combine| move |left, right| joined(combine, left, right);
    let all = alternatives.into_iter().filter_map(|all| all.into_iter().reduce(both(Combine::And)));
    let query = match all.reduce(both(Combine::Or)) {
        Some(spans) => Query { pipeline: vec![Stage::Spansets(spans)], ..Query::default() },
        None => Query::everything(),
    };
    (query, problems)
}

fn quote_or(at: At) -> Problem {
    Problem::new(at, "expected something on both sides of 'or'").hint("the word itself is written \"or\"")
}

fn joined(combine: Combine, left: Spansets, right: Spansets) -> Spansets {
    Spansets::Combined(Box::new(Combined { combine, left, right, at: At::default() }))
}

fn filter(expr: Expr, at: At) -> Spansets {
    Spansets::Spans(Some(expr), at)
}

fn binary(operator: Operator, left: Expr, right: Expr, at: At) -> Expr {
    Expr::Binary(Box::new(Binary { operator, left, right, at }))
}

fn of_intrinsic(intrinsic: Intrinsic, at: At) -> Expr {
    Expr::Field(FieldAt { field: Field::of_span(Item::Intrinsic(intrinsic)), at })
}

fn text(text: impl AsRef<str>, at: At) -> Expr {
    Expr::Literal(Literal::String(text.as_ref().into()), at)
}

fn spans(kind: &PieceKind, at: At) -> Result<Spansets, Problem> {
    let any = |pattern: String| binary(Operator::Matches, of_intrinsic(Intrinsic::Any, at), text(pattern, at), at);
    let contains = |word: &str| any(format!("(?i).*{}.*", regex::escape(word)));
    match kind {
        PieceKind::Text(word) => Ok(filter(contains(word), at)),
        PieceKind::Regex(pattern) => match pattern_problem(pattern, at) {
            Some(problem) => Err(problem),
            None => Ok(filter(any(format!(".*(?:{pattern}).*")), at)),
        },
        PieceKind::Word(word) => Ok(filter(word_of(word, at, contains), at)),
        PieceKind::Comparison { name, name_at, operator, value, value_at, is_quoted } => {
            let places = Places { name: *name_at, value: *value_at, whole: at };
            comparison(name, *operator, (value, *is_quoted), places)
        }
        PieceKind::Or | PieceKind::Not | PieceKind::Wrong(_) => Err(Problem::new(at, "expected a word")),
    }
}

fn word_of(word: &str, at: At, contains: impl Fn(&str) -> Expr) -> Expr {
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = |intrinsic| binary(Operator::Equal, of_intrinsic(intrinsic, at), text(word.to_lowercase(), at), at);
    match word {
        "error" => {
            let status = Expr::Literal(Literal::Status(crate::model::StatusCode::Error), at);
            binary(Operator::Equal, of_intrinsic(Intrinsic::Status, at), status, at)
        }
        "slow" => of_intrinsic(Intrinsic::Slow, at),
        _ if is_hex && word.len() == 32 => id(Intrinsic::TraceId),
        // It may be a number as well.
        _ if is_hex && word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_digit()) => {
            binary(Operator::Or, id(Intrinsic::SpanId), contains(word), at)
        }
        _ if is_hex && word.len() == 16 => id(Intrinsic::SpanId),
        _ => contains(word),
    }
}

#[derive(Clone, Copy)]
struct Places {
    name: At,
    value: At,
    whole: At,
}

fn comparison(
    name: &str,
    operator: Operator,
    (value, is_quoted): (&str, bool),
    places: Places,
) -> Result<Spansets, Problem> {
    if name == "spans" {
        return count(operator, value, places);
    }
    let field = field_of(name);
    let is_regex = matches!(operator, Operator::Matches | Operator::NotMatches);
    let kind = match &field.item {
        Item::Intrinsic(intrinsic) => intrinsic.info().value,
        Item::Attribute(..) => Type::Unknown,
    };
    let whole = |literal: Literal| {
        let left = Expr::Field(FieldAt { field: field.clone(), at: places.name });
        binary(operator, left, Expr::Literal(literal, places.value), places.whole)
    };
    let as_text = || Literal::String(value.into());
    if is_quoted || is_regex || kind == Type::String {
        return checked(whole(as_text()), places.whole);
    }
    let (unsigned, is_negative) = value.strip_prefix('-').map_or((value, false), |rest| (rest, true));
    let number = lex::number(unsigned).ok().filter(|_| unsigned.starts_with(|c: char| c.is_ascii_digit()));
    let number = number.map(|number| if is_negative { minus(number) } else { number });
    let known = literal(value).or(number);
    let expr = match (kind, known) {
        (
            Type::Unknown,
            Some(literal @ (Literal::Int(_) | Literal::Float(_) | Literal::Bool(_) | Literal::Duration(_))),
        ) => {
            // What is written like a number may have been sent as a text. Only the comparison with its own kind can hold.
            match operator {
                Operator::Equal | Operator::NotEqual => {
                    binary(Operator::Or, whole(literal), whole(as_text()), places.whole)
                }
                _ => whole(literal),
            }
        }
        (Type::Unknown, Some(Literal::Nil)) => whole(Literal::Nil),
        (Type::Unknown, _) => whole(as_text()),
        (_, Some(literal)) => whole(literal),
        (_, None) => {
            let problem = Problem::new(places.value, format!("'{value}' is no value of '{name}'"));
            return Err(problem.hint(match kind {
                Type::Duration => "a duration is like 500ms or 1.5s",
                Type::Status => "a status is ok, error or unset",
                Type::Kind => "a kind is internal, server, client, producer, consumer or unspecified",
                _ => "see docs/search.md",
            }));
        }
    };
    checked(expr, places.whole)
}

fn checked(expr: Expr, at: At) -> Result<Spansets, Problem> {
    let mut problems = Vec::new();
    check_expr(&expr, &mut problems);
    match problems.into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(filter(expr, at)),
    }
}

fn minus(literal: Literal) -> Literal {
    match literal {
        Literal::Int(number) => Literal::Int(number.wrapping_neg()),
        Literal::Duration(number) => Literal::Duration(number.wrapping_neg()),
        Literal::Float(number) => Literal::Float(-number),
        other => other,
    }
}

/// Returns the field of a name in the shorthand: a known one, one of TraceQL's, else an attribute.
pub(super) fn field_of(name: &str) -> Field {
    if name == "service" {
        return Field::of_span(Item::Attribute(Scope::Resource, SERVICE_NAME.into()));
    }
    let known = FIELDS.iter().find(|field| field.short_name == name && !name.is_empty());
    let known = known
        .or_else(|| FIELDS.iter().find(|field| field.name == name || (field.old_name == name && !name.is_empty())));
    if let Some(known) = known.filter(|known| known.intrinsic != Intrinsic::Slow) {
        return Field::of_span(Item::Intrinsic(known.intrinsic));
    }
    field(name, At::default()).unwrap_or_else(|_| Field::of_span(Item::Attribute(Scope::Either, name.into())))
}

/// `spans>50`: so many spans has the trace.
fn count(comparison: Operator, value: &str, places: Places) -> Result<Spansets, Problem> {
    let number = lex::number(value).ok().filter(|number| matches!(number, Literal::Int(_)));
    let is_regex = matches!(comparison, Operator::Matches | Operator::NotMatches);
    let Some(value) = number.filter(|_| !is_regex) else {
        return Err(Problem::new(places.whole, "expected a number of spans, like spans>50"));
    };
    let all = Stage::Spansets(Spansets::Spans(None, places.whole));
    let having = Having { aggregate: Aggregate::Count, comparison, value, at: places.whole };
    Ok(Spansets::Pipeline(vec![all, Stage::Having(having)], places.whole))
}

//! Tokens to the tree of a TraceQL query. After a mistake it goes on behind the braces or the stage, so that all that is wrong
//! is told at once.

mod expr;
mod metrics;
mod stages;

pub(super) use expr::{field, literal};
pub(super) use metrics::FUNCTIONS;
pub(super) use stages::STAGES;

use super::ast::{At, Literal, Query};
use super::lex::{Kind, Token, UNITS, tokens};
use super::problem::Problem;

/// The most levels of parentheses and the like.
pub(super) const MAX_DEPTH: usize = 100;
/// The most operators.
pub(super) const MAX_OPERATORS: usize = 1_000;

/// What was read, and what is wrong with it.
pub(super) fn traceql(text: &str) -> (Query, Vec<Problem>) {
    let mut parser = Parser { tokens: tokens(text), next: 0, depth: 0, operators: 0, problems: Vec::new() };
    let query = parser.query();
    (query, parser.problems)
}

/// What could not be read; the problem is noted.
struct Failed;

type Result<T> = std::result::Result<T, Failed>;

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    operators: usize,
    problems: Vec<Problem>,
}

impl Parser {
    fn peek(&self) -> &Kind {
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    fn at(&self) -> At {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(At::default(), |token| token.at)
    }

    /// Returns where the token before ends.
    fn before(&self) -> At {
        self.next.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(At::default(), |token| token.at)
    }

    fn bump(&mut self) -> At {
        let at = self.at();
        self.next = (self.next + 1).min(self.tokens.len().saturating_sub(1));
        at
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Kind::Sign(found) if *found == sign)
    }

    /// Takes a sign if it is there.
    fn take(&mut self, sign: &str) -> Option<At> {
        self.is_sign(sign).then(|| self.bump())
    }

    fn need(&mut self, sign: &str) -> Result<At> {
        self.take(sign).ok_or_else(|| self.expected(&format!("'{sign}'")))
    }

    /// Takes a name if it is there and a parenthesis follows.
    fn is_function(&self, name: &str) -> bool {
        let is_it = matches!(self.peek(), Kind::Name(found) if found == name);
        is_it && matches!(self.tokens.get(self.next + 1).map(|token| &token.kind), Some(Kind::Sign("(")))
    }

    fn note(&mut self, problem: Problem) -> Failed {
        self.problems.push(problem);
        Failed
    }

    /// Notes what was expected here, or what is wrong with the token that stands here.
    fn expected(&mut self, what: &str) -> Failed {
        if let Kind::Wrong(problem) = self.peek() {
            let problem = problem.clone();
            return self.note(problem);
        }
        let found = describe(self.peek());
        let problem = Problem::new(self.at(), format!("expected {what}, found {found}"));
        let hint = self.habit().map(str::to_owned);
        self.note(Problem { hint, ..problem })
    }

    /// Returns how that is written here which is written otherwise in other languages.
    fn habit(&self) -> Option<&'static str> {
        let before = self.next.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|token| &token.kind);
        match (before, self.peek()) {
            (Some(Kind::Sign("=")), Kind::Sign("=")) => Some("equality is written ="),
            (Some(Kind::Sign("<")), Kind::Sign(">")) => Some("inequality is written !="),
            (Some(Kind::Number(_)), Kind::Name(unit)) if UNITS.iter().any(|(name, _)| name == unit) => {
                Some("a duration has no space before its unit: 5ms")
            }
            (_, Kind::Name(word)) if word.eq_ignore_ascii_case("and") => Some("and is written &&"),
            (_, Kind::Name(word)) if word.eq_ignore_ascii_case("or") => Some("or is written ||"),
            (_, Kind::Name(word)) if word.eq_ignore_ascii_case("not") => Some("not is written !"),
            _ => None,
        }
    }

    /// Runs what may stand inside of itself, so many levels deep at most.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(self.note(Problem::new(self.at(), message)));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn count_operator(&mut self, at: At) -> Result<()> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return Err(self.note(Problem::new(at, format!("more than {MAX_OPERATORS} operators"))));
        }
        Ok(())
    }

    /// Goes to one of these signs on this level of braces and parentheses, or the end.
    fn skip_to(&mut self, signs: &[&str]) {
        let mut level = 0_usize;
        loop {
            match self.peek() {
                Kind::End => return,
                Kind::Sign(sign) if level == 0 && signs.contains(sign) => return,
                Kind::Sign("{" | "(") => level += 1,
                Kind::Sign("}" | ")") => level = level.saturating_sub(1),
                _ => {}
            }
            self.bump();
        }
    }

    /// Reads an integer, a float or a duration, with its sign.
    fn number(&mut self, what: &str) -> Result<(Literal, At)> {
        let minus = self.take("-");
        let (literal, at) = match self.peek() {
            Kind::Number(literal) => (literal.clone(), self.at()),
            Kind::Name(name) if name == "minInt" => (Literal::Int(i64::MIN), self.at()),
            Kind::Name(name) if name == "maxInt" => (Literal::Int(i64::MAX), self.at()),
            _ => return Err(self.expected(what)),
        };
        self.bump();
        Ok(match minus {
            Some(start) => (negated(&literal), start.to(at)),
            None => (literal, at),
        })
    }

    /// Reads a whole number of at least 1.
    fn count(&mut self, what: &str) -> Result<u32> {
        let at = self.at();
        let number = self.number(what)?.0;
        match number {
            Literal::Int(number) if number >= 1 => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
            _ => Err(self.note(Problem::new(at, format!("expected {what}")))),
        }
    }
}

/// Returns a number with the other sign. Only the least integer has none.
fn negated(literal: &Literal) -> Literal {
    match literal {
        Literal::Int(number) => Literal::Int(number.wrapping_neg()),
        Literal::Duration(number) => Literal::Duration(number.wrapping_neg()),
        Literal::Float(number) => Literal::Float(-number),
        other => other.clone(),
    }
}

/// Returns a token as people call it.
fn describe(kind: &Kind) -> String {
    match kind {
        Kind::Sign(sign) => format!("'{sign}'"),
        Kind::Name(name) => format!("'{name}'"),
        Kind::Text(_) => "a text".to_owned(),
        Kind::Number(Literal::Duration(_)) => "a duration".to_owned(),
        Kind::Number(_) => "a number".to_owned(),
        Kind::Wrong(problem) => problem.message.clone(),
        Kind::End => "the end".to_owned(),
    }
}

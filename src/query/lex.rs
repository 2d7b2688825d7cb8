//! Text to tokens, each with its place. Nothing fails here: what is no token is one that says so.

use super::ast::{At, Literal};
use super::problem::Problem;

/// A piece of a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: At,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Sign(&'static str),
    /// A keyword, a function, an intrinsic or an attribute with its scope, as it is written but for quotes in it, and where
    /// in that the part begins that quotes may stand in.
    Name(String),
    Text(String),
    Number(Literal),
    Wrong(Problem),
    End,
}

/// Longer ones before those that they begin with.
const SIGNS: [&str; 35] = [
    "!>>", "!<<", "&>>", "&<<", "&&", "||", ">>", "<<", "!>", "!<", "!~", "&>", "&<", "&~", "=~", "!=", "<=", ">=",
    "{", "}", "(", ")", "|", ",", "=", "<", ">", "~", "!", "+", "-", "*", "/", "%", "^",
];

/// Where the name of an attribute ends.
pub(super) const ENDS_NAME: &str = "{}()=~!<>&|^,";

/// Returns the tokens of a text; the last one is its end.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip(char::is_whitespace);
        let start = lexer.at;
        let kind = lexer.next();
        let is_end = kind == Kind::End;
        tokens.push(Token { kind, at: At::from(start..lexer.at) });
        if is_end {
            return tokens;
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
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

    fn skip(&mut self, is_it: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is_it) {
            self.bump();
        }
    }

    fn next(&mut self) -> Kind {
        let start = self.at;
        match self.peek() {
            None => Kind::End,
            Some(quote @ ('"' | '`')) => self.quoted(quote),
            Some(digit) if digit.is_ascii_digit() => self.number(),
            Some('.') if self.rest().as_bytes().get(1).is_some_and(u8::is_ascii_digit) => self.number(),
            Some('.') => self.attribute(String::new()),
            Some(letter) if letter.is_alphabetic() || letter == '_' => self.word(),
            Some(_) => {
                if let Some(sign) = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)) {
                    self.at += sign.len();
                    return Kind::Sign(sign);
                }
                let found = self.bump().unwrap_or_default();
                Kind::Wrong(Problem::new(start..self.at, format!("'{found}' means nothing here")))
            }
        }
    }

    /// A keyword or an intrinsic ends where letters do; an attribute, and what follows its scope, at a sign.
    fn word(&mut self) -> Kind {
        let start = self.at;
        let is_letter = |c: char| c.is_alphanumeric() || c == '_';
        self.skip(is_letter);
        if self.peek() == Some(':') {
            self.bump();
            self.skip(is_letter);
        }
        let word = self.text.get(start..self.at).unwrap_or_default().to_owned();
        if self.peek() == Some('.') { self.attribute(word) } else { Kind::Name(word) }
    }

    /// Goes on from the dot before an attribute's name.
    fn attribute(&mut self, mut name: String) -> Kind {
        while let Some(next) = self.peek() {
            if next.is_whitespace() || ENDS_NAME.contains(next) {
                break;
            }
            self.bump();
            if next != '"' {
                name.push(next);
                continue;
            }
            let start = self.at - 1;
            loop {
                match self.bump() {
                    Some('"') => break,
                    Some('\\') => {
                        if let Some(escaped @ ('"' | '\\')) = self.bump() {
                            name.push(escaped);
                        } else {
                            let problem = Problem::new(self.at.saturating_sub(2)..self.at, "unknown escape in a name");
                            return Kind::Wrong(problem.hint("in names only \\\" and \\\\ are escaped"));
                        }
                    }
                    Some(other) => name.push(other),
                    None => {
                        return Kind::Wrong(Problem::new(start..self.at, "expected '\"' at the end of the name"));
                    }
                }
            }
        }
        Kind::Name(name)
    }

    fn quoted(&mut self, quote: char) -> Kind {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        let mut wrong = None;
        loop {
            match self.bump() {
                Some(end) if end == quote => break,
                Some('\\') if quote == '"' => match self.escape() {
                    Ok(escaped) => text.push(escaped),
                    Err(problem) => wrong = wrong.or(Some(problem)),
                },
                Some(other) => text.push(other),
                None => {
                    let problem = Problem::new(start..self.at, format!("expected '{quote}' at the end of the text"));
                    return Kind::Wrong(problem);
                }
            }
        }
        wrong.map_or(Kind::Text(text), Kind::Wrong)
    }

    /// Goes on after a backslash.
    fn escape(&mut self) -> Result<char, Problem> {
        let start = self.at - 1;
        let escaped = match self.bump() {
            Some(same @ ('"' | '\\' | '/')) => Some(same),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.unicode(),
            _ => None,
        };
        escaped.ok_or_else(|| {
            let what = self.text.get(start..self.at).unwrap_or("\\");
            Problem::new(start..self.at, format!("unknown escape '{what}'"))
                .hint("between `backticks` nothing is escaped, as regular expressions need it")
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.rest().starts_with("\\u") {
            return None;
        }
        self.at += 2;
        let second = self.unit().filter(|unit| (0xdc00..0xe000).contains(unit))?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        let unit = u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        self.at += 4;
        Some(unit)
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        loop {
            self.skip(|c| c.is_alphanumeric() || c == '.' || c == '_');
            let so_far = self.text.get(start..self.at).unwrap_or_default();
            let is_exponent = so_far.ends_with(['e', 'E']) && so_far.parse::<f64>().is_err();
            let has_sign = is_exponent && self.rest().starts_with(['+', '-']);
            if !(has_sign && self.rest().get(1..2).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()))) {
                break;
            }
            self.bump();
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        match number(text) {
            Ok(literal) => Kind::Number(literal),
            Err((message, hint)) => Kind::Wrong(Problem::new(start..self.at, message).hint(hint)),
        }
    }
}

/// The units of durations in nanoseconds.
pub(super) const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Reads an integer, a float or a duration.
pub(super) fn number(text: &str) -> Result<Literal, (String, String)> {
    let is_whole = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole {
        let too_large = |_| (format!("'{text}' does not fit into 64 bits"), format!("the most is {}", i64::MAX));
        return text.parse().map(Literal::Int).map_err(too_large);
    }
    let is_float = text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    match text.parse::<f64>() {
        Ok(number) if is_float && number.is_finite() => return Ok(Literal::Float(number)),
        _ => {}
    }
    duration(text).map(Literal::Duration).ok_or_else(|| {
        let hint = "a number is like 5, 0.5 or 1e3; a duration like 100us, 1.5h or 1h30m";
        (format!("'{text}' is no number and no duration"), hint.to_owned())
    })
}

fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let ns = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        let part = match number.parse::<i64>() {
            Ok(whole) => i128::from(whole) * i128::from(ns),
            Err(_) => (number.parse::<f64>().ok()? * ns as f64).round() as i128,
        };
        total = total.checked_add(part)?;
        rest = after;
    }
    i64::try_from(total).ok()
}

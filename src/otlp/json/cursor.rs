//! A place in a JSON text, moved on token by token. Knows no schema and builds nothing.

use super::error::{Fault, Result, quote};
use super::{number, text};
use std::borrow::Cow;

pub(super) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// A string as it stands in the body, without its quotes.
pub(super) struct RawString<'a> {
    pub(super) raw: &'a str,
    /// Where `raw` begins in the body.
    pub(super) at: usize,
    pub(super) has_escapes: bool,
}

impl<'a> RawString<'a> {
    /// Gives `sink` the text, piece by piece; fails at an escape that is none.
    pub(super) fn unescape(&self, sink: impl FnMut(&str)) -> Result<()> {
        text::unescape(self.raw, self.at, sink)
    }

    pub(super) fn text(&self) -> Result<Cow<'a, str>> {
        if !self.has_escapes {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut text = String::new();
        self.unescape(|piece| text.push_str(piece))?;
        Ok(Cow::Owned(text))
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Passes white space; returns the byte after it, none at the end.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Passes `byte` if it comes next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes `byte`; fails, naming `what` was expected, when something else is there.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8, what: &str) -> Result<()> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected(what)) }
    }

    /// After a member or element: whether another one follows, or `close` was passed.
    #[inline]
    pub(super) fn more(&mut self, close: u8) -> Result<bool> {
        let next = self.peek();
        if next != Some(b',') && next != Some(close) {
            return Err(self.unexpected(if close == b'}' { "',' or '}'" } else { "',' or ']'" }));
        }
        self.at += 1;
        Ok(next == Some(b','))
    }

    /// Passes `"name"` if exactly that comes next, written without escapes.
    #[inline]
    pub(super) fn take_name(&mut self, name: &str) -> bool {
        if self.peek() != Some(b'"') {
            return false;
        }
        let after = self.at + 1 + name.len();
        let is_next =
            self.bytes.get(self.at + 1..after) == Some(name.as_bytes()) && self.bytes.get(after) == Some(&b'"');
        if is_next {
            self.at = after + 1;
        }
        is_next
    }

    pub(super) fn name(&mut self) -> Result<RawString<'a>> {
        self.string("a name in quotes")
    }

    pub(super) fn colon(&mut self) -> Result<()> {
        self.expect(b':', "':'")
    }

    /// Passes a string; fails, naming `what` was expected, when there is none.
    #[inline]
    pub(super) fn string(&mut self, what: &str) -> Result<RawString<'a>> {
        self.expect(b'"', what)?;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at = text::plain_end(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += 2;
                }
                Some(control) => {
                    return Err(Fault::new(self.at, format!("control character 0x{control:02x} must be escaped")));
                }
                None => return Err(Fault::new(start - 1, "the string that begins here has no end")),
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(RawString { raw, at: start, has_escapes })
    }

    /// Passes a number; fails, naming `what` was expected, when there is none.
    #[inline]
    pub(super) fn number(&mut self, what: &str) -> Result<&'a str> {
        self.peek();
        let length = number::length(self.bytes.get(self.at..).unwrap_or_default());
        let number = length.and_then(|length| self.text.get(self.at..self.at + length));
        let number = number.ok_or_else(|| self.unexpected(what))?;
        self.at += number.len();
        Ok(number)
    }

    /// Passes `word` if it comes next: `null`, `true` or `false`.
    #[inline]
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        self.peek();
        let is_next = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// Passes any value, however deep: what it opens is kept in a list, not on the stack of the thread.
    pub(super) fn skip_value(&mut self) -> Result<()> {
        let mut awaited = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    if !self.take(b'}') {
                        awaited.push(b'}');
                        self.skip_name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.take(b']') {
                        awaited.push(b']');
                        continue;
                    }
                }
                _ => self.skip_scalar()?,
            }
            loop {
                let Some(&close) = awaited.last() else { return Ok(()) };
                if self.more(close)? {
                    if close == b'}' {
                        self.skip_name()?;
                    }
                    break;
                }
                awaited.pop();
            }
        }
    }

    fn skip_name(&mut self) -> Result<()> {
        self.name()?.unescape(|_| ())?;
        self.colon()
    }

    fn skip_scalar(&mut self) -> Result<()> {
        if self.peek() == Some(b'"') {
            return self.string("a string")?.unescape(|_| ());
        }
        if ["null", "true", "false"].iter().any(|word| self.take_word(word)) {
            return Ok(());
        }
        self.number("a value").map(drop)
    }

    /// Fails with what was expected here and what is here instead.
    #[cold]
    pub(super) fn unexpected(&mut self, expected: &str) -> Fault {
        let found = match self.peek() {
            None => "the end".into(),
            Some(b'{') => "an object".into(),
            Some(b'[') => "an array".into(),
            Some(b'"') => "a string".into(),
            Some(_) => self.found_word(),
        };
        Fault::new(self.at, format!("expected {expected}, found {found}"))
    }

    fn found_word(&self) -> String {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word_end =
            rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '+' | '.'))).unwrap_or(rest.len());
        let word = rest.get(..word_end).filter(|word| !word.is_empty());
        word.or_else(|| rest.get(..rest.chars().next()?.len_utf8())).map_or_else(String::new, quote)
    }
}

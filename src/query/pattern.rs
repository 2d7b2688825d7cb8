//! Regular expressions of queries: anchored at both ends, a dot matches a line feed too; and what of them can be looked
//! for in bytes of which it is not known yet what they are.

use std::sync::{Mutex, PoisonError};

use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder, bytes};
use regex_syntax::hir::{Class, Dot, Hir, HirKind};
use thread_local::ThreadLocal;

/// The most bytes that a compiled expression may take: larger ones are refused.
pub const MAX_PATTERN_BYTES: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Pattern {
    /// None where the expression is not valid, which the checker does not let pass: it then matches nothing.
    whole: Option<Compiled<Regex>>,
    /// Found somewhere in a text if the whole of it matches, where the expression begins and ends with anything: that is
    /// told far sooner.
    part: Option<Compiled<Regex>>,
    /// Finds at least every text that matches, in any bytes around it; none where what stands around decides.
    raw: Option<Raw>,
    /// Whether the spelling of a number or a boolean may match, which is nowhere in the bytes.
    may_spell: bool,
}

/// An expression of which each thread has its own copy: what one needs to search is handed from thread to thread otherwise,
/// which takes longer than the search of a short text.
#[derive(Debug)]
pub(super) struct Compiled<R: Send> {
    regex: R,
    own: ThreadLocal<R>,
}

impl<R: Clone + Send> Compiled<R> {
    fn new(regex: R) -> Self {
        Self { regex, own: ThreadLocal::new() }
    }

    fn own(&self) -> &R {
        self.own.get_or(|| self.regex.clone())
    }
}

/// What is looked for in bytes of which it is not known what they are.
#[derive(Debug)]
pub(super) enum Raw {
    /// A text that is in all that matches.
    Text(Box<Finder<'static>>),
    Pattern(Box<Compiled<bytes::Regex>>),
}

impl Raw {
    /// Returns where something begins that may belong to a match, from a place on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        match self {
            Self::Text(finder) => Some(from + finder.find(bytes.get(from..)?)?),
            Self::Pattern(pattern) => pattern.own().find_at(bytes, from).map(|found| found.start()),
        }
    }

    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Text(finder) => finder.find(bytes).is_some(),
            Self::Pattern(pattern) => pattern.own().is_match(bytes),
        }
    }
}

/// What numbers and booleans are spelled with.
const SPELLING: &str = "0123456789.-truefalsinN";
const WORDS: [&str; 5] = ["true", "false", "inf", "-inf", "nan"];

impl Pattern {
    /// Returns the pattern of an expression.
    pub(super) fn new(text: &str, any_case: bool) -> Self {
        let whole = anchored(text, any_case).ok().map(Compiled::new);
        let syntax = regex_syntax::ParserBuilder::new().dot_matches_new_line(true).case_insensitive(any_case).build();
        let hir = { syntax }.parse(text).ok();
        let part =
            hir.as_ref().and_then(middle).and_then(|middle| builder(&middle, any_case).build().ok()).map(Compiled::new);
        let raw = hir.as_ref().and_then(|hir| raw(text, any_case, hir));
        let may_spell = match literal(text) {
            Some(literal) => literal_may_spell(&literal.to_lowercase()),
            None => hir.is_none_or(|hir| !needs_other_characters(&hir)),
        };
        Self { whole, part, raw, may_spell }
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        match &self.part {
            Some(part) => part.own().is_match(text),
            None => self.whole.as_ref().is_some_and(|whole| whole.own().is_match(text)),
        }
    }

    /// Returns what finds every text that matches in any bytes; none where only looking at each text tells.
    pub(super) fn raw(&self) -> Option<&Raw> {
        self.raw.as_ref()
    }

    /// Returns whether the spelling of a number or a boolean may match.
    pub(super) fn may_spell(&self) -> bool {
        self.may_spell
    }
}

/// Compiles an expression as queries mean it.
///
/// # Errors
/// When it is not valid, or larger than [`MAX_PATTERN_BYTES`].
pub fn anchored(text: &str, any_case: bool) -> Result<Regex, regex::Error> {
    // The same query is read again and again while one types and looks; compiling takes up to some milliseconds.
    static RECENT: Mutex<Vec<(String, bool, Regex)>> = Mutex::new(Vec::new());
    let recent = || RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let known =
        recent().iter().find(|(known, case, _)| known == text && *case == any_case).map(|found| found.2.clone());
    if let Some(known) = known {
        return Ok(known);
    }
    // Compiled alone first, so that no parenthesis of it can end those around.
    builder(text, any_case).build()?;
    let regex = builder(&format!(r"\A(?:{text})\z"), any_case).build()?;
    let mut recent = recent();
    if recent.len() >= RECENT_PATTERNS {
        recent.remove(0);
    }
    recent.push((text.to_owned(), any_case, regex.clone()));
    Ok(regex)
}

/// How many compiled expressions are kept at hand: those of a query or two.
const RECENT_PATTERNS: usize = 2 * super::check::MAX_PATTERNS;

/// Returns whether an expression takes more than a fraction of a millisecond to compile.
pub(super) fn is_large(text: &str) -> bool {
    const SMALL_BYTES: usize = 32 << 10;
    builder(text, false).size_limit(SMALL_BYTES).build().is_err()
}

fn builder(text: &str, any_case: bool) -> RegexBuilder {
    let mut builder = RegexBuilder::new(text);
    builder.dot_matches_new_line(true).case_insensitive(any_case).size_limit(MAX_PATTERN_BYTES);
    builder
}

/// Returns what stands between anything at the beginning and anything at the end of an expression.
fn middle(hir: &Hir) -> Option<String> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let (first, rest) = parts.split_first()?;
    let (last, middle) = rest.split_last()?;
    let is_anything = |part: &Hir| match part.kind() {
        HirKind::Repetition(repetition) => {
            repetition.min == 0 && repetition.max.is_none() && *repetition.sub == Hir::dot(Dot::AnyChar)
        }
        _ => false,
    };
    (is_anything(first) && is_anything(last)).then(|| Hir::concat(middle.to_vec()).to_string())
}

/// A text of so many bytes is found far sooner than what a whole expression stands for, and seldom by chance.
const TELLING: usize = 3;

fn raw(text: &str, any_case: bool, hir: &Hir) -> Option<Raw> {
    if let Some(longest) = longest_text(hir).filter(|longest| longest.len() >= TELLING) {
        return Some(Raw::Text(Box::new(Finder::new(longest).into_owned())));
    }
    if !hir.properties().look_set().is_empty() {
        return None;
    }
    let build = |text: &str| {
        let mut builder = bytes::RegexBuilder::new(text);
        builder.dot_matches_new_line(true).case_insensitive(any_case).size_limit(MAX_PATTERN_BYTES).build().ok()
    };
    let (flags, rest) = text.strip_prefix("(?i)").map_or(("", text), |rest| ("(?i)", rest));
    let rest = rest.strip_prefix(".*").unwrap_or(rest);
    let rest = rest.strip_suffix(".*").unwrap_or(rest);
    // Where that took something else apart, as in `\.*`, the whole expression serves as well.
    build(&format!("{flags}{rest}")).or_else(|| build(text)).map(|regex| Raw::Pattern(Box::new(Compiled::new(regex))))
}

/// Returns the longest text that is in everything that matches.
fn longest_text(hir: &Hir) -> Option<&[u8]> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(&literal.0),
        HirKind::Capture(capture) => longest_text(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => longest_text(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(longest_text).max_by_key(|text| text.len()),
        _ => None,
    }
}

/// Returns the text that an expression stands for which is nothing but text with anything around it.
fn literal(text: &str) -> Option<String> {
    let text = text.strip_prefix("(?i)").unwrap_or(text);
    let text = text.strip_prefix(".*").unwrap_or(text);
    let text = text.strip_suffix(".*").filter(|rest| !rest.ends_with('\\')).unwrap_or(text);
    let mut literal = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => literal.push(rest.next().filter(|next| !next.is_alphanumeric())?),
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '^' | '$' | '|' => return None,
            other => literal.push(other),
        }
    }
    Some(literal)
}

fn literal_may_spell(literal: &str) -> bool {
    let is_number = literal.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    is_number || WORDS.iter().any(|word| word.contains(literal))
}

/// Returns whether whatever matches has a character that no number or boolean is spelled with.
fn needs_other_characters(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).is_ok_and(|text| text.chars().any(|c| !SPELLING.contains(c)))
        }
        HirKind::Class(Class::Unicode(class)) => {
            SPELLING.chars().all(|c| !class.iter().any(|range| range.start() <= c && c <= range.end()))
        }
        HirKind::Repetition(repetition) => repetition.min > 0 && needs_other_characters(&repetition.sub),
        HirKind::Capture(capture) => needs_other_characters(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(needs_other_characters),
        HirKind::Alternation(parts) => parts.iter().all(needs_other_characters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_numbers_are_spelled_with_may_spell_one() {
        for literal in ["inf", "-inf", "nan", "true", "-0.5", "4"] {
            assert!(literal_may_spell(literal), "{literal}");
        }
        assert!(!literal_may_spell("cart") && !literal_may_spell("-infinite"));
    }

    #[test]
    fn a_pattern_matches_whole_texts_and_line_feeds() {
        let pattern = Pattern::new("GET.*b", false);
        assert!(pattern.is_match("GET a\nb") && !pattern.is_match("a GET b") && !pattern.is_match("GET b "));
        assert!(!Pattern::new("a)|(b", false).is_match("a"), "not valid, so nothing matches");
    }

    #[test]
    fn a_part_is_found_where_the_whole_matches() {
        for (text, has_part) in [
            ("(?i).*Ab.*", true),
            (".*a|b.*", false),
            (".*", false),
            (".*(?:a|b$).*", true),
            ("a.*", false),
            (".*?a.*", true),
        ] {
            let pattern = Pattern::new(text, false);
            assert_eq!(pattern.part.is_some(), has_part, "{text}");
            for candidate in ["", "a", "xABy", "b", "bx", "xb", "a\nb", "ya"] {
                let whole = pattern.whole.as_ref().unwrap().own().is_match(candidate);
                assert_eq!(pattern.is_match(candidate), whole, "{text} on {candidate:?}");
            }
        }
    }

    #[test]
    fn what_is_found_raw_holds_every_match() {
        let found = |text: &str, bytes: &[u8]| Pattern::new(text, false).raw().is_some_and(|raw| raw.is_in(bytes));
        assert!(found("(?i).*checkout.*", b"\x0a\x08CheckOut\xff"));
        assert!(found(".*a|b.*", b"\x01a") && found(r"x\.*", b"x..") && found(".*?x", b"x"));
        assert!(found(r".*\bfoo.*", b"a foot") && !found(r".*\bfoo.*", b"a fo"));
        assert!(
            found("/api/.*/items/(?:7|8)+", b"/items/") && !found("/api/.*/items/.*", b"/api/"),
            "the longest text"
        );
        assert!(Pattern::new(r".*\b[a-f]o.*", false).raw().is_none(), "what stands around decides");
    }

    #[test]
    fn words_that_no_number_is_spelled_with_are_told() {
        for (text, may_spell) in [
            ("(?i).*checkout.*", false),
            ("(?i).*user.*", false),
            ("(?i).*50.*", true),
            ("(?i).*ru.*", true),
            (".*(?:foo.*bar).*", false),
            (r".*(?:\d+).*", true),
            (".*(?:a|x).*", true),
            ("(?i).*a\\.b.*", false),
        ] {
            assert_eq!(Pattern::new(text, false).may_spell(), may_spell, "{text}");
        }
    }
}

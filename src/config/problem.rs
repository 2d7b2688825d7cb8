//! What is wrong with a configuration, where, and what to do; and where a value comes from.

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use unicode_width::UnicodeWidthChar;

/// Most characters of a line that are quoted, and how many of them stand before the place meant.
const QUOTED: usize = 100;
const QUOTED_BEFORE: usize = 40;

/// Most characters of a message or hint that are printed; a value in it may be as long as the file.
const LONGEST_TEXT: usize = 300;

/// A problem with a configuration. Prints as several lines, without a final newline; text from outside is made safe
/// for a terminal as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    pub origin: Origin,
    /// What was tried on what: lowercase, one line, no period.
    pub message: String,
    /// What to do, or nothing.
    pub hint: String,
}

/// Where a value or a problem comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file as a whole.
    File(PathBuf),
    /// A place in a file.
    Line(Box<Position>),
    /// The environment variable of this name.
    Variable(String),
    /// The flag of this name, with its dashes.
    Flag(String),
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    quote: Quote,
}

/// The part of a line around the place meant, safe to print, and which terminal columns of it to underline.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quote {
    text: String,
    underline: Range<usize>,
}

impl Origin {
    /// Returns the place of its layer among the others: a later one goes over an earlier one.
    pub(super) fn layer(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File(_) | Self::Line(_) => 1,
            Self::Variable(_) => 2,
            Self::Flag(_) => 3,
        }
    }
}

impl Position {
    /// Returns the place of a range of bytes in `text`, cut to the line on which it starts.
    pub(super) fn of(path: &Path, text: &str, range: &Range<usize>) -> Self {
        let start = text.floor_char_boundary(range.start);
        let (before, after) = text.split_at_checked(start).unwrap_or((text, ""));
        let line_start = before.rsplit('\n').next().unwrap_or_default();
        let line_end = after.split(['\n', '\r']).next().unwrap_or_default();
        let meant = text.get(range.clone()).map_or(0, |meant| meant.chars().count());
        Self {
            path: path.into(),
            line: before.matches('\n').count() + 1,
            column: line_start.chars().count() + 1,
            quote: Quote::new(line_start, line_end, meant),
        }
    }
}

impl Quote {
    /// Quotes the line `before` + `after`, of which the first `meant` characters of `after` are meant.
    fn new(before: &str, after: &str, meant: usize) -> Self {
        let skipped = before.chars().count().saturating_sub(QUOTED_BEFORE);
        let mut text = String::from(if skipped > 0 { "…" } else { "" });
        text.extend(before.chars().skip(skipped).map(visible));
        let start = columns(&text);
        let room = QUOTED.saturating_sub(text.chars().count());
        text.extend(after.chars().take(room.min(meant)).map(visible));
        let end = columns(&text).max(start + 1);
        text.extend(after.chars().take(room).skip(meant).map(visible));
        if after.chars().nth(room).is_some() {
            text.push('…');
        }
        Self { text, underline: start..end }
    }
}

fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(1)).sum()
}

/// Characters without a shape of their own, among them those that turn the direction of writing.
const INVISIBLE: [RangeInclusive<char>; 9] = [
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff9}'..='\u{fffb}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Returns what shows where `c` stands: characters that steer a terminal, or that cannot be seen, show as a symbol.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        _ if INVISIBLE.iter().any(|range| range.contains(&c)) => '\u{fffd}',
        _ => c,
    }
}

/// Returns a text from outside on one line, safe to print, cut where it is long.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST_TEXT).map(visible).collect();
    if text.chars().nth(LONGEST_TEXT).is_some() {
        line.push('…');
    }
    line
}

/// Prints `default`, `spantop.toml:3`, `SPANTOP_STORE_MEMORY` or `--memory`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File(path) => write!(f, "{}", one_line(&path.to_string_lossy())),
            Self::Line(at) => write!(f, "{}:{}", one_line(&at.path.to_string_lossy()), at.line),
            Self::Variable(name) | Self::Flag(name) => write!(f, "{}", one_line(name)),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.origin)?;
        if let Origin::Line(at) = &self.origin {
            write!(f, ":{}", at.column)?;
        }
        write!(f, ": {}", one_line(&self.message))?;
        if let Origin::Line(at) = &self.origin {
            let Quote { text, underline } = &at.quote;
            write!(f, "\n  {text}\n  {:start$}{:^<width$}", "", "", start = underline.start, width = underline.len())?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", one_line(&self.hint))?;
        }
        Ok(())
    }
}

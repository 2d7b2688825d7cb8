//! Why a body is not OTLP/JSON, and where.

use std::fmt::{self, Write};

/// The longest piece of a body that a message quotes, in characters.
const QUOTE_CHARS_MAX: usize = 40;

/// The longest path that an error carries, in characters: attribute values nest deep.
const PATH_CHARS_MAX: usize = 200;

/// Says why a body is not OTLP/JSON. The batch is lost as a whole, so the sender is told where to look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct JsonError {
    /// What is wrong, quoting at most 40 characters of the body.
    pub message: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// Like `resourceSpans[0].scopeSpans[0].spans[2].traceId`; empty for the body as a whole.
    pub path: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// A [`JsonError`] on its way up: each level it leaves adds its step to the path. One pointer wide, as every result
/// on the fast path carries room for it.
pub(super) struct Fault(Box<Details>);

struct Details {
    at: usize,
    message: String,
    /// Innermost first.
    path: Vec<Step>,
}

enum Step {
    Name(&'static str),
    Index(usize),
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    #[cold]
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self(Box::new(Details { at, message: message.into(), path: Vec::new() }))
    }

    #[cold]
    pub(super) fn in_field(mut self, name: &'static str) -> Self {
        self.0.path.push(Step::Name(name));
        self
    }

    #[cold]
    pub(super) fn in_element(mut self, index: usize) -> Self {
        self.0.path.push(Step::Index(index));
        self
    }

    /// Returns the error to show for this fault in `body`, of which at least the part before it is UTF-8.
    pub(super) fn locate(self, body: &[u8]) -> JsonError {
        let Details { at, message, path } = *self.0;
        let before = body.get(..at).unwrap_or(body);
        let line = before.split(|&byte| byte == b'\n').count();
        let last_line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        let column = String::from_utf8_lossy(last_line).chars().count() + 1;
        JsonError { message, line, column, path: path_text(&path) }
    }
}

fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path.iter().rev() {
        let step = match step {
            Step::Name(name) if text.is_empty() => (*name).to_owned(),
            Step::Name(name) => format!(".{name}"),
            Step::Index(index) => format!("[{index}]"),
        };
        if text.len() + step.len() > PATH_CHARS_MAX {
            return text + "…";
        }
        text += &step;
    }
    text
}

/// Puts a piece of the body into quotes: at most [`QUOTE_CHARS_MAX`] characters, control characters escaped.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("'");
    for (count, character) in text.chars().enumerate() {
        if count == QUOTE_CHARS_MAX {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            write!(quoted, "{}", character.escape_default()).expect("a String takes everything");
        } else {
            quoted.push(character);
        }
    }
    quoted.push('\'');
    quoted
}

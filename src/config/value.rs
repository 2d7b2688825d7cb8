//! What a setting can hold: a type that is parsed from text and printed as the same text.

use std::path::PathBuf;

/// How a value is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string in quotes.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A string such as `"512MiB"`, or a whole number of bytes.
    Size,
}

/// A type that a setting can have. `parse(print(value))` is `value` again.
pub trait Value: Sized {
    /// How it is written in a file.
    const KIND: Kind;
    /// What it is called in a message, with its article: `a size`.
    const NAME: &'static str;

    /// Returns what is accepted, for a hint.
    fn accepted() -> String;

    /// Reads a value as it stands in an environment variable, a flag, or between quotes in a file.
    ///
    /// # Errors
    /// When the text is not one of the [`Value::accepted`] ones.
    fn parse(text: &str) -> Result<Self, Invalid>;

    /// Returns the text that parses to this value.
    fn print(&self) -> String;
}

/// Says why a value is refused, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Invalid {
    /// Continues "cannot set … to …:".
    pub reason: String,
    /// What would be accepted.
    pub hint: String,
}

impl Invalid {
    /// Returns a refusal.
    pub fn new(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: hint.into() }
    }

    /// Returns the refusal of a text that is not a `V` at all.
    pub fn not<V: Value>() -> Self {
        Self::new(format!("not {}", V::NAME), V::accepted())
    }
}

/// A value that is one of a few words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    const NAME: &'static str;
    /// Every choice with its word.
    const ALL: &'static [(Self, &'static str)];
}

impl<C: Choice> Value for C {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str = <C as Choice>::NAME;

    fn accepted() -> String {
        let words: Vec<_> = Self::ALL.iter().map(|(_, word)| *word).collect();
        format!("one of {}", words.join(", "))
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(choice, _)| *choice).ok_or_else(Invalid::not::<Self>)
    }

    fn print(&self) -> String {
        Self::ALL.iter().find(|(choice, _)| choice == self).map_or(String::new(), |(_, word)| (*word).into())
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Boolean;
    const NAME: &'static str = "a boolean";

    fn accepted() -> String {
        "true or false".into()
    }

    /// Takes `1` and `0` too: environment variables are often set to them.
    fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Invalid::not::<Self>()),
        }
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

macro_rules! whole_number {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::Integer;
            const NAME: &'static str = "a whole number";

            fn accepted() -> String {
                format!("a whole number from 0 to {}", Self::MAX)
            }

            fn parse(text: &str) -> Result<Self, Invalid> {
                let plain = text.bytes().all(|b| b.is_ascii_digit()); // the standard parser would take a sign
                plain.then(|| text.parse().ok()).flatten().ok_or_else(Invalid::not::<Self>)
            }

            fn print(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

whole_number!(u16, u32, u64);

/// A path; the empty text is none. Relative paths start at the working directory.
impl Value for Option<PathBuf> {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str = "a path";

    fn accepted() -> String {
        "a path, or nothing".into()
    }

    fn parse(text: &str) -> Result<Self, Invalid> {
        if text.contains('\0') {
            return Err(Invalid::not::<Self>());
        }
        Ok((!text.is_empty()).then(|| text.into()))
    }

    fn print(&self) -> String {
        self.as_ref().map_or(String::new(), |path| path.display().to_string())
    }
}

//! Attribute values, decoded: what a person looks at, never what is stored.

use std::fmt;

/// One attribute: a key and its value, as they came (not sanitised).
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub key: String,
    pub value: Value,
}

/// An attribute's value: OTLP's `AnyValue`, at most [`Value::MAX_DEPTH`] levels deep.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value was sent, which OTLP allows since 1.9.
    Empty,
    String(String),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<Attribute>),
    /// What stands here is nested deeper than we read.
    TooDeep,
}

impl Value {
    /// How many levels of arrays and maps are read; deeper ones become [`Value::TooDeep`].
    pub const MAX_DEPTH: usize = 128;

    /// Returns the text of a string value, none for any other kind.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Strings as they are; the rest as JSON would show it, with `…` for what was too deep.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => f.write_str(text),
            nested => write_nested(nested, f),
        }
    }
}

/// Recursion here is bounded by [`Value::MAX_DEPTH`].
fn write_nested(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Empty => f.write_str("(empty)"),
        Value::String(text) => write!(f, "{text:?}"),
        Value::Bool(flag) => write!(f, "{flag}"),
        Value::Int(number) => write!(f, "{number}"),
        Value::Double(number) => write!(f, "{number:?}"),
        Value::Bytes(bytes) => {
            f.write_str("0x")?;
            bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
        }
        Value::Array(items) => {
            f.write_str("[")?;
            for (i, item) in items.iter().enumerate() {
                f.write_str(if i == 0 { "" } else { ", " })?;
                write_nested(item, f)?;
            }
            f.write_str("]")
        }
        Value::Map(entries) => {
            f.write_str("{")?;
            for (i, entry) in entries.iter().enumerate() {
                write!(f, "{}{}: ", if i == 0 { "" } else { ", " }, entry.key)?;
                write_nested(&entry.value, f)?;
            }
            f.write_str("}")
        }
        Value::TooDeep => f.write_str("…"),
    }
}

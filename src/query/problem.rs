//! What is wrong with a query, where, and what could be meant.

use std::fmt;

use super::ast::At;
use crate::model::nearest::nearest;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub at: At,
    /// What was expected, and what was found.
    pub message: String,
    pub hint: Option<String>,
}

/// All that is wrong with a query, in order of place; never nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problem {
    pub(super) fn new(at: impl Into<At>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Returns the known name nearest to one that is not known, as a hint.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let pairs = known.filter(|known| !known.is_empty()).map(|known| (known.to_lowercase(), known));
    nearest(&name.to_lowercase(), pairs).map(|known| format!("did you mean '{known}'?"))
}

impl Problems {
    /// Returns the query with the places marked, each with what is wrong there.
    pub fn render(&self, text: &str) -> String {
        let mut out = String::from("cannot read the query\n");
        for problem in &self.0 {
            let range = problem.at.range();
            let before = text.get(..range.start.min(text.len())).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            let column = before.get(line_start..).unwrap_or_default().chars().count();
            let marked = text.get(range.clone()).unwrap_or_default().lines().next().unwrap_or_default().chars().count();
            out.extend(["  ", line, "\n  ", &" ".repeat(column), &"^".repeat(marked.max(1)), "\n"]);
            out.extend([problem.message.as_str(), "\n"]);
            if let Some(hint) = &problem.hint {
                out.extend(["  ", hint, "\n"]);
            }
        }
        out.trim_end().to_owned()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.0.first() else { return Ok(()) };
        write!(f, "{}, at byte {}", first.message, first.at.start)
    }
}

impl std::error::Error for Problems {}

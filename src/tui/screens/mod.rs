//! The screens: a folder each. `state.rs` knows no terminal, `view.rs` changes nothing.

pub mod trace;
pub mod traces;

use super::search::Done;
use crate::model::{SpanId, TraceId};

/// What a screen wants done that is not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a trace, at a span where one is meant.
    Open(TraceId, Option<SpanId>),
    /// Say something in the bottom line.
    Say(String),
    /// Tell that something cannot be.
    Refuse(String),
    /// Keep a query in the history.
    Remember(String),
}

impl From<Done> for Action {
    fn from(done: Done) -> Self {
        match done {
            Done::Accepted(query) => Self::Remember(query),
            Done::Refused(problem) => Self::Refuse(problem),
        }
    }
}

//! The screens: a folder each. `state.rs` knows no terminal, `view.rs` changes nothing.

pub mod trace;
pub mod traces;

use crate::model::{SpanId, TraceId};

/// What a screen wants done that is not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a trace, at a span where one is meant.
    Open(TraceId, Option<SpanId>),
    /// Say something in the bottom line.
    Say(String),
}

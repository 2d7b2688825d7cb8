//! The search language: TraceQL and a shorthand, one tree, one table of fields. Text becomes a tree, the tree is checked,
//! planned and put to blocks of the store. Knows no clock, no network, no screen.

mod anywhere;
pub mod ast;
mod body;
mod check;
mod complete;
mod eval;
pub mod fields;
mod highlight;
mod language;
mod leaf;
mod lex;
pub mod manual;
mod memory;
mod metrics;
mod narrow;
mod node;
mod parse;
pub mod pattern;
mod plan;
mod print;
mod problem;
mod relation;
mod search;
mod short;
mod slow;
mod space;
mod toggle;
mod traces;
mod value;

pub use ast::Query;
pub use complete::{Completion, Wanted, attribute_text, complete, value_text};
pub use highlight::{Class, highlight};
pub use language::{Parsed, parse};
pub use memory::Memory;
pub(crate) use metrics::{Grid, Line, Meter};
pub use problem::{Problem, Problems};
pub(crate) use search::{Ground, Search};
pub use short::is_traceql;
pub(crate) use space::Place;
pub use toggle::{Wish, toggle};

#[cfg(test)]
mod tests;

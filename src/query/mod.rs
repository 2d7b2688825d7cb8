//! The search language: TraceQL and a shorthand, one tree, one table of fields. Text becomes a tree, the tree is checked,
//! planned and put to blocks of the store. Knows no clock, no network, no screen.

pub mod ast;
mod body;
mod eval;
pub mod fields;
mod leaf;
mod memory;
mod metrics;
mod narrow;
mod node;
pub mod pattern;
mod plan;
mod print;
mod relation;
mod search;
mod slow;
mod space;
mod temp;
mod traces;
mod value;

pub use ast::Query;
pub use memory::Memory;
pub(crate) use metrics::{Grid, Line, Meter};
pub(crate) use search::{Ground, Search};
pub(crate) use space::Place;
pub use temp::{Parsed, Problem, Problems, parse};

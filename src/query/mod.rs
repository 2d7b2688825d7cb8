//! The search language: TraceQL and a shorthand, one tree, one table of fields. Text becomes a tree, the tree is checked,
//! planned and put to blocks of the store. Knows no clock, no network, no screen.

pub mod ast;
pub mod fields;

pub use ast::Query;

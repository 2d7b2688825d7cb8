//! The scatter above the list: each trace a dot, by when it began and how long it took.

pub(super) mod state;
mod view;

pub(super) use state::{Selection, State};
pub(super) use view::{clock, draw, plot};

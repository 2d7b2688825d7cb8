//! The facets beside the list: how often values are there among the traces shown, and a key to search for them.

pub(super) mod state;
mod view;

pub(super) use state::State;
pub(super) use view::{draw, draw_adding, rows};

//! What the store keeps on disk: sealed blocks, and the log of the requests that are in none yet. The only file I/O of the
//! store.

pub mod disk;
mod finding;
pub mod folder;
mod shelf;
pub mod frame;
pub mod log;
#[cfg(test)]
pub(crate) mod simulated;

pub use finding::{Found, set_aside_at};
pub use shelf::{Segment, Shelf, Unreadable};

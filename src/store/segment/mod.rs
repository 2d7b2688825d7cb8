//! What the store keeps on disk: sealed blocks, and the log of the requests that are in none yet. The only file I/O of the
//! store.

pub mod disk;
pub mod folder;
mod finding;
mod shelf;

pub use finding::{Found, set_aside_at};
pub use shelf::{Segment, Shelf, Unreadable};

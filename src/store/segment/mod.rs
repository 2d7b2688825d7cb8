//! What the store keeps on disk: sealed blocks, and the log of the requests that are in none yet. The only file I/O of the
//! store.

pub mod folder;
mod shelf;

pub use shelf::{Segment, Shelf, Unreadable};

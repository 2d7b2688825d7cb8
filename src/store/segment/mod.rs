//! What the store keeps on disk: sealed blocks, and the log of the requests that are in none yet. The only file I/O of the
//! store.

mod copying;
pub mod disk;
mod finding;
pub mod folder;
pub mod frame;
mod home;
pub mod log;
mod shelf;
#[cfg(test)]
pub(crate) mod simulated;

pub use copying::{Copied, Fault, FaultReason, copy};
pub use finding::{Found, is_ours};
pub use home::{Home, HomeError};
pub use log::{Contents, FoundLog, Log, LogError, Logged, Record, SyncJob, Synced, in_order, read_logs};
pub use shelf::{Segment, Shelf, Unreadable};

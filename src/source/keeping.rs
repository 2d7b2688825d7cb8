//! How an engine keeps what comes in beyond its own life.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::store::segment::folder::Folder;

/// Where and how the store is kept on disk.
#[derive(Clone, Debug)]
pub struct Keeping {
    pub folder: Arc<dyn Folder>,
    /// Where that is, for people.
    pub path: PathBuf,
    pub sync: SyncPolicy,
    /// So many accepted spans are written at once, unless a few milliseconds go by.
    pub batch_spans: u64,
    /// How often every file is verified and leftovers are removed; none where that is left to the user.
    pub cleanup: Option<Duration>,
}

/// What is certain of a request once its sender is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// It outlives a loss of power.
    Always,
    /// It outlives the process, and a loss of power after this time.
    Interval(Duration),
    /// It outlives the process, and a loss of power once the system has written it.
    Never,
}

//! Where every span that ever came went.

use serde::{Deserialize, Serialize};

/// Spans since the start. Two identities hold: `received + recovered = stored + duplicates + rejected + excluded`, and
/// `stored = in_memory + on_disk + evicted`.
/// The API gives them out under these names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    pub received: u64,
    pub recovered: u64,
    pub stored: u64,
    pub duplicates: u64,
    /// Refused one by one, for an invalid id.
    pub rejected: u64,
    pub excluded: u64,
    pub in_memory: u64,
    /// Held only on disk.
    pub on_disk: u64,
    /// Gone from memory and disk.
    pub evicted: u64,
}

impl Counters {
    /// Returns whether both identities hold.
    pub fn add_up(&self) -> bool {
        self.received + self.recovered == self.stored + self.duplicates + self.rejected + self.excluded
            && self.stored == self.in_memory + self.on_disk + self.evicted
    }
}

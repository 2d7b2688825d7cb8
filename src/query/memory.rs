//! What searches found in blocks, for the next search: one that is repeated while spans come in looks only at those.

use std::sync::{Arc, Mutex, PoisonError};

use crate::store::{Bits, View};

/// See the module. Bounded; what was not asked for the longest goes first.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    key: Arc<str>,
    block: u32,
    /// A sealed block has its rows in another order than it had before.
    is_sealed: bool,
    rows: Arc<Bits>,
}

/// How many blocks' rows are remembered: at most 8 MiB.
const MOST: usize = 1_024;

impl Memory {
    /// Returns the rows that were found in a block; the first ones, where more came since.
    pub(super) fn get(&self, key: &Arc<str>, view: &View) -> Option<Arc<Bits>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.iter().rposition(|entry| entry.is_of(key, view))?;
        let entry = entries.remove(at);
        let rows = Arc::clone(&entry.rows);
        entries.push(entry);
        Some(rows)
    }

    pub(super) fn keep(&self, key: Arc<str>, view: &View, rows: Arc<Bits>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| !entry.is_of(&key, view));
        if entries.len() >= MOST {
            entries.remove(0);
        }
        entries.push(Entry { key, block: view.sequence(), is_sealed: view.is_sealed(), rows });
    }
}

impl Entry {
    fn is_of(&self, key: &Arc<str>, view: &View) -> bool {
        self.block == view.sequence() && self.is_sealed == view.is_sealed() && self.key == *key
    }
}

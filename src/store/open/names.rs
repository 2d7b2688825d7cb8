//! The writer's way from a name to its number in the open block. It is thrown away with the block, so names that are
//! no longer held take no memory, however many a sender makes up.

use std::sync::Arc;

use hashbrown::HashTable;

use super::OpenBlock;
use crate::store::index::hash;

/// What one distinct name takes beside its text: the shared pointer's head, its slot, the table's entry.
const NAME_OVERHEAD: usize = 56;

#[derive(Debug, Default)]
pub(in crate::store) struct Names {
    numbers: HashTable<(u64, u32)>,
}

impl Names {
    pub(in crate::store) fn clear(&mut self) {
        self.numbers.clear();
        self.numbers.shrink_to(1_024, |&(hash, _)| hash);
    }

    /// Returns the number of a name in `block`, adding it where it is new. A name is UTF-8, which is looked at again only
    /// then.
    pub(in crate::store) fn number(&mut self, block: &OpenBlock, name: &[u8]) -> u32 {
        let hash = hash(name);
        let same = |&(other, number): &(u64, u32)| {
            other == hash && block.names.get(number).is_some_and(|known| known.as_bytes() == name)
        };
        if let Some(&(_, number)) = self.numbers.find(hash, same) {
            return number;
        }
        let text = String::from_utf8_lossy(name);
        let number = block.names.push(Arc::from(&*text));
        block.add_bytes(text.len() + NAME_OVERHEAD);
        self.numbers.insert_unique(hash, (hash, number), |&(hash, _)| hash);
        number
    }
}

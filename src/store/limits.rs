//! What the store may take, and the sizes of blocks that follow from it.

/// The budget of the ring and the age at which spans go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of everything held, at least [`Limits::LEAST_MEMORY`].
    pub memory_bytes: usize,
    /// How many traces may be in memory; 0 means no limit of its own, else at least 4.
    pub max_memory_traces: usize,
    /// How many traces may be held, in memory and on disk; 0 means no limit of its own.
    pub max_traces: usize,
    /// How long after its arrival a span stays in memory, in nanoseconds; 0 means for as long as there is room.
    pub memory_max_age_ns: u64,
    /// Bytes of the files of sealed blocks and of logs.
    pub disk_bytes: u64,
    /// How long after its arrival a span is kept, in nanoseconds.
    pub retention_ns: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 512 << 20,
            max_memory_traces: 0,
            max_traces: 0,
            memory_max_age_ns: 0,
            disk_bytes: 2 << 30,
            retention_ns: 24 * 3_600 * 1_000_000_000,
        }
    }
}

const MAX_BLOCK_SPANS: usize = 65_536;
const MAX_BLOCK_BYTES: usize = 32 << 20;
const LEAST_BLOCK_BYTES: usize = 2 << 20;

impl Limits {
    /// The smallest budget that leaves room for blocks of a useful size.
    pub const LEAST_MEMORY: usize = 16 << 20;

    /// Returns limits that are never reached, for who only reads.
    pub fn unlimited() -> Self {
        Self { memory_bytes: usize::MAX, disk_bytes: u64::MAX, retention_ns: u64::MAX, ..Self::default() }
    }

    /// The bytes at which a block is sealed: no block is more than an eighth of the budget, or one message. Those that wait
    /// to be sealed are on disk as they came, so the budget there counts as well.
    pub(super) fn block_bytes(&self) -> usize {
        let disk = usize::try_from(self.disk_bytes / 8).unwrap_or(usize::MAX).max(LEAST_BLOCK_BYTES);
        MAX_BLOCK_BYTES.min(self.memory_bytes / 8).min(disk)
    }

    /// The spans at which a block is sealed: as many as fit into its bytes at 128 bytes each.
    pub(super) fn block_spans(&self) -> u32 {
        MAX_BLOCK_SPANS.min(self.block_bytes() / 128).max(1) as u32
    }

    /// The traces that may begin in a block, a quarter of the limit; with those that go on in it there may be three times
    /// as many, so that evicting the sealed blocks always makes room.
    pub(super) fn block_traces(&self) -> u32 {
        let limits = [self.max_memory_traces, self.max_traces].into_iter().filter(|&limit| limit > 0);
        limits.min().map_or(u32::MAX, |most| (most / 4).clamp(1, MAX_BLOCK_SPANS) as u32)
    }

    /// The age at which a block is sealed, so that retention, which drops whole blocks, is not late by more.
    pub(super) fn block_age_ns(&self) -> u64 {
        let memory = if self.memory_max_age_ns == 0 { u64::MAX } else { self.memory_max_age_ns };
        self.retention_ns.min(memory) / 8
    }

    /// The bytes in memory that may be known of blocks on disk.
    pub(super) fn known_bytes(&self) -> usize {
        self.memory_bytes / 4
    }
}

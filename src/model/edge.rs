//! How one service reaches another.

/// What an edge from a caller to a callee stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// A request that is answered.
    #[default]
    Rpc,
    /// A message that someone takes later.
    Messaging,
    Database,
    /// A call to an address of which nothing else is known.
    External,
}

impl EdgeKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Rpc, Self::Messaging, Self::Database, Self::External];

    /// Returns the name used in JSON and on screens: `messaging`.
    pub fn name(self) -> &'static str {
        ["rpc", "messaging", "database", "external"][self as usize]
    }
}

//! How much of the graph is shown.

/// Everything, or what is near the node that was selected then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Near {
    #[default]
    Everything,
    /// So many calls away at most.
    Hops(usize),
}

/// The most hops one can choose.
const MOST: usize = 3;

impl Near {
    /// Returns what comes after this: ever more hops, and then everything.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Everything => Self::Hops(1),
            Self::Hops(hops) if hops < MOST => Self::Hops(hops + 1),
            Self::Hops(_) => Self::Everything,
        }
    }
}

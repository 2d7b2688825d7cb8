//! The one door: everything anyone wants to know is a [`Request`] put to a [`Source`] and comes back as a [`Reply`].
//! The screen, the commands and the HTTP API ask the same questions and cannot tell who answers.

mod answer;
mod collecting;
pub mod engine;
mod keeping;
mod logging;
mod priority;
mod reading;
pub mod reply;
pub mod request;
mod sealing;
mod writing;

pub use crate::store::Counters;
pub use answer::{answer, answer_gradually};
pub use collecting::{Collecting, collect};
pub use engine::{Engine, Overloaded, WriterThread, now};
pub use keeping::{Keeping, SyncPolicy};
pub use priority::Priority;
pub use reading::Reading;
pub use reply::{
    Bar, Cell, Collected, Compared, Density, DensityColumn, Dependencies, DiskStatus, Errors, Explained, Facet, Facets,
    Figured, FilterPlan, Findings, FoundSpan, OneSeries, Plan, Progress, Reason, Recovery, Removed, Reply, Scatter,
    Series, ServiceTrend, Slow, SpanList, Status, TraceList, Trends,
};
pub use request::{
    AttributesRequest, CompareRequest, CompareSide, DensityRequest, DependenciesRequest, ExplainRequest, FacetsRequest,
    FiguresRequest, Page, Request, ScatterRequest, Selection, SeriesRequest, SlowOrder, SlowRequest, Sort, SortKey,
    SpansRequest, TraceFilter, TraceStatus, TracesRequest, Window,
};

/// Answers requests: this process, or later a daemon elsewhere.
pub trait Source: Send + Sync {
    /// Answers `request`. May take as long as a network round trip: the screen calls it off its own thread.
    ///
    /// # Errors
    /// When the source cannot be reached or cannot answer this.
    fn ask(&self, request: &Request) -> Result<Reply, SourceError>;

    /// Answers `request` as long as `is_wanted` says so; what is answered after that nobody reads, so it may be anything.
    ///
    /// # Errors
    /// As [`Source::ask`].
    fn ask_while(&self, request: &Request, _is_wanted: &dyn Fn() -> bool) -> Result<Reply, SourceError> {
        self.ask(request)
    }

    /// Answers `request` in pieces where that takes long: `on` gets what was found so far, each answer better than the one
    /// before, the last one whole. When it returns false it is not wanted any more, and no other comes.
    ///
    /// # Errors
    /// As [`Source::ask`].
    fn ask_gradually(&self, request: &Request, on: &mut dyn FnMut(Reply) -> bool) -> Result<(), SourceError> {
        on(self.ask(request)?);
        Ok(())
    }

    /// Returns a number that changes when an answer may have changed; the screen asks again only then.
    fn revision(&self) -> u64;
}

/// Says what was asked of whom and why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    pub message: String,
}

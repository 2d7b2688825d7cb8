//! The wire: what senders send and what goes back. Scans protobuf into hot columns and byte ranges, reads and writes
//! OTLP/JSON, and decodes the rest when someone looks. Knows no store, no network and no clock.

#[cfg(test)]
pub(crate) mod arbitrary;
pub mod batch;
pub mod decode;
pub mod encode;
#[cfg(test)]
pub(crate) mod fixture;
pub mod json;
pub mod response;
pub mod scan;
pub mod schema;
pub mod wire;

pub use batch::{Batch, Range, ResourceRow, ScopeRow, SpanRow, UNKNOWN_SERVICE};
pub use scan::scan;
pub use wire::WireError;

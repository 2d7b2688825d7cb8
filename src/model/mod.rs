//! What a trace is: ids, time, values, spans and how they form a tree. Knows no bytes, store or screen.

pub mod edge;
pub mod human;
pub mod ids;
pub mod nearest;
pub mod span;
pub mod time;
pub mod trace;
pub mod tree;
pub mod value;

pub use edge::EdgeKind;
pub use ids::{SpanId, TraceId};
pub use span::{Kind, Span, SpanDetail, StatusCode};
pub use time::Timestamp;
pub use trace::{Held, Root, Trace, TraceSummary};
pub use value::{Attribute, Value};

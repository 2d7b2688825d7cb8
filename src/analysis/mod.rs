//! What the numbers mean: one definition each, used by every screen, command and endpoint. Pure functions over the columns of
//! blocks and over plain series; no clock, no network, no screen.

mod classes;
pub mod compare;
pub mod critical_path;
pub mod errors;
mod exact;
pub mod explain;
pub mod figures;
pub mod findings;
pub mod graph;
pub mod health;
mod rules;
mod self_time;
pub mod service;
mod spans;
mod totals;
pub mod trend;

pub use critical_path::CriticalPath;
pub use figures::{Figures, Percentiles};
pub use graph::Graph;
pub use health::{Health, HealthRule, HealthStatus, SystemHealth};
pub use rules::Rules;
pub use service::{Change, OperationFigures, Performance, ServiceFigures, SlowOperation, Tick};
pub use trend::{Expected, Slope, Trend, Warning};

pub(crate) use classes::Classes;
pub(crate) use exact::Sought;
pub(crate) use figures::nearest_rank;
pub(crate) use graph::{Collecting, Named};
pub(crate) use self_time::{Lasting, SelfTimes};
pub(crate) use spans::{Rows, Spans, Starts};
pub(crate) use totals::{Exact, Group, Sums, Totals};

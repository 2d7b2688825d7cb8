//! Where figures are going: slopes with a test, changes of level, and what comes next with how sure that is. A file a method, each
//! with where it is from; all of them pure functions of a series, which give no number where there is none.

pub mod change_points;
pub mod crossing;
pub mod holt;
pub mod mann_kendall;
mod normal;
mod numbers;
mod rank_sum;
mod season;
mod service;
pub mod theil_sen;
mod turn;

pub(crate) use normal::two_sided;
pub use numbers::Point;
pub(crate) use rank_sum::test as rank_sum;
pub(crate) use service::of as of_service;
pub use service::{Expected, InMinute, Slope, Trend, Warning};

#[cfg(test)]
mod tests;

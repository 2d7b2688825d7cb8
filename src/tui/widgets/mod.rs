//! What more than one screen draws with.

pub mod chart;
pub mod cursor;
pub mod face;
pub mod gauge;
pub mod input;
pub mod numbers;
pub mod rows;
pub mod table;
pub mod times;
pub mod waterfall;

//! What more than one screen draws with.

pub mod bars;
pub mod chart;
pub mod chip;
pub mod cursor;
pub mod durations;
pub mod face;
pub mod gauge;
pub mod graph;
pub mod heatmap;
pub mod input;
pub mod numbers;
pub mod percentiles;
pub mod rows;
pub mod table;

pub mod times;
pub mod waterfall;
pub mod wrap;

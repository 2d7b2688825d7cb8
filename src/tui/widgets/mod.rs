//! What more than one screen draws with.

pub mod cursor;
pub mod face;
pub mod gauge;
pub mod table;
pub mod waterfall;

//! What lies over a screen and takes keys before it.

pub mod help;

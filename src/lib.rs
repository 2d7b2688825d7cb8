//! spantop: htop for distributed traces. Modules in reading order; ARCHITECTURE.md has the map.

pub mod config;
pub mod demo;
pub mod model;
pub mod otlp;
pub mod source;
pub mod store;

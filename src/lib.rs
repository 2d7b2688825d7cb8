//! spantop: htop for distributed traces. Modules in reading order; ARCHITECTURE.md has the map.

pub mod model;

pub mod otlp;

pub mod store;

pub mod analysis;
pub mod query;

pub mod source;

pub mod config;

pub mod net;

pub mod ingest;

pub mod api;

pub mod remote;

pub mod tui;

pub mod demo;

pub mod cli;

#[cfg(test)]
mod testing;

//! What can be set, and what it is set to: built-in defaults, then a file, then the environment, then flags.
//!
//! [`SETTINGS`] is the one table: the example file, the names of environment variables, the flags, the listing of
//! `config show` and the suggestions for a mistyped name all come from it. A new setting is a field in [`Config`] and a
//! row there. This module knows no terminal, no clock and nothing else of spantop.

pub mod address;
pub mod bytes;
pub mod duration;
pub mod example;
pub mod file;
pub mod problem;
pub mod settings;
pub mod table;
pub mod value;

mod document;
mod load;
mod nearest;
#[cfg(test)]
mod tests;

pub use address::Address;
pub use bytes::ByteSize;
pub use example::example;
pub use file::{ConfigFile, default_path, environment, find};
pub use load::{FlagValue, Loaded, check_bytes};
pub use problem::{Origin, Position, Problem};
pub use settings::{
    Config, Figures, Health, Ingest, Jobs, Listen, Log, LogLevel, Search, Store, SyncPolicy, Theme, Times, Ui, Window,
};
pub use table::{Flag, SETTINGS, Setting, flags};
pub use value::{Invalid, Kind, Value};

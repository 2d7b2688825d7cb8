//! The program as others meet it: started as a process, spoken to over loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api;
mod backup;
mod cli;
mod corpus;
mod crash;
mod directory;
mod disk;
mod grpc;
mod http;
mod overload;
mod screen;
mod support;

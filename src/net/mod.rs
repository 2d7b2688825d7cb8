//! Listeners: bind first, so that an address that is taken is an error before anything starts; then serve, within
//! limits on connections, streams and silence; then stop gracefully. Knows nothing of what is served.

mod bind;
mod serve;

pub use bind::{BindError, Listener, bind};
pub use serve::{Limits, Notice, serve, stopped};

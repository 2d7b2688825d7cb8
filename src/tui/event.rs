//! Everything that can happen to the screen.

use super::keymap::Key;
use super::slots::Ticket;
use crate::model::Timestamp;
use crate::source::{Reply, SourceError};

/// Something that happened; the loop hands each one to `App::update`.
#[derive(Clone, Debug)]
pub enum Event {
    Key(Key),
    Mouse(Mouse),
    /// Text that was pasted.
    Paste(String),
    Resize(u16, u16),
    /// Time passed: about once a second, and first of all.
    Tick(Timestamp),
    /// The source's revision changed.
    Revision(u64),
    /// An answer as far as it is known; a better one may follow.
    Reply(Ticket, Reply),
    /// No other answer comes to this request: the last one was whole, it failed, or nobody waited for it any more.
    Answered(Ticket, Result<(), SourceError>),
    /// Something the user should know, such as that a part of the program broke.
    Notice(String),
    /// The terminal was taken away and is ours again.
    Resume,
    Suspend,
    Quit,
}

/// What the mouse did, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    pub action: MouseAction,
    pub x: u16,
    pub y: u16,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseAction {
    Click,
    WheelUp,
    WheelDown,
}

//! Everything the screen wants done; the loop does it.

use super::slots::Ticket;
use crate::source::Request;

/// Something to do outside of the screen's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Put a request to the source and answer with [`super::event::Event::Reply`] until [`super::event::Event::Answered`].
    Ask(Ticket, Box<Request>),
    /// Tell the source that nobody waits for an answer any more.
    Cancel(Ticket),
    /// Keep a query for the runs to come.
    Remember(String),
    /// Forget what the terminal shows, and draw everything anew.
    Redraw,
    /// Give the terminal to the shell until we are continued.
    Suspend,
    /// Take the terminal again after another program had it.
    Retake,
    Quit,
}

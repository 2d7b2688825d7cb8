//! Everything the screen wants done; the loop does it.

use super::slots::Ticket;
use crate::source::Request;

/// Something to do outside of the screen's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Put a request to the source and answer with [`super::event::Event::Reply`].
    Ask(Ticket, Box<Request>),
    /// Forget what the terminal shows, and draw everything anew.
    Redraw,
    /// Give the terminal to the shell until we are continued.
    Suspend,
    /// Take the terminal again after another program had it.
    Retake,
    Quit,
}

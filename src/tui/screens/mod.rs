//! The screens: a folder each. `state.rs` knows no terminal, `view.rs` changes nothing.

pub mod errors;
pub mod health;
pub mod latency;
pub mod map;
pub mod services;
pub mod trace;
pub mod traces;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::command::{Command, Scope};
use super::event::Mouse;
use super::frame::Mode;
use super::overlays::why::Asked;
use super::search::Done;
use super::slots::{Slot, Wish};
use super::world::World;
use crate::model::{SpanId, TraceId};
use crate::source::{Reply, SourceError};

/// What the screens have in common. The one that is shown gets what happens, is settled, says what it wants to know, and is
/// drawn, in this order.
pub(in crate::tui) trait Screen {
    /// Returns whose keys count.
    fn scope(&self) -> Scope;

    /// Returns what the top line tells of it.
    fn mode(&self) -> Mode;

    /// Returns what is told of what is typed, and whether that is wrong.
    fn problem(&self) -> Option<(&str, bool)>;

    /// Returns what it wants to know at this size.
    fn wishes(&mut self, world: &World, area: Rect) -> Vec<Wish>;

    /// Takes an answer, or a part of one.
    fn receive(&mut self, slot: Slot, reply: Reply, area: Rect);

    /// Takes note that no more comes for a slot.
    fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>);

    /// Fits everything to the area and to what is known; after each event, before anything is asked or drawn.
    fn settle(&mut self, world: &World, area: Rect);

    /// Types text.
    fn insert(&mut self, text: &str, world: &World);

    /// Does what a key asks for.
    fn command(&mut self, command: Command, world: &World, area: Rect) -> Option<Action>;

    /// Goes back by one step within the screen; returns whether there was where to go.
    fn back(&mut self) -> bool;

    /// Does what the mouse asks for.
    fn mouse(&mut self, mouse: Mouse, area: Rect) -> Option<Action>;

    /// Draws it.
    fn view(&self, canvas: &mut Canvas, area: Rect, world: &World);
}

/// What a screen wants done that is not its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Open a trace, at a span where one is meant.
    Open(TraceId, Option<SpanId>),
    /// List the traces that a query finds.
    List(String),
    /// Say something in the bottom line.
    Say(String),
    /// Tell that something cannot be.
    Refuse(String),
    /// Tell why something is as it is.
    Why(Asked),
    /// Keep a query in the history.
    Remember(String),
}

impl From<Done> for Action {
    fn from(done: Done) -> Self {
        match done {
            Done::Accepted(query) => Self::Remember(query),
            Done::Refused(problem) => Self::Refuse(problem),
        }
    }
}

//! What the screens of figures have in common: the window they are over, and a pause that holds it still.

use super::world::{Pause, World};
use crate::model::Timestamp;
use crate::source::Window;

/// Whether a screen is live, or since when it is paused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch(Option<(Pause, Timestamp)>);

impl Watch {
    /// Begins a pause, or ends it.
    pub fn toggle_pause(&mut self, world: &World) {
        self.0 = match self.0 {
            Some(_) => None,
            None => Some((Pause::begin(world, world.steady_revision), world.now)),
        };
    }

    /// Returns the pause, while there is one.
    pub fn pause(&self) -> Option<Pause> {
        self.0.map(|(pause, _)| pause)
    }

    /// Returns the version of what is costly to ask.
    pub fn version(&self, world: &World) -> u64 {
        self.0.map_or(world.steady_revision, |(pause, _)| pause.revision)
    }

    /// Returns all that is held, up to when the pause began while there is one.
    pub fn held(&self, world: &World) -> Window {
        Window { from: None, to: self.0.map_or(Some(world.now), |(_, now)| Some(now)).map(|now| now.plus(1)) }
    }

    /// Returns the stretch of time in force. While paused it ends when the pause began, whatever is asked.
    pub fn window(&self, world: &World) -> Window {
        match self.0 {
            None => world.window.until(world.now),
            Some((_, now)) => Window { to: Some(now.plus(1)), ..world.window.until(now) },
        }
    }
}

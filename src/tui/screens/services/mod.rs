//! The services: how many requests each gets, how many fail, how long they take.

use ratatui::layout::Rect;

use super::{Action, Screen};
use crate::source::{Reply, SourceError};
use crate::tui::canvas::Canvas;
use crate::tui::command::{Command, Scope};
use crate::tui::event::Mouse;
use crate::tui::frame::Mode;
use crate::tui::slots::{Slot, Wish};
use crate::tui::watch::Watch;
use crate::tui::widgets::face;
use crate::tui::world::World;

/// The screen.
#[derive(Debug, Default)]
pub struct Services {
    watch: Watch,
}

impl Screen for Services {
    fn scope(&self) -> Scope {
        Scope::Services
    }

    fn mode(&self) -> Mode {
        Mode { pause: self.watch.pause(), following: false, has_window: true }
    }

    fn problem(&self) -> Option<(&str, bool)> {
        None
    }

    fn wishes(&mut self, _: &World, _: Rect) -> Vec<Wish> {
        Vec::new()
    }

    fn receive(&mut self, _: Slot, _: Reply, _: Rect) {}

    fn answered(&mut self, _: Slot, _: Result<(), SourceError>) {}

    fn settle(&mut self, _: &World, _: Rect) {}

    fn insert(&mut self, _: &str, _: &World) {}

    fn command(&mut self, command: Command, world: &World, _: Rect) -> Option<Action> {
        if command == Command::Pause {
            self.watch.toggle_pause(world);
        }
        None
    }

    fn back(&mut self) -> bool {
        false
    }

    fn mouse(&mut self, _: Mouse, _: Rect) -> Option<Action> {
        None
    }

    fn view(&self, canvas: &mut Canvas, area: Rect, world: &World) {
        let services = world.health.as_ref().map_or(0, |health| health.services.len());
        let text = format!("{} in the window", crate::tui::format::plural(services as u64, "service"));
        face::draw(canvas, area, &[(canvas.theme().dim(), text)]);
    }
}

//! What is typed on the list screen: into the search line, or the name of an attribute for the facets.

use super::facets::state::MOST_ADDED;
use super::{Panes, Traces};
use crate::tui::command::Command;
use crate::tui::frame::Segment;
use crate::tui::screens::Action;
use crate::tui::search;
use crate::tui::widgets::cursor::Motion;
use crate::tui::world::World;

impl Traces {
    /// Types text.
    pub(super) fn type_text(&mut self, text: &str, world: &World) {
        if self.facets.adding().is_some() {
            self.facets.insert(text);
        } else {
            self.search.insert(text, &world.history);
        }
    }

    /// Does what a key asks for while one types.
    pub(super) fn type_command(&mut self, command: Command, world: &World) -> Option<Action> {
        if self.facets.adding().is_some() {
            return self.adding_command(command);
        }
        self.search.command(command, &world.history).map(Action::from)
    }

    fn adding_command(&mut self, command: Command) -> Option<Action> {
        match command {
            Command::Accept if !self.facets.add() => {
                return Some(Action::Say(format!("{MOST_ADDED} attributes are the most: d removes one")));
            }
            Command::Cancel => _ = self.facets.stop_adding(),
            Command::Complete => self.facets.complete(),
            Command::Earlier => self.facets.step_names(Motion::Up(1)),
            Command::Later => self.facets.step_names(Motion::Down(1)),
            Command::Edit(edit) => self.facets.edit(edit),
            _ => {}
        }
        None
    }

    /// Puts the cursor of the search line where it was clicked, opening it.
    pub(super) fn click_line(&mut self, x: u16, panes: &Panes) {
        if self.facets.adding().is_none() {
            let area = search::text_area(panes.line, &Segment::new());
            self.search.click(usize::from(x.saturating_sub(area.x)), area.width.into());
        }
    }
}

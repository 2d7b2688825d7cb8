//! The search line: a query that is typed with help, checked as it is typed, and in force as soon as it says something.
//! Each screen that can be searched has one.

pub mod history;
mod menu;
mod narrowed;
mod reading;
mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::history::History;
use self::menu::{Choice, Menu};
pub use self::narrowed::{narrowed, of_operation, of_service, of_value, spans_with, with_also, within};
use self::reading::Reading;
pub use self::reading::{Mark, mark, toggled};
pub use self::view::{draw_input, draw_line, draw_over, text_area, told};
use super::command::Command;
use super::slots::{Slot, Wish};
use super::widgets::input::Input;
use crate::query::Query;
use crate::source::{Reply, Window};

pub use self::menu::{Item, MOST_ROWS, draw as draw_menu};

/// What a key did that is not only of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The query is to be kept in the history.
    Accepted(String),
    /// What was typed is no query.
    Refused(String),
}

/// The query in force, and the line while it is typed.
#[derive(Debug, Default)]
pub struct Search {
    /// The text in force; while one types, the one of before.
    text: String,
    /// Of what is shown in the line.
    reading: Reading,
    query: Option<Arc<Query>>,
    editing: Option<Editing>,
    is_explained: bool,
}

#[derive(Debug, Default)]
struct Editing {
    input: Input,
    /// What the text of before meant.
    query_before: Option<Arc<Query>>,
    /// How many queries one has gone back in the history, and what was typed before that.
    back: Option<usize>,
    draft: String,
    menu: Option<Menu>,
}

impl Search {
    /// Returns what is searched for, none where everything is shown. While one types it is the last query that was one.
    pub fn query(&self) -> Option<&Arc<Query>> {
        self.query.as_ref()
    }

    /// Returns the text in force; while one types, what is typed.
    pub fn text(&self) -> &str {
        self.editing.as_ref().map_or(&self.text, |editing| editing.input.text())
    }

    pub fn is_typing(&self) -> bool {
        self.editing.is_some()
    }

    /// Returns whether there is anything to show in a line.
    pub fn is_shown(&self) -> bool {
        self.is_typing() || !self.text.is_empty()
    }

    /// Begins to type, at the end of the text in force.
    pub fn open(&mut self) {
        let input = Input::new(&self.text);
        self.editing = Some(Editing { input, query_before: self.query.clone(), ..Editing::default() });
    }

    /// Puts another query in force. A text that is none stays what it was.
    pub fn set(&mut self, text: &str) -> bool {
        let reading = Reading::of(text);
        let is_valid = reading.problem.is_none();
        if is_valid {
            text.clone_into(&mut self.text);
            self.query.clone_from(&reading.query);
            self.reading = reading;
            self.editing = None;
        }
        is_valid
    }

    /// Shows everything again; returns whether that is something else.
    pub fn clear(&mut self) -> bool {
        self.is_explained = false;
        let was_set = !self.text.is_empty();
        self.set("");
        was_set
    }

    /// Shows what the query means as TraceQL, or no longer.
    pub fn toggle_explanation(&mut self) {
        self.is_explained = !self.is_explained && self.is_shown();
    }

    /// Hides what the query means; returns whether it was shown.
    pub fn hide_explanation(&mut self) -> bool {
        std::mem::take(&mut self.is_explained)
    }

    /// Types text.
    pub fn insert(&mut self, text: &str, history: &History) {
        self.edit(history, |input| input.insert(text));
    }

    /// Puts the cursor where the line was clicked, so many cells from the beginning of a text that has so much room.
    pub fn click(&mut self, column: usize, room: usize) {
        if self.editing.is_none() {
            self.open();
        }
        if let Some(editing) = &mut self.editing {
            let left_out = view::left_out(&editing.input, room);
            editing.input.click(column + left_out);
            editing.menu = None;
        }
    }

    fn edit(&mut self, history: &History, change: impl FnOnce(&mut Input)) {
        let Some(editing) = &mut self.editing else { return };
        let before = editing.input.text().to_owned();
        change(&mut editing.input);
        let menu = editing.menu.take();
        editing.menu = menu.map(|menu| menu.following(&editing.input, history));
        if editing.input.text() != before {
            editing.back = None;
            self.read();
        }
    }

    /// Reads what is typed now.
    fn read(&mut self) {
        let Some(editing) = &self.editing else { return };
        self.reading = Reading::of(editing.input.text());
        if self.reading.problem.is_none() {
            self.query.clone_from(&self.reading.query);
        }
    }

    /// Does what a key asks for while one types.
    pub fn command(&mut self, command: Command, history: &History) -> Option<Done> {
        let is_explanation_hidden = command != Command::Explain && self.hide_explanation();
        match command {
            Command::Accept => return self.accept(),
            Command::Cancel if is_explanation_hidden => {}
            Command::Cancel => self.cancel(),
            Command::Complete => self.complete(history),
            Command::Earlier => self.up(history),
            Command::Later => self.down(history),
            Command::Explain => self.toggle_explanation(),
            Command::Edit(edit) => self.edit(history, |input| input.edit(edit)),
            _ => {}
        }
        None
    }

    fn accept(&mut self) -> Option<Done> {
        let editing = self.editing.as_mut()?;
        if let Some(menu) = editing.menu.take() {
            self.take(&menu);
            return None;
        }
        if let Some(problem) = &self.reading.problem {
            return Some(Done::Refused(problem.text.clone()));
        }
        self.text = editing.input.text().trim().to_owned();
        self.editing = None;
        self.reading = Reading::of(&self.text);
        Some(Done::Accepted(self.text.clone()))
    }

    /// Closes what is open: the list of what fits, then the line with all that was typed.
    fn cancel(&mut self) {
        let Some(editing) = &mut self.editing else { return };
        if editing.menu.take().is_some() {
            return;
        }
        self.query = editing.query_before.take();
        self.editing = None;
        self.reading = Reading::of(&self.text);
    }

    fn complete(&mut self, history: &History) {
        let Some(editing) = &mut self.editing else { return };
        match editing.menu.take() {
            Some(menu) => self.take(&menu),
            None => editing.menu = Some(Menu::at(&editing.input, history)),
        }
    }

    /// Puts the selected item of a menu into the line.
    fn take(&mut self, menu: &Menu) {
        if let Some((editing, Choice { range, text })) = self.editing.as_mut().zip(menu.selected()) {
            editing.input.replace(range, &text);
            editing.back = None;
            self.read();
        }
    }

    fn up(&mut self, history: &History) {
        let Some(editing) = &mut self.editing else { return };
        if let Some(menu) = &mut editing.menu {
            menu.step(-1);
            return;
        }
        let back = editing.back.map_or(0, |back| back + 1);
        self.recall(back, history);
    }

    fn down(&mut self, history: &History) {
        let Some(editing) = &mut self.editing else { return };
        if let Some(menu) = &mut editing.menu {
            menu.step(1);
            return;
        }
        match editing.back {
            None => editing.menu = Some(Menu::at(&editing.input, history)),
            Some(0) => {
                let draft = std::mem::take(&mut editing.draft);
                editing.input = Input::new(&draft);
                editing.back = None;
                self.read();
            }
            Some(back) => self.recall(back - 1, history),
        }
    }

    /// Shows the query of so many ago.
    fn recall(&mut self, back: usize, history: &History) {
        let Some((editing, query)) = self.editing.as_mut().zip(history.ago(back)) else { return };
        if editing.back.is_none() {
            editing.input.text().clone_into(&mut editing.draft);
        }
        editing.input = Input::new(query);
        editing.back = Some(back);
        self.read();
    }

    /// Returns what the list of what fits wants to know, of spans in a window.
    pub fn wishes(&self, window: Window) -> Vec<Wish> {
        self.menu().map(|menu| menu.wishes(window)).unwrap_or_default()
    }

    /// Takes an answer to one of these wishes.
    pub fn receive(&mut self, slot: Slot, reply: Reply) {
        if let Some(menu) = self.editing.as_mut().and_then(|editing| editing.menu.as_mut()) {
            menu.receive(slot, reply);
        }
    }

    /// Returns the first problem of what is typed, and whether it is more than that it has not ended yet.
    pub fn problem(&self) -> Option<(&str, bool)> {
        let editing = self.editing.as_ref()?;
        let problem = self.reading.problem.as_ref()?;
        let is_unfinished = problem.range.start >= editing.input.text().trim_end().len();
        Some((&problem.text, !is_unfinished))
    }

    fn menu(&self) -> Option<&Menu> {
        self.editing.as_ref()?.menu.as_ref()
    }
}

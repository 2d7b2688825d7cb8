//! What the screen shows: the groups of errors, which of them is selected, and how far it is scrolled.

use std::sync::Arc;

use super::panes::Focus;
use super::row::{Group, Key};
use crate::analysis::errors::{ErrorGroup, Fingerprint};
use crate::query::Query;
use crate::source::{Errors, Progress, Selection};
use crate::tui::answer::Answer;
use crate::tui::widgets::cursor::Motion;
use crate::tui::widgets::rows::Rows;

/// See the module.
#[derive(Debug)]
pub(super) struct State {
    pub(super) focus: Focus,
    pub(super) rows: Rows<Group>,
    answer: Answer<Errors>,
    /// How many lines of the group are above what is shown, and of which group that is.
    scrolled: usize,
    scrolled_of: Fingerprint,
    asked: Option<Arc<Query>>,
    window: &'static str,
}

impl Default for State {
    fn default() -> Self {
        Self {
            focus: Focus::default(),
            rows: Rows::sorted_by(Key::Count),
            answer: Answer::default(),
            scrolled: 0,
            scrolled_of: Fingerprint::default(),
            asked: None,
            window: "",
        }
    }
}

impl State {
    pub(super) fn answer(&self) -> &Answer<Errors> {
        &self.answer
    }

    pub(super) fn query(&self) -> Option<&Query> {
        self.asked.as_deref()
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.answer.progress()
    }

    pub(super) fn selected(&self) -> Option<&ErrorGroup> {
        self.rows.selected().map(|row| &row.0)
    }

    pub(super) fn scrolled(&self) -> usize {
        self.scrolled
    }

    /// Takes note of what is asked for from now on: a query, over a window of that name.
    pub(super) fn ask_for(&mut self, of: &Selection, window: &'static str) {
        if self.asked != of.query || self.window != window {
            self.asked.clone_from(&of.query);
            self.window = window;
            self.answer.restart();
        }
    }

    pub(super) fn receive(&mut self, found: Errors) {
        let progress = found.progress;
        self.answer.receive(found, progress);
    }

    pub(super) fn end(&mut self) {
        if self.answer.end() {
            let groups = self.answer.value().map(|found| found.groups.as_slice()).unwrap_or_default();
            self.rows.show(groups.iter().cloned().map(Group).collect());
        }
    }

    pub(super) fn fail(&mut self, message: String) {
        self.answer.fail(message);
    }

    pub(super) fn stop(&mut self) -> bool {
        self.answer.stop()
    }

    /// Scrolls the group.
    pub(super) fn step(&mut self, motion: Motion, height: usize) {
        self.scrolled = match motion {
            Motion::Down(by) => self.scrolled.saturating_add(by),
            Motion::Up(by) => self.scrolled.saturating_sub(by),
            Motion::HalfDown => self.scrolled.saturating_add(height / 2),
            Motion::HalfUp => self.scrolled.saturating_sub(height / 2),
            Motion::PageDown => self.scrolled.saturating_add(height),
            Motion::PageUp => self.scrolled.saturating_sub(height),
            Motion::First => 0,
            Motion::Last => usize::MAX,
        };
    }

    /// Fits everything to the room there is: rows of the table, lines of the group, and how many lines that has.
    pub(super) fn settle(&mut self, rows: usize, height: usize, lines: usize) {
        self.rows.settle(rows);
        let shown = self.selected().map(|group| group.fingerprint).unwrap_or_default();
        if self.scrolled_of != shown {
            (self.scrolled_of, self.scrolled) = (shown, 0);
        }
        self.scrolled = self.scrolled.min(lines.saturating_sub(height));
    }
}

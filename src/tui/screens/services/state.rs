//! What the table of services shows.

use std::sync::Arc;

use super::row::{Key, Service};
use crate::analysis::{HealthStatus, Performance, SystemHealth};
use crate::query::Query;
use crate::source::{Figured, FiguresRequest, Progress, Request, Selection};
use crate::tui::answer::Answer;
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::rows::Rows;

/// The state of the table.
#[derive(Debug)]
pub(super) struct State {
    pub(super) rows: Rows<Service>,
    figured: Answer<Figured>,
    health: Answer<SystemHealth>,
    /// What is asked for but for the window, which moves.
    asked: Option<Arc<Query>>,
    window: &'static str,
}

impl Default for State {
    fn default() -> Self {
        // At night one looks for what is in trouble, wherever it is in the alphabet.
        Self {
            rows: Rows::sorted_by(Key::Health),
            figured: Answer::default(),
            health: Answer::default(),
            asked: None,
            window: "",
        }
    }
}

impl State {
    /// Takes note of what is asked for from now on: a query, over a window of that name.
    pub(super) fn ask_for(&mut self, of: &Selection, window: &'static str) {
        if self.asked != of.query || self.window != window {
            self.asked.clone_from(&of.query);
            self.window = window;
            self.figured.restart();
            self.health.restart();
        }
    }

    /// Returns what asks for the figures, with so many ticks; none where the search was stopped.
    pub(super) fn wish(&self, of: &Selection, version: u64, ticks: u16) -> Option<Wish> {
        let (of, with_operations) = (of.clone(), false);
        let request = FiguresRequest { of, is_quick: true, with_operations, with_before: true, ticks };
        let wish = Wish { slot: Slot::Figures, request: Request::Figures(request), version };
        (!self.is_stopped()).then_some(wish)
    }

    pub(super) fn receive_figures(&mut self, figured: Figured) {
        let progress = figured.progress;
        self.figured.receive(figured, progress);
    }

    /// Takes figures of health; how far they are is not told.
    pub(super) fn receive_health(&mut self, health: SystemHealth) {
        self.health.receive(health, Progress::default());
    }

    /// Takes note that the figures are whole.
    pub(super) fn end_figures(&mut self) {
        if self.figured.end() {
            self.arrange();
        }
    }

    /// Takes note that the health is whole.
    pub(super) fn end_health(&mut self) {
        if self.health.end() {
            self.arrange();
        }
    }

    fn arrange(&mut self) {
        if let Some(figured) = self.figured.value() {
            self.rows.show(Service::all(&figured.performance.services, self.health.value()));
        }
    }

    /// Takes note that there was no answer; what is shown stays.
    pub(super) fn fail(&mut self, message: String) {
        self.figured.fail(message);
    }

    /// Stops a search that takes long; returns whether there was one.
    pub(super) fn stop(&mut self) -> bool {
        self.figured.stop()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.figured.is_stopped()
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.figured.progress()
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.figured.failure()
    }

    pub(super) fn performance(&self) -> Option<&Performance> {
        self.figured.value().map(|figured| &figured.performance)
    }

    pub(super) fn health(&self) -> Option<&SystemHealth> {
        self.health.value()
    }

    /// Returns the score of all services together.
    pub(super) fn system(&self) -> Option<(f64, HealthStatus)> {
        self.health().and_then(|health| health.score.zip(health.status))
    }
}

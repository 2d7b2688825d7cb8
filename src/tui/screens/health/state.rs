//! What the screen shows of services, and which of them is selected.

use std::sync::Arc;

use crate::analysis::{Health, SystemHealth};
use crate::query::ast::Literal;
use crate::source::{Progress, ServiceTrend, Trends};
use crate::tui::answer::Answer;
use crate::tui::widgets::cursor::{Cursor, Motion};

/// Reasons of the whole that are shown.
const REASONS: usize = 3;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct State {
    health: Answer<SystemHealth>,
    trends: Answer<Trends>,
    cursor: Cursor,
    window: &'static str,
}

impl State {
    /// Takes note over which window the health is.
    pub(super) fn over(&mut self, window: &'static str) {
        if self.window != window {
            self.window = window;
            self.health.restart();
        }
    }

    pub(super) fn receive_health(&mut self, health: SystemHealth) {
        self.health.receive(health, Progress::default());
    }

    pub(super) fn receive_trends(&mut self, trends: Trends) {
        let progress = trends.progress;
        self.trends.receive(trends, progress);
    }

    /// Takes note that the health is whole. The selected service stays selected.
    pub(super) fn end_health(&mut self) {
        let selected = self.selected().map(|health| Arc::clone(&health.service));
        if self.health.end()
            && let Some(place) = selected.and_then(|name| self.services().iter().position(|one| one.service == name))
            // Who is at the top wants to see what is worst.
            && self.cursor.selected > 0
        {
            self.cursor.selected = place;
        }
    }

    pub(super) fn end_trends(&mut self) {
        self.trends.end();
    }

    /// Takes note that there was no answer; what is shown stays.
    pub(super) fn fail(&mut self, message: String) {
        self.health.fail(message);
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.health.failure()
    }

    /// Returns the health of everything; none before it is known.
    pub(super) fn health(&self) -> Option<&SystemHealth> {
        self.health.value()
    }

    /// Returns the services, the worst first.
    pub(super) fn services(&self) -> &[Health] {
        self.health().map_or(&[], |health| &health.services)
    }

    /// Returns why the whole is not well, as far as there is room for it.
    pub(super) fn reasons(&self) -> &[String] {
        let reasons = self.health().map_or(&[][..], |health| &health.reasons);
        reasons.get(..REASONS).unwrap_or(reasons)
    }

    /// Returns how many lines tell of the whole.
    pub(super) fn system_lines(&self) -> usize {
        1 + self.reasons().len()
    }

    /// Returns the services on so many lines, and which of them is selected.
    pub(super) fn visible(&self, height: u16) -> impl Iterator<Item = (&Health, bool)> {
        let shown = (0..).zip(self.services()).skip(self.cursor.first).take(height.into());
        shown.map(|(place, health)| (health, place == self.cursor.selected))
    }

    pub(super) fn selected(&self) -> Option<&Health> {
        self.services().get(self.cursor.selected)
    }

    /// Returns where the selected service is going.
    pub(super) fn trend(&self) -> Option<&ServiceTrend> {
        let name = &self.selected()?.service;
        self.trends.value()?.services.iter().find(|trend| trend.service == *name)
    }

    /// Returns where a service is going.
    pub(super) fn trend_of(&self, service: &str) -> Option<&ServiceTrend> {
        self.trends.value()?.services.iter().find(|trend| &*trend.service == service)
    }

    /// Returns the query for what the selected service loses most points by.
    pub(super) fn query(&self) -> Option<String> {
        let health = self.selected()?;
        let service = Literal::String(health.service.to_string().into());
        let lost = |score: Option<f64>| 100.0 - score.unwrap_or(100.0);
        let by_errors = lost(health.error_score) > lost(health.performance_score);
        let status = if by_errors { " && status = error" } else { "" };
        Some(format!("{{ resource.service.name = {service}{status} }}"))
    }

    pub(super) fn settle(&mut self, height: usize) {
        self.cursor.clamp(self.services().len(), height);
    }

    pub(super) fn step(&mut self, motion: Motion, height: usize) {
        self.cursor.step(motion, self.services().len(), height);
    }

    pub(super) fn scroll(&mut self, by: isize, height: usize) {
        self.cursor.scroll(by, self.services().len(), height);
    }

    /// Selects the service on a line; returns whether it was selected before.
    pub(super) fn click(&mut self, line: usize) -> bool {
        let Some(row) = self.cursor.row_at(line, self.services().len()) else { return false };
        std::mem::replace(&mut self.cursor.selected, row) == row
    }
}

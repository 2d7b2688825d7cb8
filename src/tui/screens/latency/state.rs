//! What the screen shows: how durations are spread, the operations that time is spent in, and the spans of a part.

use std::sync::Arc;

use super::found::{Found, Key};
use super::heat::{Heat, Part};
use super::panes::Focus;
use super::slow::Slow;
use crate::query::Query;
use crate::source::{Density, Progress, Reply, Selection, Slow as SlowReply, SlowOrder, SourceError, SpanList};
use crate::tui::answer::Answer;
use crate::tui::slots::Slot;
use crate::tui::widgets::heatmap::{Count, Grid};
use crate::tui::widgets::rows::Rows;

/// See the module.
#[derive(Debug)]
pub(super) struct State {
    pub(super) focus: Focus,
    pub(super) slow: Rows<Slow>,
    pub(super) found: Rows<Found>,
    heat: Heat,
    density: Answer<Density>,
    slow_answer: Answer<SlowReply>,
    found_answer: Answer<SpanList>,
    /// How the density stands on the screen.
    grid: Option<Grid>,
    /// What is asked for but for the window, which moves.
    asked: Option<Arc<Query>>,
    window: &'static str,
    /// The part whose spans were asked for last.
    part: Option<Part>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            focus: Focus::default(),
            slow: Rows::sorted_by(SlowOrder::Total),
            found: Rows::sorted_by(Key::Start),
            heat: Heat::default(),
            density: Answer::default(),
            slow_answer: Answer::default(),
            found_answer: Answer::default(),
            grid: None,
            asked: None,
            window: "",
            part: None,
        }
    }
}

impl State {
    /// Takes note of what is asked for from now on: a query, over a window of that name.
    pub(super) fn ask_for(&mut self, of: &Selection, window: &'static str) {
        if self.asked != of.query || self.window != window {
            self.asked.clone_from(&of.query);
            self.window = window;
            self.density.restart();
            self.slow_answer.restart();
            self.found_answer.restart();
            self.heat.forget();
        }
    }

    /// Returns what is searched for.
    pub(super) fn query(&self) -> Option<&Arc<Query>> {
        self.asked.as_ref()
    }

    /// Takes an answer as far as it is known.
    pub(super) fn receive(&mut self, slot: Slot, reply: Reply) {
        match (slot, reply) {
            (Slot::Density, Reply::Density(density)) => {
                let progress = density.progress;
                self.density.receive(*density, progress);
            }
            (Slot::Slow, Reply::Slow(slow)) => {
                let progress = slow.progress;
                self.slow_answer.receive(slow, progress);
            }
            (Slot::Spans, Reply::Spans(list)) => {
                let progress = list.progress;
                self.found_answer.receive(list, progress);
            }
            (slot, _) => {
                let message = "the source answered something else".into();
                self.answered(slot, Err(SourceError { message }));
            }
        }
    }

    /// Takes note that no more comes for a slot. Where there was no answer what is shown stays.
    pub(super) fn answered(&mut self, slot: Slot, ended: Result<(), SourceError>) {
        match (slot, ended) {
            (Slot::Density, Ok(())) => _ = self.density.end(),
            (Slot::Density, Err(error)) => self.density.fail(error.message),
            (Slot::Slow, Ok(())) => {
                if self.slow_answer.end()
                    && let Some(slow) = self.slow_answer.value()
                {
                    self.slow.show(slow.operations.iter().cloned().map(Slow).collect());
                }
            }
            (Slot::Slow, Err(error)) => self.slow_answer.fail(error.message),
            (Slot::Spans, Ok(())) => {
                if self.found_answer.end()
                    && let Some(list) = self.found_answer.value()
                {
                    self.found.show(list.rows.iter().cloned().map(Found).collect());
                }
            }
            (Slot::Spans, Err(error)) => self.found_answer.fail(error.message),
            _ => {}
        }
    }

    /// Fits everything to where the heatmap is and to tables of so many rows.
    pub(super) fn settle(&mut self, grid: impl FnOnce(&Density) -> Grid, height: usize) {
        self.grid = self.density.value().map(grid);
        if self.focus == Focus::Heatmap
            && let Some((density, grid)) = self.density.value().zip(self.grid.as_ref())
        {
            self.heat.begin(density, grid);
        }
        if self.part != self.heat.part() {
            self.part = self.heat.part();
            self.found_answer.restart();
        }
        self.slow.settle(height);
        self.found.settle(height);
    }

    /// Changes the heatmap's cursor; nothing where there is no heatmap.
    pub(super) fn with_heat<R>(&mut self, change: impl FnOnce(&mut Heat, &Density, &Grid) -> R) -> Option<R> {
        let (density, grid) = self.density.value().zip(self.grid.as_ref())?;
        Some(change(&mut self.heat, density, grid))
    }

    pub(super) fn stop_selecting(&mut self) -> bool {
        self.heat.stop_selecting(self.density.value(), self.grid.as_ref())
    }

    pub(super) fn heat(&self) -> &Heat {
        &self.heat
    }

    /// Returns the part whose spans are to be listed.
    pub(super) fn part(&self) -> Option<Part> {
        self.heat.part()
    }

    pub(super) fn density(&self) -> &Answer<Density> {
        &self.density
    }

    pub(super) fn slow_answer(&self) -> &Answer<SlowReply> {
        &self.slow_answer
    }

    pub(super) fn found_answer(&self) -> &Answer<SpanList> {
        &self.found_answer
    }

    /// Returns how the density stands on the screen.
    pub(super) fn shown(&self) -> Option<(&Density, &Grid)> {
        self.density.value().zip(self.grid.as_ref())
    }

    /// Returns how many spans and errors are in what is chosen; none where the heatmap is not shown.
    pub(super) fn count(&self) -> Option<Count> {
        let (density, grid) = self.shown().filter(|(_, grid)| grid.rows > 0)?;
        Some(self.heat.count(density, grid))
    }

    /// Stops a search that takes long; returns whether there was one.
    pub(super) fn stop(&mut self) -> bool {
        let has_stopped = [self.density.stop(), self.slow_answer.stop(), self.found_answer.stop()];
        has_stopped.contains(&true)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.density.is_stopped() || self.slow_answer.is_stopped() || self.found_answer.is_stopped()
    }

    /// Returns how far the search has come that one waits for.
    pub(super) fn progress(&self) -> Option<Progress> {
        self.density.progress().or(self.slow_answer.progress()).or(self.found_answer.progress())
    }

    /// Returns why what is shown may be old.
    pub(super) fn failure(&self) -> Option<&str> {
        self.density.failure().or(self.slow_answer.failure()).or(self.found_answer.failure())
    }
}

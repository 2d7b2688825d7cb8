//! One service: its figures, charts of them over time, and its operations.

mod charts;
mod operation;
mod panes;
mod view;

use std::sync::Arc;

use ratatui::layout::Rect;

use self::operation::{Key, Operation};
use self::panes::Panes;
use super::row::of_service;
use crate::analysis::{ServiceFigures, SystemHealth};
use crate::query::Query;
use crate::source::{Density, DensityRequest, Figured, FiguresRequest, Progress, Request, Selection};
use crate::tui::answer::Answer;
use crate::tui::canvas::Canvas;
use crate::tui::command::Command;
use crate::tui::event::Mouse;
use crate::tui::screens::Action;
use crate::tui::screens::traces::motion;
use crate::tui::slots::{Slot, Wish};
use crate::tui::widgets::rows::Rows;
use crate::tui::widgets::table;

/// Charts have so many columns at most, and fewer where there are so few requests that most columns would be empty.
const COLUMNS: [u16; 5] = [240, 120, 60, 30, 15];
const REQUESTS_A_COLUMN: u64 = 4;

/// See the module. Until its own answer comes it shows what the table knew.
#[derive(Debug)]
pub(super) struct One {
    known: ServiceFigures,
    figured: Answer<Figured>,
    density: Answer<Density>,
    rows: Rows<Operation>,
    asked: Option<Arc<Query>>,
    window: &'static str,
}

impl One {
    /// Returns what is known of a service from the table.
    pub(super) fn new(known: ServiceFigures) -> Self {
        Self {
            known,
            figured: Answer::default(),
            density: Answer::default(),
            rows: Rows::sorted_by(Key::Share),
            asked: None,
            window: "",
        }
    }

    fn service(&self) -> &str {
        &self.known.service
    }

    /// Returns what it wants to know.
    pub(super) fn wishes(&self, of: &Selection, version: u64, area: Rect) -> Vec<Wish> {
        if self.is_stopped() {
            return Vec::new();
        }
        let of = Selection { service: Some(self.service().to_owned()), ..of.clone() };
        let figures =
            FiguresRequest { of: of.clone(), is_quick: true, with_operations: true, with_before: true, ticks: 0 };
        let mut wishes = vec![Wish { slot: Slot::Figures, request: Request::Figures(figures), version }];
        let (most, rows) = charts::density(&panes::panes(area));
        if most > 0 {
            let columns = self.columns(most);
            let request = DensityRequest { of, operation: None, all_spans: false, columns, rows: rows.max(1) };
            wishes.push(Wish { slot: Slot::Density, request: Request::Density(request), version });
        }
        wishes
    }

    /// Returns how many columns the charts have of at most so many.
    fn columns(&self, most: u16) -> u16 {
        let requests = self.known.figures.requests;
        let has_enough = |columns: &u16| *columns <= most && requests >= u64::from(*columns) * REQUESTS_A_COLUMN;
        let least = COLUMNS.last().copied().unwrap_or(1);
        COLUMNS.into_iter().find(has_enough).unwrap_or(least)
    }

    pub(super) fn receive_figures(&mut self, figured: Figured) {
        let progress = figured.progress;
        self.figured.receive(figured, progress);
    }

    pub(super) fn receive_density(&mut self, density: Density) {
        let progress = density.progress;
        self.density.receive(density, progress);
    }

    /// Takes note that no more comes for a slot.
    pub(super) fn end(&mut self, slot: Slot) {
        if slot == Slot::Density {
            self.density.end();
        } else if self.figured.end() {
            let services = self.figured.value().map(|figured| figured.performance.services.as_slice());
            let found = services.into_iter().flatten().find(|service| service.service == self.known.service);
            // Where nothing is found there is nothing of it.
            self.known = found.cloned().unwrap_or_else(|| operation::nothing(&self.known.service));
            self.rows.show(Operation::all(&self.known));
        }
    }

    /// Takes note that there was no answer; what is shown stays.
    pub(super) fn fail(&mut self, slot: Slot, message: String) {
        match slot {
            Slot::Density => self.density.fail(message),
            _ => self.figured.fail(message),
        }
    }

    /// Stops a search that takes long; returns whether there was one.
    pub(super) fn stop(&mut self) -> bool {
        let has_stopped = self.density.stop();
        self.figured.stop() || has_stopped
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.figured.is_stopped() || self.density.is_stopped()
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.figured.progress().or(self.density.progress())
    }

    /// Fits everything to the area and to what is asked for.
    pub(super) fn settle(&mut self, of: &Selection, window: &'static str, area: Rect) {
        if self.asked != of.query || self.window != window {
            self.asked.clone_from(&of.query);
            self.window = window;
            self.figured.restart();
            self.density.restart();
        }
        self.rows.settle(height(&panes::panes(area)));
    }

    /// Does what a key asks for.
    pub(super) fn command(&mut self, command: Command, area: Rect) -> Option<Action> {
        let height = height(&panes::panes(area));
        match (command, motion(command)) {
            (_, Some(motion)) => self.rows.step(motion, height),
            (Command::SortNext, _) => self.rows.sort_next(),
            (Command::SortReverse, _) => self.rows.sort_reverse(),
            (Command::Open, _) => return self.list(),
            _ => {}
        }
        None
    }

    /// Lists the traces of the selected operation.
    fn list(&self) -> Option<Action> {
        self.rows.selected().map(|row| Action::List(row.query(self.service(), self.asked.as_deref())))
    }

    pub(super) fn scroll(&mut self, by: isize, area: Rect) {
        self.rows.scroll(by, height(&panes::panes(area)));
    }

    /// A click selects an operation, a click on the selected one lists its traces, one on a title sorts.
    pub(super) fn click(&mut self, mouse: Mouse, area: Rect) -> Option<Action> {
        let panes = panes::panes(area);
        let table = &panes.operations;
        if mouse.y == table.header.y && table.header.height > 0 {
            let columns = operation::columns(table.table.width);
            let column = table::column_at(&columns, table.table, mouse.x);
            if let Some(key) = column.and_then(|column| columns.get(column)?.sort) {
                self.rows.sort_by(key);
            }
        } else if table.rows.contains((mouse.x, mouse.y).into()) {
            let line = usize::from(mouse.y - table.rows.y);
            if self.rows.click(line, height(&panes)) {
                return self.list();
            }
        }
        None
    }

    /// Draws it.
    pub(super) fn view(&self, canvas: &mut Canvas, area: Rect, health: Option<&SystemHealth>) {
        let panes = panes::panes(area);
        let health = health.and_then(|health| of_service(health, self.service()));
        view::head(self, health, canvas, &panes);
        charts::draw(self.density.value(), self.density.failure(), canvas, &panes);
        view::operations(self, canvas, &panes);
    }
}

fn height(panes: &Panes) -> usize {
    panes.operations.rows.height.into()
}

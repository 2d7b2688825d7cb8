//! All screens, which of them is shown, and where one goes back to.

use super::command::Tab;
use super::frame::Title;
use super::screens::Screen;
use super::screens::errors::Errors;
use super::screens::health::Health;
use super::screens::latency::Latency;
use super::screens::map::Map;
use super::screens::services::Services;
use super::screens::trace::Trace;
use super::screens::traces::Traces;
use crate::model::{SpanId, TraceId};

/// How many traces one can go back to.
const MAX_TRAIL: usize = 32;

/// See the module. Screens that are not shown keep their state, and ask nothing.
#[derive(Debug, Default)]
pub(super) struct Screens {
    pub(super) traces: Traces,
    /// The traces opened one from another; the last one is shown.
    pub(super) trail: Vec<Trace>,
    services: Services,
    map: Map,
    latency: Latency,
    errors: Errors,
    health: Health,
    tab: Tab,
    /// From where the first trace of the trail was opened.
    home: Tab,
    /// From where the list was told to show a query, and that query.
    came_from: Option<(Tab, String)>,
}

impl Screens {
    /// Returns the screen that is shown.
    pub(super) fn shown(&self) -> &dyn Screen {
        match self.tab {
            Tab::Traces => &self.traces,
            Tab::Trace => self.trail.last().map_or(&self.traces, |trace| trace),
            Tab::Services => &self.services,
            Tab::Map => &self.map,
            Tab::Latency => &self.latency,
            Tab::Errors => &self.errors,
            Tab::Health => &self.health,
        }
    }

    /// Returns the screen that is shown.
    pub(super) fn shown_mut(&mut self) -> &mut dyn Screen {
        match self.tab {
            Tab::Traces => &mut self.traces,
            Tab::Trace => match self.trail.last_mut() {
                Some(trace) => trace,
                None => &mut self.traces,
            },
            Tab::Services => &mut self.services,
            Tab::Map => &mut self.map,
            Tab::Latency => &mut self.latency,
            Tab::Errors => &mut self.errors,
            Tab::Health => &mut self.health,
        }
    }

    /// Shows a screen; returns whether there is one.
    pub(super) fn show(&mut self, tab: Tab) -> bool {
        let is_there = tab != Tab::Trace || !self.trail.is_empty();
        if is_there {
            self.tab = tab;
        }
        is_there
    }

    /// Shows a trace. One opened from a trace goes on with the trail, one opened from elsewhere begins another.
    pub(super) fn open(&mut self, id: TraceId, span: Option<SpanId>) {
        if self.tab != Tab::Trace {
            self.trail.clear();
            self.home = self.tab;
        }
        if self.trail.len() == MAX_TRAIL {
            self.trail.remove(0);
        }
        self.trail.push(Trace::new(id, span));
        self.tab = Tab::Trace;
    }

    /// Shows the traces that a query finds.
    pub(super) fn list(&mut self, query: String) {
        self.traces.search_for(&query);
        self.came_from = Some((self.tab, query));
        self.tab = Tab::Traces;
    }

    /// Goes back: within a screen, from a trace to the one before, to where it was opened.
    pub(super) fn back(&mut self) {
        if self.tab == Tab::Traces {
            return self.leave_list();
        }
        if self.shown_mut().back() || self.tab != Tab::Trace {
            return;
        }
        self.trail.pop();
        if self.trail.is_empty() {
            self.tab = self.home;
        }
    }

    /// What the list was told to show leads back to where that was told.
    fn leave_list(&mut self) {
        let came_from = self.came_from.take_if(|(_, query)| self.traces.searches_for(query));
        match came_from {
            Some(came_from) if self.traces.step_back() => self.came_from = Some(came_from),
            Some((tab, _)) => {
                self.traces.search_for("");
                self.tab = tab;
            }
            None => _ = self.traces.back(),
        }
    }

    /// Returns the titles of the screens there are: a trace has one once it is open.
    pub(super) fn titles(&self) -> Vec<Title> {
        let depth = if self.trail.len() > 1 { format!(" ({})", self.trail.len()) } else { String::new() };
        let there = Tab::ALL.into_iter().filter(|(tab, ..)| *tab != Tab::Trace || !self.trail.is_empty());
        let title = |(tab, _, name): (Tab, char, &str)| {
            let depth = if tab == Tab::Trace { depth.as_str() } else { "" };
            Title { tab, name: format!("{name}{depth}"), is_active: tab == self.tab }
        };
        there.map(title).collect()
    }
}

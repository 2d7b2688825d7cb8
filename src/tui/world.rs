//! What every screen knows about the outside: the time, the revision of the data, and the state of the store.

use super::search::history::History;
use super::settings::TimeWindow;
use crate::analysis::SystemHealth;
use crate::model::Timestamp;
use crate::source::{Request, Selection, Status, Window};

/// The outside as of the last event.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub now: Timestamp,
    /// Counts ticks; what should be asked once a second has it as its version.
    pub ticks: u64,
    pub revision: u64,
    /// The revision at the last tick: what is costly to ask has it as its version, and is asked once a second at most.
    pub steady_revision: u64,
    /// How far back all screens look.
    pub window: TimeWindow,
    pub status: Option<Status>,
    /// The health of the system over the window, as of some seconds ago.
    pub health: Option<SystemHealth>,
    /// What came of the next answer.
    pub coming_health: Option<SystemHealth>,
    /// The time and revision it is asked for.
    pub health_of: (Timestamp, u64),
    pub history: History,
}

/// How many ticks the health of the system is not asked for again.
const HEALTH_TICKS: u64 = 10;

impl World {
    /// Takes note that time passed.
    pub fn tick(&mut self, now: Timestamp) {
        self.now = now;
        self.steady_revision = self.revision;
        if self.ticks.is_multiple_of(HEALTH_TICKS) {
            self.health_of = (now, self.revision);
        }
        self.ticks += 1;
    }

    /// Returns what asks for the health of the system, and the version of that.
    pub fn health_request(&self) -> (Request, u64) {
        let (now, revision) = self.health_of;
        let window = Window { to: None, ..self.window.until(now) };
        (Request::Health(Selection { window, ..Selection::default() }), revision)
    }

    /// Takes note that the health of the system is known.
    pub fn take_health(&mut self) {
        if let Some(health) = self.coming_health.take() {
            self.health = Some(health);
        }
    }

    /// Returns why what comes in is kept in memory only though it should be on disk, while that is so.
    pub fn trouble(&self) -> Option<&str> {
        self.status.as_ref()?.disk.as_ref()?.trouble.as_deref()
    }
}

/// The state of things when the screen was told to hold still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The version everything is asked at until it goes on.
    pub revision: u64,
    spans: u64,
    traces: u64,
}

impl Pause {
    /// Begins a pause now.
    pub fn begin(world: &World, revision: u64) -> Self {
        let status = world.status.as_ref();
        Self { revision, spans: status.map_or(0, |s| s.counters.stored), traces: status.map_or(0, |s| s.total_traces) }
    }

    /// Returns how many spans were stored since, and by how many more traces are held.
    pub fn missed(&self, world: &World) -> (u64, u64) {
        world.status.as_ref().map_or((0, 0), |s| {
            (s.counters.stored.saturating_sub(self.spans), s.total_traces.saturating_sub(self.traces))
        })
    }
}

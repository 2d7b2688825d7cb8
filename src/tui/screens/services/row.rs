//! The rows of the table: a service with its figures, its health, and what it is sorted by.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use crate::analysis::{Health, HealthStatus, ServiceFigures, SystemHealth};
use crate::tui::widgets::numbers::{self, Change};
use crate::tui::widgets::rows::{Row, Value};

/// What the table can be sorted by, in the order of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Service,
    Health,
    Rate,
    RateChange,
    Errors,
    P50,
    P95,
    P95Change,
    P99,
    Apdex,
}

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) of: ServiceFigures,
    pub(super) score: Option<(f64, HealthStatus)>,
    pub(super) rate_change: Change,
    pub(super) p95_change: Change,
}

impl Service {
    /// Returns the rows of all services. Where the window before had nothing at all, nothing is said of changes: everything
    /// would be new.
    pub(super) fn all(services: &[ServiceFigures], health: Option<&SystemHealth>) -> Vec<Self> {
        let is_before = |service: &ServiceFigures| service.before.as_ref().is_some_and(|before| before.requests > 0);
        let has_before = services.iter().any(is_before);
        let row = |of: &ServiceFigures| {
            let before = of.before.as_ref().filter(|_| has_before);
            Self {
                score: health.and_then(|health| of_service(health, &of.service)).and_then(score),
                rate_change: Change::of(&of.figures, before, crate::analysis::Figures::per_minute),
                p95_change: Change::of(&of.figures, before, numbers::p95),
                of: of.clone(),
            }
        };
        services.iter().map(row).collect()
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.of.service
    }
}

/// Returns the health of a service.
pub(super) fn of_service<'a>(health: &'a SystemHealth, service: &str) -> Option<&'a Health> {
    health.services.iter().find(|health| *health.service == *service)
}

/// Returns a score and what it means.
pub(super) fn score(health: &Health) -> Option<(f64, HealthStatus)> {
    health.score.zip(health.status)
}

impl Row for Service {
    type Key = Key;

    const KEYS: &'static [Key] = &[
        Key::Service,
        Key::Health,
        Key::Rate,
        Key::RateChange,
        Key::Errors,
        Key::P50,
        Key::P95,
        Key::P95Change,
        Key::P99,
        Key::Apdex,
    ];

    fn value(&self, key: Key) -> Value<'_> {
        let figures = &self.of.figures;
        let percentiles = figures.percentiles;
        Value::Number(match key {
            Key::Service => return Value::Text(&self.of.service),
            // As it is shown: rows whose scores look the same do not change places all the time.
            Key::Health => self.score.map(|(score, _)| score.floor()),
            Key::Rate => figures.per_minute(),
            Key::RateChange => self.rate_change.value(),
            Key::Errors => figures.error_rate_percent(),
            Key::P50 => percentiles.map(|percentiles| percentiles.p50_ns as f64),
            Key::P95 => percentiles.map(|percentiles| percentiles.p95_ns as f64),
            Key::P95Change => self.p95_change.value(),
            Key::P99 => percentiles.map(|percentiles| percentiles.p99_ns as f64),
            Key::Apdex => figures.apdex,
        })
    }

    /// What is worst comes first.
    fn descends(key: Key) -> bool {
        !matches!(key, Key::Service | Key::Health | Key::Apdex)
    }

    fn tie(&self, other: &Self) -> Ordering {
        let order = |service: &Self| Reverse(service.of.figures.requests);
        order(self).cmp(&order(other)).then_with(|| self.name().cmp(other.name()))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

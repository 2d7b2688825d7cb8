//! How well a service does, as one number from 0 to 100, with what it is made of and in words why it is not 100.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Figures, OperationFigures, ServiceFigures};
use crate::model::Kind;

/// The constants of the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthRule {
    /// How much errors and durations weigh.
    pub error_weight: f64,
    pub performance_weight: f64,
    /// Points lost for each percent of errors.
    pub points_per_error_percent: f64,
    /// Milliseconds of mean duration that cost a point.
    pub ms_per_point: f64,
    /// Below these scores a service is in that state.
    pub warning_below: f64,
    pub critical_below: f64,
}

impl Default for HealthRule {
    fn default() -> Self {
        Self {
            error_weight: 0.6,
            performance_weight: 0.4,
            points_per_error_percent: 10.0,
            ms_per_point: 10.0,
            warning_below: 70.0,
            critical_below: 40.0,
        }
    }
}

/// What a score means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthStatus {
    Ok,
    Warning,
    Critical,
}

impl HealthStatus {
    /// Returns the name in JSON and on screens.
    pub fn name(self) -> &'static str {
        ["ok", "warning", "critical"][self as usize]
    }
}

/// The health of a service; the scores are none without requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    pub service: Arc<str>,
    pub score: Option<f64>,
    pub error_score: Option<f64>,
    pub performance_score: Option<f64>,
    pub error_rate_percent: Option<f64>,
    pub mean_ns: Option<f64>,
    pub requests: u64,
    pub status: Option<HealthStatus>,
    /// Why it is not 100, what costs most first; none where it is.
    pub reasons: Vec<String>,
}

/// The health of all services together: their mean, weighted by requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemHealth {
    pub score: Option<f64>,
    pub status: Option<HealthStatus>,
    pub reasons: Vec<String>,
    /// The worst first, those without a score last.
    pub services: Vec<Health>,
}

/// The two parts of a score, and the score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    pub error_score: f64,
    pub performance_score: f64,
    pub score: f64,
}

impl HealthRule {
    /// Returns the score of requests of which so many percent failed, and that took so many nanoseconds on average.
    pub fn score(&self, error_rate_percent: f64, mean_ns: f64) -> Score {
        let lost = |points: f64| (100.0 - points).clamp(0.0, 100.0);
        let error_score = lost(self.points_per_error_percent * error_rate_percent);
        let performance_score = lost(mean_ns / 1e6 / self.ms_per_point);
        // Weights that are configured need not come to one.
        let score = self.error_weight * error_score + self.performance_weight * performance_score;
        Score { error_score, performance_score, score: score / (self.error_weight + self.performance_weight) }
    }

    /// Returns what a score means.
    pub fn status(&self, score: f64) -> HealthStatus {
        match score {
            score if score < self.critical_below => HealthStatus::Critical,
            score if score < self.warning_below => HealthStatus::Warning,
            _ => HealthStatus::Ok,
        }
    }

    /// Returns the score of figures; none without requests.
    pub fn of(&self, figures: &Figures) -> Option<Score> {
        Some(self.score(figures.error_rate_percent()?, figures.mean_ns()?))
    }

    /// Returns the health of all services together, and of each.
    pub fn of_system(&self, services: &[ServiceFigures]) -> SystemHealth {
        let mut all: Vec<Health> = services.iter().map(|service| self.of_service(service)).collect();
        let order = |health: &Health| (health.score.is_none(), health.score.unwrap_or_default());
        all.sort_by(|a, b| order(a).partial_cmp(&order(b)).unwrap_or(Ordering::Equal).then(a.service.cmp(&b.service)));
        let requests: u64 = all.iter().map(|health| health.requests).sum();
        let weighed = |health: &Health| health.score.unwrap_or_default() * (health.requests as f64 / requests as f64);
        let score = (requests > 0).then(|| all.iter().filter(|health| health.requests > 0).map(weighed).sum());
        let status = score.map(|score| self.status(score));
        let bad = all.iter().filter(|health| health.status.is_some_and(|status| status > HealthStatus::Ok));
        let reasons = bad.map(|health| {
            let reasons =
                if health.reasons.is_empty() { String::new() } else { format!(": {}", health.reasons.join("; ")) };
            format!("{} is {} with {:.1}{reasons}", health.service, word(health), health.score.unwrap_or_default())
        });
        let reasons = reasons.collect();
        SystemHealth { score, status, reasons, services: all }
    }

    fn of_service(&self, service: &ServiceFigures) -> Health {
        let score = self.of(&service.figures);
        Health {
            service: Arc::clone(&service.service),
            score: score.map(|score| score.score),
            error_score: score.map(|score| score.error_score),
            performance_score: score.map(|score| score.performance_score),
            error_rate_percent: service.figures.error_rate_percent(),
            mean_ns: service.figures.mean_ns(),
            requests: service.figures.requests,
            status: score.map(|score| self.status(score.score)),
            reasons: score.map(|score| self.reasons(score, service)).unwrap_or_default(),
        }
    }

    /// Says in words why a score is not 100, what costs most first.
    fn reasons(&self, score: Score, service: &ServiceFigures) -> Vec<String> {
        let all = self.error_weight + self.performance_weight;
        let mut reasons = Vec::new();
        let errors = (100.0 - score.error_score) * self.error_weight / all;
        if errors >= LEAST_POINTS {
            let rate = service.figures.error_rate_percent().unwrap_or_default();
            let most = worst(service, |figures| figures.errors as f64);
            let most = most.map_or_else(String::new, |operation| format!("; most errors: {operation}"));
            reasons.push((errors, format!("error rate {rate:.1} % costs {}{most}", points(errors))));
        }
        let slow = (100.0 - score.performance_score) * self.performance_weight / all;
        if slow >= LEAST_POINTS {
            let mean = service.figures.mean_ns().unwrap_or_default() / 1e6;
            let slowest = worst(service, |figures| figures.sum_ns as f64);
            let slowest = slowest.map_or_else(String::new, |operation| format!("; slowest: {operation}"));
            reasons.push((slow, format!("mean duration {} costs {}{slowest}", milliseconds(mean), points(slow))));
        }
        reasons.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        reasons.into_iter().map(|(_, reason)| reason).collect()
    }
}

/// Fewer points than this need no reason.
const LEAST_POINTS: f64 = 0.5;

fn word(health: &Health) -> &'static str {
    match health.status {
        Some(HealthStatus::Critical) => "critical",
        Some(HealthStatus::Warning) => "below the limit",
        _ => "well",
    }
}

fn points(points: f64) -> String {
    let points = points.round();
    if points <= 1.0 { "1 point".to_owned() } else { format!("{points:.0} points") }
}

fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1e3),
    }
}

fn is_entry(operation: &OperationFigures) -> bool {
    matches!(operation.kind, Kind::Server | Kind::Consumer)
}

/// Returns the operation of which this is the most, among those that are requests where there are some.
fn worst(service: &ServiceFigures, of: impl Fn(&Figures) -> f64) -> Option<&str> {
    let has_entries = service.operations.iter().any(is_entry);
    let some = service.operations.iter().filter(|operation| !has_entries || is_entry(operation));
    let some = some.filter(|operation| of(&operation.figures) > 0.0);
    let most = some.max_by(|a, b| of(&a.figures).total_cmp(&of(&b.figures)));
    most.map(|operation| &*operation.operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(requests: u64, errors: u64, mean_ms: u64) -> Figures {
        Figures { requests, errors, sum_ns: u128::from(requests * mean_ms) * 1_000_000, ..Figures::default() }
    }

    fn service(name: &str, of: Figures) -> ServiceFigures {
        let operation = |operation: &str, kind, figures| OperationFigures {
            operation: operation.into(),
            kind,
            figures,
            before: None,
        };
        let operations = vec![
            operation("SELECT", Kind::Client, figures(900, 900, 900)),
            operation("POST /charge", Kind::Server, of.clone()),
            operation("GET /", Kind::Server, figures(1, 0, 1)),
        ];
        ServiceFigures { service: name.into(), figures: of, before: None, ticks: Vec::new(), operations }
    }

    #[test]
    fn a_score_is_made_of_errors_and_durations() {
        let rule = HealthRule::default();
        let score = rule.score(4.0, 292e6);
        assert_eq!((score.error_score, score.performance_score.round()), (60.0, 71.0));
        assert!((score.score - (0.6 * 60.0 + 0.4 * 70.8)).abs() < 1e-9);
        // Neither part is worse than 0.
        let scores = [rule.score(100.0, 1e300), rule.score(0.0, 0.0)].map(|score| score.score.to_string());
        assert_eq!(scores, ["0", "100"]);
    }

    #[test]
    fn limits_are_where_a_state_ends() {
        let rule = HealthRule::default();
        let states = [100.0, 70.0, 69.9, 40.0, 39.9, 0.0].map(|score| rule.status(score).name());
        assert_eq!(states, ["ok", "ok", "warning", "warning", "critical", "critical"]);
    }

    #[test]
    fn reasons_say_what_costs_most_first_and_name_the_operation() {
        let system = HealthRule::default().of_system(&[service("till", figures(200, 9, 450))]);
        assert_eq!(
            system.services[0].reasons,
            [
                "error rate 4.5 % costs 27 points; most errors: POST /charge",
                "mean duration 450 ms costs 18 points; slowest: POST /charge"
            ]
        );
        assert_eq!(system.reasons.len(), 1);
        let well = HealthRule::default().of_system(&[service("till", figures(200, 0, 3))]);
        assert!(well.reasons.is_empty() && well.services[0].reasons.is_empty());
    }

    #[test]
    fn the_system_is_weighed_by_requests_and_the_worst_comes_first() {
        let quiet = service("quiet", Figures::default());
        let system = HealthRule::default().of_system(&[
            quiet,
            service("good", figures(900, 0, 0)),
            service("bad", figures(100, 100, 0)),
        ]);
        assert_eq!(system.score, Some(0.9 * 100.0 + 0.1 * 40.0));
        let names: Vec<&str> = system.services.iter().map(|health| &*health.service).collect();
        assert_eq!(names, ["bad", "good", "quiet"]);
        assert_eq!((system.services[2].score, system.services[2].status), (None, None));
        assert_eq!(HealthRule::default().of_system(&[]), SystemHealth::default());
    }
}

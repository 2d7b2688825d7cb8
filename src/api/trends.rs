//! `GET /admin/tracing/analysis/trends`: where the figures of services are going.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::performance::selection;
use super::{Shared, ask, json, milliseconds};
use crate::analysis::{Slope, trend};
use crate::source::{Reply, Request, ServiceTrend, Trends as Found};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trends {
    pub services: Vec<TrendRow>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrendRow {
    pub service: String,
    /// The minutes with requests.
    pub series: Vec<MinuteRow>,
    /// Of the P95, in milliseconds an hour; null of fewer than four minutes, as the next.
    pub slope_per_hour: Option<f64>,
    pub p_value: Option<f64>,
    /// The same of the other figures.
    pub error_rate_slope_per_hour: Option<f64>,
    pub error_rate_p_value: Option<f64>,
    pub health_slope_per_hour: Option<f64>,
    pub health_p_value: Option<f64>,
    /// With which minutes another level of the P95 begins.
    pub change_points: Vec<String>,
    /// Of the health score, minute by minute.
    pub forecast: Vec<ForecastRow>,
    /// That the health score will be below a limit soon.
    pub warning: Option<WarningRow>,
}

/// The requests of a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinuteRow {
    pub time: String,
    pub requests: u64,
    pub error_rate_percent: f64,
    /// None where the spans of the minute are gone.
    pub p95_ms: Option<f64>,
    /// Of as many minutes up to this one as it takes to have a hundred requests, at most ten.
    pub health_score: Option<f64>,
}

/// A health score to come, and between which ones it lies with a probability of 80 %.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastRow {
    pub time: String,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// In how many minutes the health score is below a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarningRow {
    pub limit: f64,
    pub in_minutes: u32,
}

impl Trends {
    /// Returns the body for what was found.
    pub fn of(found: &Found) -> Self {
        Self { services: found.services.iter().map(TrendRow::of).collect() }
    }
}

impl TrendRow {
    fn of(found: &ServiceTrend) -> Self {
        let trend = &found.trend;
        let minute = |(minute, at): (&trend::InMinute, usize)| MinuteRow {
            time: minute.at.to_string(),
            requests: minute.requests,
            error_rate_percent: minute.errors as f64 * 100.0 / minute.requests.max(1) as f64,
            p95_ms: minute.p95_ns.map(milliseconds),
            health_score: trend.health.get(at).map(|(_, score)| *score),
        };
        let per_hour = |slope: Option<Slope>| slope.map(|slope| slope.per_hour);
        let p_value = |slope: Option<Slope>| slope.map(|slope| slope.p_value);
        let forecast = trend.forecast.iter().map(|expected| ForecastRow {
            time: expected.at.to_string(),
            value: expected.value,
            low: expected.low,
            high: expected.high,
        });
        Self {
            service: found.service.to_string(),
            series: found.minutes.iter().zip(0..).map(minute).collect(),
            slope_per_hour: per_hour(trend.p95_ms),
            p_value: p_value(trend.p95_ms),
            error_rate_slope_per_hour: per_hour(trend.error_rate_percent),
            error_rate_p_value: p_value(trend.error_rate_percent),
            health_slope_per_hour: per_hour(trend.health_score),
            health_p_value: p_value(trend.health_score),
            change_points: trend.change_points.iter().map(ToString::to_string).collect(),
            forecast: forecast.collect(),
            warning: trend.warning.map(|warning| WarningRow { limit: warning.limit, in_minutes: warning.minutes }),
        }
    }
}

pub(super) async fn trends(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let of = selection(&mut given)?;
    given.finish()?;
    match ask(source, Request::Trends(of)).await? {
        Reply::Trends(found) => Ok(json(&Trends::of(&found))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

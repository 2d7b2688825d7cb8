//! `GET /admin/tracing/metrics`: the series of a metrics query.

use std::time::Duration;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json, literal};
use crate::config;
use crate::source::{self, OneSeries, Reply, Request, Series, SeriesRequest};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub step_seconds: f64,
    /// `exact` or `approximate`: within a hundredth.
    pub percentiles: String,
    pub series: Vec<SeriesRow>,
}

/// Numbers over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesRow {
    pub labels: Map<String, Value>,
    pub samples: Vec<Sample>,
}

/// A number at a time. Durations are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub time: String,
    pub value: f64,
}

impl Metrics {
    /// Returns the body for what was computed.
    pub fn of(series: &Series) -> Self {
        let percentiles = if series.is_approximate { "approximate" } else { "exact" };
        Self {
            step_seconds: series.step_ns as f64 / 1e9,
            percentiles: percentiles.to_owned(),
            series: series.series.iter().map(SeriesRow::of).collect(),
        }
    }
}

impl SeriesRow {
    fn of(series: &OneSeries) -> Self {
        let sample = |&(time, value): &(crate::model::Timestamp, f64)| Sample { time: time.to_string(), value };
        Self {
            labels: series.labels.iter().map(|(name, value)| (name.to_string(), literal(value))).collect(),
            samples: series.samples.iter().map(sample).collect(),
        }
    }
}

pub(super) async fn series(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    match ask(source, Request::Series(request(&uri)?)).await? {
        Reply::Series(series) => Ok(json(&Metrics::of(&series))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

fn request(uri: &Uri) -> Result<SeriesRequest, ApiError> {
    let mut given = Parameters::of(uri)?;
    let step = given.read("step", "a duration, like 15s or 1m", |text| {
        let step = <Duration as config::Value>::parse(text).ok()?;
        u64::try_from(step.as_nanos()).ok().filter(|step| *step > 0)
    })?;
    let request = SeriesRequest {
        query: given.metrics()?,
        window: given.window(source::now())?,
        service: given.text("service_name"),
        step_ns: step,
    };
    given.finish()?;
    Ok(request)
}

//! `GET /admin/tracing/health` and `GET /admin/tracing/health/{service}`: how well services do.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::performance::selection;
use super::{Shared, ask, json, shortened};
use crate::analysis::{Health, SystemHealth};
use crate::source::{Reply, Request, Selection};

/// The body of the answer for all services; scores are null without requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemHealthBody {
    pub health_score: Option<f64>,
    /// `ok`, `warning` or `critical`.
    pub status: Option<String>,
    pub reasons: Vec<String>,
    pub services: Vec<HealthBody>,
}

/// The body of the answer for a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthBody {
    pub service: String,
    pub health_score: Option<f64>,
    pub error_score: Option<f64>,
    pub performance_score: Option<f64>,
    pub error_rate_percent: Option<f64>,
    pub mean_ms: Option<f64>,
    pub requests: u64,
    pub status: Option<String>,
    pub reasons: Vec<String>,
}

impl SystemHealthBody {
    /// Returns the body of the health of everything.
    pub fn of(health: &SystemHealth) -> Self {
        Self {
            health_score: health.score,
            status: health.status.map(|status| status.name().to_owned()),
            reasons: health.reasons.clone(),
            services: health.services.iter().map(HealthBody::of).collect(),
        }
    }
}

impl HealthBody {
    fn of(health: &Health) -> Self {
        Self {
            service: health.service.to_string(),
            health_score: health.score,
            error_score: health.error_score,
            performance_score: health.performance_score,
            error_rate_percent: health.error_rate_percent,
            mean_ms: health.mean_ns.map(|ns| ns / 1e6),
            requests: health.requests,
            status: health.status.map(|status| status.name().to_owned()),
            reasons: health.reasons.clone(),
        }
    }
}

pub(super) async fn system(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let of = selection(&mut given)?;
    given.finish()?;
    Ok(json(&SystemHealthBody::of(&health(source, of).await?)))
}

pub(super) async fn service(
    State(source): State<Shared>,
    Path(service): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let of = selection(&mut given)?;
    given.finish()?;
    // What is held is decided without the window: a service that rests has no score, but is there.
    let held = Selection { service: Some(service.clone()), ..Selection::default() };
    let found = health(source.clone(), Selection { service: Some(service.clone()), ..of }).await?;
    let rests = match found.services.first() {
        Some(health) => return Ok(json(&HealthBody::of(health))),
        None => health(source, held).await?.services.into_iter().next(),
    };
    let Some(known) = rests else {
        let message = format!("no span of a service '{}' is held", shortened(&service));
        return Err(ApiError::not_found(message, "/admin/tracing/health lists the services"));
    };
    let nothing = Health {
        score: None,
        error_score: None,
        performance_score: None,
        error_rate_percent: None,
        mean_ns: None,
        requests: 0,
        status: None,
        reasons: Vec::new(),
        ..known
    };
    Ok(json(&HealthBody::of(&nothing)))
}

async fn health(source: Shared, of: Selection) -> Result<SystemHealth, ApiError> {
    match ask(source, Request::Health(of)).await? {
        Reply::Health(health) => Ok(health),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

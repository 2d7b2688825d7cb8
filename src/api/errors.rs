//! `GET /admin/tracing/analysis/errors`: which errors there are.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::performance::selection;
use super::{Shared, ask, json};
use crate::analysis::errors::{ErrorGroup, SERIES};
use crate::model::Timestamp;
use crate::source::{Errors as Found, Reply, Request};

/// The body of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorsBody {
    /// Spans with an error, in the groups below or not.
    pub total: u64,
    /// How many groups there are, told or not.
    pub total_groups: usize,
    /// Those with the most spans first.
    pub groups: Vec<ErrorRow>,
}

/// A group of errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRow {
    pub fingerprint: String,
    pub service: String,
    /// The one with most of the spans.
    pub operation: String,
    /// Null where no span says it, as the next two.
    pub exception_type: Option<String>,
    pub message: Option<String>,
    pub stack_trace: Option<String>,
    /// The message without what differs from span to span.
    pub pattern: Option<String>,
    pub count: u64,
    pub first_seen: String,
    pub last_seen: String,
    /// The newest version of the service, where no earlier one has it.
    pub new_in: Option<String>,
    pub versions: Vec<VersionRow>,
    /// Only the parts of the window in which there were any.
    pub series: Vec<PartRow>,
    /// The newest first.
    pub sample_trace_ids: Vec<String>,
}

/// How many spans of a version have an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionRow {
    pub version: String,
    pub count: u64,
}

/// How many began in a part of the window, which is a sixtieth of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartRow {
    /// Its beginning.
    pub time: String,
    pub count: u64,
}

impl ErrorsBody {
    /// Returns the body for what was found, with so many groups at most.
    pub fn of(found: &Found, limit: usize) -> Self {
        Self {
            total: found.total,
            total_groups: found.groups.len(),
            groups: found.groups.iter().take(limit).map(|group| ErrorRow::of(group, found.window)).collect(),
        }
    }
}

impl ErrorRow {
    fn of(group: &ErrorGroup, (from, to): (u64, u64)) -> Self {
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let part = |(number, count): (u64, &u64)| PartRow {
            time: Timestamp(
                from.saturating_add((u128::from(to.saturating_sub(from)) * u128::from(number) / SERIES as u128) as u64),
            )
            .to_string(),
            count: *count,
        };
        Self {
            fingerprint: group.fingerprint.to_string(),
            service: group.service.to_string(),
            operation: group.operation.to_string(),
            exception_type: said(&group.exception_type),
            message: said(&group.message),
            stack_trace: said(&group.stack_trace),
            pattern: said(&group.pattern),
            count: group.count,
            first_seen: group.first_seen.to_string(),
            last_seen: group.last_seen.to_string(),
            new_in: group.new_in.clone(),
            versions: group
                .versions
                .iter()
                .map(|(version, count)| VersionRow { version: version.clone(), count: *count })
                .collect(),
            series: (0..).zip(&group.series).filter(|(_, count)| **count > 0).map(part).collect(),
            sample_trace_ids: group.traces.iter().map(ToString::to_string).collect(),
        }
    }
}

pub(super) async fn errors(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let of = selection(&mut given)?;
    let limit = given.limit()?;
    given.finish()?;
    match ask(source, Request::Errors(of)).await? {
        Reply::Errors(found) => Ok(json(&ErrorsBody::of(&found, limit))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

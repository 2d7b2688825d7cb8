//! `POST /admin/tracing/gc`: lets go now what has to go by the limits, or with `dry_run=true` only names it.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::parameters::Parameters;
use super::{Shared, ask, json};
use crate::source::{Collected, Removed, Reply, Request};

/// The body of the answer; the command line reads it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gc {
    /// Whether it is all there still, and only would go.
    pub dry_run: bool,
    pub files: usize,
    pub spans: u64,
    pub bytes: u64,
    /// Oldest first, then what nothing needs.
    pub removed: Vec<Removed>,
}

impl Gc {
    /// Returns the body for what went.
    pub fn of(collected: Collected) -> Self {
        let Collected { is_dry_run, removed } = collected;
        Self {
            dry_run: is_dry_run,
            files: removed.iter().filter(|removed| removed.file.is_some()).count(),
            spans: removed.iter().map(|removed| removed.spans).sum(),
            bytes: removed.iter().map(|removed| removed.bytes).sum(),
            removed,
        }
    }
}

pub(super) async fn gc(State(source): State<Shared>, uri: Uri) -> Result<Response, ApiError> {
    let mut given = Parameters::of(&uri)?;
    let is_dry_run = given.read("dry_run", "true or false", |text| text.parse().ok())?.unwrap_or(false);
    given.finish()?;
    match ask(source, Request::Gc { is_dry_run }).await? {
        Reply::Gc(collected) => Ok(json(&Gc::of(collected))),
        _ => Err(ApiError::internal("the source answered something else".into())),
    }
}

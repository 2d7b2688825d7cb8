//! Errors of the API: `{"error": {"code", "message", "hint"}}` with the right status.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A request that gets no answer, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: String,
    /// The methods that are taken, where another one was used.
    allowed: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: String, hint: impl Into<String>) -> Self {
        Self { status, code, message, hint: hint.into(), allowed: None }
    }

    pub(super) fn bad_request(message: String, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message, hint)
    }

    pub(super) fn forbidden(message: String, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, hint)
    }

    pub(super) fn not_found(message: String, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message, hint)
    }

    pub(super) fn method_not_allowed(message: String, allowed: &'static str) -> Self {
        let method = allowed.split(',').next().unwrap_or(allowed);
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, format!("use {method}"));
        Self { allowed: Some(allowed), ..error }
    }

    pub(super) fn unavailable(message: String) -> Self {
        let hint = "the program is stopping, or its store has failed: see the log";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message, hint)
    }

    pub(super) fn internal(message: String) -> Self {
        let hint = "the log (--log FILE) may say more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message, hint)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = serde_json::json!({ "code": self.code, "message": self.message, "hint": self.hint });
        let mut response = super::json_bytes(serde_json::json!({ "error": error }).to_string());
        *response.status_mut() = self.status;
        if let Some(allowed) = self.allowed {
            response.headers_mut().insert(axum::http::header::ALLOW, axum::http::HeaderValue::from_static(allowed));
        }
        response
    }
}

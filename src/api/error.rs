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
}

impl ApiError {
    pub(super) fn bad_request(message: String, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "bad_request", message, hint: hint.into() }
    }

    pub(super) fn forbidden(message: String, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "forbidden", message, hint: hint.into() }
    }

    pub(super) fn not_found(message: String, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "not_found", message, hint: hint.into() }
    }

    pub(super) fn method_not_allowed(message: String) -> Self {
        let (status, code) = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        Self { status, code, message, hint: "use GET".into() }
    }

    pub(super) fn unavailable(message: String) -> Self {
        let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        Self { status, code, message, hint: "the program is stopping, or its store has failed: see the log".into() }
    }

    pub(super) fn internal(message: String) -> Self {
        let (status, code) = (StatusCode::INTERNAL_SERVER_ERROR, "internal");
        Self { status, code, message, hint: "the log (--log FILE) may say more".into() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = serde_json::json!({ "code": self.code, "message": self.message, "hint": self.hint });
        let mut response = super::json_bytes(serde_json::json!({ "error": error }).to_string());
        *response.status_mut() = self.status;
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(axum::http::header::ALLOW, axum::http::HeaderValue::from_static("GET,HEAD"));
        }
        response
    }
}

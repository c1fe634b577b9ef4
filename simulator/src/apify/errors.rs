//! How Apify refuses: with a type and a message.

use http::StatusCode;
use http::header::HeaderName;
use serde_json::json;

use crate::kernel::reply::Reply;

/// Requests in a second that one resource takes, which a limited answer names.
const RATE_LIMIT: u64 = 60;

/// An answer of that status in the shape that Apify gives it, of the type that goes with the status.
pub(super) fn failure(status: StatusCode, text: Option<&str>) -> Reply {
    let error_type = match status.as_u16() {
        401 => "invalid-token",
        402 => "not-enough-usage-to-run-paid-actor",
        403 => "insufficient-permissions",
        404 => "record-not-found",
        405 => "method-not-allowed",
        408 => "run-timeout-exceeded",
        413 => "request-too-large",
        429 => return throttled(RATE_LIMIT),
        500.. => "internal-server-error",
        _ => "invalid-request",
    };
    typed(status, error_type, text)
}

/// An error of any type with any status.
pub(super) fn typed(status: StatusCode, error_type: &str, text: Option<&str>) -> Reply {
    error(status, error_type, text.or(status.canonical_reason()).unwrap_or("Failed on purpose"))
}

/// Also for what belongs to somebody else: a token sees nothing of it.
pub(super) fn not_found() -> Reply {
    failure(StatusCode::NOT_FOUND, Some("There is no such object"))
}

pub(super) fn no_actor() -> Reply {
    error(StatusCode::NOT_FOUND, "actor-not-found", "There is no such actor")
}

pub(super) fn throttled(limit: u64) -> Reply {
    let reply = error(StatusCode::TOO_MANY_REQUESTS, "rate-limit-exceeded", "Too many requests; slow down");
    reply.with(HeaderName::from_static("x-ratelimit-limit"), &limit.to_string())
}

pub(super) fn bad(error_type: &'static str, text: &str) -> Reply {
    error(StatusCode::BAD_REQUEST, error_type, text)
}

pub(super) fn error(status: StatusCode, error_type: &str, text: &str) -> Reply {
    Reply::json(status, &json!({"error": {"type": error_type, "message": text}}))
}

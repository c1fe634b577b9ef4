//! How Harvest refuses: in three different shapes, and throttling in none of them.

use http::{StatusCode, header};
use serde_json::json;

use crate::kernel::reply::Reply;

pub(super) fn unauthorized() -> Reply {
    failure(StatusCode::UNAUTHORIZED)
}

pub(super) fn forbidden() -> Reply {
    failure(StatusCode::FORBIDDEN)
}

pub(super) fn not_found() -> Reply {
    failure(StatusCode::NOT_FOUND)
}

/// Problems in the order of the fields, in one text.
pub(super) fn invalid(problems: &[String]) -> Reply {
    error(StatusCode::UNPROCESSABLE_ENTITY, &problems.join(", "))
}

pub(super) fn throttled(seconds: u64) -> Reply {
    Reply::html(StatusCode::TOO_MANY_REQUESTS, "").with(header::RETRY_AFTER, &seconds.to_string())
}

/// What Harvest itself says with that status, or what its name says.
pub(super) fn words(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "The token is unknown, revoked or expired",
        403 => "Not authorized!",
        404 => "Not Found",
        422 => "Hours is not a number",
        _ => status.canonical_reason().unwrap_or("Failed on purpose"),
    }
}

/// An answer of that status in the shape that Harvest gives it.
pub(super) fn error(status: StatusCode, text: &str) -> Reply {
    match status.as_u16() {
        401 => Reply::json(status, &json!({"error": "invalid_token", "error_description": text}))
            .with(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
        404 => Reply::json(status, &json!({"status": 404, "error": text})),
        429 => Reply::html(status, ""),
        500.. => Reply::html(status, "<html><body>Internal Server Error</body></html>"),
        _ => Reply::json(status, &json!({"message": text})),
    }
}

fn failure(status: StatusCode) -> Reply {
    error(status, words(status))
}

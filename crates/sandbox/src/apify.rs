//! The door of Apify: a token is asked for, and nothing is behind it yet.

use http::StatusCode;
use serde_json::json;

use crate::call::{Call, Reply};
use crate::credentials::State;
use crate::world::World;

/// Answers one call.
pub(crate) fn handle(world: &World, call: &Call) -> Reply {
    let Some(token) = call.bearer().or_else(|| call.param("token")).filter(|token| !token.is_empty()) else {
        return error(StatusCode::UNAUTHORIZED, "token-not-provided", "A token is needed");
    };
    match world.credentials.apify(token) {
        Some(State::Active) => error(StatusCode::NOT_FOUND, "record-not-found", "There is no such object"),
        Some(State::Forbidden) => {
            error(StatusCode::FORBIDDEN, "insufficient-permissions", "The token may not do this")
        }
        Some(State::Revoked | State::Expired) | None => {
            error(StatusCode::UNAUTHORIZED, "invalid-token", "The token is unknown")
        }
    }
}

/// An answer of that status in the shape that Apify gives it.
pub(crate) fn failure(status: StatusCode, text: &str) -> Reply {
    let kind = match status.as_u16() {
        401 => "invalid-token",
        402 => "not-enough-usage-to-run-paid-actor",
        403 => "insufficient-permissions",
        404 => "record-not-found",
        405 => "method-not-allowed",
        408 => "run-timeout-exceeded",
        413 => "request-too-large",
        429 => "rate-limit-exceeded",
        500.. => "internal-server-error",
        _ => "invalid-request",
    };
    error(status, kind, text)
}

fn error(status: StatusCode, kind: &str, text: &str) -> Reply {
    Reply::json(status, &json!({"error": {"type": kind, "message": text}}))
}

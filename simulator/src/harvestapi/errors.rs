//! How HarvestAPI refuses with an HTTP status; most failures stand in an envelope instead.

use http::StatusCode;
use serde_json::json;

use crate::kernel::reply::Reply;

/// An answer of that status in the shape that HarvestAPI gives it; without a text, it has the words of HarvestAPI.
pub(super) fn failure(status: StatusCode, text: Option<&str>) -> Reply {
    let words = match status.as_u16() {
        401 => "Invalid API key",
        402 => "Payment required",
        404 => "Not found",
        429 => "Too many concurrent requests",
        _ => status.canonical_reason().unwrap_or("Failed on purpose"),
    };
    let text = text.unwrap_or(words);
    // What is missing is told in a form of its own.
    match status {
        StatusCode::NOT_FOUND => Reply::json(status, &json!({"error": 404, "message": text})),
        _ => Reply::json(status, &json!({"error": {"error": text}})),
    }
}

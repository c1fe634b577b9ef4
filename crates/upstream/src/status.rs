//! An upstream's status as an error of the suite: one exhaustive mapping, for reads and for writes.
use std::time::Duration;

use granary_rpc::{Error, Reason};
use http::StatusCode;
use serde_json::Value;

/// How long to wait where an upstream throttles without saying so; Harvest counts over 15 seconds.
const DEFAULT_RETRY_DELAY: Duration = Duration::from_secs(15);
/// Longest upstream text in an error, in bytes.
const MESSAGE_BYTES: usize = 500;

/// What an answer amounts to, of its two statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effective {
    /// It can be converted.
    Success,
    /// It failed with this status.
    Failed(u16),
}

/// The HTTP status where it is no success, else the status that the body tells, else success.
pub fn effective(http: u16, body: Option<u16>) -> Effective {
    let status = if is_success(http) { body.unwrap_or(http) } else { http };
    if is_success(status) { Effective::Success } else { Effective::Failed(status) }
}

/// The error of a read that an upstream answered with a failing status. A success that cannot be used is malformed.
pub fn failure(status: u16, upstream: &str, message: Option<&str>, retry_after: Option<Duration>) -> Error {
    let (reason, text) = match status {
        400 | 422 => (Reason::UpstreamInvalidInput, "refused the input"),
        401 | 407 => return foreign(status, upstream, false, retry_after),
        402 => (Reason::OutOfCredit, "has no credit left on this account"),
        403 => (Reason::UpstreamForbidden, "does not permit this user to do this"),
        404 => (Reason::UpstreamNotFound, "has no such object, or does not show it to this user"),
        409 => (Reason::UpstreamConflict, "is in a state that does not allow this"),
        429 => (Reason::UpstreamThrottled, "asks to wait"),
        408 | 500..=599 => (Reason::UpstreamUnavailable, "failed"),
        _ => (Reason::UpstreamMalformed, "sent an answer that cannot be used"),
    };
    let wait = match reason {
        Reason::UpstreamThrottled => Some(retry_after.unwrap_or(DEFAULT_RETRY_DELAY)),
        Reason::UpstreamUnavailable => retry_after,
        _ => None,
    };
    build(reason, text, status, upstream, message, wait)
}

/// The error of an answer that is not in the upstream's own form: a proxy, a firewall or a login page has answered in its
/// place. What that says of a credential, of money, of a right or of an object is not believed.
///
/// Nor does it say whether a write was made: an edge that waits no longer answers 503 when the upstream has the request.
pub fn foreign(status: u16, upstream: &str, write: bool, retry_after: Option<Duration>) -> Error {
    let error = if write {
        unknown(status, upstream, None)
    } else {
        let text = "was not reached: something in front of it answered, in a form that is not its own";
        build(Reason::UpstreamUnavailable, text, status, upstream, None, retry_after)
    };
    error.with("answered_by", "intermediary")
}

/// The same for a write, where a status that leaves open whether it happened is an outcome of its own: a fault, a time-out, a
/// success that cannot be used, and a refusal that no upstream documents. A 503 is none that is believed, whatever words it has:
/// edges answer it for a request that they passed on and whose answer came late. Where a form shows that it is the upstream's
/// own, [`failure`] says what it means.
pub fn failure_of_write(
    status: u16,
    upstream: &str,
    message: Option<&str>,
    retry_after: Option<Duration>,
) -> Error {
    match status {
        400 | 402..=404 | 409 | 422 | 429 => failure(status, upstream, message, retry_after),
        401 | 407 => foreign(status, upstream, true, retry_after),
        _ => unknown(status, upstream, message),
    }
}

/// Members that gateways and frameworks give to what they refuse, and that no upstream has in an error.
const GATEWAY_MEMBERS: [&str; 8] =
    ["timestamp", "path", "statusCode", "status_code", "request_id", "requestId", "traceId", "fault"];
/// What they say with no member but a message, in small letters, besides the name of the status.
const GATEWAY_WORDS: [&str; 2] = ["missing authentication token", "you cannot consume this service"];

/// Whether an error with this status is one that gateways and frameworks make, in a form that could else be an upstream's own.
pub fn is_of_a_gateway(status: u16, body: &Value) -> bool {
    let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let says = |text: &str| {
        let text = text.trim();
        name.is_some_and(|name| name.eq_ignore_ascii_case(text))
            || GATEWAY_WORDS.contains(&text.to_lowercase().as_str())
    };
    let is_numbered = body["error"]["code"].is_number();
    let is_bare = body.as_object().is_some_and(|members| members.len() == 1);
    is_numbered
        || GATEWAY_MEMBERS.iter().any(|member| body.get(member).is_some())
        || is_bare && body["message"].as_str().is_some_and(says)
}

fn unknown(status: u16, upstream: &str, message: Option<&str>) -> Error {
    let text = "may or may not have done this; look before repeating it";
    build(Reason::UnknownOutcome, text, status, upstream, message, None)
}

/// Upstream text as one line: no control characters, at most 500 bytes, cut between characters.
pub fn tidy(text: &str) -> String {
    let mut tidy = String::new();
    for c in text.trim().chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c.is_control() || (c == ' ' && tidy.ends_with(' ')) {
            continue;
        }
        if tidy.len() + c.len_utf8() > MESSAGE_BYTES {
            break;
        }
        tidy.push(c);
    }
    tidy.trim_end().to_owned()
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn build(
    reason: Reason,
    text: &str,
    status: u16,
    upstream: &str,
    message: Option<&str>,
    wait: Option<Duration>,
) -> Error {
    let message = message.map(tidy).filter(|m| !m.is_empty());
    let display = match &message {
        Some(message) => format!("{upstream} {text}: {message}"),
        None => format!("{upstream} {text}"),
    };
    let mut error =
        Error::new(reason, display).with("upstream", upstream).with("upstream_status", status.to_string());
    if let Some(message) = message {
        error = error.with("upstream_message", message);
    }
    match wait {
        Some(wait) => error.retry_after(wait),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_http_status_counts_before_the_body_and_both_before_success() {
        assert_eq!(effective(200, None), Effective::Success);
        assert_eq!(effective(201, Some(200)), Effective::Success);
        assert_eq!(effective(200, Some(404)), Effective::Failed(404));
        assert_eq!(effective(401, Some(200)), Effective::Failed(401));
        assert_eq!(effective(302, Some(200)), Effective::Failed(302));
        assert_eq!(effective(200, Some(0)), Effective::Failed(0));
    }

    #[test]
    fn every_status_has_its_reason_for_reads_and_for_writes() {
        for (status, read, write) in [
            (400, Reason::UpstreamInvalidInput, Reason::UpstreamInvalidInput),
            (401, Reason::UpstreamUnavailable, Reason::UnknownOutcome),
            (402, Reason::OutOfCredit, Reason::OutOfCredit),
            (403, Reason::UpstreamForbidden, Reason::UpstreamForbidden),
            (404, Reason::UpstreamNotFound, Reason::UpstreamNotFound),
            (408, Reason::UpstreamUnavailable, Reason::UnknownOutcome),
            (409, Reason::UpstreamConflict, Reason::UpstreamConflict),
            (405, Reason::UpstreamMalformed, Reason::UnknownOutcome),
            (413, Reason::UpstreamMalformed, Reason::UnknownOutcome),
            (499, Reason::UpstreamMalformed, Reason::UnknownOutcome),
            (422, Reason::UpstreamInvalidInput, Reason::UpstreamInvalidInput),
            (429, Reason::UpstreamThrottled, Reason::UpstreamThrottled),
            (500, Reason::UpstreamUnavailable, Reason::UnknownOutcome),
            (502, Reason::UpstreamUnavailable, Reason::UnknownOutcome),
            (503, Reason::UpstreamUnavailable, Reason::UnknownOutcome),
            (504, Reason::UpstreamUnavailable, Reason::UnknownOutcome),
            (524, Reason::UpstreamUnavailable, Reason::UnknownOutcome),
            (302, Reason::UpstreamMalformed, Reason::UnknownOutcome),
            (303, Reason::UpstreamMalformed, Reason::UnknownOutcome),
            (200, Reason::UpstreamMalformed, Reason::UnknownOutcome),
            (0, Reason::UpstreamMalformed, Reason::UnknownOutcome),
            (999, Reason::UpstreamMalformed, Reason::UnknownOutcome),
        ] {
            assert_eq!(failure(status, "harvest", None, None).reason(), read, "{status}");
            assert_eq!(failure_of_write(status, "harvest", None, None).reason(), write, "{status}");
        }
    }

    #[test]
    fn a_503_says_nothing_of_a_write_whatever_words_it_has() {
        let error = failure_of_write(503, "harvest", Some("Service Unavailable"), None);
        assert_eq!(error.reason(), Reason::UnknownOutcome);
    }

    #[test]
    fn what_gateways_and_frameworks_write_is_known_by_its_members() {
        for (status, body) in [
            (
                404,
                json!({"timestamp": "2026-11-28T10:00:00Z", "status": 404, "error": "Not Found", "path": "/x"}),
            ),
            (403, json!({"statusCode": 403, "message": "Forbidden resource", "error": "Forbidden"})),
            (404, json!({"message": "no Route matched with those values", "request_id": "a"})),
            (404, json!({"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}})),
            (403, json!({"message": "Forbidden"})),
            (400, json!({"message": "Bad Request"})),
            (403, json!({"message": "Missing Authentication Token"})),
        ] {
            assert!(is_of_a_gateway(status, &body), "{body}");
        }
        for (status, body) in [
            (403, json!({"message": "Not authorized!"})),
            (422, json!({"message": "Not found"})),
            (404, json!({"status": 404, "error": "Not Found"})),
            (404, json!({"error": 404, "message": "Not found"})),
            (401, json!({"error": {"error": "Invalid API key"}})),
            (404, json!({"error": {"type": "record-not-found", "message": "Not found"}})),
            (404, json!([])),
        ] {
            assert!(!is_of_a_gateway(status, &body), "{body}");
        }
    }

    #[test]
    fn waits_are_told_where_a_repeat_may_help() {
        let wait = Some(Duration::from_secs(7));
        assert_eq!(failure(429, "harvest", None, wait).retry_delay(), wait);
        assert_eq!(failure(429, "harvest", None, None).retry_delay(), Some(DEFAULT_RETRY_DELAY));
        assert_eq!(failure(503, "harvest", None, wait).retry_delay(), wait);
        assert_eq!(failure(500, "harvest", None, None).retry_delay(), None);
        assert_eq!(failure(400, "harvest", None, wait).retry_delay(), None);
        assert_eq!(failure_of_write(500, "harvest", None, wait).retry_delay(), None);
    }

    #[test]
    fn upstream_words_are_one_bounded_line() {
        let long = format!(" first\r\n\tsecond\u{0}\u{7f}\u{9b} {}", "ä".repeat(400));
        let error = failure(422, "harvest", Some(&long), None);
        let words = error.get("upstream_message").unwrap();
        assert!(words.starts_with("first second ää"), "{words}");
        assert!(words.len() <= 500 && words.len() > 490);
        assert_eq!(error.get("upstream"), Some("harvest"));
        assert_eq!(error.get("upstream_status"), Some("422"));
        assert_eq!(error.to_string(), format!("harvest refused the input: {words}"));
        assert_eq!(failure(422, "harvest", Some("\n"), None).get("upstream_message"), None);
    }
}

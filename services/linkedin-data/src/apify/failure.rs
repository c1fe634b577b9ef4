//! What a failed answer of Apify means. Its types say more than its statuses.
use std::time::Duration;

use granary_credential::Kind;
use granary_rpc::{Error, Reason};
use granary_upstream::{Answer, failure, failure_of_write, foreign, status};
use serde_json::Value;

use super::UPSTREAM;
use crate::failure::{KIND, saying};

/// A passing shortage, in whatever answer it comes.
const SHORTAGE: &str = "no available resource";
/// Apify closes a part of itself to a user for several reasons; this is that the money is used up.
const CLOSED: &str = "platform-feature-disabled";
const USED_UP: &str = "usage hard limit exceeded";
/// When a run that found no room may find some: others have to end first.
const ROOM_WAIT: Duration = Duration::from_secs(30);

/// The body of an answer that succeeded. The start of a run that cannot be read may have been one all the same.
pub(super) fn succeeded(answer: &Answer, write: bool) -> Result<Value, Error> {
    if !(200..300).contains(&answer.status) {
        return Err(of(answer, write));
    }
    answer.json().ok_or_else(|| if write { unknown() } else { unreadable("JSON") })
}

/// An answer that says success and cannot be read.
pub(super) fn unreadable(what: &str) -> Error {
    Error::new(Reason::UpstreamMalformed, format!("apify answered without {what}")).with("upstream", UPSTREAM)
}

/// The answer to a start cannot be used: a run may have begun.
pub(super) fn unknown() -> Error {
    failure_of_write(200, UPSTREAM, None, None)
}

fn of(answer: &Answer, write: bool) -> Error {
    let body = answer.json().unwrap_or_default();
    let word = |key: &str| body["error"][key].as_str().map(str::to_owned);
    let (kind, message) = (word("type").unwrap_or_default(), word("message"));
    let plain = |status: u16| {
        let map = if write { failure_of_write } else { failure };
        map(status, UPSTREAM, message.as_deref(), answer.retry_after)
    };
    let told = |reason: Reason, text: &str| {
        let error = Error::new(reason, text).with("upstream", UPSTREAM);
        saying(error.with("upstream_status", answer.status.to_string()), message.as_deref())
    };
    let shortage = || {
        told(Reason::UpstreamUnavailable, "apify has no room for the run now")
            .retry_after(answer.retry_after.unwrap_or(ROOM_WAIT))
    };
    let says = |words: &str| message.as_deref().is_some_and(|message| message.to_lowercase().contains(words));
    let error = match kind.as_str() {
        _ if says(SHORTAGE) => shortage(),
        // The user's other runs have the room; they end by themselves.
        "actor-memory-limit-exceeded" | "concurrent-runs-limit-exceeded" => shortage(),
        // Without a type it is not Apify that speaks.
        "" if matches!(answer.status, 401..=403) || answer.is_page() && answer.status < 500 => {
            foreign(answer.status, UPSTREAM, write, answer.retry_after)
        }
        "invalid-token" | "token-not-provided" | "user-or-token-not-found" if answer.status == 401 => {
            told(Reason::CredentialRejected, "apify refused the token")
        }
        "rate-limit-exceeded" => plain(429),
        "not-enough-usage-to-run-paid-actor" | "x402-payment-required" => plain(402),
        CLOSED if says(USED_UP) => plain(402),
        "insufficient-permissions" => plain(403),
        // The cap is ours, of the prices that are set; no input changes it.
        "max-total-charge-usd-below-minimum" => told(
            Reason::Internal,
            "apify takes no run with a cap this low: the operator's prices of linkedin-data are below the actor's",
        ),
        "request-too-large" => told(Reason::UpstreamInvalidInput, "apify takes no input of this size"),
        "run-failed" => told(Reason::UpstreamUnavailable, "the run of apify did not succeed"),
        _ => plain(answer.status),
    };
    let error = if kind.is_empty() { error } else { error.with("upstream_type", status::tidy(&kind)) };
    match error.reason() {
        Reason::CredentialRejected => error.with(KIND, Kind::ApifyToken.text()),
        _ => error,
    }
}

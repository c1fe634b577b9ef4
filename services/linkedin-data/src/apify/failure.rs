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
/// Where a user permits what an actor needs, which only the user can.
const CONSOLE: &str = "https://console.apify.com/";
const MAX_ADDRESS: usize = 512;
/// When a run that found no room may find some: others have to end first.
const ROOM_DELAY: Duration = Duration::from_secs(30);

/// The body of an answer that succeeded. The start of a run that cannot be read may have been one all the same.
pub(super) fn succeeded(answer: &Answer, write: bool) -> Result<Value, Error> {
    let is_success = (200..300).contains(&answer.status);
    match answer.json() {
        // An error with a type of Apify's decides before the status.
        Some(body) if is_success && !body["error"]["type"].is_string() => Ok(body),
        None if is_success && write => Err(unknown(answer.status, None)),
        None if is_success => Err(unreadable("JSON")),
        _ => Err(of(answer, write)),
    }
}

/// An answer that says success and cannot be read.
pub(super) fn unreadable(what: &str) -> Error {
    Error::new(Reason::UpstreamMalformed, format!("apify answered without {what}")).with("upstream", UPSTREAM)
}

/// The answer to a start cannot be used: a run may have begun, and the one that is named did.
pub(super) fn unknown(status: u16, run: Option<&str>) -> Error {
    let error = failure_of_write(status, UPSTREAM, None, None);
    match run {
        Some(run) => error.with("run_id", run).with("collect_with", "get_bulk_run"),
        None => error,
    }
}

fn of(answer: &Answer, write: bool) -> Error {
    let body = answer.json().unwrap_or_default();
    let word = |key: &str| body["error"][key].as_str().map(str::to_owned);
    let (kind, message) = (word("type").unwrap_or_default(), word("message"));
    let plain = |status: u16| {
        // That it did not take a call up is believed with a type of its own.
        let is_not_up = status == 503 && !kind.is_empty();
        let map = if write && !is_not_up { failure_of_write } else { failure };
        map(status, UPSTREAM, message.as_deref(), answer.retry_after)
    };
    let told = |reason: Reason, text: &str| {
        let error = Error::new(reason, text).with("upstream", UPSTREAM);
        saying(error.with("upstream_status", answer.status.to_string()), message.as_deref())
    };
    let shortage = || {
        told(Reason::UpstreamUnavailable, "apify has no room for the run now")
            .retry_after(answer.retry_after.unwrap_or(ROOM_DELAY))
    };
    let says = |words: &str| message.as_deref().is_some_and(|message| message.to_lowercase().contains(words));
    let error = match kind.as_str() {
        _ if says(SHORTAGE) => shortage(),
        // The user's other runs have the room; they end by themselves.
        "actor-memory-limit-exceeded" | "concurrent-runs-limit-exceeded" => shortage(),
        // Without a type it is not Apify that speaks.
        "" if (400..500).contains(&answer.status) && (answer.status != 429 || answer.is_page()) => {
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
    let error = match approval(&body) {
        Some(address) => error.with("approval_url", address),
        None => error,
    };
    match error.reason() {
        Reason::CredentialRejected => error.with(KIND, Kind::ApifyToken.text()),
        _ => error,
    }
}

/// The page of Apify where its user can put it right. Nothing else is passed on as an address.
fn approval(body: &Value) -> Option<&str> {
    let address = body["error"]["data"]["approvalUrl"].as_str()?;
    let plain = address.bytes().all(|byte| byte.is_ascii_graphic());
    (address.starts_with(CONSOLE) && address.len() <= MAX_ADDRESS && plain).then_some(address)
}

//! What a failed answer of HarvestAPI means, and what it cost all the same.
use granary_credential::Kind;
use granary_proto::granary::types::v1::Charge;
use granary_rpc::{Error, Reason};
use granary_upstream::status::tidy;
use granary_upstream::{Answer, failure, failure_of_write};

use crate::envelope::Envelope;

/// The name under which metadata, metrics and messages know this third party.
pub(crate) const UPSTREAM: &str = "harvestapi";
/// The key of error metadata that holds what a failed call cost, in micro-dollars.
pub(crate) const CHARGE: &str = "charge_micros";
/// The key of error metadata that names the credential that is at fault.
pub(crate) const KIND: &str = "kind";

/// A failed answer as an error.
pub(crate) fn of(status: u16, answer: &Answer, envelope: Option<&Envelope<'_>>, write: bool) -> Error {
    let text = envelope.and_then(|envelope| envelope.error.as_deref());
    // That it did not take a call up is believed in an envelope alone.
    let is_not_up = status == 503 && envelope.is_some_and(|envelope| envelope.is_own_refusal(status));
    let map = if write && !is_not_up { failure_of_write } else { failure };
    charged_as(map(status, UPSTREAM, text, answer.retry_after), envelope)
}

/// Upstream refused this credential.
pub(crate) fn rejected(kind: Kind, status: u16, envelope: &Envelope<'_>) -> Error {
    let whose = match kind {
        Kind::LinkedinSession => "linkedin no longer takes the session, as harvestapi tells",
        Kind::ApifyToken => "apify refused the token",
        _ => "harvestapi refused the key",
    };
    let error = Error::new(Reason::CredentialRejected, whose)
        .with("upstream", UPSTREAM)
        .with("upstream_status", status.to_string())
        .with(KIND, kind.text());
    charged(saying(error, envelope.error.as_deref()), &envelope.charge)
}

/// Upstream refused the key or the session, and it is not known which: neither is reported.
pub(crate) fn unsettled(status: u16, envelope: &Envelope<'_>) -> Error {
    let text = "harvestapi refused the key or the session, and could not be asked which of them";
    let error = Error::new(Reason::CredentialRejected, text)
        .with("upstream", UPSTREAM)
        .with("upstream_status", status.to_string());
    charged(error, &envelope.charge)
}

/// LinkedIn limits what this member may do, for hours or weeks. How long is not told, so that no wait is named.
pub(crate) fn limited_member(answer: &Answer, envelope: Option<&Envelope<'_>>) -> Error {
    let text =
        "linkedin limits what this member may do now, as harvestapi tells; it does not say for how long";
    let error = Error::new(Reason::UpstreamThrottled, text)
        .with("upstream", UPSTREAM)
        .with("upstream_status", "429")
        .with("limit", "member");
    let error = saying(error, envelope.and_then(|envelope| envelope.error.as_deref()));
    let error = match answer.retry_after {
        Some(wait) => error.retry_after(wait),
        None => error,
    };
    charged_as(error, envelope)
}

/// Upstream found nothing, and may have billed that.
pub(crate) fn not_found(envelope: &Envelope<'_>) -> Error {
    let error = failure(404, UPSTREAM, envelope.error.as_deref(), None);
    charged(error, &envelope.charge)
}

/// An answer that says success and cannot be read. A write may have happened all the same.
pub(crate) fn unreadable(what: &str, charge: Option<&Charge>, write: bool) -> Error {
    let error = if write {
        failure_of_write(200, UPSTREAM, None, None)
    } else {
        Error::new(Reason::UpstreamMalformed, format!("harvestapi answered without {what}"))
            .with("upstream", UPSTREAM)
    };
    match charge {
        Some(charge) => charged(error, charge),
        None => error,
    }
}

/// A failure with the words of upstream, where it says any.
pub(crate) fn saying(error: Error, words: Option<&str>) -> Error {
    match words.map(tidy).filter(|words| !words.is_empty()) {
        Some(words) => error.with("upstream_message", words),
        None => error,
    }
}

fn charged_as(error: Error, envelope: Option<&Envelope<'_>>) -> Error {
    match envelope {
        Some(envelope) => charged(error, &envelope.charge),
        None => error,
    }
}

/// A failure of a call that was charged, as far as that was told.
pub(crate) fn charged(error: Error, charge: &Charge) -> Error {
    let error = match &charge.upstream_request_id {
        Some(id) => error.with(
            "upstream_request_id",
            id.chars().filter(|c| !c.is_control()).take(100).collect::<String>(),
        ),
        None => error,
    };
    match charge.cost_micros {
        Some(micros) => error.with(CHARGE, micros.to_string()),
        None => error,
    }
}

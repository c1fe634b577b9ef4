//! What Apify says where it does not do what it was asked for.
use granary_rpc::Reason;
use serde_json::json;
use tonic_types::StatusExt;

use crate::bulk::{RUNS, scrape, service, token, url};
use crate::path;
use crate::stub::{Canned, Stub};
use crate::wire::{detail, reason};

#[tokio::test]
async fn the_types_of_apifys_errors_have_their_reasons() {
    for (status, kind, expected) in [
        (400, "invalid-input", Reason::UpstreamInvalidInput),
        (400, "max-total-charge-usd-below-minimum", Reason::Internal),
        (400, "run-failed", Reason::UpstreamUnavailable),
        (401, "invalid-token", Reason::CredentialRejected),
        (401, "token-not-provided", Reason::CredentialRejected),
        (401, "user-or-token-not-found", Reason::CredentialRejected),
        (403, "invalid-token", Reason::UpstreamForbidden),
        (402, "actor-memory-limit-exceeded", Reason::UpstreamUnavailable),
        (402, "concurrent-runs-limit-exceeded", Reason::UpstreamUnavailable),
        (402, "not-enough-usage-to-run-paid-actor", Reason::OutOfCredit),
        (403, "not-enough-usage-to-run-paid-actor", Reason::OutOfCredit),
        (403, "insufficient-permissions", Reason::UpstreamForbidden),
        (404, "record-not-found", Reason::UpstreamNotFound),
        (408, "run-timeout-exceeded", Reason::UnknownOutcome),
        (413, "request-too-large", Reason::UpstreamInvalidInput),
        (429, "rate-limit-exceeded", Reason::UpstreamThrottled),
        (500, "internal", Reason::UnknownOutcome),
    ] {
        let body = json!({"error": {"type": kind, "message": "invented words"}});
        let upstream = Stub::start(vec![Canned::json("POST", RUNS, status, &body)]).await;
        let outcome = scrape(&service(&upstream).await, json!({"urls": [url("a")]})).await;
        assert_eq!(reason(&outcome), expected, "{kind}");
        let failed = outcome.unwrap_err();
        assert_eq!(detail(&failed, "upstream_type").as_deref(), Some(kind));
        let wait = failed.get_details_retry_info().and_then(|info| info.retry_delay);
        // Other runs have to end first; of a rate it is a short while; nothing else is put right by waiting.
        let expected_wait = match kind {
            "actor-memory-limit-exceeded" | "concurrent-runs-limit-exceeded" => Some(30),
            "rate-limit-exceeded" => Some(15),
            _ => None,
        };
        assert_eq!(wait.map(|wait| wait.as_secs()), expected_wait, "{kind}");
        let told = crate::wire::outcome(failed.metadata());
        let rejected = expected == Reason::CredentialRejected;
        assert_eq!(told, rejected.then(|| "apify_token;3;rejected".to_owned()), "{kind}");
        assert_eq!(upstream.seen().len(), 1, "{kind}: a start is never repeated");
    }
}

#[tokio::test]
async fn a_shortage_names_the_wait_that_apify_names() {
    for (kind, message) in
        [("actor-memory-limit-exceeded", "too much"), ("run-failed", "No available resource for this run")]
    {
        for (header, wait) in [(None, 30), (Some("70"), 70)] {
            let body = json!({"error": {"type": kind, "message": message}});
            let mut canned = Canned::json("POST", RUNS, 402, &body);
            if let Some(header) = header {
                canned = canned.header("retry-after", header);
            }
            let upstream = Stub::start(vec![canned]).await;
            let outcome = scrape(&service(&upstream).await, json!({"urls": [url("a")]})).await;
            assert_eq!(reason(&outcome), Reason::UpstreamUnavailable, "{kind}");
            let delay = outcome.unwrap_err().get_details_retry_info().unwrap().retry_delay;
            assert_eq!(delay.map(|delay| delay.as_secs()), Some(wait), "{kind} {header:?}");
        }
    }
}

#[tokio::test]
async fn where_a_user_has_to_permit_an_actor_its_page_is_told() {
    let page = "https://console.apify.com/actors/ABC123?approvePermissions=true";
    for (address, told) in [
        (page, Some(page)),
        ("https://console.apify.com.evil.test/", None),
        ("javascript:alert(1)", None),
        ("https://console.apify.com/ two", None),
    ] {
        let body = json!({"error": {"type": "full-permission-actor-not-approved",
            "message": "This Actor requires full access to your account", "data": {"approvalUrl": address}}});
        let upstream = Stub::start(vec![Canned::json("POST", RUNS, 403, &body)]).await;
        let outcome = scrape(&service(&upstream).await, json!({"urls": [url("a")]})).await;
        assert_eq!(reason(&outcome), Reason::UpstreamForbidden);
        assert_eq!(detail(&outcome.unwrap_err(), "approval_url").as_deref(), told, "{address}");
    }
}

#[tokio::test]
async fn probes_say_no_only_where_the_vendor_does() {
    for (status, body, expected) in [
        (200, json!({"data": {"id": "x"}}), Some(true)),
        (401, json!({"error": {"type": "user-or-token-not-found", "message": "no"}}), Some(false)),
        (500, json!({}), None),
        (403, json!({"error": {"type": "insufficient-permissions", "message": "no"}}), None),
    ] {
        let mut canned = Vec::new();
        canned.extend(std::iter::repeat_n(Canned::json("GET", "/v2/users/me", status, &body), 3));
        let upstream = Stub::start(canned).await;
        let outcome = service(&upstream).await.call(&path("ProbeApifyToken"), &token(), &json!({})).await;
        assert_eq!(outcome.ok().map(|answered| answered.json["accepted"] == true), expected, "{status}");
    }
}

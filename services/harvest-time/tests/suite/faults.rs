//! What goes wrong between us and Harvest, and that a write happens once all the same.
use std::time::{Duration, Instant};

use granary_rpc::Reason;
use serde_json::{Value, json};
use tonic_types::StatusExt;

use crate::harness::{Harness, entry};
use crate::wire::{detail, reason};

fn on(method: &str, path: &str, effect: Value) -> Value {
    let mut fault = json!({"api": "harvest", "method": method, "path": path, "count": 1});
    if let (Value::Object(fault), Value::Object(effect)) = (&mut fault, effect) {
        fault.extend(effect);
    }
    fault
}

#[tokio::test]
async fn a_read_survives_what_passes() {
    let harness = Harness::open().await;
    let token = harness.token("reads", "administrator").await;
    for effect in [
        json!({"status": 429, "retry_after": 0}),
        json!({"status": 500}),
        json!({"status": 503, "body": "html"}),
        json!({"drop": "before"}),
        json!({"body": "cut"}),
    ] {
        harness.fault(&on("GET", "/v2/company", effect.clone())).await;
        let answered = harness.call("GetCompany", &token, json!({})).await;
        assert!(answered.is_ok(), "{effect}: {answered:?}");
    }
}

#[tokio::test]
async fn a_read_fails_by_its_reason_where_it_does_not_pass() {
    let harness = Harness::open().await;
    let token = harness.token("fails", "administrator").await;
    for (effect, expected) in [
        (json!({"body": "garbage"}), Reason::UpstreamMalformed),
        (json!({"body": "html"}), Reason::UpstreamMalformed),
        (json!({"body": "empty"}), Reason::UpstreamMalformed),
        (json!({"body": "huge"}), Reason::UpstreamMalformed),
        (json!({"body": {"json": [1, 2]}}), Reason::UpstreamMalformed),
        (json!({"body": {"json": {"users": 7}}}), Reason::UpstreamMalformed),
        (json!({"redirect": "https://elsewhere.example/v2/users"}), Reason::UpstreamMalformed),
        // With the name of the status alone it is somebody else's.
        (json!({"status": 418}), Reason::UpstreamUnavailable),
        (json!({"status": 409}), Reason::UpstreamUnavailable),
        (json!({"status": 402}), Reason::UpstreamUnavailable),
        (json!({"status": 418, "body": {"json": {"message": "short and stout"}}}), Reason::UpstreamMalformed),
        (json!({"status": 409, "body": {"json": {"message": "It is locked"}}}), Reason::UpstreamConflict),
        (json!({"status": 402, "body": {"json": {"message": "The trial is over"}}}), Reason::OutOfCredit),
        (json!({"status": 401}), Reason::CredentialRejected),
        (json!({"status": 403}), Reason::UpstreamForbidden),
        (json!({"status": 404}), Reason::UpstreamNotFound),
        (json!({"status": 422}), Reason::UpstreamInvalidInput),
    ] {
        harness.fault(&on("GET", "/v2/users", effect.clone())).await;
        let outcome = harness.call("ListUsers", &token, json!({})).await;
        assert_eq!(reason(&outcome), expected, "{effect}");
    }
}

#[tokio::test]
async fn throttling_tells_how_long_to_wait() {
    let harness = Harness::open().await;
    let token = harness.token("throttled", "administrator").await;
    for (effect, seconds) in [(json!({"status": 429, "retry_after": 9}), 9), (json!({"status": 429}), 15)] {
        harness.fault(&on("DELETE", "/v2/time_entries/1", effect)).await;
        let outcome = harness.call("DeleteTimeEntry", &token, json!({"time_entry_id": 1})).await;
        assert_eq!(reason(&outcome), Reason::UpstreamThrottled);
        let wait = outcome.unwrap_err().get_details_retry_info().unwrap().retry_delay.unwrap();
        assert_eq!(wait.as_secs(), seconds);
    }
}

#[tokio::test]
async fn a_write_whose_outcome_is_unknown_is_not_repeated() {
    let harness = Harness::open().await;
    let token = harness.token("once", "administrator").await;
    for effect in [
        json!({"drop": "before"}),
        json!({"drop": "after"}),
        json!({"body": "cut"}),
        json!({"body": "garbage"}),
        json!({"body": "html"}),
        json!({"body": "huge"}),
        json!({"status": 500}),
        json!({"status": 502}),
        json!({"status": 504}),
        // Edges answer these for a request that they passed on, and Harvest itself has other forms.
        json!({"status": 503}),
        json!({"status": 404, "body": "html"}),
        json!({"status": 422, "body": "html"}),
        json!({"edge": "after", "status": 503}),
        json!({"edge": "after", "status": 499}),
    ] {
        let before = posts(&harness).await;
        harness.fault(&on("POST", "/v2/time_entries", effect.clone())).await;
        let outcome = harness.call("LogTimeEntry", &token, entry(json!({"hours": 1}))).await;
        assert_eq!(reason(&outcome), Reason::UnknownOutcome, "{effect}");
        let status = outcome.unwrap_err();
        assert_eq!(detail(&status, "look_with").as_deref(), Some("list_time_entries"), "{effect}");
        assert_eq!(detail(&status, "spent_date").as_deref(), Some("2026-03-31"), "{effect}");
        assert!(status.message().contains("list_time_entries"), "{effect}");
        assert_eq!(posts(&harness).await, before + 1, "{effect}");
    }
    // Its own limit comes as a page.
    let page = json!({"status": 429, "body": "html"});
    harness.fault(&on("POST", "/v2/time_entries", page)).await;
    let outcome = harness.call("LogTimeEntry", &token, entry(json!({"hours": 1}))).await;
    assert_eq!(reason(&outcome), Reason::UpstreamThrottled);
}

/// What gateways and frameworks write in JSON, which could else be taken for Harvest's: none of it says that nothing was done.
#[tokio::test]
async fn a_gateways_json_says_nothing_of_a_write_nor_of_what_is_there() {
    let harness = Harness::open().await;
    let token = harness.token("behind", "administrator").await;
    for (status, body) in [
        (503, json!({"message": "Service Unavailable"})),
        (503, json!({"error": "Service Unavailable"})),
        (503, json!({"message": "failure to get a peer from the ring-balancer", "request_id": "a"})),
        (504, json!({"message": "Endpoint request timed out"})),
        (403, json!({"message": "Forbidden"})),
        (403, json!({"message": "Missing Authentication Token"})),
        (403, json!({"statusCode": 403, "message": "Forbidden resource", "error": "Forbidden"})),
        (404, json!({"message": "no Route matched with those values"})),
        (404, json!({"error": "Not Found"})),
        (404, json!({"statusCode": 404, "message": "Resource not found"})),
        (
            400,
            json!({"timestamp": "2026-03-31T08:00:00Z", "status": 400, "error": "Bad Request", "path": "/"}),
        ),
        (402, json!({"statusCode": 402, "error": "Payment Required"})),
        (413, json!({"message": "Request Too Long"})),
    ] {
        let edge = json!({"edge": "after", "status": status, "body": {"json": body.clone()}});
        let before = posts(&harness).await;
        harness.fault(&on("POST", "/v2/time_entries", edge.clone())).await;
        let outcome = harness.call("LogTimeEntry", &token, entry(json!({"hours": 1}))).await;
        assert_eq!(reason(&outcome), Reason::UnknownOutcome, "{status} {body}");
        assert_eq!(posts(&harness).await, before + 1, "{body}");
        if status == 413 {
            continue;
        }
        for _ in 0..4 {
            harness.fault(&on("GET", "/v2/users", edge.clone())).await;
        }
        let outcome = harness.call("ListUsers", &token, json!({})).await;
        assert_eq!(reason(&outcome), Reason::UpstreamUnavailable, "{status} {body}");
    }
}

async fn posts(harness: &Harness) -> usize {
    harness.journal().await.iter().filter(|call| call.starts_with("POST")).count()
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_theirs_and_nothing_was_sent() {
    let closed = crate::wire::listen().await.1;
    let service = crate::service(&format!("http://{closed}")).await;
    for (rpc, input) in [("ListUsers", json!({})), ("StopTimer", json!({"time_entry_id": 4}))] {
        let outcome = service.call(&crate::path(rpc), &crate::token(), &input).await;
        assert_eq!(reason(&outcome), Reason::UpstreamUnavailable, "{rpc}");
    }
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_a_slow_look_does_not_eat_it() {
    let harness = Harness::open_for(Duration::from_millis(1_500)).await;
    let token = harness.token("slow", "administrator").await;
    let begin = Instant::now();
    harness.fault(&on("GET", "/v2/users", json!({"delay_ms": 8_000}))).await;
    let outcome = harness.call("ListUsers", &token, json!({})).await;
    assert_eq!(reason(&outcome), Reason::DeadlineExceeded);
    harness.fault(&on("POST", "/v2/time_entries", json!({"delay_ms": 8_000}))).await;
    let outcome = harness.call("LogTimeEntry", &token, entry(json!({}))).await;
    assert_eq!(reason(&outcome), Reason::UnknownOutcome);
    harness.fault(&on("GET", "/v2/company", json!({"delay_ms": 8_000}))).await;
    harness.call("LogTimeEntry", &token, entry(json!({"hours": 2}))).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn odd_types_and_unknown_keys_are_kept_and_never_fail_an_answer() {
    let harness = Harness::open().await;
    let token = harness.token("odd", "administrator").await;
    harness.fault(&on("GET", "/v2/time_entries", json!({"unknown_fields": true}))).await;
    let listed = harness.call("ListTimeEntries", &token, json!({"per_page": 3})).await.unwrap();
    let extra = listed.json["extra"].as_object().map_or(0, serde_json::Map::len);
    let nested = &listed.json["time_entries"][0];
    assert!(extra > 0 && nested.to_string().contains("\"extra\""), "{}", listed.json);

    for (rpc, path, input) in [
        ("ListTimeEntries", "/v2/time_entries", json!({"per_page": 3})),
        ("ListProjects", "/v2/projects", json!({})),
        ("ListUsers", "/v2/users", json!({})),
        ("GetCompany", "/v2/company", json!({})),
        ("ListMyProjectAssignments", "/v2/users/me/project_assignments", json!({})),
    ] {
        harness.fault(&on("GET", path, json!({"body": "wrong_types"}))).await;
        let answered = harness.call(rpc, &token, input).await.unwrap();
        assert!(answered.json.to_string().contains("\"extra\""), "{rpc}: {}", answered.json);
    }
    // Without an id that can be read, it is no user.
    harness.fault(&on("GET", "/v2/users/me", json!({"body": "wrong_types"}))).await;
    let outcome = harness.call("GetUser", &token, json!({"user_id": "me"})).await;
    assert_eq!(reason(&outcome), Reason::UpstreamMalformed);
}

#[tokio::test]
async fn a_token_that_comes_back_is_masked_and_said_so() {
    let harness = Harness::open().await;
    let token = harness.token("echo", "administrator").await;
    let secret = token.secrets()[0].expose().to_owned();
    for echo in ["plain", "json", "url", "base64", "header"] {
        harness.fault(&on("GET", "/v2/company", json!({"echo": echo}))).await;
        let answered = harness.call("GetCompany", &token, json!({})).await.unwrap();
        assert!(!answered.json.to_string().contains(&secret), "{echo}");
        assert_eq!(answered.json["warnings"][0]["code"], "SECRET_REDACTED", "{echo}: {}", answered.json);
        harness.fault(&on("GET", "/v2/company", json!({"echo": echo, "status": 422}))).await;
        let status = harness.call("GetCompany", &token, json!({})).await.unwrap_err();
        assert!(!format!("{status:?}").contains(&secret), "{echo}");
    }
}

#[tokio::test]
async fn links_to_elsewhere_are_refused_with_a_warning() {
    let harness = Harness::open().await;
    let token = harness.token("links", "administrator").await;
    harness.fault(&on("GET", "/v2/projects", json!({"link_origin": "https://elsewhere.example"}))).await;
    let listed = harness.call("ListProjects", &token, json!({"per_page": 2})).await.unwrap();
    assert_eq!(listed.json["warnings"][0]["code"], "LINK_REFUSED", "{}", listed.json);
    assert!(!listed.json.to_string().contains("elsewhere.example"));
}

//! Calls that act as a LinkedIn member: two credentials, each where it belongs, and one at fault at most.
use granary_linkedin_data::{Config, ConnectionNotes};
use granary_rpc::{Reason, metadata};
use serde_json::json;
use tonic_types::StatusExt;

use crate::stub::{Canned, Stub};
use crate::wire::{detail, reason};
use crate::{KEY, key, path, service, service_with, session};

#[tokio::test]
async fn a_note_can_be_switched_off() {
    let upstream = Stub::start(vec![]).await;
    let mut config = Config { connection_notes: ConnectionNotes::Refuse, ..Config::default() };
    config.harvestapi.base_url.clone_from(&upstream.url);
    let service = service_with(&config).await;
    let held = [session(), key(KEY)];
    let input = json!({"profile": "odile-fabel-8", "message": "Hello"});
    let outcome = service.call_as(&path("SendConnectionRequest"), &held, &input).await;
    assert_eq!(reason(&outcome), Reason::InvalidInput);
    let faults = outcome.unwrap_err().get_details_bad_request().unwrap().field_violations;
    assert_eq!(faults[0].field, "message");
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_note_is_counted_in_characters() {
    let body = json!({"status": 200, "element": {"connectionId": "1"}});
    let upstream = Stub::start(vec![Canned::json("POST", "/linkedin/send-connection", 200, &body)]).await;
    let service = service(&upstream.url).await;
    let held = [session(), key(KEY)];
    let note = "ä".repeat(300);
    let input = json!({"profile": "odile-fabel-8", "message": note});
    let answered = service.call_as(&path("SendConnectionRequest"), &held, &input).await.unwrap();
    assert_eq!(answered.json["warnings"][0]["code"], "NOTE_UNCONFIRMED");
    assert!(upstream.seen()[0].query.contains(&"%C3%A4".repeat(300)));
    assert!(upstream.seen()[0].body.is_null(), "everything is in the query");
}

#[tokio::test]
async fn what_a_call_as_a_member_costs_is_not_published_so_no_cap_can_be_kept() {
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    let method = granary_proto::policy_table().unwrap().tool("get_sent_connection_requests").unwrap();
    let input = granary_convert::parse_input(&method.descriptor.input(), &json!({})).unwrap();
    let held = [session(), key(KEY)];
    let outcome = service.send_as(&method.path, &held, &input, &[(metadata::MAX_COST, "5")]).await;
    assert_eq!(reason(&outcome), Reason::CostCapExceeded);
    assert_eq!(detail(&outcome.unwrap_err(), "sku").as_deref(), Some("sent_connections"));
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_probe_of_the_session_says_no_only_where_the_session_is_at_fault() {
    let me = |status, body: &str| Canned::new("GET", "/users/my-api-user", status, body.to_owned());
    let mine = |status, body: &str| Canned::new("GET", "/linkedin/my-profile", status, body.to_owned());
    let told = |status: u16| json!({"element": null, "status": status, "error": "gone"}).to_string();
    for (canned, expected) in [
        (vec![mine(200, r#"{"status":200,"element":{"id":"x"}}"#)], Some(true)),
        (vec![mine(200, &told(401)), me(200, r#"{"user":{"id":"x"}}"#)], Some(false)),
        (vec![mine(200, &told(403)), me(200, r#"{"user":{"id":"x"}}"#)], Some(false)),
        (vec![mine(403, &told(403)), me(200, r#"{"user":{"id":"x"}}"#)], Some(false)),
        (vec![mine(200, &told(401)), me(200, "<html>")], None),
        (vec![mine(200, &told(401)), me(401, "<html>")], None),
        (
            vec![mine(401, r#"{"status":401,"error":"Unauthorized"}"#), me(200, r#"{"user":{"id":"x"}}"#)],
            None,
        ),
        (vec![mine(403, r#"{"status":403,"error":"Forbidden"}"#), me(200, r#"{"user":{"id":"x"}}"#)], None),
        (vec![mine(401, "<html>")], None),
        (vec![mine(200, r#"{"status":200,"element":null}"#)], None),
        (vec![mine(200, r#"{"status":200,"element":{"error":"no"}}"#)], None),
        (vec![mine(401, r#"{"error":{"error":"Invalid API key"}}"#)], None),
        (vec![mine(403, ""), me(401, "{}")], None),
        (vec![mine(500, "")], None),
    ] {
        let upstream = Stub::start(canned).await;
        let held = [session(), key(KEY)];
        let outcome =
            service(&upstream.url).await.call_as(&path("ProbeLinkedinSession"), &held, &json!({})).await;
        assert_eq!(outcome.ok().map(|answered| answered.json["accepted"] == true), expected);
    }
}

#[tokio::test]
async fn neither_cookie_nor_proxy_comes_back_in_an_answer() {
    let echo = json!({
        "status": 200,
        "query": {"cookie": "canary-cookie-5f0c3d"},
        "liUrl": "https://x.example/?cookie=canary-cookie-5f0c3d&proxy=http%3A%2F%2Fuser%3Acanary-proxy-88%40proxy.example%3A8080",
        "element": {"sentInvitations": [{"firstName": "canary-cookie-5f0c3d"}]}
    });
    let refused = json!({"status": 422, "error": "cookie canary-cookie-5f0c3d of http://user:canary-proxy-88@proxy.example:8080"});
    let upstream = Stub::start(vec![
        Canned::json("GET", "/linkedin/sent-connections", 200, &echo),
        Canned::json("GET", "/linkedin/sent-connections", 200, &refused),
    ])
    .await;
    let service = service(&upstream.url).await;
    let held = [session(), key(KEY)];
    let rpc = path("GetSentConnectionRequests");
    let answered = service.call_as(&rpc, &held, &json!({})).await.unwrap();
    assert!(!answered.json.to_string().contains("canary"), "{}", answered.json);
    assert_eq!(answered.json["warnings"][0]["code"], "SECRET_REDACTED");
    let status = service.call_as(&rpc, &held, &json!({})).await.unwrap_err();
    assert!(!format!("{status:?}").contains("canary"), "{status:?}");
}

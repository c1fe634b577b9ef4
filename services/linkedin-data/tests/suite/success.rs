//! Success is what was asked for: a status that says so is not enough, one bad character costs one character, and what was
//! charged is told whatever else is broken.
use granary_linkedin_data::Config;
use granary_rpc::{Reason, metadata};
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt;

use crate::door_with;
use crate::stub::{Canned, Stub};
use crate::tools::{good, held};
use crate::wire::{Answered, detail, reason};

async fn once(tool: &str, status: u16, body: impl Into<Vec<u8>>) -> Result<Answered, Status> {
    let method = granary_proto::policy_table().unwrap().tool(tool).unwrap();
    let upstream = method.upstream.as_ref().unwrap();
    let verb = if upstream.verb() == granary_upstream::Verb::Post { "POST" } else { "GET" };
    let canned = Canned::new(verb, &upstream.path, status, body.into());
    let upstream = Stub::start(vec![canned]).await;
    let mut config = Config::default();
    config.harvestapi.base_url.clone_from(&upstream.url);
    config.harvestapi.retries = 0;
    door_with(&config).await.call_as(&method.path, &held(method), &good(tool)).await
}

fn charged(status: &Status) -> Option<String> {
    status.metadata().get(metadata::CHARGE_MICROS).map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn something_else_in_the_elements_place_is_no_success() {
    for (tool, element) in [
        ("scrape_profile", json!({"error": "not today"})),
        ("scrape_company", json!({"name": "without an id", "message": "not today"})),
        ("scrape_job", json!({"id": " ", "error": "not today"})),
        ("my_profile", json!({"success": false, "error": "not today"})),
        ("get_sent_connection_requests", json!({"success": false, "error": "not today"})),
    ] {
        let body = json!({"element": element, "status": 200, "cost": 0.004}).to_string();
        let outcome = once(tool, 200, body).await;
        assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{tool}");
        let failed = outcome.unwrap_err();
        assert_eq!(charged(&failed).as_deref(), Some("4000"), "{tool}");
        assert_eq!(detail(&failed, "upstream_message").as_deref(), Some("not today"), "{tool}");
    }
    for tool in ["send_connection_request", "accept_connection_request", "send_linkedin_message"] {
        for element in [json!({"success": false}), json!({}), json!("some words")] {
            let body = json!({"element": element, "status": 200}).to_string();
            assert_eq!(reason(&once(tool, 200, body).await), Reason::UnknownOutcome, "{tool} {element}");
        }
    }
    // A list without rows is an answer.
    let body = json!({"element": {"sentInvitations": []}, "status": 200}).to_string();
    once("get_sent_connection_requests", 200, body).await.unwrap();
}

#[tokio::test]
async fn a_members_own_limit_names_no_wait() {
    let body = json!({"element": null, "status": 429, "error": "CUSTOM_INVITE_LIMIT_REACHED"}).to_string();
    for status in [200, 429] {
        let outcome = once("send_connection_request", status, body.clone()).await;
        assert_eq!(reason(&outcome), Reason::UpstreamThrottled);
        let failed = outcome.unwrap_err();
        assert_eq!(detail(&failed, "limit").as_deref(), Some("member"));
        assert!(failed.get_details_retry_info().is_none(), "{failed:?}");
    }
}

#[tokio::test]
async fn one_bad_character_costs_that_character_and_the_charge_is_told() {
    let good =
        r#"{"element":{"id":"1","firstName":"Ann","headline":"Engineer \ud83d"},"status":200,"cost":0.0064}"#;
    for body in [good.as_bytes().to_vec(), [b"\xef\xbb\xbf".as_slice(), good.as_bytes()].concat()] {
        let answered = once("scrape_profile", 200, body).await.unwrap();
        let element: &Value = &answered.json["element"];
        assert_eq!(
            (&element["headline"], &element["first_name"]),
            (&json!("Engineer \u{fffd}"), &json!("Ann"))
        );
        assert_eq!(answered.json["charge"]["cost_micros"], 6_400);
    }
    for broken in [
        r#"{"element":{"id":"1","connectionsCount":NaN},"status":200,"cost":0.0064}"#,
        r#"{"cost":"0.0064","status":200,"element":{"id":"1""#,
    ] {
        let outcome = once("scrape_profile", 200, broken).await;
        assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{broken}");
        assert_eq!(charged(&outcome.unwrap_err()).as_deref(), Some("6400"), "{broken}");
    }
}

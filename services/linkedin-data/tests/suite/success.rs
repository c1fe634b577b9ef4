//! Success is what was asked for: a status that says so is not enough, one bad character costs one character, and what was
//! charged is told whatever else is broken.
use granary_linkedin_data::Config;
use granary_proto::Method;
use granary_proto::granary::policy::v1::Api;
use granary_rpc::{Reason, metadata};
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt;

use crate::service_with;
use crate::stub::{Canned, Stub};
use crate::tools::{good, held, methods};
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
    service_with(&config).await.call_as(&method.path, &held(method), &good(tool)).await
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
    for (tool, id) in [
        ("send_connection_request", "connectionId"),
        ("accept_connection_request", "entityUrn"),
        ("send_linkedin_message", "originToken"),
    ] {
        // The id is there, and what stands around it says that nothing was done.
        for (element, beside) in [
            (json!({id: "x"}), json!({"success": false})),
            (json!({id: "x"}), json!({"error": "not delivered"})),
            (json!({id: "x", "error": "limit"}), json!({})),
            (json!({id: " "}), json!({})),
        ] {
            let mut body = json!({"element": element, "status": 200});
            body.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
            assert_eq!(
                reason(&once(tool, 200, body.to_string()).await),
                Reason::UnknownOutcome,
                "{tool} {body}"
            );
        }
        for element in [json!({"success": false}), json!({}), json!("some words")] {
            let body = json!({"element": element, "status": 200}).to_string();
            assert_eq!(reason(&once(tool, 200, body).await), Reason::UnknownOutcome, "{tool} {element}");
        }
    }
    for (tool, body) in [
        ("search_people", json!({"elements": [], "status": 200, "success": false, "error": "gateway"})),
        (
            "get_received_connection_requests",
            json!({"element": {"receivedInvitations": []}, "status": 200, "success": false}),
        ),
    ] {
        assert_eq!(reason(&once(tool, 200, body.to_string()).await), Reason::UpstreamMalformed, "{body}");
    }
    // A list without rows is an answer.
    for (tool, list) in [
        ("get_sent_connection_requests", "sentInvitations"),
        ("get_received_connection_requests", "receivedInvitations"),
    ] {
        let body = json!({"element": {list: []}, "status": 200}).to_string();
        once(tool, 200, body).await.unwrap();
    }
}

/// What stands in an item's place and is none, for every method that returns one; and answers without anything in its place.
#[tokio::test]
async fn no_list_of_errors_is_an_item_and_the_words_are_kept_where_nothing_came() {
    let own = |m: &&&Method| m.upstream.as_ref().is_some_and(|upstream| upstream.api() == Api::Harvestapi);
    for method in methods().iter().filter(own) {
        let tool = &method.tool;
        let expected = if method.is_read() { Reason::UpstreamMalformed } else { Reason::UnknownOutcome };
        if method.descriptor.output().get_field_by_name("element").is_some() {
            for element in [
                json!({"errors": ["weekly limit"]}),
                json!({"errors": []}),
                json!({"skills": [], "logos": [], "variants": []}),
                json!({"rows": []}),
                json!([]),
            ] {
                let body = json!({"element": element, "status": 200}).to_string();
                assert_eq!(reason(&once(tool, 200, body).await), expected, "{tool} {element}");
            }
        }
        for (body, said) in [
            (json!({"error": "account suspended"}), "account suspended"),
            (json!({"error": {"error": "Something is off"}, "cost": 0.004}), "Something is off"),
            (json!({"success": false, "error": "not today"}), "not today"),
            (json!({"error": 5, "message": "not today", "status": 200}), "not today"),
        ] {
            let outcome = once(tool, 200, body.to_string()).await;
            assert_eq!(reason(&outcome), expected, "{tool} {body}");
            let failed = outcome.unwrap_err();
            assert_eq!(detail(&failed, "upstream_message").as_deref(), Some(said), "{tool} {body}");
            assert_eq!(charged(&failed).is_some(), body.get("cost").is_some(), "{tool} {body}");
        }
    }
    // What is modelled as a list, and is none, holds no rows.
    for list in [json!("none"), json!(7), json!(null)] {
        let body = json!({"element": {"sentInvitations": list}, "status": 200}).to_string();
        let outcome = once("get_sent_connection_requests", 200, body).await;
        assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{list}");
    }
}

#[tokio::test]
async fn an_owner_of_a_key_is_somebody() {
    for (body, said) in [
        (json!({}), None),
        (json!({"success": false}), None),
        (json!({"success": "false", "user": {"id": "x"}}), None),
        (json!({"status": "ok", "user": {}}), None),
        (json!({"error": "account_inactive"}), Some("account_inactive")),
        (json!({"user": {"id": "x"}, "error": {"message": "account_inactive"}}), Some("account_inactive")),
        (json!({"message": "sign in", "success": false}), Some("sign in")),
    ] {
        let outcome = once("get_my_api_user", 200, body.to_string()).await;
        assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{body}");
        assert_eq!(detail(&outcome.unwrap_err(), "upstream_message").as_deref(), said, "{body}");
    }
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
    // Upstream's own bound of calls at a time is nobody's limit at LinkedIn.
    let body = json!({"element": null, "status": 429, "error": "Too many concurrent requests"}).to_string();
    let failed = once("send_connection_request", 429, body).await.unwrap_err();
    assert_eq!(detail(&failed, "limit"), None);
    assert!(failed.get_details_retry_info().is_some(), "{failed:?}");
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
    let odd = "{\"element\":{\"id\":\"1\",\"firstName\":\"Ann\tB\",\"connectionsCount\":NaN},\"status\":200,\"cost\":0.0064}";
    let answered = once("scrape_profile", 200, odd).await.unwrap();
    assert_eq!(answered.json["element"]["first_name"], "Ann\tB");
    assert_eq!(answered.json["charge"]["cost_micros"], 6_400);
    for broken in [
        r#"{"element":{"id":"1","connectionsCount":many},"status":200,"cost":0.0064}"#,
        r#"{"cost":"0.0064","status":200,"element":{"id":"1""#,
    ] {
        let outcome = once("scrape_profile", 200, broken).await;
        assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{broken}");
        assert_eq!(charged(&outcome.unwrap_err()).as_deref(), Some("6400"), "{broken}");
    }
}

//! What goes wrong on purpose.

use std::time::{Duration, Instant};

use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

mod bytes;
mod clocks;
mod edges;
mod entities;

const ENTRY: &str =
    r#"{"project_id": 12345678, "task_id": 87654321, "spent_date": "2026-03-31", "hours": 1}"#;

async fn once(world: &World, effect: Value) {
    let mut fault = json!({"api": "harvest", "path": "/v2/users*"});
    fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
    world.fault(fault).await;
}

#[tokio::test]
async fn a_fault_takes_the_calls_that_it_matches_and_no_more() {
    let world = World::new().await;
    world.fault(json!({"match": {"api": "harvest", "method": "get", "path": "/v2/company"}, "count": 2, "effect": {"status": 503}})).await;
    world.fault(json!({"api": "harvest", "credential": "somebody-else", "status": 500, "count": 0})).await;
    let status = async |path: &str| world.harvest(Method::GET, path, None).await.status;
    assert_eq!(status("/v2/users/me").await, 200);
    assert_eq!(
        [status("/v2/company").await, status("/v2/company?x=1").await, status("/v2/company").await],
        [503, 503, 200]
    );
    let list = world.control(Method::GET, "/faults", None).await.json();
    assert_eq!(
        (&list[0]["id"], &list[0]["remaining"], &list[1]["remaining"]),
        (&json!(1), &json!(0), &Value::Null)
    );
    for _ in 0..2 {
        let other = world.harvest_as("somebody-else", 910_001, Method::GET, "/v2/users/me", None).await;
        assert_eq!(other.status, 500);
    }
    world.control(Method::DELETE, "/faults", None).await;
    assert_eq!(world.control(Method::GET, "/faults", None).await.json(), json!([]));
    assert_eq!(
        world.harvest_as("somebody-else", 910_001, Method::GET, "/v2/users/me", None).await.status,
        401
    );
}

#[tokio::test]
async fn statuses_headers_and_delays_combine() {
    let world = World::new().await;
    once(&world, json!({"status": 429, "retry_after": 7, "delay_ms": 150, "headers": {"x-made-up": "yes"}}))
        .await;
    let began = Instant::now();
    let answer = world.harvest(Method::GET, "/v2/users/me", None).await;
    assert!(began.elapsed() >= Duration::from_millis(150));
    assert_eq!((answer.status, answer.text.as_str()), (429, ""));
    assert_eq!((answer.header("retry-after"), answer.header("x-made-up")), (Some("7"), Some("yes")));
    // A failure that was injected happens before anything is done.
    world.fault(json!({"api": "harvest", "method": "POST", "status": 500})).await;
    let body = serde_json::from_str(ENTRY).unwrap();
    assert_eq!(world.harvest(Method::POST, "/v2/time_entries", Some(body)).await.status, 500);
    assert_eq!(world.get("/v2/time_entries").await["total_entries"], 200);
    world.fault(json!({"api": "harvestapi", "status": 402})).await;
    assert_eq!(
        world.linkedin("/users/my-api-user").await.json(),
        json!({"error": {"error": "Payment required"}})
    );
    let following =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    world.fault(json!({"api": "apify", "redirect": "http://127.0.0.1:9/elsewhere"})).await;
    let answer = following.get(format!("{}/v2/acts", world.sandbox.apify_url())).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (302, "http://127.0.0.1:9/elsewhere")
    );
}

#[tokio::test]
async fn bodies_break_in_every_way() {
    let world = World::new().await;
    let real = world.harvest(Method::GET, "/v2/users/me", None).await;
    let me = async || world.harvest(Method::GET, "/v2/users/me", None).await;
    once(&world, json!({"body": "html"})).await;
    let html = me().await;
    assert_eq!((html.status, html.header("content-type")), (200, Some("text/html")));
    once(&world, json!({"body": "empty"})).await;
    assert_eq!(me().await.text, "");
    let exact: Value = serde_json::from_str(r#"{"any": ["thing", 1.50]}"#).unwrap();
    once(&world, json!({"body": {"json": exact}})).await;
    assert_eq!(me().await.text, r#"{"any":["thing",1.50]}"#);
    once(&world, json!({"body": "garbage"})).await;
    assert!(serde_json::from_str::<Value>(&me().await.text).is_err());

    once(&world, json!({"body": "cut"})).await;
    let request =
        world.client.get(format!("{}/v2/users/me", world.sandbox.harvest_url())).bearer_auth(&world.token);
    let mut cut = request.header("Harvest-Account-Id", "910001").send().await.unwrap();
    assert_eq!(cut.content_length(), Some(real.text.len() as u64));
    let mut seen = 0;
    let broken = loop {
        match cut.chunk().await {
            Ok(Some(chunk)) => seen += chunk.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && seen == real.text.len() / 2, "{broken} {seen}");

    once(&world, json!({"body": "wrong_types"})).await;
    let wrong = me().await.json();
    let real = real.json();
    for (name, value) in real.as_object().unwrap() {
        let other = &wrong[name];
        let same = value.is_string() && other.is_string()
            || value.is_number() && other.is_number()
            || value.is_boolean() && other.is_boolean();
        assert!(!same, "{name}: {value} {other}");
    }
    once(&world, json!({"unknown_fields": true})).await;
    let more = world.get("/v2/users?per_page=1").await;
    assert!(more["sandbox_unmodelled"]["nested"]["list"].is_array());
    assert!(more["users"][0]["sandboxUnmodelled"].is_string());
    assert_eq!(more["sandbox_precise"].to_string(), "0.1234567890123456789012345");
}

#[tokio::test]
async fn a_huge_body_is_streamed() {
    let world = World::new().await;
    once(&world, json!({"body": "huge", "body_bytes": 200_000})).await;
    let small = world.harvest(Method::GET, "/v2/users/me", None).await;
    assert_eq!(small.text.len(), 200_000);
    assert!(small.json()["padding"].is_string());
    once(&world, json!({"body": "huge"})).await;
    let request = world.client.get(format!("{}/v2/users/me", world.sandbox.harvest_url()));
    let mut answer = request.send().await.unwrap();
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        bytes += chunk.len();
    }
    assert_eq!(bytes, 64 << 20);
}

#[tokio::test]
async fn a_drop_is_before_or_after_the_deed() {
    let world = World::new().await;
    let post = async || {
        let request = world.client.post(format!("{}/v2/time_entries", world.sandbox.harvest_url()));
        let request = request.bearer_auth(&world.token).header("Harvest-Account-Id", "910001");
        request.header("content-type", "application/json").body(ENTRY).send().await
    };
    for (moment, entries) in [("before", 200), ("after", 201)] {
        world.fault(json!({"api": "harvest", "method": "POST", "drop": moment})).await;
        assert!(post().await.is_err(), "{moment}");
        assert_eq!(world.get("/v2/time_entries").await["total_entries"], entries, "{moment}");
    }
    let journal = world.journal(0).await;
    let posts: Vec<_> =
        journal.iter().filter(|call| call["method"] == "POST").map(|call| &call["status"]).collect();
    assert_eq!(posts, [&json!(0), &json!(0)]);
    assert_eq!(post().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_body_may_fail_while_the_status_does_not() {
    let world = World::new().await;
    world
        .fault(json!({"api": "harvestapi", "path": "/linkedin/*", "body_status": 500, "cost": "0.0064"}))
        .await;
    let answer = world.linkedin("/linkedin/profile?query=person-0001").await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["status"], body["cost"].to_string().as_str()),
        (200, &json!(500), "0.0064")
    );
    assert!(body["error"].is_string() && body["element"].is_null());
    let balance = world.linkedin("/users/my-api-user").await.json()["usage"]["balance"].to_string();
    assert_eq!(balance, "999.9936");
}

#[tokio::test]
async fn a_credential_comes_back_in_five_disguises() {
    let world = World::new().await;
    let secret = "canary/\"secret\"+Ü=1";
    world.set(json!({"harvestapi_key": "canary-key/1+2="})).await;
    world.set(json!({"li_at": secret})).await;
    let query = "/linkedin/profile?query=person-0001&cookie=canary%2F%22secret%22%2B%C3%9C%3D1";
    let encoded = base64::prelude::BASE64_STANDARD.encode(secret);
    for (echo, raw) in [
        ("plain", "canary/\\\"secret\\\"+Ü=1"),
        ("json", "canary\\u002f\\u0022secret\\u0022\\u002b\\u00dc\\u003d1"),
        ("url", "canary%2F%22secret%22%2B%C3%9C%3D1"),
        ("base64", encoded.as_str()),
    ] {
        world.fault(json!({"api": "harvestapi", "echo": echo})).await;
        let answer = world.linkedin_as("canary-key/1+2=", query).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains(raw), "{echo}: {}", answer.text);
        let body = answer.json();
        assert_eq!(body["status"], 200);
        assert!(body["element"]["headline"].as_str().unwrap().len() > 30);
        if echo == "plain" || echo == "json" {
            assert!(body["echo"].as_str().unwrap().contains(secret), "{echo}");
            assert!(body["element"]["headline"].as_str().unwrap().contains("canary-key/1+2="), "{echo}");
        }
        world.fault(json!({"api": "harvestapi", "echo": echo, "status": 400})).await;
        let answer = world.linkedin_as("canary-key/1+2=", query).await;
        assert!(answer.status == 400 && answer.json()["error"]["error"].is_string());
        assert!(answer.text.contains(raw));
    }
    world.fault(json!({"api": "harvestapi", "echo": "header"})).await;
    let answer = world.linkedin_as("canary-key/1+2=", "/users/my-api-user").await;
    assert_eq!(answer.header("x-echo"), Some("canary-key/1+2="));
    assert!(!answer.text.contains("canary"));
}

#[tokio::test]
async fn links_may_point_elsewhere() {
    let world = World::new().await;
    once(&world, json!({"link_origin": "http://attacker.example:81"})).await;
    let page = world.get("/v2/users?per_page=3").await;
    assert!(
        page["links"]["next"].as_str().unwrap().starts_with("http://attacker.example:81/v2/users?cursor=")
    );
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused_by_name() {
    let world = World::new().await;
    for (fault, field) in [
        (json!({"status": 500}), "api"),
        (json!({"api": "harvets"}), "api"),
        (json!({"api": "harvest", "stauts": 500}), "stauts"),
        (json!({"api": "harvest", "status": "500"}), "status"),
        (json!({"api": "harvest", "body": "cute"}), "body"),
        (json!({"api": "harvest", "echo": "loud"}), "echo"),
        (json!({"api": "harvest", "drop": true}), "drop"),
        (json!({"api": "harvest", "headers": {"not a name": "x"}}), "headers"),
        (json!({"api": "harvest", "body_status": 500}), "body_status"),
        (json!({"api": "harvest", "body": {"text": 7}}), "body"),
        (json!({"api": "harvest", "edge": "before"}), "edge"),
        (json!({"api": "harvest", "edge": "within", "status": 502}), "edge"),
        (json!({"api": "harvest", "error_type": "x"}), "error_type"),
        (json!({"api": "harvest", "element": {}}), "element"),
        (json!({"api": "harvestapi", "element": 7}), "element"),
        (json!({"api": "harvestapi", "unchanged": true}), "unchanged"),
        (json!({"api": "harvest", "method": "POST", "unchanged": true}), "unchanged"),
        (json!({"api": "harvest", "without": "id"}), "without"),
        (json!({"api": "harvest", "without": [""]}), "without"),
        (json!({"api": "harvest", "long_text": {"field": "notes"}}), "long_text"),
        (json!({"api": "harvest", "long_text": {"field": "notes", "bytes": 67_108_865}}), "long_text"),
        (json!({"api": "harvest", "flaws": "typo"}), "flaws"),
        (json!({"api": "harvest", "flaw_field": "notes"}), "flaw_field"),
        (json!({"api": "harvest", "clock_offset_s": 40_000_000}), "clock_offset_s"),
        (json!({"api": "harvest", "retry_after": 1, "retry_after_date": 1}), "retry_after_date"),
        (json!({"api": "harvest", "rows": 1}), "rows"),
        (json!({"api": "apify", "late_ms": 1}), "late_ms"),
        (json!({"api": "apify", "rows": 1, "late_ms": 600_001}), "late_ms"),
        (json!([]), "body"),
    ] {
        let answer = world.control(Method::POST, "/faults", Some(fault.clone())).await;
        assert_eq!(answer.status, 400, "{fault}");
        assert!(
            answer.json()["error"].as_str().unwrap().starts_with(&format!("{field}: ")),
            "{}",
            answer.text
        );
    }
}

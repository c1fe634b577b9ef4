//! Who may call Apify.

use reqwest::Method;
use serde_json::json;

use super::{EMPLOYEES, PROFILES, id, kind, people};
use crate::support::{Answer, World};

#[tokio::test]
async fn a_token_is_asked_for_on_every_path() {
    let world = World::new().await;
    let bare = async |path: &str| {
        let url = format!("{}{path}", world.sandbox.apify_url());
        Answer::of(world.client.post(url).send().await.unwrap()).await
    };
    for path in [format!("{PROFILES}/runs"), "/v2/actor-runs/x/abort".into(), "/elsewhere".into()] {
        assert_eq!(kind(&bare(&path).await), (401, "token-not-provided".into()), "{path}");
    }
    assert_eq!(kind(&bare(&format!("{PROFILES}/runs?token=nobodys")).await), (401, "invalid-token".into()));
    assert_eq!(bare(&format!("{PROFILES}/runs?token={}", world.apify)).await.status, 201);
    let me = world.apify(Method::GET, "/v2/users/me", None).await;
    assert_eq!((me.status, &me.json()["data"]["isPaying"]), (200, &json!(true)));
    for (state, status, word) in [
        ("revoked", 401, "invalid-token"),
        ("expired", 401, "invalid-token"),
        ("forbidden", 403, "insufficient-permissions"),
    ] {
        world.tune(json!({"state": state})).await;
        assert_eq!(kind(&world.apify(Method::GET, "/v2/users/me", None).await), (status, word.into()));
    }
}

#[tokio::test]
async fn what_belongs_to_another_token_is_not_there() {
    let world = World::new().await;
    let run = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(1)})).await.0;
    world.set(json!({"apify_token": "another-apify-token"})).await;
    let dataset = run["defaultDatasetId"].as_str().unwrap();
    for (method, path) in [
        (Method::GET, format!("/v2/actor-runs/{}", id(&run))),
        (Method::POST, format!("/v2/actor-runs/{}/abort", id(&run))),
        (Method::GET, format!("/v2/actor-runs/{}/dataset/items", id(&run))),
        (Method::GET, format!("/v2/datasets/{dataset}")),
        (Method::GET, format!("/v2/datasets/{dataset}/items")),
    ] {
        assert_eq!(world.apify(method.clone(), &path, None).await.status, 200, "{path}");
        let answer = world.apify_as("another-apify-token", method, &path, None).await;
        assert_eq!(kind(&answer), (404, "record-not-found".into()), "{path}");
    }
    // An id of one kind is none of another.
    for path in [
        format!("/v2/actor-runs/{dataset}"),
        format!("/v2/datasets/{}/items", id(&run)),
        "/v2/actor-runs/é".into(),
    ] {
        assert_eq!(
            kind(&world.apify(Method::GET, &path, None).await),
            (404, "record-not-found".into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn actors_and_methods_that_do_not_exist_are_told() {
    let world = World::new().await;
    for path in [
        "/v2/acts/harvestapi~nothing/runs",
        "/v2/actors/nobody~linkedin-profile-scraper/run-sync-get-dataset-items",
    ] {
        let answer = world.apify(Method::POST, path, Some(json!({}))).await;
        assert_eq!(kind(&answer), (404, "actor-not-found".into()), "{path}");
    }
    assert_eq!(
        kind(&world.apify(Method::GET, "/v2/acts/a~b/runs", None).await),
        (404, "actor-not-found".into())
    );
    for (method, path) in [
        (Method::PUT, format!("{PROFILES}/runs")),
        (Method::GET, format!("{PROFILES}/run-sync-get-dataset-items")),
        (Method::GET, "/v2/actor-runs/x/abort".into()),
        (Method::POST, "/v2/actor-runs/x".into()),
        (Method::DELETE, "/v2/datasets/x/items".into()),
        (Method::POST, "/v2/users/me".into()),
    ] {
        let answer = world.apify(method, &path, None).await;
        assert_eq!(kind(&answer), (405, "method-not-allowed".into()), "{path}");
    }
}

#[tokio::test]
async fn bad_starts_start_nothing() {
    let world = World::new().await;
    for (query, word) in [
        ("waitForFinish=soon", "invalid-value"),
        ("timeout=-1", "invalid-value"),
        ("memory=300", "invalid-value"),
        ("memory=64", "invalid-value"),
        ("maxItems=0", "invalid-value"),
        ("maxTotalChargeUsd=much", "invalid-value"),
        ("maxTotalChargeUsd=0", "max-total-charge-usd-below-minimum"),
        ("maxTotalChargeUsd=-1", "max-total-charge-usd-below-minimum"),
    ] {
        let path = format!("{PROFILES}/runs?{query}");
        let answer = world.apify(Method::POST, &path, Some(json!({"urls": people(1)}))).await;
        assert_eq!(kind(&answer), (400, word.into()), "{query}");
    }
    let many: Vec<_> = (0..10_001).map(|n| n.to_string()).collect();
    for (path, input) in [
        (PROFILES, json!([])),
        (PROFILES, json!("text")),
        (PROFILES, json!({"urls": "https://www.linkedin.com/in/x"})),
        (PROFILES, json!({"urls": [1]})),
        (PROFILES, json!({"queries": {}})),
        (PROFILES, json!({"profileScraperMode": 2})),
        (PROFILES, json!({"urls": many})),
        (EMPLOYEES, json!({"companies": "x"})),
        (EMPLOYEES, json!({"companies": ["x"], "maxItems": "3"})),
        (EMPLOYEES, json!({"companies": ["x"], "takePages": 101})),
        (EMPLOYEES, json!({"companies": ["x"], "startPage": 101})),
        (EMPLOYEES, json!({"companies": ["x"], "maxItems": 1, "companyBatchMode": "both"})),
        (EMPLOYEES, json!({"companies": many[..1001], "maxItems": 1})),
    ] {
        let answer = world.apify(Method::POST, &format!("{path}/runs"), Some(input.clone())).await;
        assert_eq!(kind(&answer), (400, "invalid-input".into()), "{input:.60}");
    }
    let url = format!("{}{PROFILES}/runs", world.sandbox.apify_url());
    let broken = world.client.post(&url).bearer_auth(&world.apify).body("{\"urls\": [").send().await.unwrap();
    assert_eq!(kind(&Answer::of(broken).await), (400, "invalid-input".into()));
    let gzip = world.client.post(&url).bearer_auth(&world.apify).header("content-encoding", "gzip").body("x");
    let answer = Answer::of(gzip.send().await.unwrap()).await;
    assert_eq!(kind(&answer), (415, "unsupported-content-encoding".into()));
    let large =
        world.client.post(&url).bearer_auth(&world.apify).body(vec![b' '; 9_437_185]).send().await.unwrap();
    assert_eq!(kind(&Answer::of(large).await), (413, "request-too-large".into()));
    assert_eq!(world.apify(Method::GET, "/v2/actor-runs", None).await.json()["data"]["total"], 0);
}

#[tokio::test]
async fn a_rate_is_kept_and_named() {
    let world = World::new().await;
    let seen = world.tune(json!({"rate": {"requests": 2, "seconds": 60}})).await;
    assert_eq!(seen["rate"], json!({"requests": 2, "seconds": 60}));
    for status in [200, 200, 429] {
        assert_eq!(world.apify(Method::GET, "/v2/users/me", None).await.status, status);
    }
    let answer = world.apify(Method::GET, "/v2/users/me", None).await;
    assert_eq!(
        (kind(&answer), answer.header("x-ratelimit-limit")),
        ((429, "rate-limit-exceeded".into()), Some("2"))
    );
    world.tune(json!({"rate": null})).await;
    assert_eq!(world.apify(Method::GET, "/v2/users/me", None).await.status, 200);
    world.fault(json!({"api": "apify", "status": 429})).await;
    let answer = world.apify(Method::GET, "/v2/users/me", None).await;
    assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (429, Some("60")));
}

#[tokio::test]
async fn faults_meet_runs_before_or_after_they_start() {
    let world = World::new().await;
    let path = format!("{PROFILES}/runs");
    let total =
        async || world.apify(Method::GET, "/v2/actor-runs", None).await.json()["data"]["total"].clone();
    let post = async || {
        let request =
            world.client.post(format!("{}{path}", world.sandbox.apify_url())).bearer_auth(&world.apify);
        request.body(json!({"urls": people(1)}).to_string()).send().await
    };
    world
        .fault(json!({"api": "apify", "method": "POST", "path": format!("{PROFILES}*"), "status": 503}))
        .await;
    let failed = Answer::of(post().await.unwrap()).await;
    assert_eq!((failed.status, total().await), (503, json!(0)));
    world.fault(json!({"api": "apify", "method": "POST", "drop": "before"})).await;
    assert!(post().await.is_err());
    assert_eq!(total().await, 0);
    world.fault(json!({"api": "apify", "method": "POST", "drop": "after"})).await;
    assert!(post().await.is_err());
    assert_eq!(total().await, 1);
    world.fault(json!({"api": "apify", "method": "POST", "body": "html"})).await;
    assert!(post().await.unwrap().text().await.unwrap().starts_with("<!DOCTYPE"));
    assert_eq!(total().await, 2);
    let calls = world.journal(0).await;
    let statuses: Vec<_> =
        calls.iter().filter(|call| call["method"] == "POST").map(|call| &call["status"]).collect();
    assert_eq!(json!(statuses), json!([503, 0, 0, 201]));
    assert!(calls.iter().all(|call| call["credentials"] == json!([world.apify]) && call["api"] == "apify"));
}

#[tokio::test]
async fn the_control_port_names_what_it_does_not_take() {
    let world = World::new().await;
    for (properties, field) in [
        (json!({"balance": "much"}), "balance"),
        (json!({"tier": "gold"}), "tier"),
        (json!({"pace_ms": 600_001}), "pace_ms"),
        (json!({"run_end": "SUCCEEDED"}), "run_end"),
        (json!({"run_end_after": -1}), "run_end_after"),
        (json!({"unavailable": "yes"}), "unavailable"),
        (json!({"free_failures": "all"}), "free_failures"),
        (json!({"free_failures": [""]}), "free_failures"),
        (json!({"sync_limit_ms": 300_001}), "sync_limit_ms"),
        (json!({"rate": {"requests": 1}}), "seconds"),
    ] {
        let mut body = properties.clone();
        body["apify_token"] = json!(world.apify);
        let answer = world.control(Method::POST, "/credentials", Some(body)).await;
        let text = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(answer.status == 400 && text.starts_with(&format!("{field}: ")), "{properties}: {text}");
    }
}

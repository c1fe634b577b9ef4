//! The control port.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn the_seed_is_rich_and_always_the_same() {
    let (one, two) = (World::new().await, World::new().await);
    assert_eq!(one.control(Method::GET, "/health", None).await.status, 200);
    let listing = one.control(Method::GET, "/credentials", None).await;
    assert_eq!(listing.text, two.control(Method::GET, "/credentials", None).await.text);
    let listing = listing.json();
    let mut values = HashSet::new();
    for (kind, prefix) in [
        ("harvestapi_keys", "sbx-key-0001-"),
        ("li_at", "sbx-liat-0001-"),
        ("apify_tokens", "apify_api_sbx0001"),
    ] {
        let list = listing[kind].as_array().unwrap();
        assert!(list.len() == 120 && list[0].as_str().unwrap().starts_with(prefix));
        values.extend(list.iter().map(|value| value.as_str().unwrap().to_owned()));
    }
    let tokens = listing["harvest_tokens"].as_array().unwrap();
    assert_eq!(tokens[119]["account_id"], 910_120);
    values.extend(tokens.iter().map(|pair| pair["access_token"].as_str().unwrap().to_owned()));
    assert_eq!(values.len(), 480);
    assert!(values.iter().all(|value| value.len() >= 24));
}

#[tokio::test]
async fn credentials_are_set_and_made() {
    let world = World::new().await;
    let made = world.set(json!({"access_token": "canary-a", "account_id": 555, "role": "manager", "rate": {"requests": 100, "seconds": 15}})).await;
    assert_eq!(
        made,
        json!({"access_token": "canary-a", "account_id": 555, "state": "active", "role": "manager", "timer_mode": "duration",
            "rate": {"requests": 100, "seconds": 15}, "accounts": [{"account_id": 555, "role": "manager", "timer_mode": "duration"}]})
    );
    let twice = world.set(json!({"access_token": "canary-a", "account_id": 556})).await;
    assert_eq!(twice["accounts"].as_array().unwrap().len(), 2);
    for account in [555, 556] {
        assert_eq!(
            world.harvest_as("canary-a", account, Method::GET, "/v2/users/me", None).await.status,
            200
        );
    }
    let key = world
        .set(json!({"api_key": "canary-k", "balance": 12.483_201, "tier": "pro", "concurrency": 3}))
        .await;
    assert_eq!(
        key.to_string(),
        r#"{"harvestapi_key":"canary-k","state":"active","balance":12.483201,"tier":"pro","concurrency":3}"#
    );
    assert_eq!(
        world.set(json!({"li_at": "canary-l", "state": "expired"})).await,
        json!({"li_at": "canary-l", "state": "expired"})
    );
    let listing = world.control(Method::GET, "/credentials", None).await.json();
    assert_eq!(listing["harvest_tokens"][120], json!({"access_token": "canary-a", "account_id": 555}));
    world.control(Method::POST, "/reset", None).await;
    let listing = world.control(Method::GET, "/credentials", None).await.json();
    assert_eq!(listing["harvest_tokens"].as_array().unwrap().len(), 120);
}

#[tokio::test]
async fn a_wrong_property_is_refused_by_name() {
    let world = World::new().await;
    for (body, field) in [
        (json!({"state": "active"}), "credential"),
        (json!({"access_token": "a", "li_at": "b"}), "credential"),
        (json!({"access_token": "new-without-account"}), "account_id"),
        (json!({"access_token": "a", "account_id": "x"}), "account_id"),
        (json!({"access_token": "a", "account_id": 5, "role": "king"}), "role"),
        (json!({"access_token": "a", "account_id": 5, "rate": {"requests": 1}}), "seconds"),
        (json!({"access_token": "a", "account_id": 5, "balance": 3}), "balance"),
        (json!({"harvestapi_key": "a", "balance": "lots"}), "balance"),
        (json!({"harvestapi_key": "a", "balance": "0.0000001"}), "balance"),
        (json!({"harvestapi_key": "a", "tier": "gold"}), "tier"),
        (json!({"harvestapi_key": "a", "concurrency": -1}), "concurrency"),
        (json!({"li_at": "a", "state": "gone"}), "state"),
        (json!({"apify_token": "a", "colour": "red"}), "colour"),
    ] {
        let answer = world.control(Method::POST, "/credentials", Some(body.clone())).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(
            answer.json()["error"].as_str().unwrap().starts_with(&format!("{field}: ")),
            "{body}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn the_journal_tells_every_call_and_what_it_carried() {
    let world = World::new().await;
    world.get("/v2/projects?page=1").await;
    world.linkedin("/linkedin/profile?query=person-0001&cookie=a%2Fb&proxy=http%3A%2F%2Fu%3Ap%40h").await;
    world.client.get(format!("{}/v2/acts?token=t%201", world.sandbox.apify_url())).send().await.unwrap();
    let journal = world.journal(0).await;
    let token = &world.token;
    assert_eq!(
        journal[0],
        json!({"number": 1, "api": "harvest", "method": "GET", "path": "/v2/projects?page=1", "status": 200, "credentials": [token, "910001"]})
    );
    assert_eq!(journal[1]["api"], "harvestapi");
    assert_eq!(journal[1]["credentials"], json!([world.key, "a/b", "http://u:p@h"]));
    assert_eq!((&journal[2]["status"], &journal[2]["credentials"]), (&json!(401), &json!(["t 1"])));
    assert_eq!(world.journal(2).await, journal[2..]);
    assert!(world.journal(3).await.is_empty());
    for number in 0..2500 {
        world.linkedin_as("unknown", &format!("/x/{number}")).await;
    }
    let all = world.journal(0).await;
    assert!(all.len() == 2503 && all.iter().zip(1..).all(|(call, number)| call["number"] == number));
    assert_eq!(world.control(Method::GET, "/journal?after=x", None).await.status, 400);
    world.control(Method::POST, "/reset", None).await;
    assert!(world.journal(0).await.is_empty());
}

//! Keys, wallets and calls in flight of HarvestAPI.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn a_wallet_is_charged_to_the_micro_dollar() {
    let world = World::new().await;
    let balance = async || world.linkedin("/users/my-api-user").await.json()["usage"]["balance"].to_string();
    for (query, status, cost, left) in [
        ("query=person-0002", 200, "0.0064", "999.9936"),
        ("query=person-0002&main=true", 200, "0.004", "999.9896"),
        ("query=person-0002&findEmail=true", 200, "0.02", "999.9696"),
        ("query=person-0001&findEmail=true", 200, "0.0064", "999.9632"),
        ("query=person-0002&findEmail=true&main=true", 200, "0.004", "999.9592"),
        ("query=nobody-fx9999", 404, "0.004", "999.9552"),
        ("main=true", 400, "0", "999.9552"),
    ] {
        let answer = world.linkedin(&format!("/linkedin/profile?{query}")).await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        assert_eq!((&body["status"], body["cost"].to_string().as_str()), (&json!(status), cost), "{query}");
        assert_eq!(balance().await, left, "{query}");
        assert_eq!(body["element"].is_object(), status == 200);
        assert_eq!(body["error"].is_null(), status == 200);
        assert_eq!(body["user"], json!({"membershipTier": "business", "requestsConcurrency": 40}));
    }
    for number in 0..100 {
        world.linkedin(&format!("/linkedin/profile?query=person-{:04}", 1 + number)).await;
    }
    assert_eq!(balance().await, "999.3152");
}

#[tokio::test]
async fn a_balance_that_does_not_cover_the_price_stays_as_it_is() {
    let world = World::new().await;
    world.set(json!({"harvestapi_key": world.key, "balance": "0.0100"})).await;
    let refused = world.linkedin("/linkedin/profile?query=jeffweiner08&findEmail=true").await;
    assert_eq!((refused.status, refused.json()), (402, json!({"error": {"error": "Payment required"}})));
    assert_eq!(world.linkedin("/linkedin/profile?query=jeffweiner08").await.status, 200);
    assert_eq!(world.linkedin("/linkedin/profile?query=jeffweiner08&main=true").await.status, 402);
    let user = world.linkedin("/users/my-api-user").await.json();
    assert_eq!(
        (user["usage"]["balance"].to_string(), user["user"]["totalBalance"].to_string()),
        ("0.0036".into(), "1000".into())
    );
}

#[tokio::test]
async fn keys_are_asked_for_on_every_path() {
    let world = World::new().await;
    let bare = world
        .client
        .get(format!("{}/users/my-api-user", world.sandbox.harvestapi_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 401);
    for state in ["revoked", "expired"] {
        world.set(json!({"api_key": world.key, "state": state})).await;
        let answer = world.linkedin("/linkedin/profile?query=person-0001").await;
        assert_eq!((answer.status, answer.json()), (401, json!({"error": {"error": "Invalid API key"}})));
    }
    world
        .set(json!({"harvestapi_key": world.key, "state": "active", "tier": "starter", "concurrency": 5}))
        .await;
    let body = world.linkedin("/linkedin/profile?query=person-0001").await.json();
    assert_eq!(body["user"], json!({"membershipTier": "starter", "requestsConcurrency": 5}));
    assert_eq!(world.linkedin("/linkedin/nothing").await.status, 404);
}

#[tokio::test]
async fn people_are_found_by_every_form() {
    let world = World::new().await;
    let get = async |query: &str| world.linkedin(&format!("/linkedin/profile?{query}")).await.json();
    let url = "https%3A%2F%2Fwww.linkedin.com%2Fin%2Favery-sampleton-fx0001%2F";
    let avery = get("publicIdentifier=avery-sampleton-fx0001").await;
    assert_eq!(
        (&avery["entityId"], &avery["payments"]),
        (&json!("avery-sampleton-fx0001"), &json!(["linkedinProfile"]))
    );
    for query in [
        format!("query={url}"),
        format!("url={url}"),
        "query=avery-sampleton-fx0001".into(),
        "profileId=ACoAAFX0000AverySampleton000000000000001".into(),
        "query=ACoAAFX0000AverySampleton000000000000001".into(),
    ] {
        assert_eq!(get(&query).await["element"], avery["element"], "{query}");
    }
    let asked = get(&format!("query={url}&cookie=secret")).await;
    assert_eq!(asked["query"], json!({"url": "https://www.linkedin.com/in/avery-sampleton-fx0001/"}));
    assert_eq!(
        asked["originalQuery"],
        json!({"query": "https://www.linkedin.com/in/avery-sampleton-fx0001/"})
    );
    for slug in ["jeffweiner08", "quinn-testwell-fx0002", "person-0001", "person-5000"] {
        assert_eq!(get(&format!("query={slug}")).await["element"]["publicIdentifier"], slug);
    }
    assert_eq!(get("query=person-5001").await["status"], 404);

    let main = get("query=jeffweiner08&main=true").await["element"].clone();
    let full = get("query=jeffweiner08").await["element"].clone();
    let count = |profile: &Value, name: &str| profile[name].as_array().unwrap().len();
    assert_eq!((count(&full, "experience"), count(&main, "experience")), (7, 5));
    assert_eq!((count(&main, "education"), count(&main, "skills")), (2, 2));
    assert!(main["emails"].is_null() && main["certifications"].is_null());
    let mail = get("query=jeffweiner08&findEmail=true").await;
    assert_eq!(mail["payments"], json!(["linkedinProfileWithEmail"]));
    assert_eq!(mail["element"]["emails"][0]["status"], "valid");
    let guess = get("query=jeffweiner08&findEmail=true&skipSmtp=true").await;
    assert_eq!(guess["element"]["emails"][0]["status"], "risky");
    assert_eq!(get("query=person-0001&findEmail=true").await["element"]["emails"], json!([]));
}

#[tokio::test]
async fn the_large_profile_has_its_size() {
    let world = World::new().await;
    let answer = world.linkedin("/linkedin/profile?query=sixty-kilobytes").await;
    assert!((59_000..=63_000).contains(&answer.text.len()), "{}", answer.text.len());
    assert_eq!(answer.json()["element"]["publicIdentifier"], "sixty-kilobytes");
}

#[tokio::test]
async fn beyond_the_waiting_room_calls_are_refused() {
    let world = World::new().await;
    world.set(json!({"harvestapi_key": world.key, "concurrency": 2})).await;
    world.fault(json!({"api": "harvestapi", "count": 0, "delay_ms": 400})).await;
    let began = Instant::now();
    let mut statuses = Vec::new();
    let mut refused = 0;
    let mut pending = tokio::task::JoinSet::new();
    for _ in 0..15 {
        let (client, key) = (world.client.clone(), world.key.clone());
        let url = format!("{}/linkedin/profile?query=person-0001", world.sandbox.harvestapi_url());
        pending.spawn(async move { client.get(url).header("X-API-Key", key).send().await.unwrap() });
    }
    while let Some(answer) = pending.join_next().await {
        let answer = answer.unwrap();
        statuses.push(answer.status().as_u16());
        if answer.status() == 429 {
            refused += 1;
            assert!(began.elapsed() < Duration::from_millis(390), "a refusal does not wait");
            let text = answer.text().await.unwrap();
            assert_eq!(text, r#"{"error":{"error":"Too many concurrent requests"}}"#);
        }
    }
    assert_eq!((refused, statuses.len()), (3, 15));
    assert!(began.elapsed() >= Duration::from_millis(2400), "twelve calls, two at a time");
    // A caller that hangs up gives its place back.
    let short =
        world.client.get(format!("{}/linkedin/profile?query=person-0001", world.sandbox.harvestapi_url()));
    let short = short.header("X-API-Key", &world.key).timeout(Duration::from_millis(50));
    assert!(short.send().await.is_err());
    world.control(Method::DELETE, "/faults", None).await;
    world.set(json!({"harvestapi_key": world.key, "concurrency": 1})).await;
    assert_eq!(world.linkedin("/linkedin/profile?query=person-0001").await.status, 200);
}

#[tokio::test]
async fn apify_has_a_door() {
    let world = World::new().await;
    let get = async |token: Option<&str>, path: &str| {
        let mut request = world.client.get(format!("{}{path}", world.sandbox.apify_url()));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = crate::support::Answer::of(request.send().await.unwrap()).await;
        (answer.status, answer.json()["error"]["type"].as_str().unwrap().to_owned())
    };
    assert_eq!(get(None, "/v2/acts").await, (401, "token-not-provided".into()));
    assert_eq!(get(Some("no-such-token"), "/v2/acts").await, (401, "invalid-token".into()));
    assert_eq!(get(Some(&world.apify), "/v2/acts").await, (404, "record-not-found".into()));
    assert_eq!(get(None, &format!("/v2/acts?token={}", world.apify)).await, (404, "record-not-found".into()));
    world.set(json!({"apify_token": world.apify, "state": "revoked"})).await;
    assert_eq!(get(Some(&world.apify), "/v2/acts").await, (401, "invalid-token".into()));
}

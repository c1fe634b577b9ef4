//! Something in between answers, and not the vendor.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

const APIS: [(&str, &str); 3] =
    [("harvest", "/v2/users/me"), ("harvestapi", "/users/my-api-user"), ("apify", "/v2/users/me")];

fn url(world: &World, api: &str, path: &str) -> String {
    format!("{}{path}", world.origin(api))
}

#[tokio::test]
async fn an_edge_answers_every_status_with_a_page_of_its_own() {
    let world = World::new().await;
    for (api, path) in APIS {
        for status in [401, 403, 429, 502, 503] {
            world.fault(json!({"api": api, "edge": "before", "status": status})).await;
            // The edge asks for no credential and tells nothing of the vendor's.
            let answer = world.client.get(url(&world, api, path)).send().await.unwrap();
            assert_eq!(answer.status(), status);
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!((header("content-type"), header("server")), (Some("text/html"), Some("sandbox-edge")));
            assert_eq!(header("www-authenticate"), None);
            assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"), "{api} {status}");
        }
    }
}

#[tokio::test]
async fn an_edge_has_bodies_of_every_kind() {
    let world = World::new().await;
    let ask = async |effect: Value| {
        let mut fault = json!({"api": "harvest", "edge": "before", "status": 403});
        fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
        world.fault(fault).await;
        let url = url(&world, "harvest", "/v2/users/me");
        let answer = world.client.get(url).bearer_auth(&world.token).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let length = answer.content_length();
        (answer.status().as_u16(), kind, length, answer.text().await)
    };
    let (status, kind, length, text) = ask(json!({"body": "empty"})).await;
    assert_eq!((status, kind.as_str(), length, text.unwrap().as_str()), (403, "text/html", Some(0), ""));
    let (status, kind, _, text) = ask(json!({"body": {"json": {"message": "Forbidden"}}})).await;
    assert_eq!(
        (status, kind.as_str(), text.unwrap().as_str()),
        (403, "application/json; charset=utf-8", r#"{"message":"Forbidden"}"#)
    );
    let (_, kind, _, text) = ask(json!({"body": {"text": "error code: 1020"}})).await;
    assert_eq!((kind.as_str(), text.unwrap().as_str()), ("text/plain", "error code: 1020"));
    let (_, kind, length, text) = ask(json!({"body": "cut"})).await;
    assert!(kind == "text/html" && length.unwrap() > 50 && text.is_err());
    let (status, kind, ..) =
        ask(json!({"status": 200, "headers": {"content-type": "text/html; charset=utf-8"}})).await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn a_body_breaks_off_also_where_there_is_none() {
    let world = World::new().await;
    // Harvest's limit is told without a body.
    world.fault(json!({"api": "harvest", "status": 429, "body": "cut"})).await;
    let url = url(&world, "harvest", "/v2/company");
    let request = world.client.get(url).bearer_auth(&world.token);
    let answer = request.header("Harvest-Account-Id", world.account.to_string()).send().await.unwrap();
    assert_eq!(answer.content_length(), Some(1));
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn an_edge_stands_before_or_after_the_deed() {
    let world = World::new().await;
    let entry =
        json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "hours": 1});
    for (moment, entries) in [("before", 200), ("after", 201)] {
        world.fault(json!({"api": "harvest", "method": "POST", "edge": moment, "status": 502})).await;
        let answer = world.harvest(Method::POST, "/v2/time_entries", Some(entry.clone())).await;
        assert_eq!((answer.status, answer.header("content-type")), (502, Some("text/html")));
        assert_eq!(answer.header("location"), None);
        assert_eq!(world.get("/v2/time_entries").await["total_entries"], entries, "{moment}");
    }
    let balance = async || world.linkedin("/users/my-api-user").await.json()["usage"]["balance"].to_string();
    for (moment, left) in [("before", "1000"), ("after", "999.9936")] {
        world.fault(json!({"api": "harvestapi", "edge": moment, "status": 503})).await;
        assert_eq!(world.linkedin("/linkedin/profile?query=person-0001").await.status, 503);
        assert_eq!(balance().await, left, "{moment}");
    }
}

#[tokio::test]
async fn a_fault_lets_calls_pass_before_and_after_it() {
    let world = World::new().await;
    // The first fault that fits takes the call, so that one without an effect makes an exception from the next.
    world.fault(json!({"api": "harvest", "path": "/v2/users/me", "count": 0})).await;
    world.fault(json!({"api": "harvest", "skip": 2, "count": 2, "edge": "before", "status": 403})).await;
    let mut seen = Vec::new();
    for path in [
        "/v2/company",
        "/v2/users/me",
        "/v2/company",
        "/v2/company",
        "/v2/users/me",
        "/v2/users",
        "/v2/users",
    ] {
        seen.push(world.harvest(Method::GET, path, None).await.status);
    }
    assert_eq!(seen, [200, 200, 200, 403, 200, 403, 200]);
}

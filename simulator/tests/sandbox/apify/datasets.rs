//! Rows of datasets, as they are asked for.

use reqwest::Method;
use serde_json::{Value, json};

use super::{PROFILES, kind, people};
use crate::support::{Answer, World};

async fn items(world: &World, run: &Value, query: &str) -> Answer {
    let path = format!("/v2/datasets/{}/items{query}", run["defaultDatasetId"].as_str().unwrap());
    world.apify(Method::GET, &path, None).await
}

fn names(answer: &Answer) -> Vec<String> {
    let rows = answer.json();
    rows.as_array().unwrap().iter().map(|row| row["publicIdentifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn rows_are_paged_and_keep_their_order() {
    let world = World::new().await;
    let (run, rows) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(20)})).await;
    assert_eq!(rows.len(), 20);
    let all = items(&world, &run, "").await;
    let headers = |answer: &Answer| {
        ["total", "offset", "count", "limit", "desc"]
            .map(|name| answer.header(&format!("X-Apify-Pagination-{name}")).unwrap().to_owned())
    };
    assert_eq!(headers(&all), ["20", "0", "20", "999999999999", "false"]);
    assert_eq!(all.header("content-type"), Some("application/json; charset=utf-8"));
    let mut walked = Vec::new();
    for (offset, count) in [(0, 8), (8, 8), (16, 4), (24, 0)] {
        let page = items(&world, &run, &format!("?format=json&limit=8&offset={offset}")).await;
        assert_eq!(headers(&page), ["20", &offset.to_string(), &count.to_string(), "8", "false"]);
        walked.extend(names(&page));
    }
    assert_eq!(walked, names(&all));
    let back = items(&world, &run, "?desc=1&limit=2").await;
    assert_eq!(names(&back), [walked[19].clone(), walked[18].clone()]);
    let path = format!("/v2/actor-runs/{}/dataset/items", super::id(&run));
    assert_eq!(world.apify(Method::GET, &path, None).await.text, all.text);
    let path = format!("/v2/datasets/{}", run["defaultDatasetId"].as_str().unwrap());
    let dataset = world.apify(Method::GET, &path, None).await.json()["data"].clone();
    assert_eq!((&dataset["itemCount"], &dataset["actRunId"]), (&json!(20), &run["id"]));
}

#[tokio::test]
async fn rows_come_in_the_form_that_is_asked_for() {
    let world = World::new().await;
    let (run, rows) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(3)})).await;
    let lines = items(&world, &run, "?format=jsonl").await;
    assert_eq!(lines.header("content-type"), Some("application/jsonl; charset=utf-8"));
    let parsed: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(parsed, rows);
    let picked = items(&world, &run, "?fields=originalQuery,id").await;
    assert_eq!(picked.json()[0], json!({"originalQuery": rows[0]["originalQuery"], "id": rows[0]["id"]}));
    let omitted = items(&world, &run, "?omit=about,experience&clean=true").await;
    assert!(omitted.json()[0]["about"].is_null() && omitted.json()[0]["education"].is_array());
    assert_eq!(items(&world, &run, "?fields=nothing&clean=1").await.json(), json!([]));
    for query in ["?format=csv", "?unwind=experience", "?limit=-1", "?offset=x"] {
        let answer = items(&world, &run, query).await;
        assert_eq!(kind(&answer), (400, "invalid-value".into()), "{query}");
    }
}

#[tokio::test]
async fn runs_are_listed_for_their_token() {
    let world = World::new().await;
    let first = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(1)})).await.0;
    world.tune(json!({"run_end": "FAILED"})).await;
    let second = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(1)})).await.0;
    let list = async |path: &str| world.apify(Method::GET, path, None).await.json()["data"].clone();
    let all = list("/v2/actor-runs").await;
    assert_eq!((&all["total"], &all["items"][0]["id"]), (&json!(2), &first["id"]));
    assert_eq!(list("/v2/actor-runs?desc=1&limit=1").await["items"][0]["id"], second["id"]);
    assert_eq!(list("/v2/actor-runs?status=FAILED").await["items"][0]["id"], second["id"]);
    assert_eq!(list(&format!("{PROFILES}/runs?offset=1")).await["count"], 1);
    assert_eq!(list(&format!("{}/runs", super::EMPLOYEES)).await["total"], 0);
    world.set(json!({"apify_token": "another-apify-token"})).await;
    let other = world.apify_as("another-apify-token", Method::GET, "/v2/actor-runs", None).await.json();
    assert_eq!(other["data"]["total"], 0);
}

//! Rows that come to be seen some time after their run has ended.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::{PROFILES, people};
use crate::support::World;

async fn counted(world: &World, run: &Value) -> [u64; 3] {
    let dataset = run["defaultDatasetId"].as_str().unwrap();
    let items = world.apify(Method::GET, &format!("/v2/datasets/{dataset}/items"), None).await;
    let total = items.header("x-apify-pagination-total").unwrap().parse().unwrap();
    let count = items.header("x-apify-pagination-count").unwrap().parse().unwrap();
    [items.json().as_array().unwrap().len() as u64, total, count]
}

#[tokio::test]
async fn rows_are_late_for_so_many_looks() {
    let world = World::new().await;
    world.tune(json!({"pace_ms": 300})).await;
    world.fault(json!({"api": "apify", "path": "/v2/datasets/*", "rows": 1, "count": 2})).await;
    let run = world.start(&format!("{PROFILES}/runs"), json!({"urls": people(3)})).await;
    // Looks while the run goes on are not counted.
    assert_eq!(counted(&world, &run).await, [0; 3]);
    let run = world.ended(&run).await;
    assert_eq!((&run["status"], &run["chargedEventCounts"]["profile"]), (&json!("SUCCEEDED"), &json!(3)));
    assert_eq!(counted(&world, &run).await, [1; 3]);
    let path = format!("/v2/datasets/{}", run["defaultDatasetId"].as_str().unwrap());
    assert_eq!(world.apify(Method::GET, &path, None).await.json()["data"]["itemCount"], 1);
    assert_eq!(counted(&world, &run).await, [3; 3]);
    assert_eq!(world.apify(Method::GET, &path, None).await.json()["data"]["itemCount"], 3);
}

#[tokio::test]
async fn rows_are_late_for_so_long() {
    let world = World::new().await;
    world.fault(json!({"api": "apify", "rows": 0, "late_ms": 700})).await;
    let run = world.start(&format!("{PROFILES}/runs"), json!({"urls": people(2)})).await;
    let run = world.ended(&run).await;
    let began = Instant::now();
    assert_eq!(counted(&world, &run).await, [0; 3]);
    while counted(&world, &run).await[0] == 0 {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() > Duration::from_millis(400), "{:?}", began.elapsed());
    assert_eq!(counted(&world, &run).await, [2; 3]);
    // A page within the rows that show is a page of these.
    world.fault(json!({"api": "apify", "path": "/v2/actor-runs/*", "rows": 1})).await;
    let path = format!("/v2/actor-runs/{}/dataset/items?offset=1&limit=5", super::id(&run));
    assert_eq!(world.apify(Method::GET, &path, None).await.json(), json!([]));
    assert_eq!(world.apify(Method::GET, &path, None).await.json().as_array().unwrap().len(), 1);
}

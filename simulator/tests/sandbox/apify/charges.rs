//! What runs charge.

use reqwest::Method;
use serde_json::json;

use super::{PROFILES, WITH_EMAIL, kind, outcome, people, url};
use crate::support::World;

#[tokio::test]
async fn an_address_is_charged_only_where_one_is_found() {
    let world = World::new().await;
    let urls = [url("person-0001"), url("person-0002"), url("nobody-fx9999"), url("avery-sampleton-fx0001")];
    for mode in [WITH_EMAIL, "3"] {
        let input = json!({"profileScraperMode": mode, "urls": urls});
        let (run, rows) = world.run(&format!("{PROFILES}/runs"), input).await;
        assert_eq!(run["chargedEventCounts"], json!({"profile": 2, "profile_with_email": 2}));
        assert_eq!(run["usageTotalUsd"].to_string(), "0.028");
        for row in rows.iter().filter(|row| row["element"].is_object() || row["id"].is_string()) {
            let found = row["publicIdentifier"] != "person-0001";
            assert_eq!(row["emails"].as_array().unwrap().len(), usize::from(found), "{}", row["id"]);
        }
    }
    assert_eq!(world.balance().await, "999.944");
    for mode in ["2", "anything else", "Full"] {
        let input = json!({"profileScraperMode": mode, "urls": urls});
        let (run, rows) = world.run(&format!("{PROFILES}/runs"), input).await;
        assert_eq!(run["chargedEventCounts"], json!({"profile": 4, "profile_with_email": 0}), "{mode}");
        assert!(rows.iter().all(|row| row["emails"].as_array().is_none_or(Vec::is_empty)));
    }
}

#[tokio::test]
async fn a_cap_ends_a_run_early() {
    let world = World::new().await;
    for (cap, rows, spent) in [
        ("0.012", 3, "0.012"),
        ("0.0159999", 3, "0.012"),
        ("0.0039", 0, "0"),
        // The cap for all of them: nothing is left out, though the run says that it ended at its cap.
        ("0.04", 10, "0.04"),
    ] {
        let path = format!("{PROFILES}/runs?maxTotalChargeUsd={cap}");
        let (run, found) = world.run(&path, json!({"urls": people(10)})).await;
        assert_eq!(outcome(&run), ("SUCCEEDED", "max charge reached"), "{cap}");
        assert_eq!((found.len(), run["usageTotalUsd"].to_string().as_str()), (rows, spent), "{cap}");
        assert_eq!(run["chargedEventCounts"]["profile"], rows);
    }
    assert_eq!(world.balance().await, "999.936");
    let (run, _) =
        world.run(&format!("{PROFILES}/runs?maxTotalChargeUsd=0.0401"), json!({"urls": people(10)})).await;
    assert_eq!(outcome(&run), ("SUCCEEDED", "max charge reached"));
    let (run, _) =
        world.run(&format!("{PROFILES}/runs?maxTotalChargeUsd=0.044"), json!({"urls": people(10)})).await;
    assert_eq!(outcome(&run), ("SUCCEEDED", "Finished"));
}

#[tokio::test]
async fn a_cap_is_never_passed_where_prices_differ() {
    let world = World::new().await;
    // Done in the order 4, 3, 2, 1: 10, 4, then 10 again is not covered and is lost, then 4.
    let input = json!({"profileScraperMode": WITH_EMAIL, "urls": people(4)});
    let (run, rows) = world.run(&format!("{PROFILES}/runs?maxTotalChargeUsd=0.0200"), input).await;
    assert_eq!(run["chargedEventCounts"], json!({"profile": 2, "profile_with_email": 1}));
    assert_eq!(run["usageTotalUsd"].to_string(), "0.018");
    let found: Vec<_> = rows.iter().map(|row| row["publicIdentifier"].as_str().unwrap()).collect();
    assert_eq!(found, ["person-0004", "person-0003", "person-0001"]);
    assert_eq!(outcome(&run), ("SUCCEEDED", "max charge reached"));
}

#[tokio::test]
async fn a_number_of_rows_ends_a_run() {
    let world = World::new().await;
    let (run, rows) = world.run(&format!("{PROFILES}/runs?maxItems=4"), json!({"urls": people(10)})).await;
    assert_eq!((outcome(&run), rows.len()), (("SUCCEEDED", "Finished"), 4));
    assert_eq!(run["options"]["maxItems"], 4);
    assert_eq!(world.balance().await, "999.984");
}

#[tokio::test]
async fn an_empty_balance_starts_nothing_and_a_low_one_runs_dry() {
    let world = World::new().await;
    for (balance, path) in [
        ("0", format!("{PROFILES}/runs")),
        ("0.0039", format!("{PROFILES}/run-sync-get-dataset-items")),
        ("0.0239", format!("{}/runs", super::EMPLOYEES)),
    ] {
        world.tune(json!({"balance": balance})).await;
        let body = json!({"urls": people(1), "companies": ["paper-harbour-fx"], "maxItems": 1});
        let answer = world.apify(Method::POST, &path, Some(body)).await;
        assert_eq!(kind(&answer), (402, "not-enough-usage-to-run-paid-actor".into()), "{balance}");
    }
    let list = world.apify(Method::GET, "/v2/actor-runs", None).await.json();
    assert_eq!(list["data"]["total"], 0);

    world.tune(json!({"balance": "0.0100"})).await;
    let (run, rows) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(10)})).await;
    assert_eq!((outcome(&run), rows.len()), (("SUCCEEDED", "max charge reached"), 2));
    assert_eq!(world.balance().await, "0.002");
}

#[tokio::test]
async fn runs_side_by_side_share_one_balance() {
    let world = World::new().await;
    world.tune(json!({"balance": "0.1", "pace_ms": 500})).await;
    let input = json!({"urls": people(20)});
    let mut rows = 0;
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(world.start(&format!("{PROFILES}/runs"), input.clone()).await);
    }
    for run in &runs {
        let run = world.ended(run).await;
        rows += world.rows(&run).await.len();
    }
    assert_eq!((rows, world.balance().await.as_str()), (25, "0"));
}

#[tokio::test]
async fn what_was_charged_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::kept_in(folder.path()).await;
    world.tune(json!({"tier": "free"})).await;
    let (run, _) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(5)})).await;
    // One that still goes on does not keep the sandbox, nor what it keeps, from closing.
    world.tune(json!({"pace_ms": 60_000})).await;
    world.start(&format!("{PROFILES}/runs"), json!({"urls": people(5)})).await;
    world.sandbox.shutdown().await;
    let world = World::kept_in(folder.path()).await;
    let token = world.tune(json!({})).await;
    assert_eq!((token["balance"].to_string().as_str(), &token["tier"]), ("999.98", &json!("free")));
    let gone = world.apify(Method::GET, &format!("/v2/actor-runs/{}", super::id(&run)), None).await;
    assert_eq!(kind(&gone), (404, "record-not-found".into()));
}

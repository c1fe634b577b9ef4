//! The ends that a run may come to.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::{EMPLOYEES, PROFILES, id, outcome, people, url};
use crate::support::World;

async fn abort(world: &World, run: &Value) -> Value {
    let answer = world.apify(Method::POST, &format!("/v2/actor-runs/{}/abort", id(run)), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].clone()
}

/// Waits until so many rows are there.
async fn rows_of(world: &World, run: &Value, count: usize) {
    let until = Instant::now() + Duration::from_secs(10);
    while world.rows(run).await.len() < count {
        assert!(Instant::now() < until, "no {count} rows");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_aborted_run_is_charged_for_what_it_did() {
    let world = World::new().await;
    world.tune(json!({"tier": "free", "pace_ms": 120})).await;
    let run = world.start(&format!("{PROFILES}/runs"), json!({"urls": people(50)})).await;
    rows_of(&world, &run, 2).await;
    let aborting = abort(&world, &run).await;
    assert_eq!((&aborting["status"], &aborting["finishedAt"]), (&json!("ABORTING"), &Value::Null));
    let aborted = world.ended(&run).await;
    assert_eq!((outcome(&aborted).0, &aborted["exitCode"]), ("ABORTED", &Value::Null));
    let rows = world.rows(&aborted).await;
    assert!((2..10).contains(&rows.len()), "{}", rows.len());
    assert_eq!(aborted["chargedEventCounts"]["profile"], rows.len());
    let left = 1_000_000 - 4 * rows.len();
    assert_eq!(world.balance().await, format!("{}.{:03}", left / 1000, left % 1000));

    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.look(&run).await, aborted);
    assert_eq!(abort(&world, &run).await, aborted);
}

#[tokio::test]
async fn a_run_ends_when_its_time_is_up() {
    let world = World::new().await;
    world.tune(json!({"tier": "free", "pace_ms": 400})).await;
    let run = world.start(&format!("{PROFILES}/runs?timeout=1"), json!({"urls": people(50)})).await;
    let mut seen = Vec::new();
    loop {
        let status = world.look(&run).await["status"].as_str().unwrap().to_owned();
        if seen.last() != Some(&status) {
            seen.push(status.clone());
        }
        if status == "TIMED-OUT" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(seen[seen.len() - 3..], ["RUNNING", "TIMING-OUT", "TIMED-OUT"]);
    let ended = world.ended(&run).await;
    assert_eq!(outcome(&ended), ("TIMED-OUT", "Actor timed out"));
    let rows = world.rows(&run).await.len();
    assert!((1..=2).contains(&rows), "{rows}");
    assert_eq!(ended["chargedEventCounts"]["profile"], rows);
}

#[tokio::test]
async fn an_end_can_be_forced_on_runs() {
    let world = World::new().await;
    for (end, after, exit_code) in [
        ("FAILED", 0, json!(1)),
        ("TIMED-OUT", 3, Value::Null),
        ("ABORTED", 1, Value::Null),
        ("FAILED", 99, json!(1)),
    ] {
        world.tune(json!({"run_end": end, "run_end_after": after})).await;
        let (run, rows) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(5)})).await;
        assert_eq!((outcome(&run).0, &run["exitCode"]), (end, &exit_code));
        assert_eq!(rows.len(), after.min(5), "{end}");
        assert_eq!(run["chargedEventCounts"]["profile"], rows.len());
    }
    world.tune(json!({"run_end": null})).await;
    let (run, _) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(1)})).await;
    assert_eq!(outcome(&run), ("SUCCEEDED", "Finished"));
}

#[tokio::test]
async fn a_passing_shortage_fails_a_run_for_nothing() {
    let world = World::new().await;
    world.tune(json!({"unavailable": true})).await;
    for (path, input) in [
        (format!("{PROFILES}/runs"), json!({"urls": people(2)})),
        (format!("{EMPLOYEES}/runs"), json!({"companies": ["Paper Harbour"], "maxItems": 5})),
    ] {
        let (run, rows) = world.run(&path, input).await;
        assert_eq!((outcome(&run).0, rows.len(), &run["exitCode"]), ("FAILED", 0, &json!(1)));
        assert!(outcome(&run).1.contains("No available resource"), "{run}");
    }
    assert_eq!(world.balance().await, "1000");
}

#[tokio::test]
async fn a_failure_that_nobody_pays_for_leaves_no_row() {
    let world = World::new().await;
    world.tune(json!({"free_failures": ["person-0002", "person-0004"]})).await;
    let (run, rows) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(5)})).await;
    let mut found: Vec<_> = rows.iter().map(|row| row["originalQuery"]["url"].as_str().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, [url("person-0001"), url("person-0003"), url("person-0005")]);
    assert_eq!(
        (outcome(&run), &run["chargedEventCounts"]["profile"]),
        (("SUCCEEDED", "Finished"), &json!(3))
    );
}

#[tokio::test]
async fn a_run_without_input_fails_and_one_without_profiles_does_not() {
    let world = World::new().await;
    let answer = world.apify(Method::POST, &format!("{PROFILES}/runs?waitForFinish=5"), None).await;
    assert_eq!(outcome(&answer.json()["data"]), ("FAILED", "Input is missing!"));
    let (run, rows) = world.run(&format!("{PROFILES}/runs"), json!({"urls": [" "]})).await;
    assert_eq!((outcome(&run), rows.len()), (("SUCCEEDED", "Finished"), 0));
}

#[tokio::test]
async fn a_reset_ends_all_runs() {
    let world = World::new().await;
    world.tune(json!({"tier": "free", "pace_ms": 50})).await;
    let run = world.start(&format!("{PROFILES}/runs"), json!({"urls": people(50)})).await;
    rows_of(&world, &run, 1).await;
    world.control(Method::POST, "/reset", None).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let gone = world.apify(Method::GET, &format!("/v2/actor-runs/{}", id(&run)), None).await;
    assert_eq!(gone.status, 404);
    let token = world.tune(json!({})).await;
    assert_eq!((token["balance"].to_string().as_str(), &token["tier"]), ("1000", &json!("paying")));
}

//! Runs from their start to their end.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::{PROFILES, people, url};
use crate::support::World;

#[tokio::test]
async fn a_run_goes_from_ready_to_its_rows() {
    let world = World::new().await;
    let input = json!({
        "profileScraperMode": "Profile details no email ($4 per 1k)",
        "urls": [url("avery-sampleton-fx0001"), " ", url("avery-sampleton-fx0001"), url("nobody-fx9999")],
        "publicIdentifiers": ["quinn-testwell-fx0002"],
        "queries": ["https://www.linkedin.com/feed/"],
    });
    let path = format!("{PROFILES}/runs?maxTotalChargeUsd=1&timeout=120&memory=256");
    let answer = world.apify(Method::POST, &path, Some(input)).await;
    let run = answer.json()["data"].clone();
    assert_eq!(answer.status, 201);
    let location = format!("{}/v2/actor-runs/{}", world.sandbox.apify_url(), run["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(
        (&run["status"], &run["finishedAt"], &run["exitCode"]),
        (&json!("READY"), &Value::Null, &Value::Null)
    );
    assert_eq!(
        run["options"],
        json!({"build": "latest", "timeoutSecs": 120, "memoryMbytes": 256, "diskMbytes": 512, "maxTotalChargeUsd": 1})
    );

    let ended = world.ended(&run).await;
    assert_eq!(super::outcome(&ended), ("SUCCEEDED", "Finished"));
    assert_eq!((&ended["exitCode"], &ended["isStatusMessageTerminal"]), (&json!(0), &json!(true)));
    assert_eq!(ended["usageTotalUsd"].to_string(), "0.012");
    assert_eq!(ended["chargedEventCounts"], json!({"profile": 3, "profile_with_email": 0}));
    for name in ["id", "actId", "userId", "startedAt", "defaultDatasetId", "defaultKeyValueStoreId"] {
        assert_eq!(ended[name], run[name], "{name}");
        assert!(run[name].is_string(), "{name}");
    }

    let rows = world.rows(&ended).await;
    let asked: Vec<_> = rows.iter().map(|row| row["originalQuery"].clone()).collect();
    // Each input once, out of order; what nobody paid for left no row.
    assert_eq!(
        asked,
        [
            json!({"publicIdentifier": "quinn-testwell-fx0002"}),
            json!({"url": url("nobody-fx9999")}),
            json!({"url": url("avery-sampleton-fx0001")}),
        ]
    );
    let mut whole =
        world.linkedin("/linkedin/profile?query=avery-sampleton-fx0001").await.json()["element"].clone();
    whole["originalQuery"] = json!({"url": url("avery-sampleton-fx0001")});
    assert_eq!(rows[2], whole);
    let mut miss = rows[1].clone();
    assert!(miss["requestId"].as_str().unwrap().starts_with("sbx-"));
    miss.as_object_mut().unwrap().remove("requestId");
    assert_eq!(
        miss,
        json!({
            "entityId": null,
            "status": 404,
            "error": "Profile not found",
            "query": {"url": url("nobody-fx9999")},
            "originalQuery": {"url": url("nobody-fx9999")},
            "retries": 0,
            "element": null,
        })
    );
}

#[tokio::test]
async fn rows_arrive_while_the_run_works() {
    let world = World::new().await;
    world.tune(json!({"tier": "free", "pace_ms": 120})).await;
    let run = world.start(&format!("{PROFILES}/runs"), json!({"urls": people(5)})).await;
    let mut seen = vec![0];
    while *seen.last().unwrap() < 5 {
        let (look, count) = (world.look(&run).await, world.rows(&run).await.len());
        if count < 5 {
            assert!(["READY", "RUNNING"].contains(&look["status"].as_str().unwrap()), "{look}");
            assert_eq!((&look["finishedAt"], &look["statusMessage"]), (&Value::Null, &Value::Null));
        }
        assert!(count >= *seen.last().unwrap());
        seen.push(count);
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    seen.dedup();
    assert!(seen.len() >= 4, "{seen:?}");
    // A single worker keeps to the order of the input.
    let rows = world.rows(&run).await;
    let urls: Vec<_> =
        rows.iter().map(|row| row["originalQuery"]["url"].as_str().unwrap().to_owned()).collect();
    assert_eq!(urls, people(5));
}

#[tokio::test]
async fn workers_and_pace_are_those_of_the_token() {
    let world = World::new().await;
    let took = async |properties: Value, count| {
        world.tune(properties).await;
        let began = Instant::now();
        let (run, rows) = world.run(&format!("{PROFILES}/runs"), json!({"urls": people(count)})).await;
        assert_eq!((run["status"].as_str().unwrap(), rows.len()), ("SUCCEEDED", count));
        began.elapsed().as_millis()
    };
    let fast = took(json!({}), 50).await;
    assert!(fast < 1500, "{fast} ms");
    let free = took(json!({"tier": "free", "pace_ms": 50}), 8).await;
    assert!(free >= 400, "{free} ms");
    // Fifteen side by side take hardly longer than one.
    let paying = took(json!({"tier": "paying", "pace_ms": 200}), 15).await;
    assert!((200..2500).contains(&paying), "{paying} ms");
}

#[tokio::test]
async fn waiting_ends_with_the_run_or_with_the_time() {
    let world = World::new().await;
    world.tune(json!({"pace_ms": 2000})).await;
    let began = Instant::now();
    let run = world.start(&format!("{PROFILES}/runs?waitForFinish=1"), json!({"urls": people(1)})).await;
    assert_eq!(run["status"], "RUNNING");
    assert!((900..2000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    let ended = world.ended(&run).await;
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(ended["status"], "SUCCEEDED");
    world.tune(json!({"pace_ms": 2})).await;
    let run = world.start(&format!("{PROFILES}/runs?waitForFinish=60"), json!({"urls": people(1)})).await;
    assert_eq!(run["status"], "SUCCEEDED");
}

#[tokio::test]
async fn a_company_among_the_inputs_is_answered_as_one() {
    let world = World::new().await;
    let company = |slug: &str| format!("https://www.linkedin.com/company/{slug}");
    let input = json!({"queries": [company("paper-harbour-fx"), company("none-fx")]});
    let (run, rows) = world.run(&format!("{PROFILES}/runs"), input).await;
    assert_eq!(run["chargedEventCounts"]["profile"], 2);
    assert_eq!(
        (&rows[0]["status"], &rows[0]["error"], &rows[0]["element"]),
        (&json!(200), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&rows[1]["name"], &rows[1]["originalQuery"]["query"]),
        (&json!("Paper Harbour"), &json!(company("paper-harbour-fx")))
    );
}

#[tokio::test]
async fn a_synchronous_call_answers_the_rows() {
    let world = World::new().await;
    let path = format!("{PROFILES}/run-sync-get-dataset-items");
    let answer = world.apify(Method::POST, &path, Some(json!({"urls": people(3)}))).await;
    assert_eq!((answer.status, answer.json().as_array().unwrap().len()), (201, 3));
    assert_eq!(answer.header("x-apify-pagination-total"), Some("3"));
    let answer = world
        .apify(Method::POST, &format!("{path}?limit=1&offset=1"), Some(json!({"urls": people(3)})))
        .await;
    assert_eq!(answer.json()[0]["originalQuery"]["url"], url("person-0002"));
    assert_eq!(answer.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_synchronous_call_that_gives_up_leaves_its_run_going() {
    let world = World::new().await;
    world.tune(json!({"sync_limit_ms": 100, "pace_ms": 400})).await;
    let path = format!("{PROFILES}/run-sync-get-dataset-items");
    let answer = world.apify(Method::POST, &path, Some(json!({"urls": people(2)}))).await;
    assert_eq!(super::kind(&answer), (408, "run-timeout-exceeded".into()));
    assert!(!answer.text.contains("sbxR"), "{}", answer.text);
    let list = world.apify(Method::GET, &format!("{PROFILES}/runs?desc=1"), None).await.json();
    assert_eq!(list["data"]["total"], 1);
    let ended = world.ended(&list["data"]["items"][0]).await;
    assert_eq!((ended["status"].as_str().unwrap(), world.rows(&ended).await.len()), ("SUCCEEDED", 2));
    assert_eq!(world.balance().await, "999.992");

    // So does a run whose caller hangs up.
    let gone = world
        .client
        .post(format!("{}{path}", world.sandbox.apify_url()))
        .bearer_auth(&world.apify)
        .timeout(Duration::from_millis(50))
        .body(json!({"urls": people(2)}).to_string());
    assert!(gone.send().await.unwrap_err().is_timeout());
    let list = world.apify(Method::GET, &format!("{PROFILES}/runs?desc=1"), None).await.json();
    assert_eq!(list["data"]["total"], 2);
    assert_eq!(world.ended(&list["data"]["items"][0]).await["status"], "SUCCEEDED");

    world.tune(json!({"sync_limit_ms": 300_000, "pace_ms": 2, "run_end": "FAILED"})).await;
    let answer = world.apify(Method::POST, &path, Some(json!({"urls": people(2)}))).await;
    assert_eq!(super::kind(&answer), (400, "run-failed".into()));
}

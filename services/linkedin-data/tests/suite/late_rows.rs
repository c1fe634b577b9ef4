//! Rows that were charged and that the dataset does not have yet, for each tool that reads a run.
use std::time::Duration;

use granary_linkedin_data::Config;
use granary_rpc::Reason;
use serde_json::{Value, json};

use crate::bulk::{token, url};
use crate::path;
use crate::stub::{Canned, Stub};
use crate::wire::{Answered, Service, detail, reason};

const RUN: &str = "/v2/actor-runs/runInvented03";
const ROWS: &str = "/v2/datasets/setInvented03/items";

/// The tools, each with what it is asked.
fn tools() -> [(&'static str, Value); 3] {
    [
        ("BulkScrapeProfiles", json!({"urls": [url("a"), url("b")]})),
        ("BulkScrapeCompanyEmployees", json!({"companies": ["beacon-works-invented"], "max_items": 2})),
        ("GetBulkRun", json!({"run_id": "runInvented03"})),
    ]
}

fn row(slug: &str) -> Value {
    json!({"id": slug, "firstName": slug, "originalQuery": {"url": url(slug)}})
}

/// What a tool answers where a run has ended with two charged results, and each look at its dataset finds these rows.
async fn answered(rpc: &str, input: &Value, looks: Vec<Value>, time: u64) -> Value {
    let looks = looks.iter().map(|rows| Canned::json("GET", ROWS, 200, rows)).collect();
    outcome(rpc, input, looks, time).await.unwrap().json
}

/// The same, where each look is answered so.
async fn outcome(rpc: &str, input: &Value, looks: Vec<Canned>, time: u64) -> Result<Answered, tonic::Status> {
    outcome_of("SUCCEEDED", rpc, input, looks, time).await
}

/// The same, where the run has ended so.
async fn outcome_of(
    end: &str,
    rpc: &str,
    input: &Value,
    looks: Vec<Canned>,
    time: u64,
) -> Result<Answered, tonic::Status> {
    let run = |status: &str| {
        json!({"data": {"id": "runInvented03", "status": status, "defaultDatasetId": "setInvented03",
            "usageTotalUsd": 0.008, "chargedEventCounts": {"profile": 2, "actor-start": 1}}})
    };
    let start = |actor: &str| {
        let runs = format!("/v2/acts/harvestapi~linkedin-{actor}/runs");
        Canned::json("POST", &runs, 201, &run("READY"))
    };
    let mut canned =
        vec![start("profile-scraper"), start("company-employees"), Canned::json("GET", RUN, 200, &run(end))];
    canned.extend(looks);
    let upstream = Stub::start(canned).await;
    let mut config = Config::default();
    config.apify.base_url.clone_from(&upstream.url);
    let routes = |ring| granary_linkedin_data::routes(&config, ring);
    let service = Service::open_for(Duration::from_secs(time), routes).await;
    service.call(&path(rpc), &token(), input).await
}

fn names(answered: &Value) -> Vec<String> {
    let elements = answered["elements"].as_array().unwrap();
    let name = |element: &Value| {
        let profile = element.get("profile").unwrap_or(element);
        profile["first_name"].as_str().map(str::to_owned)
    };
    elements.iter().filter_map(name).collect()
}

#[tokio::test]
async fn every_tool_that_reads_a_run_looks_again_for_rows_that_were_charged() {
    for (rpc, input) in tools() {
        let looks = vec![json!([row("a")]), json!([]), json!([row("b")])];
        let answered = answered(rpc, &input, looks, 20).await;
        assert_eq!(names(&answered), ["a", "b"], "{rpc}");
        assert!(answered["warnings"].as_array().is_none_or(Vec::is_empty), "{rpc}: {}", answered["warnings"]);
    }
}

#[tokio::test]
async fn rows_that_stay_away_until_the_deadline_are_told_to_be_missing() {
    for (rpc, input) in tools() {
        let looks = [vec![json!([row("a")])], vec![json!([]); 9]].concat();
        let answered = answered(rpc, &input, looks, 3).await;
        assert_eq!(names(&answered), ["a"], "{rpc}");
        let warnings = answered["warnings"].as_array().unwrap();
        let [warning] = &warnings[..] else { panic!("{rpc}: {warnings:?}") };
        assert_eq!(warning["code"], "ROWS_MISSING", "{rpc}");
        let message = warning["message"].as_str().unwrap();
        for part in ["2 charged results", "runInvented03", "setInvented03", "had 1"] {
            assert!(message.contains(part), "{rpc}: {message}");
        }
        // Nothing is called free against the count of what was charged.
        if rpc == "BulkScrapeProfiles" {
            let error = &answered["elements"][1]["error"];
            assert_eq!(error["reason"], "NO_RESULT");
            assert!(error["message"].as_str().unwrap().contains("may have been billed"), "{error}");
        }
    }
}

/// A page in front of a dataset is no reason to begin another run: this one is paid.
#[tokio::test]
async fn what_stands_before_the_rows_of_a_paid_run_for_a_moment_costs_nothing() {
    let page = || Canned::new("GET", ROWS, 403, "<html>Just a moment</html>");
    for (rpc, input) in tools() {
        let shut = || Canned::new("GET", ROWS, 502, "");
        let looks = vec![page(), shut(), Canned::json("GET", ROWS, 200, &json!([row("a"), row("b")]))];
        let answered = outcome(rpc, &input, looks, 20).await.unwrap().json;
        assert_eq!(names(&answered), ["a", "b"], "{rpc}");
    }
    for (rpc, input) in tools() {
        let outcome = outcome(rpc, &input, (0..9).map(|_| page()).collect(), 4).await;
        let is_read = rpc == "GetBulkRun";
        let expected = if is_read { Reason::UpstreamUnavailable } else { Reason::UnknownOutcome };
        assert_eq!(reason(&outcome), expected, "{rpc}");
        let failed = outcome.unwrap_err();
        assert_eq!(detail(&failed, "run_id").as_deref(), Some("runInvented03"), "{rpc}");
        assert_eq!(detail(&failed, "collect_with").as_deref(), Some("get_bulk_run"), "{rpc}");
        assert_eq!(detail(&failed, "charge_micros").as_deref(), Some("8000"), "{rpc}");
    }
    // Where the run failed, that is what there is to tell.
    for (rpc, input) in tools().into_iter().filter(|(rpc, _)| *rpc != "GetBulkRun") {
        let outcome = outcome_of("FAILED", rpc, &input, (0..9).map(|_| page()).collect(), 4).await;
        assert_eq!(reason(&outcome), Reason::UpstreamUnavailable, "{rpc}");
        let failed = outcome.unwrap_err();
        assert!(failed.message().contains("ended as FAILED"), "{rpc}: {failed:?}");
    }
}

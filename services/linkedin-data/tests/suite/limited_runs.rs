//! Runs that Apify calls a success, and that were let do no more; and what Apify counts in its own way.
use std::time::Instant;

use granary_rpc::Reason;
use serde_json::{Value, json};

use crate::stub::{Canned, Stub};
use crate::tools::held;
use crate::wire::{Answered, detail, reason};
use crate::{path, service_with};

/// What a test says of a run that has succeeded.
struct Said {
    message: &'static str,
    cost: Value,
    events: Value,
    rows: Vec<&'static str>,
}

fn url(slug: &str) -> String {
    format!("https://www.linkedin.com/in/{slug}")
}

fn row(slug: &&str) -> Value {
    json!({"id": slug, "firstName": slug, "originalQuery": {"url": url(slug)}})
}

async fn call(rpc: &str, said: &Said) -> Result<Answered, tonic::Status> {
    let run = |status: &str| {
        json!({"data": {"id": "runInvented02", "actId": "a", "status": status, "statusMessage": said.message,
            "defaultDatasetId": "setInvented02", "usageTotalUsd": said.cost, "chargedEventCounts": said.events}})
    };
    let (actor, tool, input) = match rpc {
        "BulkScrapeProfiles" => {
            ("profile-scraper", "bulk_scrape_profiles", json!({"urls": [url("ann"), url("bob")]}))
        }
        _ => (
            "company-employees",
            "bulk_scrape_company_employees",
            json!({"companies": ["https://www.linkedin.com/company/stripe"], "max_items": 2}),
        ),
    };
    let rows: Vec<Value> = said.rows.iter().map(row).collect();
    let upstream = Stub::start(vec![
        Canned::json("POST", &format!("/v2/acts/harvestapi~linkedin-{actor}/runs"), 201, &run("READY")),
        Canned::json("GET", "/v2/actor-runs/runInvented02", 200, &run("SUCCEEDED")),
        Canned::json("GET", "/v2/datasets/setInvented02/items", 200, &json!(rows)),
    ])
    .await;
    let mut config = granary_linkedin_data::Config::default();
    config.apify.base_url.clone_from(&upstream.url);
    let token = held(granary_proto::policy_table().unwrap().tool(tool).unwrap()).remove(0);
    service_with(&config).await.call(&path(rpc), &token, &input).await
}

/// The actor ends by itself, with code 0, where a user who does not pay has had as many runs as are free.
#[tokio::test]
async fn a_run_whose_user_has_no_more_of_them_is_no_answer_of_nobody() {
    for rpc in ["BulkScrapeProfiles", "BulkScrapeCompanyEmployees"] {
        for message in ["free user run limit exceeded", "Free user run limit reached"] {
            let said = Said { message, cost: json!(0), events: json!({}), rows: vec![] };
            let outcome = call(rpc, &said).await;
            assert_eq!(reason(&outcome), Reason::OutOfCredit, "{rpc}: {message}");
            let failed = outcome.unwrap_err();
            assert_eq!(detail(&failed, "run_id").as_deref(), Some("runInvented02"));
            assert_eq!(detail(&failed, "upstream_message").as_deref(), Some(message));
        }
        // The cap is the call's own, with rows or without.
        for (cost, events, rows) in [
            (json!(0.004), json!({"profile": 1}), vec!["ann"]),
            (json!(0.02), json!({"actor-start": 1}), vec![]),
        ] {
            let answered =
                call(rpc, &Said { message: "max charge reached", cost, events, rows }).await.unwrap();
            let warning = &answered.json["warnings"][0];
            assert_eq!(warning["code"], "RUN_CUT_SHORT", "{rpc}");
            assert!(warning["message"].as_str().unwrap().contains("max charge reached"), "{warning}");
        }
    }
}

#[tokio::test]
async fn nobody_is_an_answer_where_the_run_says_nothing_else_and_what_it_says_is_told() {
    let quiet = Said { message: "", cost: json!(0), events: json!({}), rows: vec![] };
    let answered = call("BulkScrapeCompanyEmployees", &quiet).await.unwrap();
    assert!(answered.json["warnings"].as_array().is_none_or(Vec::is_empty), "{}", answered.json);
    assert_eq!(answered.json["charge"]["cost_micros"], 0);
    let said = Said { message: "no search query", ..quiet };
    let answered = call("BulkScrapeCompanyEmployees", &said).await.unwrap();
    assert!(answered.json["warnings"][0]["message"].as_str().unwrap().contains("no search query"));
}

/// For some seconds after its end a run shows a sum of 0 beside what was charged.
#[tokio::test]
async fn a_sum_that_apify_has_not_made_yet_is_unknown_and_not_nothing() {
    let said = Said { message: "", cost: json!(0), events: json!({"profile": 2}), rows: vec!["ann", "bob"] };
    for rpc in ["BulkScrapeProfiles", "BulkScrapeCompanyEmployees"] {
        let answered = call(rpc, &said).await.unwrap();
        let charge = &answered.json["charge"];
        assert!(charge.get("cost_micros").is_none_or(Value::is_null), "{rpc}: {charge}");
        assert_eq!(charge["payment_codes"], json!(["profile"]), "{rpc}");
    }
}

/// Apify charges for each row of a dataset beside the actor's own events, and for each start.
#[tokio::test]
async fn what_apify_itself_charges_is_no_further_result() {
    let events = json!({"apify-actor-start": 1, "apify-default-dataset-item": 2, "profile": 2});
    let said = Said { message: "", cost: json!(0.00807), events, rows: vec!["ann", "bob"] };
    for rpc in ["BulkScrapeProfiles", "BulkScrapeCompanyEmployees"] {
        let begin = Instant::now();
        let answered = call(rpc, &said).await.unwrap();
        assert!(answered.json["warnings"].as_array().is_none_or(Vec::is_empty), "{rpc}: {}", answered.json);
        assert!(begin.elapsed().as_secs() < 10, "rows that do not exist are not looked for");
    }
}

#[tokio::test]
async fn the_money_of_the_month_that_is_used_up_is_no_missing_right() {
    let body = |message: &str| json!({"error": {"type": "platform-feature-disabled", "message": message}});
    for (message, expected) in [
        ("Monthly usage hard limit exceeded", Reason::OutOfCredit),
        ("Proxies are disabled for this user", Reason::UpstreamForbidden),
    ] {
        let runs = "/v2/acts/harvestapi~linkedin-profile-scraper/runs";
        let upstream = Stub::start(vec![Canned::json("POST", runs, 403, &body(message))]).await;
        let mut config = granary_linkedin_data::Config::default();
        config.apify.base_url.clone_from(&upstream.url);
        let token =
            held(granary_proto::policy_table().unwrap().tool("bulk_scrape_profiles").unwrap()).remove(0);
        let input = json!({"urls": [url("ann")]});
        let outcome = service_with(&config).await.call(&path("BulkScrapeProfiles"), &token, &input).await;
        assert_eq!(reason(&outcome), expected, "{message}");
        assert_eq!(crate::wire::outcome(outcome.unwrap_err().metadata()), None, "the token is not at fault");
    }
}

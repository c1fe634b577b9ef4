//! What Apify tells of a run is about the run that was asked for, and a run that began is named.
use granary_rpc::Reason;
use serde_json::{Value, json};

use crate::stub::{Canned, Stub};
use crate::tools::held;
use crate::wire::{Answered, detail, reason};
use crate::{path, service_with};

const START: &str = "/v2/acts/harvestapi~linkedin-profile-scraper/runs";
const EMPLOYEES: &str = "/v2/acts/harvestapi~linkedin-company-employees/runs";

fn run(id: &str, status: &str) -> Value {
    json!({"data": {"id": id, "status": status, "defaultDatasetId": "setInvented07", "usageTotalUsd": 0.02,
        "chargedEventCounts": {"profile": 2}}})
}

async fn call(rpc: &str, answers: Vec<Canned>) -> Result<Answered, tonic::Status> {
    let (tool, input) = match rpc {
        "BulkScrapeProfiles" => {
            ("bulk_scrape_profiles", json!({"urls": ["https://www.linkedin.com/in/ann"]}))
        }
        "GetBulkRun" => ("get_bulk_run", json!({"run_id": "runInvented07"})),
        _ => (
            "bulk_scrape_company_employees",
            json!({"companies": ["https://www.linkedin.com/company/stripe"], "max_items": 2}),
        ),
    };
    let upstream = Stub::start(answers).await;
    let mut config = granary_linkedin_data::Config::default();
    config.apify.base_url.clone_from(&upstream.url);
    config.apify.retries = 0;
    let token = held(granary_proto::policy_table().unwrap().tool(tool).unwrap()).remove(0);
    service_with(&config).await.call(&path(rpc), &token, &input).await
}

#[tokio::test]
async fn another_runs_end_is_not_this_ones() {
    let of_another =
        || Canned::json("GET", "/v2/actor-runs/runInvented07", 200, &run("runOther", "SUCCEEDED"));
    for (rpc, start) in [("BulkScrapeProfiles", START), ("BulkScrapeCompanyEmployees", EMPLOYEES)] {
        let begun = Canned::json("POST", start, 201, &run("runInvented07", "READY"));
        let outcome = call(rpc, vec![begun, of_another()]).await;
        assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{rpc}");
        assert_eq!(detail(&outcome.unwrap_err(), "run_id").as_deref(), Some("runInvented07"), "{rpc}");
    }
    assert_eq!(reason(&call("GetBulkRun", vec![of_another()]).await), Reason::UpstreamMalformed);
}

#[tokio::test]
async fn a_run_that_began_is_named_whatever_else_is_told_of_it() {
    let begun = Canned::json("POST", START, 201, &json!({"data": {"id": "runInvented07"}}));
    let outcome = call("BulkScrapeProfiles", vec![begun]).await;
    assert_eq!(reason(&outcome), Reason::UnknownOutcome);
    let failed = outcome.unwrap_err();
    assert_eq!(detail(&failed, "run_id").as_deref(), Some("runInvented07"));
    assert_eq!(detail(&failed, "collect_with").as_deref(), Some("get_bulk_run"));
    assert_eq!(detail(&failed, "upstream_status").as_deref(), Some("201"));
}

#[tokio::test]
async fn a_typed_error_decides_before_a_status_that_says_success() {
    let full = json!({"error": {"type": "actor-memory-limit-exceeded", "message": "no memory left"}});
    let outcome = call("BulkScrapeProfiles", vec![Canned::json("POST", START, 200, &full)]).await;
    assert_eq!(reason(&outcome), Reason::UpstreamUnavailable);
    assert_eq!(
        detail(&outcome.unwrap_err(), "upstream_type").as_deref(),
        Some("actor-memory-limit-exceeded")
    );
}

#[tokio::test]
async fn rows_of_errors_are_no_employees() {
    let answers = |rows: Value| {
        vec![
            Canned::json("POST", EMPLOYEES, 201, &run("runInvented07", "READY")),
            Canned::json("GET", "/v2/actor-runs/runInvented07", 200, &run("runInvented07", "SUCCEEDED")),
            Canned::json("GET", "/v2/datasets/setInvented07/items", 200, &rows),
        ]
    };
    let nobody = json!({"error": "No available resource"});
    let outcome = call("BulkScrapeCompanyEmployees", answers(json!([nobody, {"success": false}]))).await;
    assert_eq!(reason(&outcome), Reason::UpstreamUnavailable);
    let failed = outcome.unwrap_err();
    assert_eq!(detail(&failed, "upstream_message").as_deref(), Some("No available resource"));
    assert_eq!(detail(&failed, "charge_micros").as_deref(), Some("20000"));

    let somebody = json!({"id": "ACwAnn", "firstName": "Ann"});
    let told = call("BulkScrapeCompanyEmployees", answers(json!([somebody, nobody]))).await.unwrap().json;
    assert_eq!(told["elements"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(told["warnings"][0]["code"], "ROWS_WITHOUT_PROFILE", "{told}");
}

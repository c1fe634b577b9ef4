//! A paid run outlives the call that began it: the failure names it, and another call collects what was paid for.
use std::time::{Duration, Instant};

use granary_proto::granary::gateway::v1::ExecuteToolRequest;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_rpc::{Reason, error};
use granary_testkit::Up;
use serde_json::json;
use tonic::Request;

use crate::support::apify;

const TOKEN: &str = "apify_api_canarycollectedlater000000000001";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_outlives_its_call_is_named_and_collected() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    sandbox.set(json!({"apify_token": TOKEN, "pace_ms": 2_000})).await;
    client.account("u").await;
    client.put("u", &apify(TOKEN)).await.unwrap();

    let urls = ["https://www.linkedin.com/in/satyanadella", "https://www.linkedin.com/in/jeffweiner08"];
    let mut request = Request::new(ExecuteToolRequest {
        identifier: "u".to_owned(),
        tool_name: "bulk_scrape_profiles".to_owned(),
        input: Some(Input::ToolInputJson(json!({"urls": urls}).to_string())),
    });
    request.set_timeout(Duration::from_millis(1_200));
    let late = client.tools().execute_tool(request).await.unwrap_err();
    assert_eq!(error::reason_of(&late), Some(Reason::DeadlineExceeded), "{late:?}");
    let run = error::metadata_of(&late, "run_id").expect("the run's name");
    let tool = error::metadata_of(&late, "collect_with").expect("the tool that collects it");

    // At first the run is still at work, which is no failure.
    let collect = json!({"run_id": run}).to_string();
    let (early, _) = client.call("u", &tool, &collect).await.unwrap();
    assert_eq!(early["run"]["status"], "RUNNING", "{early}");
    let began = Instant::now();
    let (all, answer) = loop {
        assert!(began.elapsed() < Duration::from_secs(15), "the run does not end");
        let (now, answer) = client.call("u", &tool, &collect).await.unwrap();
        if now["run"]["status"] != "RUNNING" {
            break (now, answer);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(all["run"]["status"], "SUCCEEDED", "{all}");
    assert_eq!(all["elements"].as_array().map(Vec::len), Some(urls.len()), "{all}");
    assert_eq!(answer.charge.and_then(|charge| charge.cost_micros), Some(8_000), "two profiles at 0.004");
}

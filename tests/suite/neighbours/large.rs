//! What a few bytes of a caller, or of a vendor, may cost.
use std::time::Duration;

use futures_util::future::join_all;
use granary_proto::granary::gateway::v1::ExecuteToolRequest;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_proto::granary::harvest::v1::ListTimeEntriesRequest;
use granary_proto::granary::linkedin::v1::SearchCompaniesRequest;
use granary_testkit::Hostile;
use granary_testkit::hostile::{self, EMPTY, Ended, How};
use granary_testkit::neighbours::Good;
use serde_json::{Value, json};
use tonic::Request;

use super::{Deployment, TOOL, sized};

const MIB: u64 = 1 << 20;

/// What the cost may grow by each time the size doubles; what is quadratic grows by four. Sizes two doublings apart are
/// compared, since over one alone the end of a processor's cache looks like growth.
const TWICE: f64 = 2.5;

async fn execute(caller: &Hostile, tool: &str, json: String, within: Duration) -> Ended {
    let request = ExecuteToolRequest {
        identifier: "evil-user".into(),
        tool_name: tool.into(),
        input: Some(Input::ToolInputJson(json)),
    };
    let mut connection = caller.connect().await;
    connection.call(TOOL, hostile::frame(&request)).await.expect("a call").end(within).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabytes_of_unknown_keys_cost_no_other_caller_a_call() {
    let deployment = Deployment::open(&[]).await;
    let good = deployment.good.clone().calls(&[Good::Account, Good::Company]).rate(40).connections(8);
    let calling = good.start().await;
    // A key that may not even use the tool.
    let time_read = granary_proto::granary::policy::v1::Scope::TimeRead.into();
    let weak = deployment.cluster.client().key("evil", &[time_read], &[]).await.key_text;
    let weak = Hostile::new(&deployment.gateway()).with_key(&weak).with_timeout("200m");
    let json = hostile::unknown_keys(sized(55_000, 55_000));
    let calls = (0..6).map(|_| execute(&weak, "search_leads", json.clone(), Duration::from_secs(2)));
    let ended = join_all(calls).await;
    calling.stop().await.assert_unhurt(Duration::from_secs(1));
    for call in ended {
        assert_ne!(call.how, How::Open, "it has a deadline of 200 ms: {call}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_times_the_unknown_keys_cost_about_four_times_the_time_and_little_of_it() {
    let deployment = Deployment::open(&[]).await;
    let gateway = deployment.cluster.process("gateway");
    let caller = deployment.evil.clone().with_timeout("60S");
    let mut costs = Vec::new();
    for keys in [3_500, 14_000] {
        let json = hostile::unknown_keys(keys);
        let before = gateway.cpu();
        for _ in 0..10 {
            let call = execute(&caller, "search_leads", json.clone(), Duration::from_secs(60)).await;
            assert!(call.status.is_some() && !call.is_ok(), "{call}");
        }
        costs.push(gateway.cpu() - before);
    }
    let (one, four) = (costs[0], costs[1]);
    println!("10 × 240 KB cost {one:?}, 10 × 960 KB cost {four:?}");
    // The kernel counts in hundredths of a second.
    let slack = Duration::from_millis(30);
    assert!(four <= one.mul_f64(TWICE.powi(2)) + slack, "{one:?} and {four:?}");
    assert!(four < Duration::from_secs(2), "9.6 MB of unknown keys cost {four:?}");
}

/// A list of so many rows with nothing in them.
fn empty_rows(name: &str, rows: usize) -> Value {
    json!({"status": 200, "page": 1, name: vec![json!({}); rows]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mebibyte_of_empty_rows_from_a_vendor_holds_little_and_stalls_nobody() {
    let deployment = Deployment::open(&[]).await;
    let rows = (1 << 20) / 3;
    let calling = deployment.good.clone().rate(40).start().await;
    deployment.answer_evil("/v2/time_entries*", 0, Some(empty_rows("time_entries", rows))).await;
    let fault = json!({"api": "harvestapi", "path": "/linkedin/company-search*", "count": 0,
        "body": {"json": empty_rows("elements", rows)}});
    deployment.sandbox.fault(fault).await;
    let names = ["harvest-time", "linkedin-data", "gateway"];
    let before = names.map(|name| {
        deployment.cluster.process(name).forget_peak();
        deployment.cluster.process(name).most_resident()
    });
    let client = &deployment.evil_client;
    for _ in 0..sized(2, 10) {
        // Whether rows without anything are an answer is the vendor's affair; that they cost little is ours.
        let mut request = Request::new(ListTimeEntriesRequest::default());
        request.set_timeout(Duration::from_secs(20));
        let _ = client.harvest("evil-user").list_time_entries(request).await;
        let search = SearchCompaniesRequest { search: "x".into(), ..Default::default() };
        let _ = client.linkedin("evil-user").search_companies(search).await;
        let _ = client.call("evil-user", "search_companies", r#"{"search": "x"}"#).await;
    }
    let report = calling.stop().await;
    for (name, before) in names.into_iter().zip(before) {
        let grown = deployment.cluster.process(name).most_resident().saturating_sub(before);
        println!("{name} grew by {} MiB", grown / MIB);
        assert!(grown < 150 * MIB, "{name}: {} MiB for answers of 1 MiB", grown / MIB);
    }
    report.assert_unhurt(Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_costs_no_more_for_the_thousandth_call_than_for_the_first() {
    let deployment = Deployment::open(&[]).await;
    let gateway = deployment.cluster.process("gateway");
    let wrong = Hostile::new(&deployment.gateway()).with_key("wrong").with_account("x");
    let mut costs = Vec::new();
    for count in [500, 2_000] {
        let count = sized(count, 10 * count);
        let before = gateway.cpu();
        let mut connection = wrong.connect().await;
        for _ in 0..count / 100 {
            let mut calls = Vec::new();
            for _ in 0..100 {
                calls.push(connection.call(super::COMPANY, EMPTY).await.expect("a call"));
            }
            let ended = join_all(calls.into_iter().map(|call| call.end(Duration::from_secs(5)))).await;
            assert!(ended.iter().all(|call| call.status.is_some()), "{}", ended[0]);
        }
        costs.push(gateway.cpu() - before);
    }
    let slack = Duration::from_millis(60);
    assert!(costs[1] <= costs[0].mul_f64(TWICE.powi(2)) + slack, "{costs:?}");
}

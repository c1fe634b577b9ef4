//! Calls by name keep their digits, and tell charge and warnings apart from the data.
use granary_proto::granary::gateway::v1::ExecuteToolResponse;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_proto::granary::gateway::v1::execute_tool_response::Output;
use granary_proto::granary::types::v1::{Charge, Warning};
use granary_proto::granary::vault::v1::AccountStatus;
use serde_json::json;

use crate::fake::Fake;
use crate::run::{command, run};

async fn fake() -> Fake {
    let fake = Fake::start().await;
    fake.seen.lock().unwrap().answer = ExecuteToolResponse {
        output: Some(Output::DataJson(r#"{"hours":1.50,"id":98765432109876543210}"#.into())),
        charge: Some(Charge { cost_micros: Some(4_000), ..Charge::default() }),
        warnings: vec![Warning { code: "C".into(), message: "look".into(), field: String::new() }],
    };
    fake
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_alone_is_on_stdout() {
    let fake = fake().await;
    let arguments = ["call", "a_tool", r#"{"n": 1.10}"#, "--account", "u", "--max-cost", "0.01"];
    let done = run(command(&fake.address, &arguments), "").await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert_eq!(done.stdout, "{\n  \"hours\": 1.50,\n  \"id\": 98765432109876543210\n}\n");
    assert_eq!(done.stderr, "charged 0.004 USD\nwarning: look (C)\n");
    let seen = fake.seen.lock().unwrap();
    let (request, metadata) = &seen.calls[0];
    assert_eq!((request.identifier.as_str(), request.tool_name.as_str()), ("u", "a_tool"));
    assert_eq!(request.input, Some(Input::ToolInputJson(r#"{"n": 1.10}"#.into())));
    assert_eq!(metadata.get("granary-max-cost").unwrap(), "0.01");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_get_one_document() {
    let fake = fake().await;
    let arguments = ["call", "a_tool", "-", "--account", "u", "--output", "json"];
    let done = run(command(&fake.address, &arguments), r#"{"from": "stdin"}"#).await;
    assert_eq!(done.stderr, "");
    let document = done.document();
    assert_eq!(document["data"]["hours"].to_string(), "1.50");
    assert_eq!(document["charge"]["cost_micros"], json!(4_000));
    assert_eq!(document["warnings"][0]["code"], "C");
    let seen = fake.seen.lock().unwrap();
    assert_eq!(seen.calls[0].0.input, Some(Input::ToolInputJson(r#"{"from": "stdin"}"#.into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_a_page_or_all_of_them() {
    let fake = fake().await;
    let done = run(command(&fake.address, &["accounts", "list", "--output", "json"]), "").await;
    assert_eq!(done.document()["next_page_token"], "second");
    let done = run(command(&fake.address, &["accounts", "list", "--all"]), "").await;
    let first_column: Vec<&str> = done.stdout.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(first_column, ["IDENTIFIER", "a", "b"]);
}

/// The example of the help once asked for every status, because it is written in lower case.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered_by_status_in_whatever_case() {
    let fake = Fake::start().await;
    for text in ["disabled", "DISABLED", "Disabled"] {
        assert_eq!(run(command(&fake.address, &["accounts", "list", "--status", text]), "").await.code, 0);
    }
    let refused = run(command(&fake.address, &["accounts", "list", "--status", "gone"]), "").await;
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let asked: Vec<i32> = fake.seen.lock().unwrap().listed.iter().map(|request| request.status).collect();
    assert_eq!(asked, [AccountStatus::Disabled as i32; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_everything_and_calls_nothing() {
    let fake = Fake::start().await;
    let flags = ["--account", "u", "--dry-run", "--output", "json"];
    let scrape = ["call", "scrape_profile", r#"{"public_identifier": "ann"}"#];
    let done = run(command(&fake.address, &[&scrape[..], &flags].concat()), "").await;
    assert_eq!(done.code, 5, "{}", done.stderr);
    let document = done.document();
    assert_eq!((&document["quote_micros"], &document["effect"]), (&json!(6_400), &json!("charged_read")));
    assert_eq!(document["missing_kinds"], json!(["harvestapi_key"]));
    assert_eq!(document["input"], json!({"public_identifier": "ann"}));

    let capped = [&scrape[..], &flags, &["--max-cost", "0.001"]].concat();
    let done = run(command(&fake.address, &capped), "").await;
    assert_eq!((done.code, &done.error()["reason"]), (4, &json!("COST_CAP_EXCEEDED")));

    let done = run(command(&fake.address, &[&["call", "log_tme_entry"][..], &flags].concat()), "").await;
    assert_eq!((done.code, &done.error()["reason"]), (4, &json!("TOOL_UNKNOWN")));
    assert!(done.error()["message"].as_str().unwrap().contains("log_time_entry"), "{}", done.stderr);

    let wrong = ["call", "log_time_entry", r#"{"project": 1}"#];
    let done = run(command(&fake.address, &[&wrong[..], &flags].concat()), "").await;
    assert_eq!((done.code, &done.error()["reason"]), (4, &json!("INVALID_INPUT")));
    assert!(done.stderr.contains("did you mean project_id?"), "{}", done.stderr);

    let done = run(command(&fake.address, &[&["call", "list_projects"][..], &flags].concat()), "").await;
    assert_eq!((done.code, &done.error()["reason"]), (4, &json!("SCOPE_MISSING")));
    assert!(fake.seen.lock().unwrap().calls.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_may_lie_in_a_file() {
    let fake = Fake::start().await;
    let file = std::env::temp_dir().join(format!("granary-entry-{}", std::process::id()));
    std::fs::write(&file, r#"{"hours": 1.50}"#).unwrap();
    let arguments = ["call", "a_tool", "--account", "u", "--input-file", file.to_str().unwrap()];
    let done = run(command(&fake.address, &arguments), "").await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(done.code, 0, "{}", done.stderr);
    let seen = fake.seen.lock().unwrap();
    assert_eq!(seen.calls[0].0.input, Some(Input::ToolInputJson(r#"{"hours": 1.50}"#.into())));
}

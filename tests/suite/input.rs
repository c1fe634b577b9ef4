//! Bad input: one `INVALID_ARGUMENT` that lists every fault by field, and nothing reaches upstream.
use granary_testkit::Up;
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{good_input, ready_account};

const SECRETS: [&str; 6] = ["cookie", "li_at", "proxy", "api_key", "access_token", "apify_token"];
const CANARY: &str = "must-not-be-repeated";

#[tokio::test]
async fn bad_input_is_one_invalid_argument_that_lists_every_fault_by_field() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let before = sandbox.newest().await;
    let mut cases = 0;
    for method in granary_proto::policy_table().unwrap().tools() {
        let bad = bad_inputs(&method.tool, &method.descriptor.input());
        assert!(bad.len() >= 20, "{} cases for {}", bad.len(), method.tool);
        for (input, field) in bad {
            cases += 1;
            let status = match client.call("a", &method.tool, &input).await {
                Err(status) => status,
                Ok((data, _)) => panic!("{} took {input}: {data}", method.tool),
            };
            assert_eq!(status.code(), Code::InvalidArgument, "{} {input}: {status:?}", method.tool);
            let faults = status.get_details_bad_request().map(|b| b.field_violations).unwrap_or_default();
            assert!(!faults.is_empty(), "{} {input}: {status:?}", method.tool);
            if let Some(field) = field {
                let named = faults.iter().any(|f| f.field.split(['.', '[']).any(|part| part == field));
                assert!(named, "{} {input} names {field}: {faults:?}", method.tool);
            }
            assert!(!format!("{status:?}").contains(CANARY), "{} {input}", method.tool);
        }
    }
    assert_eq!(sandbox.newest().await, before, "nothing reached upstream");
    println!("{cases} bad inputs");
}

#[tokio::test]
async fn all_faults_are_in_one_answer() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let input = r#"{"project_id": 0, "spent_date": "2026-02-30", "hours": 25, "started_time": "25:00", "nope": 1, "cookie": "must-not-be-repeated"}"#;
    let status = client.call("a", "log_time_entry", input).await.unwrap_err();
    let mut fields: Vec<String> =
        status.get_details_bad_request().unwrap().field_violations.into_iter().map(|f| f.field).collect();
    fields.sort();
    fields.dedup();
    for field in ["project_id", "task_id", "spent_date", "hours", "started_time", "nope", "cookie"] {
        assert!(fields.iter().any(|f| f == field), "{field} in {fields:?}");
    }
}

/// As people who read about such tools first write them.
#[tokio::test]
async fn inputs_in_the_words_of_a_first_day_find_what_they_name() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let call = async |tool: &str, input: Value| {
        let answer = client.call("a", tool, &input.to_string()).await;
        answer.unwrap_or_else(|status| panic!("{tool} {input}: {status:?}")).0
    };
    let logged = json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "hours": 1.5,
        "notes": "Reviewed the plan"});
    let logged = call("log_time_entry", logged).await;
    assert!(logged["id"].is_number(), "{logged}");
    assert_eq!((&logged["hours"], &logged["notes"]), (&json!(1.5), &json!("Reviewed the plan")), "{logged}");
    assert!(logged["project"]["name"].is_string(), "{logged}");
    let month = json!({"from": "2026-03-01", "to": "2026-03-31", "is_billed": false, "per_page": 100});
    let month = call("list_time_entries", month).await;
    let listed = month["time_entries"].as_array().unwrap();
    assert!(listed.iter().any(|listed| listed["id"] == logged["id"]), "{month}");
    let profile = json!({"profile_url": "https://www.linkedin.com/in/jeffweiner08", "main": false, "find_email": false});
    let profile = call("scrape_profile", profile).await;
    assert_eq!(profile["public_identifier"], "jeffweiner08", "{profile}");
    let leads = json!({"title": "VP of Engineering,Head of Engineering", "company": "Stripe,Airbnb",
        "location": "San Francisco, CA", "page": 1});
    let leads = call("search_people", leads).await;
    let found = leads["elements"].as_array().unwrap();
    assert!(!found.is_empty(), "{leads}");
    let text = leads.to_string();
    assert!(text.contains("Stripe") || text.contains("Airbnb"), "{leads}");
    assert!(found.iter().all(|lead| lead.to_string().contains("San Francisco")), "{leads}");
}

/// Inputs that cannot be right, each with the field that the answer must name.
fn bad_inputs(tool: &str, descriptor: &MessageDescriptor) -> Vec<(String, Option<String>)> {
    let good: Map<String, Value> = serde_json::from_str(good_input(tool)).unwrap();
    let with = |key: &str, value: Value| {
        let mut input = good.clone();
        input.insert(key.to_owned(), value);
        (Value::Object(input).to_string(), Some(key.to_owned()))
    };
    let mut bad = Vec::new();
    for text in ["", " ", "[]", "1", "null", "\"x\"", "{", r#"{"a": 1, "a": 1}"#, "{\"a\":1}}"] {
        // An empty text means no input, which some tools take.
        if !text.trim().is_empty() {
            bad.push((text.to_owned(), None));
        }
    }
    for secret in SECRETS {
        bad.push(with(secret, json!(CANARY)));
    }
    bad.push(with("nested", json!({"deep": [{"apiKey": CANARY}]})));
    bad.push(with("unknown_key", json!(1)));
    bad.push(with("", json!(1)));
    bad.push(with("ключ", json!(1)));
    let deep = format!("{{\"x\": {}1{}}}", "[".repeat(200), "]".repeat(200));
    bad.push((deep, None));
    bad.push(with("extra", json!({"a": "1"})));
    bad.push(with("identifier", json!("other")));
    for field in descriptor.fields() {
        for value in [json!({"x": 1}), json!([[1]]), json!("\u{0}")] {
            // The last is wrong for texts as well: control characters are refused.
            bad.push(with(field.name(), value));
        }
        match field.kind() {
            Kind::Int32 | Kind::Int64 => {
                for value in [json!(-1), json!(1.5), json!("x"), json!(true)] {
                    bad.push(with(field.name(), value));
                }
                // A page size that is too large is lowered, however large it is.
                if !granary_proto::options::field_rule(&field).lowered {
                    bad.push(with(field.name(), json!("9223372036854775808")));
                }
            }
            Kind::Bool => bad.push(with(field.name(), json!("maybe"))),
            _ => {}
        }
        if granary_proto::options::field_rule(&field).required {
            let mut input = good.clone();
            input.remove(field.name());
            bad.push((Value::Object(input).to_string(), Some(field.name().to_owned())));
        }
    }
    bad
}

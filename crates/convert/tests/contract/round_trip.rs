//! What fits a tool's schema is taken, and reads back as it was written.
use granary_convert::{input_schema, parse_input, to_json};
use proptest::test_runner::{Config, TestRunner};
use prost::Message;
use prost_reflect::DynamicMessage;

use crate::generate::inputs;
use crate::validator::valid;

#[test]
fn every_tool_takes_what_its_schema_describes_and_gives_it_back() {
    for method in granary_proto::policy_table().unwrap().tools() {
        let desc = method.descriptor.input();
        let schema = input_schema(&desc);
        let mut runner =
            TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
        runner
            .run(&inputs(schema.clone()), |input| {
                let message = parse_input(&desc, &input).map_err(|e| fail(&method.tool, &input, &e))?;
                let printed = to_json(&message);
                for (name, value) in input.as_object().unwrap() {
                    assert_eq!(printed[name].to_string(), value.to_string(), "{}: {name}", method.tool);
                }
                let again = parse_input(&desc, &printed).map_err(|e| fail(&method.tool, &printed, &e))?;
                assert_eq!(again, message);
                let wire = DynamicMessage::decode(desc.clone(), message.encode_to_vec().as_slice()).unwrap();
                assert_eq!(granary_convert::check(&wire), []);
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{}: {e}", method.tool));
    }
}

#[test]
fn schemas_refuse_what_is_refused() {
    let refused = [
        ("log_time_entry", r#"{"project_id":1,"task_id":2}"#),
        ("log_time_entry", r#"{"project_id":0,"task_id":2,"spent_date":"2026-03-31"}"#),
        ("log_time_entry", r#"{"project_id":1,"task_id":2,"spent_date":"2026-03-31","hours":25}"#),
        ("log_time_entry", r#"{"project_id":1,"task_id":2,"spent_date":"2026-03-31","cookie":"x"}"#),
        ("log_time_entry", r#"{"project_id":1,"task_id":2,"spent_date":"2026-03-31","started_time":"8:00"}"#),
        (
            "log_time_entry",
            r#"{"project_id":1,"task_id":2,"spent_date":"2026-03-31","hours":1,"started_time":"8:00","ended_time":"9:00"}"#,
        ),
        ("get_user", r#"{"user_id":"../me"}"#),
        ("update_time_entry", r#"{"time_entry_id":1}"#),
        ("scrape_profile", "{}"),
        ("scrape_profile", r#"{"profile_url":"https://www.linkedin.com/in/a","public_identifier":"a"}"#),
        ("scrape_profile", r#"{"public_identifier":"a","main":true,"find_email":true}"#),
        ("list_users", r#"{"per_page":0}"#),
        ("scrape_profile", r#"{"profile_url":"https://www.linkedin.com/company/a"}"#),
        ("get_linkedin_post", r#"{"post_url":"https://www.linkedin.com/in/a"}"#),
        ("get_linkedin_ad_details", r#"{"ad_url":"https://www.linkedin.com/ad-library/search?a=b"}"#),
    ];
    let taken = [
        ("scrape_profile", r#"{"public_identifier":"a","main":false,"find_email":true}"#),
        ("update_time_entry", r#"{"time_entry_id":1,"notes":""}"#),
        ("list_time_entries", r#"{"from":"2026-03-01","to":"2026-03-31","is_billed":false}"#),
    ];
    for (cases, expected) in [(&refused[..], false), (&taken[..], true)] {
        for (tool, input) in cases {
            let desc = crate::input_of(tool);
            let (schema, input) = (input_schema(&desc), serde_json::from_str(input).unwrap());
            assert_eq!(valid(&schema, &schema, &input), expected, "schema of {tool}: {input}");
            assert_eq!(parse_input(&desc, &input).is_ok(), expected, "{tool}: {input}");
        }
    }
}

fn fail(
    tool: &str,
    input: &serde_json::Value,
    error: &granary_rpc::Error,
) -> proptest::test_runner::TestCaseError {
    proptest::test_runner::TestCaseError::fail(format!("{tool} refused {input}: {error}"))
}

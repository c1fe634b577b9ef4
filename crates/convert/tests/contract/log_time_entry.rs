//! Every fault of an input is told at once, at the field it is about.
use granary_convert::{parse_input_text, to_json};

use crate::input_of;

fn faults(input: &str) -> Vec<String> {
    match parse_input_text(&input_of("log_time_entry"), input) {
        Ok(_) => Vec::new(),
        Err(error) => error.violations().iter().map(|v| v.field.clone()).collect(),
    }
}

#[test]
fn bad_inputs_name_their_fields() {
    const IDS: &str = r#""project_id": 1, "task_id": 2"#;
    const DAY: &str = r#""spent_date": "2026-03-31""#;
    let table: &[(&str, &[&str])] = &[
        ("", &["project_id", "spent_date", "task_id"]),
        ("{}", &["project_id", "spent_date", "task_id"]),
        ("[]", &[""]),
        ("{", &[""]),
        ("7", &[""]),
        (r#"{IDS}"#, &["spent_date"]),
        (r#"{IDS, "spent_date": null}"#, &["spent_date"]),
        (r#"{IDS, "spent_date": "2026-02-29"}"#, &["spent_date"]),
        (r#"{IDS, "spent_date": "31.03.2026"}"#, &["spent_date"]),
        (r#"{IDS, "spent_date": 20260331}"#, &["spent_date"]),
        (r#"{DAY, "task_id": 2, "project_id": 0}"#, &["project_id"]),
        (r#"{DAY, "task_id": 2, "project_id": -1}"#, &["project_id"]),
        (r#"{DAY, "task_id": 2, "project_id": 1.5}"#, &["project_id"]),
        (r#"{DAY, "task_id": 2, "project_id": "abc"}"#, &["project_id"]),
        (r#"{DAY, "task_id": 2, "project_id": 1.5e0}"#, &["project_id"]),
        (r#"{DAY, "task_id": 2, "project_id": 9223372036854775808}"#, &["project_id"]),
        (r#"{DAY, "task_id": [2], "project_id": {}}"#, &["project_id", "task_id"]),
        (r#"{IDS, DAY, "hours": 24.0000001}"#, &["hours"]),
        (r#"{IDS, DAY, "hours": -0.1}"#, &["hours"]),
        (r#"{IDS, DAY, "hours": "one"}"#, &["hours"]),
        (r#"{IDS, DAY, "hours": 1e-31}"#, &["hours"]),
        (r#"{IDS, DAY, "started_time": "8:00am"}"#, &["ended_time"]),
        (r#"{IDS, DAY, "started_time": "8am", "ended_time": "26:00"}"#, &["ended_time", "started_time"]),
        (
            r#"{IDS, DAY, "hours": 1, "started_time": "8:00", "ended_time": "9:00"}"#,
            &["ended_time", "started_time"],
        ),
        (
            r#"{IDS, DAY, "hours": [], "started_time": "8:00", "ended_time": "9:00"}"#,
            &["ended_time", "hours", "started_time"],
        ),
        (r#"{IDS, DAY, "notes": true}"#, &["notes"]),
        (r#"{IDS, DAY, "notes": "a\u0007b"}"#, &["notes"]),
        (r#"{IDS, DAY, "user_id": 0}"#, &["user_id"]),
        (r#"{IDS, DAY, "user": 5}"#, &["user"]),
        (r#"{IDS, DAY, "projectId": 3}"#, &["project_id"]),
        (r#"{IDS, DAY, "task_id": 3}"#, &["task_id"]),
        (r#"{IDS, DAY, "cookie": "x", "meta": {"apiKey": "y"}}"#, &["cookie", "meta", "meta.apiKey"]),
    ];
    for (input, expected) in table {
        let input = input.replace("IDS", IDS).replace("DAY", DAY);
        assert_eq!(faults(&input), *expected, "{input}");
    }
    let long = format!(r#"{{{IDS}, {DAY}, "notes": "{}"}}"#, "x".repeat(8193));
    assert_eq!(faults(&long), ["notes"]);
}

#[test]
fn every_form_of_a_value_reads_alike() {
    let canonical =
        r#"{"project_id":12345678,"task_id":2,"spent_date":"2026-03-31","hours":1.50,"notes":"42"}"#;
    for input in [
        canonical,
        r#"{"projectId": "12345678", "taskId": 2.0, "spentDate": "2026-03-31", "hours": "1.50", "notes": 42, "user_id": null}"#,
    ] {
        let message = parse_input_text(&input_of("log_time_entry"), input).unwrap();
        assert_eq!(to_json(&message).to_string(), canonical);
    }
}

#[test]
fn the_nearest_name_is_told() {
    let error =
        parse_input_text(&input_of("log_time_entry"), r#"{"projct_id": 1, "colour": 2}"#).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("projct_id: is not a field here; did you mean project_id?"), "{text}");
    assert!(
        text.contains("colour: is not a field here;") && !text.contains("colour: is not a field here; did"),
        "{text}"
    );
}

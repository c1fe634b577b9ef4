//! Success is what was asked for: a status that says so is not enough, and one bad character costs one character.
use granary_rpc::Reason;
use serde_json::{Value, json};

use crate::stub::{Canned, Stub};
use crate::wire::{Answered, detail, reason};
use crate::{path, service, token};

const ENTRY: &str = "/v2/time_entries/77";

async fn once(
    rpc: &str,
    input: Value,
    canned: Vec<Canned>,
) -> (Result<Answered, tonic::Status>, Vec<String>) {
    let upstream = Stub::start(canned).await;
    let outcome = service(&upstream.url).await.call(&path(rpc), &token(), &input).await;
    (outcome, upstream.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect())
}

fn log() -> Value {
    json!({"project_id": 1, "task_id": 2, "spent_date": "2026-03-31"})
}

#[tokio::test]
async fn an_error_in_the_place_of_the_entity_is_no_success() {
    let locked = json!({"message": "Spent date is locked"}).to_string();
    for (rpc, input, method, at) in [
        ("LogTimeEntry", log(), "POST", "/v2/time_entries"),
        ("UpdateTimeEntry", json!({"time_entry_id": 77, "notes": "x"}), "PATCH", ENTRY),
        ("DeleteTimeEntry", json!({"time_entry_id": 77}), "DELETE", ENTRY),
        ("StopTimer", json!({"time_entry_id": 77}), "PATCH", "/v2/time_entries/77/stop"),
    ] {
        let (outcome, seen) = once(rpc, input, vec![Canned::new(method, at, 200, locked.clone())]).await;
        assert_eq!(reason(&outcome), Reason::UnknownOutcome, "{rpc}");
        let failed = outcome.unwrap_err();
        assert_eq!(detail(&failed, "upstream_message").as_deref(), Some("Spent date is locked"), "{rpc}");
        assert_eq!(seen.len(), 1, "{rpc} is sent once");
    }
    // Harvest answers a deletion with nothing at all, or with the entry as it was.
    let (outcome, _) = once(
        "DeleteTimeEntry",
        json!({"time_entry_id": 77}),
        vec![Canned::json("DELETE", ENTRY, 200, &json!({"id": 77, "hours": 1.5}))],
    )
    .await;
    assert_eq!(outcome.unwrap().json["time_entry_id"].to_string().trim_matches('"'), "77");
    for body in [
        json!({"success": false}),
        json!({"errors": ["locked"]}),
        json!({"id": 78}),
        json!({"id": 77, "success": false}),
        json!([1]),
        json!("x"),
    ] {
        let canned = vec![Canned::json("DELETE", ENTRY, 200, &body)];
        let (outcome, _) = once("DeleteTimeEntry", json!({"time_entry_id": 77}), canned).await;
        assert_eq!(reason(&outcome), Reason::UnknownOutcome, "{body}");
    }
    for (rpc, at) in
        [("StopTimer", "/v2/time_entries/77/stop"), ("RestartTimer", "/v2/time_entries/77/restart")]
    {
        for body in
            [json!({"id": 78}), json!({"id": 77, "success": false}), json!({"id": 77, "error": "locked"})]
        {
            let canned = vec![Canned::json("PATCH", at, 200, &body)];
            let (outcome, _) = once(rpc, json!({"time_entry_id": 77}), canned).await;
            assert_eq!(reason(&outcome), Reason::UnknownOutcome, "{rpc} {body}");
        }
        // Neither did what was asked for, or neither says so.
        let runs = json!({"id": 77, "is_running": rpc == "StopTimer"});
        let (outcome, _) =
            once(rpc, json!({"time_entry_id": 77}), vec![Canned::json("PATCH", at, 200, &runs)]).await;
        assert_eq!(outcome.unwrap().json["warnings"][0]["field"], "is_running", "{rpc}");
    }
    for body in [
        json!({"users": {}}),
        json!({"users": [], "success": false}),
        json!({"users": [], "error": "x"}),
        json!({"users": [], "message": "log in"}),
        json!({"users": [null, {}]}),
    ] {
        let (outcome, _) =
            once("ListUsers", json!({}), vec![Canned::json("GET", "/v2/users", 200, &body)]).await;
        assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{body}");
    }
    for (rpc, input, at) in
        [("GetUser", json!({"user_id": "me"}), "/v2/users/me"), ("GetCompany", json!({}), "/v2/company")]
    {
        for body in [
            json!({"error": "account_inactive"}),
            json!({}),
            json!({"id": null, "error": "account_inactive"}),
        ] {
            let (outcome, _) = once(rpc, input.clone(), vec![Canned::json("GET", at, 200, &body)]).await;
            assert_eq!(reason(&outcome), Reason::UpstreamMalformed, "{rpc} {body}");
            let told = detail(&outcome.unwrap_err(), "upstream_message");
            assert_eq!(told.as_deref(), body["error"].as_str(), "{rpc} {body}");
        }
    }
}

#[tokio::test]
async fn an_edit_that_was_not_made_is_told_field_by_field() {
    let stored =
        json!({"id": 77, "spent_date": "2026-03-31", "hours": 1.5, "notes": "old", "started_time": null});
    let by_hours = || Canned::json("GET", "/v2/company", 200, &json!({"wants_timestamp_timers": false}));
    let edit = json!({"time_entry_id": 77, "hours": 3.25, "notes": "new"});
    let (outcome, _) =
        once("UpdateTimeEntry", edit, vec![by_hours(), Canned::json("PATCH", ENTRY, 200, &stored)]).await;
    let warnings = outcome.unwrap().json["warnings"].clone();
    let told: Vec<(&str, &str)> = warnings
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| (warning["code"].as_str().unwrap(), warning["field"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("NOT_APPLIED", "hours"), ("NOT_APPLIED", "notes")]);

    let times = json!({"time_entry_id": 77, "started_time": "8:00am", "ended_time": "12:00pm"});
    let (outcome, seen) = once("UpdateTimeEntry", times, vec![by_hours()]).await;
    assert_eq!(reason(&outcome), Reason::TimerModeMismatch);
    assert_eq!(seen, ["GET /v2/company"]);
}

#[tokio::test]
async fn an_entry_that_was_logged_otherwise_or_came_back_bare_is_told_field_by_field() {
    let whole = json!({"id": 9, "project": {"id": 1}, "task": {"id": 2}, "user": {"id": 3},
        "spent_date": "2026-03-31", "hours": 1.5, "notes": null});
    let other = json!({"id": 9, "project": {"id": 1}, "task": {"id": 4}, "user": {"id": 3},
        "spent_date": "2026-04-01", "hours": 0.0, "notes": ""});
    let asked =
        json!({"project_id": 1, "task_id": 2, "user_id": 3, "spent_date": "2026-03-31", "hours": 1.5});
    let bare: [&str; 5] = ["project_id", "task_id", "user_id", "spent_date", "hours"];
    for (stored, fields) in [
        (whole, &[] as &[&str]),
        (other, &["task_id", "spent_date", "hours"]),
        (json!({"id": 9}), &bare),
        (json!({"id": 9, "hours": null, "spent_date": null, "project": {}}), &bare),
    ] {
        let by_hours = Canned::json("GET", "/v2/company", 200, &json!({"wants_timestamp_timers": false}));
        let logged = Canned::json("POST", "/v2/time_entries", 201, &stored);
        let (outcome, _) = once("LogTimeEntry", asked.clone(), vec![by_hours, logged]).await;
        let answered = outcome.unwrap().json;
        let warnings = answered["warnings"].as_array().cloned().unwrap_or_default();
        let told: Vec<&str> = warnings.iter().map(|warning| warning["field"].as_str().unwrap()).collect();
        assert_eq!(told, fields, "{stored}");
        assert!(warnings.iter().all(|warning| warning["code"] == "NOT_APPLIED"), "{warnings:?}");
    }
}

#[tokio::test]
async fn one_bad_character_costs_that_character() {
    let user = r#"{"id":5,"first_name":"Ann \ud83d","last_name":"\ud83d\ude00"}"#;
    let list = format!(r#"{{"users":[{user},{{"id":6}}],"page":1,"total_pages":1}}"#);
    let (outcome, _) = once("ListUsers", json!({}), vec![Canned::new("GET", "/v2/users", 200, list)]).await;
    let answered = outcome.unwrap().json;
    assert_eq!(answered["users"][0]["first_name"], "Ann \u{fffd}");
    assert_eq!((&answered["users"][0]["last_name"], &answered["users"][1]["id"]), (&json!("😀"), &json!(6)));

    let entry = br#"{"id":9,"notes":"caf\xe9 \ud83d"}"#.to_vec();
    let entry: Vec<u8> = String::from_utf8(entry).unwrap().replace("\\xe9", "\u{1}").into_bytes();
    let entry: Vec<u8> = entry.into_iter().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
    let body = [b"\xef\xbb\xbf".as_slice(), &entry].concat();
    let (outcome, _) =
        once("LogTimeEntry", log(), vec![Canned::new("POST", "/v2/time_entries", 201, body)]).await;
    let answered = outcome.unwrap().json;
    assert_eq!(
        (&answered["time_entry"]["id"], &answered["time_entry"]["notes"]),
        (&json!(9), &json!("caf\u{fffd} \u{fffd}"))
    );
}

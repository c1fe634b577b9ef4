//! Digits go through as they were written, both ways.
use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::LogTimeEntryRequest;
use serde_json::json;

use crate::stub::{Canned, Stub};
use crate::{path, service, token};

#[tokio::test]
async fn hours_keep_their_digits_both_ways() {
    for hours in ["0.1", "1.50", "0.30", "8", "8.0", "23.999999999", "0", "1.50000000000000"] {
        let entry = format!(r#"{{"id": 5, "hours": {hours}, "cost_rate": "12.340", "billable_rate": 1e2}}"#);
        let upstream = Stub::start(vec![
            Canned::new("GET", "/v2/company", 403, r#"{"message":"no"}"#),
            Canned::new("POST", "/v2/time_entries", 201, entry),
        ])
        .await;
        let service = service(&upstream.url).await;
        let request = LogTimeEntryRequest {
            project_id: 1,
            task_id: 2,
            spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
            hours: Some(Decimal { value: hours.to_owned() }),
            ..Default::default()
        };
        let answered = service.send(&path("LogTimeEntry"), &token(), &request, &[]).await.unwrap();
        let sent = upstream.seen().pop().unwrap();
        assert_eq!(sent.body["hours"].to_string(), hours);
        assert_eq!(answered.json["time_entry"]["hours"].to_string(), hours);
        assert_eq!(answered.json["time_entry"]["cost_rate"].to_string(), "12.340");
    }
}

/// What the change of an entry held. The company is asked for before one of its time.
fn patched(upstream: &Stub) -> serde_json::Value {
    upstream
        .seen()
        .iter()
        .find(|seen| seen.method == "PATCH")
        .map(|seen| seen.body.clone())
        .unwrap_or_default()
}

#[tokio::test]
async fn more_digits_than_are_sent_are_rounded_and_the_caller_is_told() {
    for (hours, sent) in
        [("1.3333333333333333", "1.333333333"), ("0.30000000000000004", "0.3"), ("24.0000000000000036", "24")]
    {
        let upstream = Stub::start(vec![Canned::new(
            "PATCH",
            "/v2/time_entries/5",
            200,
            format!(r#"{{"id": 5, "hours": {sent}}}"#),
        )])
        .await;
        let service = service(&upstream.url).await;
        let input = serde_json::from_str(&format!(r#"{{"time_entry_id": 5, "hours": {hours}}}"#)).unwrap();
        let answered = service.call(&path("UpdateTimeEntry"), &token(), &input).await.unwrap();
        assert_eq!(patched(&upstream)["hours"].to_string(), sent);
        let warning = &answered.json["warnings"][0];
        assert_eq!((&warning["code"], &warning["field"]), (&json!("INPUT_READ_AS"), &json!("hours")));
        assert!(warning["message"].as_str().unwrap().contains(sent), "{warning}");
    }
}

#[tokio::test]
async fn a_page_above_the_largest_is_lowered_and_odd_spaces_are_ordinary_ones() {
    let upstream = Stub::start(vec![
        Canned::new("GET", "/v2/users", 200, r#"{"users": [], "per_page": 100}"#),
        Canned::new("PATCH", "/v2/time_entries/5", 200, r#"{"id": 5}"#),
    ])
    .await;
    let service = service(&upstream.url).await;
    let answered = service.call(&path("ListUsers"), &token(), &json!({"per_page": 2_000})).await.unwrap();
    assert_eq!(upstream.seen()[0].query, "per_page=100");
    assert_eq!(answered.json["warnings"][0]["field"], "per_page");
    let times = json!({"time_entry_id": 5, "started_time": "8:00\u{202f}AM", "ended_time": "9:00\u{a0}AM"});
    service.call(&path("UpdateTimeEntry"), &token(), &times).await.unwrap();
    assert_eq!(patched(&upstream), json!({"started_time": "8:00 AM", "ended_time": "9:00 AM"}));
}

#[tokio::test]
async fn text_goes_through_byte_for_byte() {
    let notes = "Überprüfung: \"quotes\", \\ / 100 % – 漢字 🌾\n\tsecond line";
    let upstream = Stub::start(vec![Canned::json(
        "PATCH",
        "/v2/time_entries/5",
        200,
        &json!({"id": 5, "notes": notes}),
    )])
    .await;
    let service = service(&upstream.url).await;
    let input = json!({"time_entry_id": 5, "notes": notes});
    let answered = service.call(&path("UpdateTimeEntry"), &token(), &input).await.unwrap();
    assert_eq!(answered.json["time_entry"]["notes"], notes);
    assert_eq!(upstream.seen()[0].body, json!({"notes": notes}));
}

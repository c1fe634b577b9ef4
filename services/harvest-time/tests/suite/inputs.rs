//! Typed requests with faults: all of them are told at once, and nothing is sent.
use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::{LogTimeEntryRequest, UpdateTimeEntryRequest};
use granary_rpc::Reason;
use prost::Message;
use serde_json::json;
use tonic::Status;
use tonic_types::StatusExt;

use crate::stub::Stub;
use crate::wire::reason;
use crate::{path, service, token};

fn valid() -> LogTimeEntryRequest {
    LogTimeEntryRequest {
        project_id: 1,
        task_id: 2,
        spent_date: date(2026, 3, 31),
        ..LogTimeEntryRequest::default()
    }
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

fn hours(value: &str) -> LogTimeEntryRequest {
    LogTimeEntryRequest { hours: Some(Decimal { value: value.to_owned() }), ..valid() }
}

fn times(started: Option<&str>, ended: Option<&str>) -> LogTimeEntryRequest {
    let text = |time: Option<&str>| time.map(str::to_owned);
    LogTimeEntryRequest { started_time: text(started), ended_time: text(ended), ..valid() }
}

#[tokio::test]
async fn faults_of_an_entry_are_told_by_field_and_nothing_is_sent() {
    let day = |spent_date| LogTimeEntryRequest { spent_date, ..valid() };
    let notes = |notes: String| LogTimeEntryRequest { notes: Some(notes), ..valid() };
    let cases = [
        (LogTimeEntryRequest::default(), vec!["project_id", "spent_date", "task_id"]),
        (LogTimeEntryRequest { project_id: 0, ..valid() }, vec!["project_id"]),
        (LogTimeEntryRequest { project_id: -5, ..valid() }, vec!["project_id"]),
        (LogTimeEntryRequest { task_id: 0, ..valid() }, vec!["task_id"]),
        (LogTimeEntryRequest { user_id: Some(0), ..valid() }, vec!["user_id"]),
        (day(None), vec!["spent_date"]),
        (day(date(2026, 2, 29)), vec!["spent_date"]),
        (day(date(2026, 13, 1)), vec!["spent_date"]),
        (day(date(2026, 3, 0)), vec!["spent_date"]),
        (day(date(0, 3, 31)), vec!["spent_date"]),
        (day(date(20_260, 3, 31)), vec!["spent_date"]),
        (hours("24.01"), vec!["hours"]),
        (hours("-0.5"), vec!["hours"]),
        (hours("1,5"), vec!["hours"]),
        (hours("eight"), vec!["hours"]),
        (hours("NaN"), vec!["hours"]),
        (hours(""), vec!["hours"]),
        (times(Some("8:00am"), None), vec![""]),
        (times(None, Some("9:30am")), vec![""]),
        (times(Some("25:00"), Some("9:30am")), vec!["started_time"]),
        (times(Some("8am-ish"), Some("9.30")), vec!["ended_time", "started_time"]),
        (LogTimeEntryRequest { hours: hours("1").hours, ..times(Some("8:00am"), Some("9:00am")) }, vec![""]),
        (notes("bell \u{7}".to_owned()), vec!["notes"]),
        (notes("x".repeat(8_193)), vec!["notes"]),
    ];
    let upstream = Stub::start(vec![]).await;
    for (request, expected) in cases {
        let fields = refused(&upstream, "LogTimeEntry", &request).await;
        for field in &expected {
            let found = fields.iter().any(|f| if field.is_empty() { true } else { f == field });
            assert!(found, "{field:?} is not among {fields:?} of {request:?}");
        }
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_change_must_change_something() {
    let upstream = Stub::start(vec![]).await;
    for request in [
        UpdateTimeEntryRequest { time_entry_id: 4, ..Default::default() },
        UpdateTimeEntryRequest { notes: Some(String::new()), ..Default::default() },
        UpdateTimeEntryRequest { time_entry_id: -4, notes: Some("x".into()), ..Default::default() },
        UpdateTimeEntryRequest { time_entry_id: 4, task_id: Some(0), ..Default::default() },
        UpdateTimeEntryRequest {
            time_entry_id: 4,
            hours: hours("1").hours,
            started_time: Some("8:00".into()),
            ..Default::default()
        },
    ] {
        refused(&upstream, "UpdateTimeEntry", &request).await;
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn tools_refuse_what_they_cannot_mean() {
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    for (rpc, input) in [
        ("ListTimeEntries", json!({"from": "31.03.2026"})),
        ("ListTimeEntries", json!({"per_page": 0})),
        ("ListTimeEntries", json!({"from": "2026-04-01", "to": "2026-03-01"})),
        ("UpdateTimeEntry", json!({"time_entry_id": 4, "notes": "null"})),
        ("UpdateTimeEntry", json!({"time_entry_id": 4, "started_time": "8:00\u{200e}am"})),
        ("ListTimeEntries", json!({"page": 0})),
        ("ListTimeEntries", json!({"is_billed": "perhaps"})),
        ("ListTimeEntries", json!({"user": 5})),
        ("ListProjects", json!({"updated_since": "yesterday"})),
        ("ListUsers", json!({"per_page": 0})),
        ("GetUser", json!({})),
        ("GetUser", json!({"user_id": "../company"})),
        ("GetUser", json!({"user_id": "12 34"})),
        ("GetCompany", json!({"access_token": "canary"})),
        ("ListProjectTaskAssignments", json!({})),
        ("StopTimer", json!({"time_entry_id": "abc"})),
        ("DeleteTimeEntry", json!({"time_entry_id": 0})),
    ] {
        let outcome = service.call(&path(rpc), &token(), &input).await;
        assert_eq!(reason(&outcome), Reason::InvalidInput, "{rpc} {input}");
        assert!(!format!("{:?}", outcome.unwrap_err()).contains("canary"));
    }
    assert!(upstream.seen().is_empty());
}

async fn refused(upstream: &Stub, rpc: &str, request: &impl Message) -> Vec<String> {
    let service = service(&upstream.url).await;
    let outcome = service.send(&path(rpc), &token(), request, &[]).await;
    assert_eq!(reason(&outcome), Reason::InvalidInput);
    fields(&outcome.unwrap_err())
}

fn fields(status: &Status) -> Vec<String> {
    let faults = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    assert!(!faults.is_empty(), "{status:?}");
    faults.into_iter().map(|fault| fault.field).collect()
}

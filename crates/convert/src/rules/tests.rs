//! Requests with what is wrong with them.
use super::*;
use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::{
    ListTimeEntriesRequest, LogTimeEntryRequest, UpdateTimeEntryRequest,
};
use granary_proto::granary::linkedin::v1::{SearchGroupsRequest, SearchPeopleRequest};

fn descriptor(name: &str) -> MessageDescriptor {
    granary_proto::pool().unwrap().get_message_by_name(name).unwrap()
}

fn fields(violations: &[Violation]) -> Vec<&str> {
    violations.iter().map(|v| v.field.as_str()).collect()
}

#[test]
fn a_typed_request_is_checked_like_json() {
    let desc = descriptor("granary.harvest.v1.LogTimeEntryRequest");
    let good = LogTimeEntryRequest {
        project_id: 1,
        task_id: 2,
        spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
        hours: Some(Decimal { value: "1.50".into() }),
        ..LogTimeEntryRequest::default()
    };
    assert_eq!(check_typed(&desc, &good).unwrap().message, check_typed(&desc, &good).unwrap().given);
    let bad = LogTimeEntryRequest {
        spent_date: Some(Date { year: 2026, month: 3, day: 0 }),
        hours: Some(Decimal { value: "24.001".into() }),
        started_time: Some("25:00".into()),
        user_id: Some(0),
        notes: Some("a\u{0}b".into()),
        ..good
    };
    let error = check_typed(&desc, &LogTimeEntryRequest { project_id: 0, ..bad }).unwrap_err();
    assert_eq!(
        fields(error.violations()),
        [
            "ended_time",
            "hours",
            "notes",
            "project_id",
            "spent_date",
            "started_time",
            "started_time",
            "user_id"
        ]
    );
}

#[test]
fn days_stand_in_their_order() {
    let desc = descriptor("granary.harvest.v1.ListTimeEntriesRequest");
    let days = |from: i32, to: i32| ListTimeEntriesRequest {
        from: Some(Date { year: 2026, month: from, day: 1 }),
        to: Some(Date { year: 2026, month: to, day: 1 }),
        ..Default::default()
    };
    assert!(check_typed(&desc, &days(3, 4)).is_ok() && check_typed(&desc, &days(3, 3)).is_ok());
    let error = check_typed(&desc, &days(4, 3)).unwrap_err();
    assert_eq!(error.violations()[0].field, "to");
    assert_eq!(error.violations()[0].description, "must not be before from");
    assert!(check_typed(&desc, &ListTimeEntriesRequest { to: None, ..days(4, 3) }).is_ok());
}

#[test]
fn what_stands_for_a_missing_value_is_refused() {
    let desc = descriptor("granary.linkedin.v1.SearchPeopleRequest");
    let request = |text: &str| SearchPeopleRequest {
        keywords: Some(text.into()),
        location: vec![text.into()],
        ..Default::default()
    };
    for text in ["null", "undefined", "None", "NaN", "[object Object]"] {
        let error = check_typed(&desc, &request(text)).unwrap_err();
        assert_eq!(fields(error.violations()), ["keywords", "location[0]"], "{text}");
    }
    for text in ["N/A", "n/a"] {
        let error = check_typed(&desc, &request(text)).unwrap_err();
        assert_eq!(fields(error.violations()), ["location[0]"], "{text}");
    }
    assert!(check_typed(&desc, &request("Null")).is_ok());
    let desc = descriptor("granary.linkedin.v1.SearchGroupsRequest");
    let search = SearchGroupsRequest { search: "null".into(), ..Default::default() };
    let error = check_typed(&desc, &search).unwrap_err();
    assert_eq!(fields(error.violations()), ["search"], "nobody searches for that word");
}

#[test]
fn an_update_must_change_something_and_may_empty_the_notes() {
    let desc = descriptor("granary.harvest.v1.UpdateTimeEntryRequest");
    let nothing = UpdateTimeEntryRequest { time_entry_id: 1, ..Default::default() };
    let error = check_typed(&desc, &nothing).unwrap_err();
    assert_eq!(fields(error.violations()), [""]);
    let emptied = UpdateTimeEntryRequest { notes: Some(String::new()), ..nothing };
    assert!(check_typed(&desc, &emptied).is_ok());
}

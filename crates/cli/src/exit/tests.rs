//! How failures end a command, for people and for scripts.
use std::time::Duration;

use granary_rpc::Reason;

use super::*;

#[test]
fn each_family_has_its_exit_code() {
    let code = |reason| Failure::from(Error::new(reason, "x")).code();
    assert_eq!(code(Reason::ScopeMissing), 4);
    assert_eq!(code(Reason::CredentialMissing), 5);
    assert_eq!(code(Reason::UpstreamThrottled), 6);
    assert_eq!(code(Reason::StoreUnavailable), 7);
    assert_eq!(Failure::unexpected("x").code(), 1);
    assert_eq!(Failure::usage("x").code(), 2);
    assert_eq!(Failure::configuration("x").code(), 3);
}

#[test]
fn reasons_of_the_command_itself_have_a_family_too() {
    let family = |failure: Failure| failure.document()["error"]["metadata"]["family"].clone();
    assert_eq!(family(Failure::usage("x")), "caller");
    assert_eq!(family(Failure::configuration("x")), "caller");
    assert_eq!(family(Failure::unexpected("x")), "operator");
    assert_eq!(family(Failure::unreachable("x".into())), "operator");
    assert_eq!(family(Error::new(Reason::OutOfCredit, "x").into()), "user");
}

#[test]
fn a_bad_value_is_the_faults_of_where_it_stands() {
    let path = std::env::var("PATH").unwrap();
    assert_eq!(Failure::of_value("--path", "PATH", &path, "is bad").code(), 3);
    let flag = Failure::of_value("--path", "PATH", "other", "is bad");
    assert_eq!((flag.code(), flag.text().as_str()), (2, "error: --path is bad"));
}

#[test]
fn scripts_see_everything_that_the_status_says() {
    let error = Error::invalid(vec![Violation { field: "hours".into(), description: "must be set".into() }])
        .with("tool", "log_time_entry")
        .retry_after(Duration::from_millis(1_500));
    let document = Failure::from(error).document();
    let expected = json!({"error": {
        "reason": "INVALID_INPUT",
        "message": "hours: must be set",
        "metadata": {"family": "caller", "tool": "log_time_entry"},
        "violations": [{"field": "hours", "description": "must be set"}],
        "retry_after_seconds": 2,
    }});
    assert_eq!(document, expected);
}

#[test]
fn people_see_a_fault_once() {
    let text = Failure::invalid("hours", "must be set").text();
    assert_eq!(text, "error: hours: must be set\n  reason: INVALID_INPUT (yours to fix)");
}

#[test]
fn several_faults_stand_one_a_line() {
    let fault = |field: &str| Violation { field: field.into(), description: "is required".into() };
    let text = Failure::from(Error::invalid(vec![fault("hours"), fault("task_id")])).text();
    assert_eq!(
        text,
        "error: 2 faults\n  hours: is required\n  task_id: is required\n  reason: INVALID_INPUT (yours to fix)"
    );
    let failure =
        Failure::settings(vec!["gateway.threads: must be at most 256".into(), "a sentence: so".into()]);
    assert_eq!(failure.text(), "error: 2 faults\n  gateway.threads: must be at most 256\n  a sentence: so");
    assert_eq!(failure.document()["error"]["violations"][0]["field"], "gateway.threads");
    assert_eq!(failure.code(), 3);
}

#[test]
fn a_newer_servers_reason_keeps_its_family() {
    assert_eq!(family_of("SOMETHING_NEW", Some("user")), Family::User);
    assert_eq!(family_of("SOMETHING_NEW", None), Family::Operator);
    assert_eq!(family_of("OUT_OF_CREDIT", Some("caller")), Family::User);
}

//! A user's day, against the simulator: log, look, change, delete, in both timer modes and in every role.
use granary_rpc::Reason;
use serde_json::json;

use crate::harness::{ACCOUNT, Harness, PROJECT, TASK, entry};
use crate::stub::{Canned, Stub};
use crate::wire::{detail, reason};

#[tokio::test]
async fn an_entry_is_logged_listed_changed_and_deleted() {
    let harness = Harness::open().await;
    let token = harness.token("day", "administrator").await;
    let logged =
        harness.call("LogTimeEntry", &token, entry(json!({"hours": 1.25, "notes": "first"}))).await.unwrap();
    let logged = &logged.json["time_entry"];
    assert_eq!((logged["hours"].to_string(), logged["notes"].as_str()), ("1.25".to_owned(), Some("first")));
    let id = logged["id"].clone();

    let input = json!({"from": "2026-03-31", "to": "2026-03-31", "project_id": PROJECT, "task_id": TASK});
    let listed = harness.call("ListTimeEntries", &token, input.clone()).await.unwrap();
    assert!(listed.json["time_entries"].as_array().unwrap().iter().any(|e| e["id"] == id));

    let change = json!({"time_entry_id": id, "notes": "second"});
    let changed = harness.call("UpdateTimeEntry", &token, change).await.unwrap();
    assert_eq!(changed.json["time_entry"]["notes"], "second");
    assert_eq!(changed.json["time_entry"]["hours"].to_string(), "1.25");
    let cleared =
        harness.call("UpdateTimeEntry", &token, json!({"time_entry_id": id, "notes": ""})).await.unwrap();
    assert!(matches!(cleared.json["time_entry"]["notes"].as_str(), None | Some("")), "{}", cleared.json);

    let deleted = harness.call("DeleteTimeEntry", &token, json!({"time_entry_id": id})).await.unwrap();
    assert_eq!(deleted.json["time_entry_id"], id);
    let gone = harness.call("DeleteTimeEntry", &token, json!({"time_entry_id": id})).await;
    assert_eq!(reason(&gone), Reason::UpstreamNotFound);
}

#[tokio::test]
async fn a_timer_runs_stops_and_runs_again() {
    let harness = Harness::open().await;
    let token = harness.token("timer", "member").await;
    let started = harness.call("LogTimeEntry", &token, entry(json!({}))).await.unwrap();
    assert_eq!(started.json["time_entry"]["is_running"], true);
    let id = json!({"time_entry_id": started.json["time_entry"]["id"]});
    let stopped = harness.call("StopTimer", &token, id.clone()).await.unwrap();
    assert_eq!(stopped.json["time_entry"]["is_running"], false);
    let again = harness.call("RestartTimer", &token, id).await.unwrap();
    assert_eq!(again.json["time_entry"]["is_running"], true);
}

#[tokio::test]
async fn the_wrong_variant_is_refused_before_anything_is_sent() {
    let harness = Harness::open().await;
    let token = harness.token("mode", "administrator").await;
    let times = json!({"started_time": "8:00am", "ended_time": "9:30am"});
    let mismatch = harness.call("LogTimeEntry", &token, entry(times.clone())).await;
    assert_eq!(reason(&mismatch), Reason::TimerModeMismatch);
    assert_eq!(detail(&mismatch.unwrap_err(), "expected").as_deref(), Some("hours"));
    for _ in 0..3 {
        harness.call("LogTimeEntry", &token, entry(json!({"hours": 1}))).await.unwrap();
    }
    let journal = harness.journal().await;
    assert_eq!(journal.iter().filter(|c| c.starts_with("GET /v2/company")).count(), 1, "{journal:?}");
    assert_eq!(journal.iter().filter(|c| c.starts_with("POST")).count(), 3, "{journal:?}");

    let secret = "canary-times-000111222333";
    harness.set(&json!({"access_token": secret, "account_id": 910_050, "timer_mode": "timestamp"})).await;
    let token = granary_credential::Credential::HarvestToken {
        access_token: granary_credential::Secret::new(secret.to_owned()),
        account_id: 910_050,
    };
    let mine = harness.call("ListMyProjectAssignments", &token, json!({})).await.unwrap();
    let assignment = &mine.json["project_assignments"][0];
    let place = json!({
        "project_id": assignment["project"]["id"], "task_id": assignment["task_assignments"][0]["task"]["id"],
    });
    let mut by_hours = entry(place.clone());
    by_hours["hours"] = json!(1.5);
    let mismatch = harness.call("LogTimeEntry", &token, by_hours).await;
    assert_eq!(reason(&mismatch), Reason::TimerModeMismatch);
    assert_eq!(detail(&mismatch.unwrap_err(), "expected").as_deref(), Some("start_and_end"));
    let mut by_times = entry(place);
    by_times["started_time"] = json!("8:00am");
    by_times["ended_time"] = json!("9:30am");
    let logged = harness.call("LogTimeEntry", &token, by_times).await.unwrap();
    assert_eq!(logged.json["time_entry"]["hours"].to_string(), "1.5");
}

#[tokio::test]
async fn a_member_logs_although_the_company_is_closed_to_members() {
    let harness = Harness::open().await;
    let token = harness.token("member", "member").await;
    for _ in 0..2 {
        harness.call("LogTimeEntry", &token, entry(json!({"hours": 0.5}))).await.unwrap();
    }
    let refused = harness.call(
        "LogTimeEntry",
        &token,
        entry(json!({"started_time": "8:00am", "ended_time": "9:00am"})),
    );
    assert_eq!(reason(&refused.await), Reason::UpstreamInvalidInput);
    let journal = harness.journal().await;
    assert_eq!(journal.iter().filter(|c| c.starts_with("GET /v2/company 403")).count(), 1, "{journal:?}");
}

#[tokio::test]
async fn a_member_is_told_what_to_use_instead() {
    let harness = Harness::open().await;
    let token = harness.token("rights", "member").await;
    for (rpc, input, instead) in [
        ("ListProjects", json!({}), Some("list_my_project_assignments")),
        ("ListUsers", json!({}), Some("get_user with user_id \"me\"")),
        ("GetCompany", json!({}), None),
        ("ListProjectTaskAssignments", json!({"project_id": PROJECT}), Some("list_my_project_assignments")),
    ] {
        let outcome = harness.call(rpc, &token, input).await;
        assert_eq!(reason(&outcome), Reason::UpstreamForbidden, "{rpc}");
        assert_eq!(detail(&outcome.unwrap_err(), "use_instead").as_deref(), instead, "{rpc}");
    }
    let mine = harness.call("ListMyProjectAssignments", &token, json!({})).await.unwrap();
    assert!(!mine.json["project_assignments"].as_array().unwrap().is_empty());
    let me = harness.call("GetUser", &token, json!({"user_id": "me"})).await.unwrap();
    assert_eq!(me.json["user"]["access_roles"], json!(["member"]));
}

#[tokio::test]
async fn what_is_not_assigned_is_answered_with_what_is() {
    let harness = Harness::open().await;
    let token = harness.token("assigned", "administrator").await;
    let inactive = json!({"task_id": 87_654_323, "hours": 1});
    let outcome = harness.call("LogTimeEntry", &token, entry(inactive)).await;
    assert_eq!(reason(&outcome), Reason::NotAssigned);
    let status = outcome.unwrap_err();
    let valid = detail(&status, "valid_tasks").unwrap();
    assert!(valid.contains("87654321 Development") && !valid.contains("87654323"), "{valid}");
    assert!(status.message().contains(&valid));

    let outcome = harness.call("LogTimeEntry", &token, entry(json!({"project_id": 1, "hours": 1}))).await;
    assert_eq!(reason(&outcome), Reason::NotAssigned);
    let valid = detail(&outcome.unwrap_err(), "valid_projects").unwrap();
    assert!(valid.contains("12345678 Acme Corp Website"), "{valid}");

    let logged = harness.call("LogTimeEntry", &token, entry(json!({"hours": 1}))).await.unwrap();
    let id = logged.json["time_entry"]["id"].clone();
    let outcome = harness.call("UpdateTimeEntry", &token, json!({"time_entry_id": id, "task_id": 5})).await;
    assert_eq!(reason(&outcome), Reason::NotAssigned);
    assert!(detail(&outcome.unwrap_err(), "valid_tasks").unwrap().contains("87654321 Development"));
}

#[tokio::test]
async fn many_long_names_do_not_outgrow_the_trailers() {
    let rows: Vec<_> = (1..=150)
        .map(|n| json!({"is_active": true, "project": {"id": 90_000_000 + n, "name": "長い名前の案件".repeat(20)}}))
        .collect();
    let page = json!({"project_assignments": rows, "page": 1, "next_page": null});
    let upstream = Stub::start(vec![
        Canned::json("POST", "/v2/time_entries", 422, &json!({"message": "Project is odd"})),
        Canned::json("GET", "/v2/users/me/project_assignments", 200, &page),
    ])
    .await;
    let service = crate::service(&upstream.url).await;
    let outcome = service.call(&crate::path("LogTimeEntry"), &crate::token(), &entry(json!({}))).await;
    assert_eq!(reason(&outcome), Reason::NotAssigned);
    let status = outcome.unwrap_err();
    assert!(detail(&status, "valid_projects").unwrap().starts_with("90000001 長い"));
    let headers = status.into_http::<tonic::body::Body>().headers().clone();
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    assert!(size < 8_000, "{size} bytes");
}

#[tokio::test]
async fn every_page_of_a_list_is_reached_by_its_number_and_holds_no_row_twice() {
    let harness = Harness::open().await;
    let token = harness.token("pages", "administrator").await;
    let mut rows = Vec::new();
    let mut page = json!(1);
    for _ in 0..40 {
        let listed =
            harness.call("ListTimeEntries", &token, json!({"page": page, "per_page": 30})).await.unwrap();
        rows.extend(listed.json["time_entries"].as_array().unwrap().iter().map(|e| e["id"].to_string()));
        let info = &listed.json["page_info"];
        if info["more"] != "YES" {
            assert_eq!(info["total_items"], rows.len());
            break;
        }
        page = info["next"]["page"].clone();
    }
    let count = rows.len();
    rows.sort();
    rows.dedup();
    assert!(count > 100 && rows.len() == count, "{count} rows, {} of them distinct", rows.len());
}

#[tokio::test]
async fn a_token_of_another_account_or_none_is_the_credentials_fault() {
    let harness = Harness::open().await;
    let token = harness.token("wrong", "administrator").await;
    let granary_credential::Credential::HarvestToken { access_token, .. } = &token else { panic!() };
    let elsewhere = granary_credential::Credential::HarvestToken {
        access_token: access_token.clone(),
        account_id: ACCOUNT + 3,
    };
    let unknown = granary_credential::Credential::HarvestToken {
        access_token: granary_credential::Secret::new("canary-nobody-knows-this".to_owned()),
        account_id: ACCOUNT,
    };
    for credential in [elsewhere, unknown] {
        let outcome = harness.call("ListProjects", &credential, json!({})).await;
        assert_eq!(reason(&outcome), Reason::CredentialRejected);
        let status = outcome.unwrap_err();
        assert_eq!(crate::wire::outcome(status.metadata()).unwrap(), "harvest_token;3;rejected");
        let probe = harness.call("ProbeHarvestToken", &credential, json!({})).await.unwrap();
        assert_eq!(probe.json["accepted"], false);
    }
    assert_eq!(harness.call("ProbeHarvestToken", &token, json!({})).await.unwrap().json["accepted"], true);
}

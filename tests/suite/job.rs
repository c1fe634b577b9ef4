//! The main job, as a backend does it.
use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::{ListProjectsRequest, ListTimeEntriesRequest, LogTimeEntryRequest};
use granary_proto::granary::linkedin::v1::ScrapeProfileRequest;
use granary_proto::granary::vault::v1::AccountStatus;
use granary_testkit::Up;

use crate::support::{ready_account, token};

const ENTRY: &str = r#"{"project_id": 12345678, "task_id": 87654321, "spent_date": "2026-03-31", "hours": 1.50, "notes": "by name"}"#;

#[tokio::test]
async fn the_main_job_runs_by_typed_rpc_and_by_name() {
    main_job(&Up::start().await).await;
}

/// From a fresh account to a time entry and a profile.
pub(crate) async fn main_job(up: &Up) {
    let (client, sandbox) = (up.client(), up.sandbox());
    let account = "user_ha_456";
    assert_eq!(client.account(account).await.status(), AccountStatus::Pending);
    ready_account(&client, &sandbox, account).await;
    assert_eq!(client.get(account).await.unwrap().status(), AccountStatus::Active);

    let logged = client
        .harvest(account)
        .log_time_entry(LogTimeEntryRequest {
            project_id: 12_345_678,
            task_id: 87_654_321,
            spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
            hours: Some(Decimal { value: "1.5".into() }),
            notes: Some("typed".into()),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner()
        .time_entry
        .unwrap();
    assert_eq!(logged.hours.unwrap().value, "1.5");

    let (data, answer) = client.call(account, "log_time_entry", ENTRY).await.unwrap();
    assert_eq!(data["notes"], "by name");
    assert!(data["id"].is_i64(), "{data}");
    assert!(answer.charge.is_none() && answer.warnings.is_empty());

    let day = Date { year: 2026, month: 3, day: 31 };
    let request = ListTimeEntriesRequest { from: Some(day), to: Some(day), ..Default::default() };
    let listed = client.harvest(account).list_time_entries(request).await.unwrap().into_inner();
    let notes: Vec<&str> = listed.time_entries.iter().filter_map(|e| e.notes.as_deref()).collect();
    assert!(notes.contains(&"typed") && notes.contains(&"by name"), "{notes:?}");

    let projects =
        client.harvest(account).list_projects(ListProjectsRequest::default()).await.unwrap().into_inner();
    assert!(projects.projects.iter().any(|p| p.id == Some(12_345_678)));

    let request =
        ScrapeProfileRequest { public_identifier: Some("jeffweiner08".into()), ..Default::default() };
    let profile = client.linkedin(account).scrape_profile(request).await.unwrap().into_inner();
    assert_eq!(profile.element.unwrap().public_identifier.as_deref(), Some("jeffweiner08"));
    assert_eq!(profile.charge.unwrap().cost_micros, Some(6_400));
    let input = r#"{"profile_url": "https://www.linkedin.com/in/jeffweiner08", "main": true}"#;
    let (data, answer) = client.call(account, "harvestapi_scrape_profile", input).await.unwrap();
    assert_eq!(data["public_identifier"], "jeffweiner08");
    assert_eq!(answer.charge.unwrap().cost_micros, Some(4_000));
}

#[tokio::test]
async fn state_survives_a_restart_and_a_crash() {
    let up = Up::start().await;
    ready_account(&up.client(), &up.sandbox(), "user/../é").await;
    up.client().call("user/../é", "log_time_entry", ENTRY).await.unwrap();
    // The simulator writes what it was told a few times a second.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    let up = up.restart(&[]).await;
    let day = r#"{"from": "2026-03-31", "to": "2026-03-31"}"#;
    let (data, _) = up.client().call("user/../é", "list_time_entries", day).await.unwrap();
    assert!(data["time_entries"].as_array().unwrap().iter().any(|e| e["notes"] == "by name"), "{data}");
    let up = up.crash().await;
    assert_eq!(up.client().get("user/../é").await.unwrap().credentials.len(), 2);
    up.client().call("user/../é", "get_company", "{}").await.unwrap();
}

#[tokio::test]
async fn sigterm_says_not_serving_lets_calls_finish_and_exits_with_0() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    sandbox.fault(serde_json::json!({"api": "harvest", "path": "/v2/company", "delay_ms": 900})).await;
    let mut watch =
        tonic_health::pb::health_client::HealthClient::new(granary_testkit::client::channel(up.gateway()))
            .watch(tonic_health::pb::HealthCheckRequest::default())
            .await
            .unwrap()
            .into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 1);
    let call = tokio::spawn(async move { client.call("a", "get_company", "{}").await.map(|_| ()) });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let (process, _dir) = up.into_process();
    process.terminate().await;
    assert_eq!(watch.message().await.unwrap().unwrap().status, 2, "NOT_SERVING comes first");
    drop(watch);
    call.await.unwrap().expect("a call in flight finishes");
    let mut process = process;
    assert!(process.ended().await.success());
}

#[tokio::test]
async fn it_is_ready_within_2_s_and_stays_under_80_mb_after_10_000_calls() {
    let start = std::time::Instant::now();
    let up = Up::start().await;
    let ready = start.elapsed();
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    for account in ["b", "c", "d"] {
        let (text, id) = sandbox.harvest_token(1).await;
        client.account(account).await;
        client.put(account, &token(&text, id)).await.unwrap();
    }
    let each = |client: granary_testkit::Client| async move {
        for number in 0..1_250 {
            let tool = ["get_company", "list_projects", "scrape_profile", "get_my_api_user"][number % 4];
            let input =
                if tool == "scrape_profile" { r#"{"public_identifier": "jeffweiner08"}"# } else { "{}" };
            client.call("a", tool, input).await.unwrap();
        }
    };
    futures_util::future::join_all((0..8).map(|_| each(up.client()))).await;
    let resident = up.process().resident();
    println!("ready after {ready:?}; {} MB resident after 10,000 calls", resident / 1_000_000);
    assert!(resident < 80_000_000, "{resident} bytes");
    // Three times the target: machines differ, and a start-up that hangs is what this is to catch.
    assert!(ready.as_secs() < 6, "{ready:?}");
}

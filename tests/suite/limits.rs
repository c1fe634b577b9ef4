//! Every queue has a bound, and what is over a limit is refused by name.
use std::time::Duration;

use granary_proto::google::r#type::Date;
use granary_proto::granary::harvest::v1::LogTimeEntryRequest;
use granary_proto::granary::linkedin::v1::GetMyApiUserRequest;
use granary_rpc::Reason;
use granary_testkit::Up;
use tokio::io::AsyncReadExt;
use tonic::Request;

use crate::support::{ready_account, reason};

#[tokio::test]
async fn a_message_above_the_limit_is_refused_and_the_next_one_is_served() {
    let up = Up::start_with(&["--set", "gateway.limits.max_message_bytes=2000"]).await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let entry = |notes: String| LogTimeEntryRequest {
        project_id: 12_345_678,
        task_id: 87_654_321,
        spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
        notes: Some(notes),
        ..Default::default()
    };
    let before = sandbox.newest().await;
    assert_eq!(
        reason(client.harvest("a").log_time_entry(entry("x".repeat(5_000))).await),
        Reason::LimitExceeded
    );
    let large = format!(r#"{{"notes": "{}"}}"#, "x".repeat(5_000));
    assert_eq!(reason(client.call("a", "log_time_entry", &large).await), Reason::LimitExceeded);
    assert_eq!(sandbox.newest().await, before, "nothing reached upstream");
    client.harvest("a").log_time_entry(entry("fits".into())).await.unwrap();
}

#[tokio::test]
async fn headers_above_the_limit_are_refused_and_the_next_call_is_served() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let mut request = Request::new(GetMyApiUserRequest {});
    request.metadata_mut().insert("x-large", "x".repeat(60_000).parse().unwrap());
    client.linkedin("a").get_my_api_user(request).await.unwrap_err();
    client.linkedin("a").get_my_api_user(GetMyApiUserRequest {}).await.unwrap();
}

#[tokio::test]
async fn streams_above_the_limit_wait_and_connections_above_it_are_closed() {
    let flags = [
        "--set",
        "gateway.limits.max_streams=1",
        "--set",
        "gateway.limits.max_connections=5",
        "--set",
        "gateway.threads=1",
    ];
    let up = Up::start_with(&flags).await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let calls = (0..20).map(|_| {
        let client = client.clone();
        async move { client.linkedin("a").get_my_api_user(GetMyApiUserRequest {}).await.map(|_| ()) }
    });
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(tokio::net::TcpStream::connect(up.gateway()).await.unwrap());
    }
    let mut closed = 0;
    for stream in &mut open {
        let mut byte = [0; 64];
        // An accepted connection greets with its settings; a refused one ends.
        if let Ok(Ok(0) | Err(_)) =
            tokio::time::timeout(Duration::from_millis(500), stream.read(&mut byte)).await
        {
            closed += 1;
        }
    }
    assert!((5..10).contains(&closed), "{closed} of 10 were closed");
    drop(open);
    tokio::time::sleep(Duration::from_millis(300)).await;
    client.linkedin("a").get_my_api_user(GetMyApiUserRequest {}).await.unwrap();
}

#[tokio::test]
async fn tools_are_listed_in_pages_and_say_what_an_account_lacks() {
    use granary_proto::granary::gateway::v1::ListToolsRequest;
    use granary_proto::granary::policy::v1::CredentialKind;
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    client.account("a").await;
    let text = sandbox.harvestapi_key(3).await;
    client.put_sealed("a", &crate::support::key(&text)).await.unwrap();
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListToolsRequest {
            identifier: "a".into(),
            page_size: 5,
            page_token: token,
            ..Default::default()
        };
        let page = client.tools().list_tools(request).await.unwrap().into_inner();
        for tool in page.tools {
            let schema: serde_json::Value = serde_json::from_str(&tool.input_schema_json).unwrap();
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            let held = i32::from(CredentialKind::HarvestapiKey);
            let unmet = tool.needs.iter().filter(|need| !need.any_of.contains(&held));
            let missing: Vec<i32> = unmet.filter_map(|need| need.any_of.first().copied()).collect();
            assert_eq!(tool.missing_kinds, missing, "{}", tool.name);
            // A HarvestAPI key serves no time tracking unless an address for that is configured.
            let harvest = tool.method.starts_with("granary.harvest.");
            assert_eq!(missing == [i32::from(CredentialKind::HarvestToken)], harvest, "{}", tool.name);
            names.push(tool.name);
        }
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert!(names.len() >= 47 && names.is_sorted(), "{names:?}");
    let request = ListToolsRequest { page_size: 1_000, ..Default::default() };
    assert!(client.tools().list_tools(request).await.is_ok(), "lowered to the largest");
    let request = ListToolsRequest { page_token: "nonsense".into(), ..Default::default() };
    assert_eq!(reason(client.tools().list_tools(request).await), Reason::InvalidInput);
}

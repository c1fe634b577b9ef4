//! A few bytes cost little: what a caller may not do costs no conversion, and what a third party sends takes bounded room.
use std::time::{Duration, Instant};

use granary_proto::granary::harvest::v1::ListTimeEntriesRequest;
use granary_proto::granary::linkedin::v1::SearchCompaniesRequest;
use granary_proto::granary::policy::v1::Scope;
use granary_rpc::Reason;
use granary_testkit::Up;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::support::{ready_account, reason};

/// A mebibyte of rows without a word in them.
const ROWS: usize = (1 << 20) / 3;

#[tokio::test]
async fn who_may_not_call_a_tool_for_an_account_pays_for_no_conversion() {
    let up = Up::start().await;
    let client = up.client();
    client.account("a").await;
    let keys: Vec<String> = (0..50_000).map(|n| format!(r#""{}{n:06}":0"#, "unknown_".repeat(7))).collect();
    let nonsense = format!("{{{}}}", keys.join(","));
    let lowest = client.key("", &[Scope::TimeRead.into()], &["b*"]).await.key_text;
    let lowest = up.client_with(&lowest);
    for (account, tool, expected) in [
        ("b", "search_leads", Reason::ScopeMissing),
        ("a", "search_leads", Reason::ScopeMissing),
        ("a", "list_projects", Reason::AccountNotAllowed),
    ] {
        assert_eq!(reason(lowest.call(account, tool, &nonsense).await), expected, "{tool} for {account}");
    }
    assert_eq!(reason(client.call("a", "search_leads", &nonsense).await), Reason::InvalidInput);
}

#[tokio::test]
async fn bad_inputs_of_one_caller_do_not_keep_others_waiting() {
    let up = Up::start_with(&["--set", "gateway.threads=1"]).await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    client.call("a", "get_company", "{}").await.unwrap();
    let keys: Vec<String> = (0..50_000).map(|n| format!(r#""{}{n:06}":0"#, "unknown_".repeat(7))).collect();
    let nonsense = format!("{{{}}}", keys.join(","));
    let hostile = (0..6).map(|_| {
        let (client, nonsense) = (up.client(), nonsense.clone());
        tokio::spawn(async move { client.call("a", "search_leads", &nonsense).await })
    });
    let hostile: Vec<_> = hostile.collect();
    let begin = Instant::now();
    for _ in 0..20 {
        up.client().call("a", "get_company", "{}").await.unwrap();
    }
    let took = begin.elapsed();
    for call in hostile {
        assert_eq!(reason(call.await.unwrap()), Reason::InvalidInput);
    }
    println!("20 calls beside six bad inputs of 3.3 MB took {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn a_mebibyte_of_empty_rows_takes_no_gigabyte_and_what_was_billed_is_told() {
    let rows = format!("[{}{{}}]", "{},".repeat(ROWS - 1));
    let harvest = vendor(format!(r#"{{"time_entries":{rows},"page":1}}"#)).await;
    let linkedin = vendor(format!(r#"{{"status":200,"cost":0.004,"elements":{rows}}}"#)).await;
    let up = Up::start_with(&[
        "--set",
        &format!("harvest_time.harvest.base_url=http://{harvest}"),
        "--set",
        &format!("linkedin_data.harvestapi.base_url=http://{linkedin}"),
    ])
    .await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let before = peak(&up);
    let listed = client.harvest("a").list_time_entries(ListTimeEntriesRequest::default()).await;
    assert_eq!(reason(listed), Reason::UpstreamMalformed);
    let request = || SearchCompaniesRequest { search: "x".into(), ..Default::default() };
    let found = client.linkedin("a").search_companies(request()).await.unwrap_err();
    assert_eq!(found.metadata().get("granary-charge-micros").unwrap(), "4000");
    assert_eq!(found.get_details_error_info().unwrap().metadata["charge_micros"], "4000");
    assert_eq!(reason::<()>(Err(found)), Reason::UpstreamMalformed);
    let by_name = client.call("a", "search_companies", r#"{"search": "x"}"#).await;
    assert_eq!(reason(by_name), Reason::UpstreamMalformed);
    let grown = (peak(&up) - before) / 1_000_000;
    println!("{ROWS} empty rows three times: the peak grew by {grown} MB");
    assert!(grown < 60, "{grown} MB");
}

#[tokio::test]
async fn a_page_has_as_many_rows_as_are_taken_and_not_one_more() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let rows = |count: usize| (1..=count).map(|id| json!({"id": id})).collect::<Vec<_>>();
    let answer = async |api: &str, path: &str, body: serde_json::Value| {
        sandbox.clear_faults().await;
        sandbox.fault(json!({"api": api, "path": path, "count": 0, "body": {"json": body}})).await;
    };
    let entries = async |count| {
        answer("harvest", "/v2/time_entries*", json!({"time_entries": rows(count), "page": 1})).await;
        let listed = client.harvest("a").list_time_entries(ListTimeEntriesRequest::default()).await;
        listed.map(|page| page.into_inner().time_entries.len())
    };
    assert_eq!(entries(2_000).await.unwrap(), 2_000);
    assert_eq!(reason(entries(2_001).await), Reason::UpstreamMalformed);
    let companies = async |count| {
        answer("harvestapi", "/linkedin/company-search*", json!({"status": 200, "elements": rows(count)}))
            .await;
        let search = SearchCompaniesRequest { search: "x".into(), ..Default::default() };
        client.linkedin("a").search_companies(search).await.map(|page| page.into_inner().elements.len())
    };
    assert_eq!(companies(1_000).await.unwrap(), 1_000);
    assert_eq!(reason(companies(1_001).await), Reason::UpstreamMalformed);
}

#[tokio::test]
async fn health_of_an_unknown_service_is_told_as_unknown_and_the_stream_stays_open() {
    let up = Up::start().await;
    let mut health = HealthClient::new(granary_testkit::client::channel(up.gateway()));
    let request = HealthCheckRequest { service: "granary.none.v1.None".into() };
    let mut watch = health.watch(request.clone()).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 3);
    let silent = tokio::time::timeout(Duration::from_millis(1_200), watch.message()).await;
    assert!(silent.is_err(), "nothing changed, and {silent:?}");
    assert_eq!(health.check(request).await.unwrap_err().code(), tonic::Code::NotFound);
    let long = HealthCheckRequest { service: "x".repeat(1_000) };
    health.check(long).await.unwrap_err();
}

/// A third party on loopback that answers every request with this body.
async fn vendor(body: String) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
    let answer: std::sync::Arc<str> = format!("{head}: {}\r\n\r\n{body}", body.len()).into();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {
                    if request.ends_with(b"\r\n\r\n") {
                        request.clear();
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            });
        }
    });
    address
}

/// The most that the process has ever held, in bytes.
fn peak(up: &Up) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", up.process().id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}

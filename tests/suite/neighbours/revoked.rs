//! What is revoked ends the streams that use it, and no others.
use std::time::{Duration, Instant};

use granary_proto::granary::linkedin::v1::stream_bulk_scrape_profiles_response::Event;
use granary_proto::granary::linkedin::v1::{BulkScrapeProfilesRequest, StreamBulkScrapeProfilesRequest};
use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::{
    DeleteConnectedAccountRequest, DisableConnectedAccountRequest, RevokeCredentialRequest,
};
use granary_rpc::{Reason, error};
use granary_testkit::{Client, Cluster, Sandbox, neighbours};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

use super::sized;
use super::streams::{DEADLINE, caller, endless_pages, failure, follow, follower, pages, revoke_key};
use crate::support::{apify, key};

/// When a stream must have ended after what it needs was revoked.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// A caller whose account "bulk" has runs that take a minute for each row.
pub(super) async fn bulk_caller(operator: &Client, sandbox: &Sandbox) -> (Client, String) {
    let token = "apify_api_bulk0123456789abcdef0123";
    sandbox.set(json!({"apify_token": token, "pace_ms": 60_000})).await;
    operator.account("bulk").await;
    operator.put_sealed("bulk", &apify(token)).await.unwrap();
    caller(operator).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_within_a_second_of_what_it_needs() {
    let cluster = Cluster::start().await;
    let (operator, sandbox) = (cluster.client(), cluster.sandbox());
    endless_pages(&sandbox, 100).await;
    let changes = [
        ("key", Reason::ApiKeyInvalid),
        ("credential", Reason::CredentialRevoked),
        ("disabled", Reason::AccountDisabled),
        ("deleted", Reason::AccountNotFound),
    ];
    let mut told = Vec::new();
    for (account, expected) in changes {
        let (client, key_id) = follower(&operator, &sandbox, account).await;
        let mut stream = follow(&client, account).await;
        pages(&mut stream, 2).await;
        let identifier = account.to_owned();
        match account {
            "key" => revoke_key(&operator, key_id).await,
            "credential" => {
                let kind = CredentialKind::HarvestapiKey.into();
                let request = RevokeCredentialRequest { identifier, kind };
                operator.accounts().revoke_credential(request).await.unwrap();
            }
            "disabled" => {
                let request = DisableConnectedAccountRequest { identifier };
                operator.accounts().disable_connected_account(request).await.unwrap();
            }
            _ => {
                let request = DeleteConnectedAccountRequest { identifier };
                operator.accounts().delete_connected_account(request).await.unwrap();
            }
        }
        let since = Instant::now();
        match failure(&mut stream, since, END_TIMEOUT).await {
            Ok(status) if error::reason_of(&status) == Some(expected) => {
                println!("{account}: ended after {:?}", since.elapsed());
            }
            other => told.push(format!("{account}: {expected:?} expected, {other:?}")),
        }
        // Nor does the vendor hear of it any more.
        drop(stream);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let before = sandbox.newest().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let later = sandbox.journal(before).await.len();
        if later > 0 {
            told.push(format!("{account}: {later} pages were fetched after the end"));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_lets_a_stream_go_on() {
    let cluster = Cluster::start().await;
    let (operator, sandbox) = (cluster.client(), cluster.sandbox());
    endless_pages(&sandbox, 100).await;
    let (client, _) = follower(&operator, &sandbox, "rotated").await;
    let mut stream = follow(&client, "rotated").await;
    pages(&mut stream, 2).await;
    sandbox.set(json!({"harvestapi_key": "rotated-key-9876543210"})).await;
    operator.put_sealed("rotated", &key("rotated-key-9876543210")).await.unwrap();
    let since = Instant::now();
    while since.elapsed() < END_TIMEOUT {
        pages(&mut stream, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_run_that_is_cut_off_names_its_run() {
    let cluster = Cluster::start().await;
    let (operator, sandbox) = (cluster.client(), cluster.sandbox());
    let (client, key_id) = bulk_caller(&operator, &sandbox).await;
    let urls = vec!["https://www.linkedin.com/in/jeffweiner08".to_owned()];
    let mut request = Request::new(StreamBulkScrapeProfilesRequest { urls, find_email: None });
    request.set_timeout(DEADLINE);
    let answer = client.linkedin("bulk").stream_bulk_scrape_profiles(request).await;
    let mut stream = answer.expect("a stream").into_inner();
    let first = stream.message().await.expect("an event").expect("an event");
    let Some(Event::Progress(progress)) = first.event else { panic!("{first:?} is no progress") };
    let run = progress.run.and_then(|run| run.id).expect("the run's id");

    revoke_key(&operator, key_id).await;
    let status =
        failure(&mut stream, Instant::now(), END_TIMEOUT).await.unwrap_or_else(|told| panic!("{told}"));
    assert_eq!(error::reason_of(&status), Some(Reason::ApiKeyInvalid), "{status:?}");
    assert_eq!(named_run(&status), Some(run));
}

/// Also a call with one answer, typed and by name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_call_that_is_cut_off_names_its_run() {
    let cluster = Cluster::start().await;
    let (operator, sandbox) = (cluster.client(), cluster.sandbox());
    let (client, key_id) = bulk_caller(&operator, &sandbox).await;
    let urls = vec!["https://www.linkedin.com/in/jeffweiner08".to_owned()];
    let typed = async {
        let mut request = Request::new(BulkScrapeProfilesRequest { urls, find_email: None });
        request.set_timeout(DEADLINE);
        client.linkedin("bulk").bulk_scrape_profiles(request).await.unwrap_err()
    };
    let input = r#"{"urls": ["https://www.linkedin.com/in/williamhgates"]}"#;
    let by_name = async { client.call("bulk", "bulk_scrape_profiles", input).await.unwrap_err() };
    let begun = async || {
        let calls = sandbox.journal(0).await;
        calls.iter().filter(|call| call.method == "POST" && call.path.contains("/runs?")).count()
    };
    let revoked = async {
        let since = Instant::now();
        while begun().await < 2 {
            assert!(since.elapsed() < Duration::from_secs(10), "{} runs began", begun().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The answers that name them are on their way.
        tokio::time::sleep(Duration::from_millis(200)).await;
        revoke_key(&operator, key_id).await;
        Instant::now()
    };
    let (typed, by_name, revoked) = tokio::join!(typed, by_name, revoked);
    assert!(revoked.elapsed() < END_TIMEOUT, "{:?}", revoked.elapsed());
    for status in [&typed, &by_name] {
        assert_eq!(error::reason_of(status), Some(Reason::ApiKeyInvalid), "{status:?}");
        assert!(named_run(status).is_some_and(|run| !run.is_empty()), "{status:?}");
    }
    assert_ne!(named_run(&typed), named_run(&by_name));
}

/// The run that a refusal names.
fn named_run(status: &Status) -> Option<String> {
    status.get_details_error_info()?.metadata.get("run_id").cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_outlive_a_restart_of_credential_vault_and_the_changes_of_others() {
    let (tenants, each) = (4, sized(50, 250));
    let settings = [
        format!("gateway.max_streams_per_tenant={}", 2 * each),
        format!("linkedin_data.admission.max_long_in_flight_per_tenant={}", 2 * each),
        format!("linkedin_data.admission.max_long_in_flight={}", 2 * each * tenants),
    ];
    let mut cluster = Cluster::start_with(&settings.each_ref().map(String::as_str)).await;
    let (operator, sandbox) = (cluster.client(), cluster.sandbox());
    endless_pages(&sandbox, 1_000).await;
    let (stop, stopped) = watch::channel(false);
    let mut streams = JoinSet::new();
    for tenant in 0..tenants {
        let (client, account) = (operator.tenant(&format!("t{tenant}")).await, format!("user-{tenant}"));
        neighbours::settle(&client, &sandbox, &account).await;
        let client = client.at(&cluster.address("gateway"));
        for _ in 0..each {
            let (client, account, mut stopped) = (client.clone(), account.clone(), stopped.clone());
            streams.spawn(async move {
                let mut stream = follow(&client, &account).await;
                let mut pages = 0;
                loop {
                    tokio::select! {
                        page = stream.message() => match page {
                            Ok(Some(_)) => pages += 1,
                            Ok(None) => return Err("it ended".to_owned()),
                            Err(status) => return Err(neighbours::told(&status)),
                        },
                        _ = stopped.changed() => return Ok(pages),
                    }
                }
            });
        }
    }
    tokio::time::sleep(Duration::from_millis(sized(1_500, 10_000))).await;
    // Changes of other accounts and keys, before, during and after a restart.
    for round in 0..2 {
        for other in 0..3 {
            let account = format!("other-{round}-{other}");
            let (_, key_id) = follower(&operator, &sandbox, &account).await;
            revoke_key(&operator, key_id).await;
            let request = DeleteConnectedAccountRequest { identifier: account };
            operator.accounts().delete_connected_account(request).await.unwrap();
        }
        if round == 0 {
            cluster.stop("credential-vault").await;
            tokio::time::sleep(Duration::from_millis(sized(500, 5_000))).await;
            cluster.run("credential-vault");
            cluster.ready("gateway").await;
        }
    }
    tokio::time::sleep(Duration::from_millis(sized(1_500, 10_000))).await;
    stop.send(true).expect("streams");
    let ended = streams.join_all().await;
    let lost: Vec<String> = ended.iter().filter_map(|stream| stream.clone().err()).collect();
    assert!(lost.is_empty(), "{} of {} streams ended, the first: {}", lost.len(), ended.len(), lost[0]);
    let fewest = ended.into_iter().filter_map(Result::ok).min().expect("streams");
    assert!(fewest >= 3, "a stream read {fewest} pages");
}

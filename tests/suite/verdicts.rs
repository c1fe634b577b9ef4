//! Promise 12: an intermediary is not the vendor. What a proxy, a firewall or a login page answers changes nothing that is believed.
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use granary_credential::Kind;
use granary_proto::granary::gateway::v1::{VerifyCredentialRequest, VerifyCredentialResponse};
use granary_proto::granary::vault::v1::CredentialStatus;
use granary_rpc::{Reason, metadata};
use granary_testkit::{Client, Up};
use serde_json::json;
use tonic::{Request, Status};

use crate::support::{key, make_known, ready_account, reason, session};

const READS: [(&str, &str); 3] = [("get_company", "{}"), ("list_users", "{}"), ("get_my_api_user", "{}")];

async fn statuses(client: &Client, account: &str) -> Vec<(Kind, CredentialStatus)> {
    let account = client.get(account).await.unwrap();
    account.credentials.iter().map(|credential| (credential.kind(), credential.status())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edges_page_costs_no_credential_and_a_write_in_its_face_is_open() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "u").await;
    for (tool, input) in READS {
        client.call("u", tool, input).await.unwrap();
    }
    let active = async || {
        let all = statuses(&client, "u").await;
        all.iter().filter(|(_, status)| *status == CredentialStatus::Active).count()
    };
    let began = Instant::now();
    while active().await < 2 {
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", statuses(&client, "u").await);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let before = statuses(&client, "u").await;
    let entry = r#"{"project_id": 12345678, "task_id": 87654321, "spent_date": "2026-03-31", "hours": 1.5}"#;
    for status in [401, 403] {
        for body in
            [json!("html"), json!("empty"), json!({"json": {"message": "Forbidden", "success": false}})]
        {
            for api in ["harvest", "harvestapi"] {
                let fault = json!({"api": api, "count": 0, "status": status, "body": body});
                sandbox.fault(fault).await;
            }
            // A 403 whose words are Harvest's own form is a missing right, and no more than that.
            let is_own = status == 403 && body.is_object();
            for (tool, input) in READS {
                let told = reason(client.call("u", tool, input).await);
                let may_be = if is_own && tool != "get_my_api_user" {
                    Reason::UpstreamForbidden
                } else {
                    Reason::UpstreamUnavailable
                };
                assert_eq!(told, may_be, "{status} {body} {tool}");
            }
            if !is_own {
                let told = reason(client.call("u", "log_time_entry", entry).await);
                assert_eq!(told, Reason::UnknownOutcome, "{status} {body}");
            }
            sandbox.clear_faults().await;
        }
    }
    // Whatever was going to be reported has been.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(statuses(&client, "u").await, before);
    for (tool, input) in READS {
        client.call("u", tool, input).await.unwrap();
    }
}

async fn verify(client: &Client, kind: Kind, most: Option<&str>) -> Result<VerifyCredentialResponse, Status> {
    let message = VerifyCredentialRequest { identifier: "u".to_owned(), kind: kind.into() };
    let mut request = Request::new(message);
    if let Some(most) = most {
        request.metadata_mut().insert(metadata::MAX_COST, most.parse().unwrap());
    }
    client.tools().verify_credential(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_that_is_billed_says_so_and_keeps_to_the_cap() {
    let up = Up::start_with(&["--set", "linkedin_data.prices.my_profile=\"0.004\""]).await;
    let (client, sandbox) = (up.client(), up.sandbox());
    client.account("u").await;
    let (cookie, known) = ("AQEDAverified00000000001", "sbx-verified-key-000000002");
    make_known(&sandbox, "unused-token-0003", 960_003, known).await;
    sandbox.set(json!({"li_at": cookie})).await;
    client.put("u", &key(known)).await.unwrap();
    client.put("u", &session(cookie)).await.unwrap();
    let me = json!({"status": 200, "cost": 0.004, "element": {"id": "ACoAA1", "publicIdentifier": "ann"}});
    sandbox
        .fault(
            json!({"api": "harvestapi", "path": "/linkedin/my-profile*", "count": 0, "body": {"json": me}}),
        )
        .await;

    let told = verify(&client, Kind::LinkedinSession, Some("0.01")).await.unwrap();
    assert_eq!((told.status(), told.is_fresh), (CredentialStatus::Active, true));
    assert_eq!(told.charge.and_then(|charge| charge.cost_micros), Some(4_000));
    // A new version, which nobody has probed.
    client.put("u", &session(cookie)).await.unwrap();
    let before = sandbox.newest().await;
    let refused = verify(&client, Kind::LinkedinSession, Some("0.001")).await;
    assert_eq!(reason(refused), Reason::CostCapExceeded);
    assert_eq!(sandbox.newest().await, before, "nothing was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_on_demand_settles_a_status_once_in_half_a_minute_and_revives_what_had_expired() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    client.account("u").await;
    let text = "sbx-verified-key-000000001";
    make_known(&sandbox, "unused-token-0002", 960_002, text).await;
    client.put("u", &key(text)).await.unwrap();
    assert_eq!(reason(verify(&client, Kind::HarvestToken, None).await), Reason::CredentialMissing);
    assert_eq!(reason(verify(&client, Kind::Unspecified, None).await), Reason::InvalidInput);

    let kind = Kind::HarvestapiKey;
    let fresh = verify(&client, kind, None).await.unwrap();
    assert_eq!((fresh.status(), fresh.is_fresh, fresh.version), (CredentialStatus::Active, true, 1));
    let again = verify(&client, kind, None).await.unwrap();
    assert_eq!((again.status(), again.is_fresh), (CredentialStatus::Active, false));
    // A new version, of which several want to know at the same time: one of them asks the vendor.
    client.put("u", &key(text)).await.unwrap();
    let before = sandbox.newest().await;
    let several = join_all((0..8).map(|_| verify(&client, kind, None))).await;
    let several: Vec<_> = several.into_iter().map(Result::unwrap).collect();
    assert_eq!(several.iter().filter(|told| told.is_fresh).count(), 1, "{several:?}");
    assert_eq!(sandbox.newest().await, before + 1, "asked once");
    // The others are told what it found.
    assert!(several.iter().all(|told| told.status() == CredentialStatus::Active), "{several:?}");
    let delay = || tokio::time::sleep(Duration::from_millis(30_300));
    assert!(again.retry_delay.is_some_and(|delay| (20..=30).contains(&delay.seconds)));

    sandbox.set(json!({"harvestapi_key": text, "state": "expired"})).await;
    delay().await;
    assert_eq!(verify(&client, kind, None).await.unwrap().status(), CredentialStatus::Suspect);
    // While it is suspect, the vendor may take it again.
    delay().await;
    assert_eq!(verify(&client, kind, None).await.unwrap().status(), CredentialStatus::Expired);
    assert_eq!(reason(client.call("u", "get_my_api_user", "{}").await), Reason::CredentialExpired);
    sandbox.set(json!({"harvestapi_key": text, "state": "active"})).await;
    delay().await;
    assert_eq!(verify(&client, kind, None).await.unwrap().status(), CredentialStatus::Active);
    client.call("u", "get_my_api_user", "{}").await.unwrap();
}

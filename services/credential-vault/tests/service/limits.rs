use std::time::Duration;

use futures_util::future::join_all;
use granary_credential_vault::{Audit, Rotation};
use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::internal::v1::watch_invalidations_response::Event;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Reason;
use granary_store::{Expect, Store};
use prost::Message;
use tokio::time::timeout;
use tonic::Status;

use crate::support::{Options, Suite, reason, suite, suite_with, with};

const LIMITS: wire::TenantLimits =
    wire::TenantLimits { max_calls: Some(200), max_calls_per_key: None, max_streams: Some(1_000_000) };

async fn set(
    suite: &Suite,
    key: &str,
    tenant: &str,
    limits: impl Into<Option<wire::TenantLimits>>,
) -> Result<wire::Tenant, Status> {
    let request = wire::SetTenantLimitsRequest { tenant: tenant.into(), limits: limits.into() };
    let answer = suite.admin().set_tenant_limits(with(key, request)).await?;
    Ok(answer.into_inner().tenant.unwrap())
}

async fn principal(suite: &Suite, key: &str) -> internal::AuthenticateResponse {
    let request = internal::AuthenticateRequest { api_key: key.into() };
    suite.brokers().authenticate(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn the_limits_of_a_tenant_are_in_every_principal_that_is_made_afterwards() {
    let suite = suite().await;
    let (beta, gamma) = (suite.tenant("beta").await, suite.tenant("gamma").await);
    let limits = async |key: &str| principal(&suite, key).await.principal.unwrap().limits;
    assert_eq!(limits(&beta).await, None);
    let tenant = set(&suite, &suite.operator, "beta", LIMITS).await.unwrap();
    assert_eq!((tenant.name.as_str(), tenant.limits), ("beta", Some(LIMITS)));
    assert!(tenant.create_time.is_some());
    assert_eq!((limits(&beta).await, limits(&gamma).await), (Some(LIMITS), None));
    // The MAC covers them: the token is the principal as it was shown.
    let made = principal(&suite, &beta).await;
    let (message, _mac) = made.principal_token.split_last_chunk::<32>().unwrap();
    assert_eq!(internal::Principal::decode(message).unwrap(), made.principal.unwrap());

    let other = wire::TenantLimits { max_calls_per_key: Some(1), ..Default::default() };
    set(&suite, &suite.operator, "beta", other).await.unwrap();
    assert_eq!(limits(&beta).await, Some(other), "they are replaced as a whole");
    let list = with(&suite.operator, wire::ListTenantsRequest::default());
    let listed = suite.admin().list_tenants(list).await.unwrap().into_inner().tenants;
    let listed: Vec<_> = listed.into_iter().map(|t| (t.name, t.limits)).collect();
    let expected = [("acme", None), ("beta", Some(other)), ("gamma", None)];
    assert_eq!(listed, expected.map(|(name, limits)| (name.to_owned(), limits)));
    let none = set(&suite, &suite.operator, "beta", wire::TenantLimits::default()).await.unwrap();
    assert_eq!((none.limits, limits(&beta).await), (None, None));
    set(&suite, &suite.operator, "beta", LIMITS).await.unwrap();
    set(&suite, &suite.operator, "beta", None).await.unwrap();
    assert_eq!(limits(&beta).await, None);
}

#[tokio::test]
async fn limits_are_an_operators_to_set_and_all_of_their_faults_are_told_at_once() {
    let suite = suite().await;
    let beta = suite.tenant("beta").await;
    assert_eq!(reason(set(&suite, &beta, "beta", LIMITS).await), Reason::ScopeMissing);
    assert_eq!(reason(set(&suite, &suite.operator, "nowhere", LIMITS).await), Reason::NotFound);
    let bad =
        wire::TenantLimits { max_calls: Some(0), max_calls_per_key: Some(-1), max_streams: Some(1_000_001) };
    let status = set(&suite, &suite.operator, "No Name", bad).await.unwrap_err();
    for field in ["tenant:", "limits.max_calls:", "limits.max_calls_per_key:", "limits.max_streams:"] {
        assert!(status.message().contains(field), "{field} {}", status.message());
    }
    assert_eq!(principal(&suite, &beta).await.principal.unwrap().limits, None);
}

#[tokio::test]
async fn new_limits_are_announced_for_every_key_of_the_tenant_and_no_subscriber_is_left_behind() {
    let suite = suite().await;
    suite.tenant("beta").await;
    suite.tenant("gamma").await;
    // More keys than a subscriber may be behind, and than one page of them holds.
    let entries: Vec<String> = (0..2_100).map(|n| format!("tenant-keys/beta/key{n:09}")).collect();
    let put = entries.iter().map(|path| suite.store.put(path, Vec::new(), Expect::Absent));
    assert!(join_all(put).await.iter().all(Result::is_ok));
    let watch = suite.brokers().watch_invalidations(internal::WatchInvalidationsRequest {}).await;
    let mut stream = watch.unwrap().into_inner();
    let began = std::time::Instant::now();
    set(&suite, &suite.operator, "beta", LIMITS).await.unwrap();
    let mut keys = std::collections::HashSet::new();
    while keys.len() < 2_101 {
        let message = timeout(Duration::from_secs(3), stream.message()).await.unwrap().unwrap().unwrap();
        match message.event.unwrap() {
            Event::KeyChanged(changed) => assert!(keys.insert(changed.key_id)),
            Event::Heartbeat(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!((0..2_100).all(|n| keys.contains(&format!("key{n:09}"))));
}

#[tokio::test]
async fn a_change_of_limits_is_written_down_with_its_tenant() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let options =
        Options { audit: Audit::to_file(&path, Rotation::default()).unwrap(), ..Options::default() };
    let suite = suite_with(options).await;
    set(&suite, &suite.operator, "acme", LIMITS).await.unwrap();
    set(&suite, &suite.operator, "nowhere", LIMITS).await.unwrap_err();
    suite.vault.flush().await;
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let seen: Vec<_> = lines.iter().map(|l| (l["subject"].as_str(), l["outcome"].as_str())).collect();
    assert_eq!(seen, [(Some("acme"), Some("OK")), (Some("nowhere"), Some("NOT_FOUND"))]);
    assert!(lines.iter().all(|l| l["action"] == "granary.vault.v1.Admin/SetTenantLimits"));
}

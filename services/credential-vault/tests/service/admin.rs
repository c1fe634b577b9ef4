use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Reason;
use tonic::Status;

use crate::support::{LOG_TIME, Suite, harvest_token, key_id, reason, suite, with};

async fn create(
    suite: &Suite,
    key: &str,
    tenant: &str,
    scopes: &[Scope],
    patterns: &[&str],
) -> Result<wire::CreateApiKeyResponse, Status> {
    let request = wire::CreateApiKeyRequest {
        tenant: tenant.into(),
        scopes: scopes.iter().map(|s| *s as i32).collect(),
        account_patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
        ..Default::default()
    };
    suite.admin().create_api_key(with(key, request)).await.map(tonic::Response::into_inner)
}

async fn list(suite: &Suite, key: &str, tenant: &str, page_size: i32) -> Result<Vec<wire::ApiKey>, Status> {
    let (mut keys, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListApiKeysRequest { tenant: tenant.into(), page_size, page_token };
        let answer = suite.admin().list_api_keys(with(key, request)).await?.into_inner();
        keys.extend(answer.api_keys);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(keys);
        }
    }
}

async fn revoke(suite: &Suite, key: &str, key_id: &str) -> Result<wire::ApiKey, Status> {
    let request = with(key, wire::RevokeApiKeyRequest { key_id: key_id.into() });
    Ok(suite.admin().revoke_api_key(request).await?.into_inner().api_key.unwrap())
}

#[tokio::test]
async fn tenants_have_names_of_their_own() {
    let suite = suite().await;
    for name in ["beta", "alpha", "0-9"] {
        suite.tenant(name).await;
    }
    let request = |name: &str| with(&suite.operator, wire::CreateTenantRequest { name: name.into() });
    let again = suite.admin().create_tenant(request("beta")).await;
    assert_eq!(reason(again), Reason::AlreadyExists);
    for bad in ["", "A", "a_b", "../x", "é", &"a".repeat(64)] {
        assert_eq!(reason(suite.admin().create_tenant(request(bad)).await), Reason::InvalidInput, "{bad}");
    }
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = wire::ListTenantsRequest { page_size: 3, page_token };
        let answer = suite.admin().list_tenants(with(&suite.operator, page)).await.unwrap().into_inner();
        names.extend(answer.tenants.into_iter().map(|t| t.name));
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["0-9", "acme", "alpha", "beta"]);
}

#[tokio::test]
async fn a_keys_text_is_shown_once_and_only_its_hash_is_kept() {
    let suite = suite().await;
    let made = create(&suite, &suite.operator, "", &[Scope::TimeRead], &["a*"]).await.unwrap();
    let key = made.api_key.unwrap();
    assert_eq!((key.tenant.as_str(), key.key_id.len(), made.key_text.len()), ("acme", 12, 60));
    assert!(made.key_text.starts_with(&format!("grn_{}_", key.key_id)));
    use granary_store::Store;
    let record = suite.store.get(&format!("keys/{}", key.key_id)).await.unwrap().unwrap();
    assert!(!record.data.windows(43).any(|w| w == &made.key_text.as_bytes()[17..]));
    let listed = list(&suite, &suite.operator, "acme", 1).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.contains(&key));
}

#[tokio::test]
async fn nobody_hands_out_more_than_they_hold() {
    let suite = suite().await;
    let admin = suite.key("acme", &[Scope::Admin, Scope::TimeRead], &["team_*"]).await;
    assert!(create(&suite, &admin, "", &[Scope::TimeRead], &["team_a*", "team_b"]).await.is_ok());
    for scope in [Scope::TimeWrite, Scope::Operator, Scope::CredentialsWrite] {
        let asked = create(&suite, &admin, "", &[Scope::TimeRead, scope], &["team_a"]).await;
        assert_eq!(reason(asked), Reason::ScopeMissing);
    }
    for patterns in [&[][..], &["*"], &["team_a", "other"]] {
        let asked = create(&suite, &admin, "", &[Scope::TimeRead], patterns).await;
        assert_eq!(reason(asked), Reason::AccountNotAllowed);
    }
    let mine = suite.key("acme", &[Scope::TimeRead], &[]).await;
    assert_eq!(reason(create(&suite, &mine, "", &[Scope::TimeRead], &[]).await), Reason::ScopeMissing);
}

#[tokio::test]
async fn an_administrator_acts_on_its_own_tenant_only() {
    let suite = suite().await;
    let other = suite.tenant("other").await;
    let ours = create(&suite, &suite.operator, "acme", &[Scope::TimeRead], &[]).await.unwrap();
    let ours = ours.api_key.unwrap().key_id;
    assert_eq!(reason(create(&suite, &other, "acme", &[Scope::TimeRead], &[]).await), Reason::ScopeMissing);
    assert_eq!(reason(list(&suite, &other, "acme", 9).await), Reason::ScopeMissing);
    assert_eq!(reason(revoke(&suite, &other, &ours).await), Reason::NotFound);
    assert_eq!(reason(revoke(&suite, &other, "neverwas0000").await), Reason::NotFound);
    assert_eq!(list(&suite, &other, "", 9).await.unwrap().len(), 1);

    let theirs = list(&suite, &suite.operator, "other", 9).await.unwrap();
    assert!(revoke(&suite, &suite.operator, &theirs[0].key_id).await.is_ok());
    let missing = create(&suite, &suite.operator, "nowhere", &[Scope::TimeRead], &[]).await;
    assert_eq!(reason(missing), Reason::NotFound);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_also_with_a_principal_from_before() {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    suite.put(&suite.operator, "u", harvest_token("t"), None).await.unwrap();
    let text = suite.key("acme", &[Scope::TimeWrite, Scope::AccountsRead], &[]).await;
    let principal_token = suite.principal(&text).await;
    assert!(suite.get(&text, "u").await.is_ok());
    let key_id = &text[4..16];
    let revoked = revoke(&suite, &suite.operator, key_id).await.unwrap();
    assert_eq!(revoke(&suite, &suite.operator, key_id).await.unwrap(), revoked);
    assert!(revoked.revoke_time.is_some());
    assert_eq!(reason(suite.get(&text, "u").await), Reason::ApiKeyInvalid);
    let request =
        internal::IssueTicketRequest { principal_token, identifier: "u".into(), method: LOG_TIME.into() };
    assert_eq!(reason(suite.brokers().issue_ticket(request).await), Reason::ApiKeyInvalid);
}

#[tokio::test]
async fn all_faults_of_a_new_key_are_told_at_once() {
    let suite = suite().await;
    let request = wire::CreateApiKeyRequest {
        tenant: "Not A Name".into(),
        label: "x".repeat(201),
        scopes: vec![0, 99],
        account_patterns: vec![String::new(), "a\nb".into()],
        expire_time: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
    };
    let status = suite.admin().create_api_key(with(&suite.operator, request)).await.unwrap_err();
    for field in [
        "tenant",
        "label",
        "scopes[0]",
        "scopes[1]",
        "account_patterns[0]",
        "account_patterns[1]",
        "expire_time",
    ] {
        assert!(status.message().contains(field), "{field}: {}", status.message());
    }
    assert!(create(&suite, &suite.operator, "", &[], &[]).await.unwrap_err().message().contains("scopes"));
}

#[tokio::test]
async fn nobody_sees_or_takes_away_what_they_could_not_hand_out() {
    let suite = suite().await;
    let all = [Scope::Admin, Scope::TimeRead];
    let narrow = create(&suite, &suite.operator, "", &all, &["only_*"]).await.unwrap().key_text;
    let ids = |keys: Vec<wire::ApiKey>| keys.into_iter().map(|key| key.key_id).collect::<Vec<_>>();
    let operator = key_id(&suite.operator);
    // Its own key alone lies within its patterns.
    assert_eq!(ids(list(&suite, &narrow, "", 100).await.unwrap()), [key_id(&narrow)]);
    assert_eq!(reason(revoke(&suite, &narrow, &operator).await), Reason::NotFound);

    let wide = create(&suite, &suite.operator, "", &all, &[]).await.unwrap().key_text;
    assert_eq!(ids(list(&suite, &wide, "", 100).await.unwrap()).len(), 3);
    // It is shown the operator's key, and lacks its scopes.
    assert_eq!(reason(revoke(&suite, &wide, &operator).await), Reason::ScopeMissing);
    assert!(list(&suite, &suite.operator, "", 100).await.is_ok(), "the operator's key lives");
    let made = create(&suite, &wide, "", &[Scope::TimeRead], &["a*"]).await.unwrap().api_key.unwrap();
    assert_ne!(revoke(&suite, &wide, &made.key_id).await.unwrap().revoke_time, None);
    // The way back: who operates takes away any key.
    let foreign = suite.tenant("other").await;
    for text in [&narrow, &wide, &foreign] {
        assert_ne!(revoke(&suite, &suite.operator, &key_id(text)).await.unwrap().revoke_time, None);
    }
}

#[tokio::test]
async fn no_key_outlives_its_maker() {
    let suite = suite().await;
    let now = i64::try_from(granary_rpc::clock::now_ms() / 1_000).unwrap();
    let ending = |seconds: Option<i64>| wire::CreateApiKeyRequest {
        scopes: vec![Scope::Admin.into()],
        expire_time: seconds.map(|seconds| prost_types::Timestamp { seconds: now + seconds, nanos: 0 }),
        ..Default::default()
    };
    let made = suite.admin().create_api_key(with(&suite.operator, ending(Some(100)))).await.unwrap();
    let maker = made.into_inner().key_text;
    for (end, is_made) in [(None, false), (Some(101), false), (Some(100), true), (Some(50), true)] {
        let made = suite.admin().create_api_key(with(&maker, ending(end))).await;
        assert_eq!(made.is_ok(), is_made, "{end:?}: {made:?}");
        if !is_made {
            assert_eq!(reason(made), Reason::InvalidInput);
        }
    }
}

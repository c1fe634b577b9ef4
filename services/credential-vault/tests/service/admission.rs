use std::time::{Duration, SystemTime};

use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Reason;
use tonic::Request;

use crate::support::{detail, harvest_token, reason, suite, with};

#[tokio::test]
async fn a_call_without_a_good_key_is_refused_with_the_exact_reason() {
    let suite = suite().await;
    let message = || wire::GetConnectedAccountRequest { identifier: "u".into() };
    let get = async |request| reason(suite.vaults().get_connected_account(request).await);
    assert_eq!(get(Request::new(message())).await, Reason::ApiKeyMissing);
    for ill_formed in ["", "Bearer ", "Basic x", &suite.operator] {
        let mut request = Request::new(message());
        request.metadata_mut().insert("authorization", ill_formed.parse().unwrap());
        assert_eq!(get(request).await, Reason::ApiKeyMissing, "{ill_formed}");
    }
    let mut twice = with(&suite.operator, message());
    twice.metadata_mut().append("authorization", format!("Bearer {}", suite.operator).parse().unwrap());
    assert_eq!(get(twice).await, Reason::ApiKeyMissing);

    let unknown = format!("grn_{}_{}", "a".repeat(12), "b".repeat(43));
    let mut near = suite.operator.clone();
    let last = if near.pop() == Some('x') { 'y' } else { 'x' };
    near.push(last);
    for invalid in ["x", "grn_", &unknown, &near] {
        assert_eq!(get(with(invalid, message())).await, Reason::ApiKeyInvalid, "{invalid}");
        let request = internal::AuthenticateRequest { api_key: invalid.to_owned() };
        assert_eq!(reason(suite.brokers().authenticate(request).await), Reason::ApiKeyInvalid);
    }
    let request = internal::AuthenticateRequest::default();
    assert_eq!(reason(suite.brokers().authenticate(request).await), Reason::ApiKeyMissing);
    assert_eq!(get(with(&suite.operator, message())).await, Reason::AccountNotFound);
}

#[tokio::test]
async fn a_key_that_has_expired_says_so() {
    let suite = suite().await;
    let request = wire::CreateApiKeyRequest {
        scopes: vec![Scope::AccountsRead.into()],
        expire_time: Some((SystemTime::now() + Duration::from_millis(2_500)).into()),
        ..Default::default()
    };
    let created = suite.admin().create_api_key(with(&suite.operator, request)).await.unwrap().into_inner();
    let expires = created.api_key.unwrap().expire_time.unwrap();
    let request = internal::AuthenticateRequest { api_key: created.key_text.clone() };
    let answer = suite.brokers().authenticate(request.clone()).await.unwrap().into_inner();
    assert_eq!(answer.principal.unwrap().expire_time.unwrap(), expires, "the principal ends with its key");
    assert_eq!(reason(suite.get(&created.key_text, "u").await), Reason::AccountNotFound);
    tokio::time::sleep(Duration::from_millis(2_600)).await;
    assert_eq!(reason(suite.get(&created.key_text, "u").await), Reason::ApiKeyExpired);
    assert_eq!(reason(suite.brokers().authenticate(request).await), Reason::ApiKeyExpired);
}

#[tokio::test]
async fn each_method_needs_the_scope_that_its_policy_names() {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    let reader = suite.key("acme", &[Scope::AccountsRead], &[]).await;
    assert!(suite.get(&reader, "u").await.is_ok());
    let status = suite.put(&reader, "u", harvest_token("t"), None).await.unwrap_err();
    assert_eq!(detail(&status, "scope"), "credentials:write");
    assert_eq!(reason::<()>(Err(status)), Reason::ScopeMissing);
    assert_eq!(reason(suite.delete(&reader, "u").await), Reason::ScopeMissing);
    let tenants = with(&reader, wire::ListTenantsRequest::default());
    assert_eq!(reason(suite.admin().list_tenants(tenants).await), Reason::ScopeMissing);
    let key = with(&reader, wire::GetSealingKeyRequest::default());
    assert!(suite.vaults().get_sealing_key(key).await.is_ok(), "any key may ask for it");
}

#[tokio::test]
async fn a_key_acts_for_the_accounts_that_its_patterns_cover() {
    let suite = suite().await;
    for name in ["team_a_1", "team_b_1"] {
        suite.create(&suite.operator, name).await;
    }
    let scopes = [Scope::AccountsRead, Scope::AccountsWrite, Scope::CredentialsWrite];
    let narrow = suite.key("acme", &scopes, &["team_a*", "x*z"]).await;
    assert!(suite.get(&narrow, "team_a_1").await.is_ok());
    assert_eq!(reason(suite.get(&narrow, "xyz").await), Reason::AccountNotFound);
    assert_eq!(reason(suite.get(&narrow, "team_b_1").await), Reason::AccountNotAllowed);
    assert_eq!(
        reason(suite.put(&narrow, "team_b_1", harvest_token("t"), None).await),
        Reason::AccountNotAllowed
    );
    assert_eq!(reason(suite.delete(&narrow, "team_b_1").await), Reason::AccountNotAllowed);
}

#[tokio::test]
async fn another_tenants_account_is_as_one_that_never_was() {
    let suite = suite().await;
    let other = suite.tenant("other").await;
    suite.create(&suite.operator, "u").await;
    let theirs = suite.get(&other, "u").await.unwrap_err();
    let none = suite.get(&other, "never").await.unwrap_err();
    assert_eq!(theirs.message(), none.message());
    assert_eq!(theirs.details().len(), none.details().len() - "never".len() + "u".len());
    assert_eq!(reason::<()>(Err(theirs)), Reason::AccountNotFound);
    assert!(suite.create(&other, "u").await.created);
}

//! A sealed put is taken once, in time, from the caller and for the account that it was made for.
use granary_credential::{Secret, sealed};
use granary_proto::granary::vault::v1::sealed_credential::Credential as Inside;
use granary_proto::granary::vault::v1::{
    CredentialStatus, GetSealingKeyRequest, HarvestapiKey, PutSealedCredentialRequest,
    RollbackCredentialRequest, SealedCredential,
};
use granary_rpc::Reason;
use granary_testkit::Up;

use crate::support::{key, reason};

#[tokio::test]
async fn a_sealed_put_that_is_replayed_late_or_meant_for_another_is_refused() {
    let up = Up::start().await;
    let operator = up.client();
    let (one, other) = (operator.tenant("one").await, operator.tenant("other").await);
    for account in ["a", "b"] {
        one.account(account).await;
        other.account(account).await;
    }
    let credential = key("sealed-canary-key-0001");
    let put = |request: PutSealedCredentialRequest, client: granary_testkit::Client| async move {
        client.accounts().put_sealed_credential(request).await
    };
    let request = one.seal("a", &credential, 300).await;
    assert_eq!(reason(put(request.clone(), other.clone()).await), Reason::SealInvalid, "another tenant");
    let moved = PutSealedCredentialRequest { identifier: "b".into(), ..request.clone() };
    assert_eq!(reason(put(moved, one.clone()).await), Reason::SealInvalid, "another account");
    put(request.clone(), one.clone()).await.unwrap();
    assert_eq!(reason(put(request, one.clone()).await), Reason::SealReplayed);
    assert_eq!(reason(put(one.seal("a", &credential, -60).await, one.clone()).await), Reason::SealExpired);
    assert_eq!(reason(put(one.seal("a", &credential, 3_600).await, one.clone()).await), Reason::SealExpired);
    let mut changed = one.seal("a", &credential, 300).await;
    changed.sealed_box[50] ^= 1;
    assert_eq!(reason(put(changed, one.clone()).await), Reason::SealInvalid);

    // The same box again, after the account was deleted and created anew.
    let request = one.seal("b", &credential, 300).await;
    put(request.clone(), one.clone()).await.unwrap();
    let delete = granary_proto::granary::vault::v1::DeleteConnectedAccountRequest { identifier: "b".into() };
    one.accounts().delete_connected_account(delete).await.unwrap();
    one.account("b").await;
    assert_eq!(reason(put(request, one.clone()).await), Reason::SealReplayed);
    assert!(one.get("b").await.unwrap().credentials.is_empty());
}

#[tokio::test]
async fn versions_are_checked_kept_and_rolled_back() {
    let up = Up::start().await;
    let client = up.client();
    client.account("a").await;
    let public =
        client.accounts().get_sealing_key(GetSealingKeyRequest::default()).await.unwrap().into_inner();
    assert_eq!(public.fingerprint, sealed::fingerprint_of(&public.public_key));
    assert_eq!(up.line()["sealing_fingerprint"], public.fingerprint);
    let put = |expected: Option<i64>, text: &str| {
        let inside = SealedCredential {
            sealed_for: client.sealed_for(),
            identifier: "a".into(),
            credential: Some(Inside::HarvestapiKey(HarvestapiKey {
                api_key: Secret::new(text.into()).expose().into(),
            })),
            expected_version: expected,
            not_after: Some((std::time::SystemTime::now() + std::time::Duration::from_secs(60)).into()),
        };
        let sealed_box = sealed::seal(&public.public_key, &inside).unwrap();
        let request =
            PutSealedCredentialRequest { identifier: "a".into(), sealed_box, key_id: public.key_id.clone() };
        let mut accounts = client.accounts();
        async move { accounts.put_sealed_credential(request).await.map(|r| r.into_inner().credential.unwrap()) }
    };
    let first = put(Some(0), "version-one-key").await.unwrap();
    assert_eq!((first.version, first.status()), (1, CredentialStatus::Pending));
    assert_eq!(reason(put(Some(0), "again").await), Reason::VersionConflict);
    assert_eq!(reason(put(Some(2), "ahead").await), Reason::VersionConflict);
    let second = put(Some(1), "version-two-key").await.unwrap();
    assert_ne!(first.fingerprint, second.fingerprint);
    let kind = granary_credential::Kind::HarvestapiKey.into();
    let request =
        RollbackCredentialRequest { identifier: "a".into(), kind, version: 1, expected_version: Some(2) };
    let back = client.accounts().rollback_credential(request).await.unwrap().into_inner().credential.unwrap();
    assert_eq!((back.version, back.fingerprint), (3, first.fingerprint));
    assert_eq!(back.kept_versions, [1, 2, 3]);
}

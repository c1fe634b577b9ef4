use std::time::{Duration, SystemTime};

use granary_credential::{Key, sealed};
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::sealed_credential::Credential;
use granary_rpc::Reason;
use tonic::Status;

use crate::support::{LOG_TIME, Suite, key_id, reason, suite, with};

fn inside(suite: &Suite, after: Duration) -> wire::SealedCredential {
    wire::SealedCredential {
        sealed_for: Some(sealed::for_api_key(&key_id(&suite.operator))),
        identifier: "u".into(),
        credential: Some(Credential::HarvestToken(wire::HarvestToken {
            access_token: "canary".into(),
            account_id: 7,
        })),
        expected_version: None,
        not_after: Some((SystemTime::now() + after).into()),
    }
}

async fn sealing_key(suite: &Suite) -> wire::GetSealingKeyResponse {
    let request = with(&suite.operator, wire::GetSealingKeyRequest::default());
    suite.vaults().get_sealing_key(request).await.unwrap().into_inner()
}

async fn put(suite: &Suite, key_id: &str, sealed_box: Vec<u8>) -> Result<wire::CredentialState, Status> {
    let request =
        wire::PutSealedCredentialRequest { identifier: "u".into(), sealed_box, key_id: key_id.to_owned() };
    let answer = suite.vaults().put_sealed_credential(with(&suite.operator, request)).await?;
    Ok(answer.into_inner().credential.unwrap())
}

#[tokio::test]
async fn a_sealed_credential_is_stored_once() {
    let suite = suite().await;
    let key = sealing_key(&suite).await;
    assert_eq!(key.fingerprint, suite.vault.sealing_fingerprint().await);
    assert_eq!(sealed::fingerprint_of(&key.public_key), key.fingerprint);

    let sealed_box = sealed::seal(&key.public_key, &inside(&suite, Duration::from_secs(60))).unwrap();
    let early = put(&suite, &key.key_id, sealed_box.clone()).await;
    assert_eq!(reason(early), Reason::AccountNotFound);
    suite.create(&suite.operator, "u").await;
    assert_eq!(put(&suite, &key.key_id, sealed_box.clone()).await.unwrap().version, 1);
    assert_eq!(reason(put(&suite, &key.key_id, sealed_box).await), Reason::SealReplayed);
    assert_eq!(suite.opened_text(LOG_TIME, "u").await, vec!["canary".to_owned()]);
}

#[tokio::test]
async fn what_is_no_credential_is_refused_after_it_was_opened_and_not_repeated() {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    let key = sealing_key(&suite).await;
    for pasted in
        ["\"canary\"", "HARVEST_TOKEN=canary", "${canary}", "Bearer canary", "{\"access_token\":\"canary\"}"]
    {
        let token = wire::HarvestToken { access_token: pasted.into(), account_id: 7 };
        let plain = wire::SealedCredential {
            credential: Some(Credential::HarvestToken(token)),
            ..inside(&suite, Duration::from_secs(60))
        };
        let refused =
            put(&suite, &key.key_id, sealed::seal(&key.public_key, &plain).unwrap()).await.unwrap_err();
        assert!(refused.message().contains("harvest_token.access_token"), "{}", refused.message());
        assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
        assert_eq!(reason(Err::<(), _>(refused)), Reason::InvalidInput);
    }
}

#[tokio::test]
async fn a_box_that_does_not_fit_is_refused() {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    let key = sealing_key(&suite).await;
    let minute = Duration::from_secs(60);
    let seal = |credential: &wire::SealedCredential| sealed::seal(&key.public_key, credential).unwrap();
    let good = seal(&inside(&suite, minute));

    assert_eq!(reason(put(&suite, "0000000000000000", good.clone()).await), Reason::SealInvalid);
    let foreign = sealed::SealingKey::new(&Key::random()).public_key();
    let foreign = sealed::seal(&foreign, &inside(&suite, minute)).unwrap();
    assert_eq!(reason(put(&suite, &key.key_id, foreign).await), Reason::SealInvalid);
    let mut changed = good.clone();
    changed[50] ^= 1;
    assert_eq!(reason(put(&suite, &key.key_id, changed).await), Reason::SealInvalid);
    for wrong in [
        wire::SealedCredential { sealed_for: None, ..inside(&suite, minute) },
        wire::SealedCredential { sealed_for: Some(sealed::for_api_key("")), ..inside(&suite, minute) },
        wire::SealedCredential {
            sealed_for: Some(sealed::for_api_key("../neverwas0")),
            ..inside(&suite, minute)
        },
        wire::SealedCredential {
            sealed_for: Some(sealed::for_api_key("neverwas0000")),
            ..inside(&suite, minute)
        },
        wire::SealedCredential { identifier: "v".into(), ..inside(&suite, minute) },
    ] {
        assert_eq!(reason(put(&suite, &key.key_id, seal(&wrong)).await), Reason::SealInvalid);
    }
    for wrong in [
        wire::SealedCredential { credential: None, ..inside(&suite, minute) },
        wire::SealedCredential { not_after: None, ..inside(&suite, minute) },
        wire::SealedCredential { expected_version: Some(-1), ..inside(&suite, minute) },
    ] {
        assert_eq!(reason(put(&suite, &key.key_id, seal(&wrong)).await), Reason::InvalidInput);
    }
    assert_eq!(reason(put(&suite, &key.key_id, Vec::new()).await), Reason::InvalidInput);

    let late = wire::SealedCredential {
        not_after: Some((SystemTime::now() - Duration::from_secs(1)).into()),
        ..inside(&suite, minute)
    };
    let refused = put(&suite, &key.key_id, seal(&late)).await;
    assert!(refused.as_ref().unwrap_err().message().contains("by this server's clock it is"));
    assert_eq!(reason(refused), Reason::SealExpired);
    let far = seal(&inside(&suite, Duration::from_secs(10 * 60 + 40)));
    assert_eq!(reason(put(&suite, &key.key_id, far).await), Reason::SealExpired);

    let near = seal(&inside(&suite, Duration::from_secs(10 * 60 + 5)));
    assert!(put(&suite, &key.key_id, near).await.is_ok(), "clocks may differ a little");
    assert!(put(&suite, &key.key_id, good).await.is_ok(), "refusals did not use it up");
    let conflict = wire::SealedCredential { expected_version: Some(0), ..inside(&suite, minute) };
    assert_eq!(reason(put(&suite, &key.key_id, seal(&conflict)).await), Reason::VersionConflict);
}

#[tokio::test]
async fn nothing_that_an_answer_says_decides_where_a_secret_goes() {
    let suite = suite().await;
    let evil = suite.tenant("evil").await;
    for key in [&suite.operator, &evil] {
        suite.create(key, "u").await;
    }
    let key = sealing_key(&suite).await;
    let sealed_box = sealed::seal(&key.public_key, &inside(&suite, Duration::from_secs(60))).unwrap();
    // Whoever stands in between submits the box as a caller of another tenant.
    let request = |caller: &str| {
        let (sealed_box, key_id) = (sealed_box.clone(), key.key_id.clone());
        with(caller, wire::PutSealedCredentialRequest { identifier: "u".into(), sealed_box, key_id })
    };
    assert_eq!(reason(suite.vaults().put_sealed_credential(request(&evil)).await), Reason::SealInvalid);
    assert!(suite.get(&evil, "u").await.unwrap().credentials.is_empty());
    // Another key of the same tenant may bring it.
    let colleague = suite.key("acme", &[Scope::CredentialsWrite], &[]).await;
    assert!(suite.vaults().put_sealed_credential(request(&colleague)).await.is_ok());

    // A key that is no more says for nobody.
    let gone = suite.key("acme", &[Scope::CredentialsWrite], &[]).await;
    let revoke = wire::RevokeApiKeyRequest { key_id: key_id(&gone) };
    suite.admin().revoke_api_key(with(&suite.operator, revoke)).await.unwrap();
    let late = wire::SealedCredential {
        sealed_for: Some(sealed::for_api_key(&key_id(&gone))),
        ..inside(&suite, Duration::from_secs(60))
    };
    let late = sealed::seal(&key.public_key, &late).unwrap();
    assert_eq!(reason(put(&suite, &key.key_id, late).await), Reason::SealInvalid);
}

#[tokio::test]
async fn a_sealing_key_is_found_by_its_fingerprint() {
    let suite = suite().await;
    let key = sealing_key(&suite).await;
    let ask = |fingerprint: String| with(&suite.operator, wire::GetSealingKeyRequest { fingerprint });
    let same = suite.vaults().get_sealing_key(ask(key.fingerprint.clone())).await.unwrap().into_inner();
    assert_eq!(same, key);
    assert_eq!(reason(suite.vaults().get_sealing_key(ask("0".repeat(64))).await), Reason::NotFound);
}

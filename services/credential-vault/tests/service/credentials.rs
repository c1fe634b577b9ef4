use std::sync::Arc;

use granary_credential::Kind;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::CredentialStatus;
use granary_rpc::Reason;
use tonic::Status;

use crate::support::{LOG_TIME, Suite, Word, detail, harvest_token, linkedin_session, reason, suite, with};

async fn roll_back(
    suite: &Suite,
    version: i64,
    expected_version: Option<i64>,
) -> Result<wire::CredentialState, Status> {
    let kind = Kind::HarvestToken.into();
    let request = wire::RollbackCredentialRequest { identifier: "u".into(), kind, version, expected_version };
    let answer = suite.vaults().rollback_credential(with(&suite.operator, request)).await?;
    Ok(answer.into_inner().credential.unwrap())
}

async fn prepared() -> Suite {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    suite
}

#[tokio::test]
async fn puts_count_versions_and_keep_five() {
    let suite = prepared().await;
    let key = &suite.operator;
    for n in 1..=7 {
        let state = suite.put(key, "u", harvest_token(&format!("canary-{n}")), None).await.unwrap();
        assert_eq!((state.version, state.status()), (n, CredentialStatus::Pending));
        assert_eq!(state.kind(), Kind::HarvestToken);
    }
    let shown = suite.get(key, "u").await.unwrap();
    assert_eq!(shown.credentials[0].kept_versions, vec![3, 4, 5, 6, 7]);
    assert!(!format!("{shown:?}").contains("canary"));
}

#[tokio::test]
async fn what_is_no_credential_is_refused_by_its_form_and_stored_nowhere() {
    let suite = prepared().await;
    for (pasted, told) in [
        ("'canary'", "quotes"),
        ("TOKEN=canary", "name"),
        ("$CANARY", "variable"),
        ("Bearer canary", "Bearer"),
        ("[{\"value\":\"canary\"}]", "JSON"),
        ("canary\ncanary", "several lines"),
    ] {
        let refused = suite.put(&suite.operator, "u", harvest_token(pasted), None).await.unwrap_err();
        assert!(refused.message().contains(told), "{}", refused.message());
        assert!(!format!("{refused:?}").contains("canary"), "{refused:?}");
        assert_eq!(reason(Err::<(), _>(refused)), Reason::InvalidInput);
    }
    assert!(suite.get(&suite.operator, "u").await.unwrap().credentials.is_empty());
}

#[tokio::test]
async fn equal_values_of_one_tenant_have_equal_fingerprints_and_no_others_do() {
    let suite = prepared().await;
    let other = suite.tenant("other").await;
    suite.create(&suite.operator, "v").await;
    suite.create(&other, "u").await;
    let of = async |key: &str, account: &str, text: &str| {
        suite.put(key, account, harvest_token(text), None).await.unwrap().fingerprint
    };
    let one = of(&suite.operator, "u", "same").await;
    assert_eq!(one.len(), 16);
    assert_eq!(one, of(&suite.operator, "v", "same").await);
    assert_ne!(one, of(&suite.operator, "u", "changed").await);
    assert_ne!(one, of(&other, "u", "same").await);
}

#[tokio::test]
async fn an_expected_version_that_is_not_current_is_a_conflict_that_names_both() {
    let suite = prepared().await;
    let key = &suite.operator;
    assert_eq!(reason(suite.put(key, "u", harvest_token("t"), Some(1)).await), Reason::VersionConflict);
    suite.put(key, "u", harvest_token("t"), Some(0)).await.unwrap();
    let status = suite.put(key, "u", harvest_token("t"), Some(0)).await.unwrap_err();
    assert_eq!(
        (detail(&status, "current_version"), detail(&status, "expected_version")),
        ("1".into(), "0".into())
    );
    assert_eq!(suite.put(key, "u", harvest_token("t"), Some(1)).await.unwrap().version, 2);
    assert_eq!(reason(suite.put(key, "u", harvest_token("t"), Some(-1)).await), Reason::InvalidInput);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_writers_who_expect_the_same_version_one_wins() {
    let suite = Arc::new(prepared().await);
    for round in 0..4 {
        let mut writers = tokio::task::JoinSet::new();
        for n in 0..64 {
            let suite = Arc::clone(&suite);
            writers.spawn(async move {
                let key = suite.operator.clone();
                suite.put(&key, "u", harvest_token(&format!("{round}-{n}")), Some(round)).await
            });
        }
        let outcomes = writers.join_all().await;
        assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
        for lost in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(reason(lost), Reason::VersionConflict);
        }
        assert_eq!(suite.get(&suite.operator, "u").await.unwrap().credentials[0].version, round + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_who_expect_nothing_all_get_a_version_of_their_own() {
    let suite = Arc::new(prepared().await);
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..64 {
        let suite = Arc::clone(&suite);
        writers.spawn(async move {
            let key = suite.operator.clone();
            suite.put(&key, "u", harvest_token(&n.to_string()), None).await.unwrap().version
        });
    }
    let mut versions = writers.join_all().await;
    versions.sort_unstable();
    assert_eq!(versions, (1..=64).collect::<Vec<i64>>());
}

#[tokio::test]
async fn a_rollback_makes_a_kept_value_current_as_a_new_version_without_decrypting() {
    let suite = prepared().await;
    let key = &suite.operator;
    assert_eq!(reason(roll_back(&suite, 1, None).await), Reason::CredentialMissing);
    let first = suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    suite.put(key, "u", harvest_token("two"), None).await.unwrap();
    suite.store.reset();
    let back = roll_back(&suite, 1, Some(2)).await.unwrap();
    assert_eq!(suite.store.opened(), vec![]);
    assert_eq!((back.version, back.status()), (3, CredentialStatus::Pending));
    assert_eq!((back.fingerprint, back.kept_versions), (first.fingerprint, vec![1, 2, 3]));
    assert!(suite.opened_text(LOG_TIME, "u").await.contains(&"one".to_owned()));

    assert_eq!(reason(roll_back(&suite, 2, Some(2)).await), Reason::VersionConflict);
    assert_eq!(reason(roll_back(&suite, 9, None).await), Reason::NotFound);
    assert_eq!(reason(roll_back(&suite, 0, None).await), Reason::InvalidInput);
}

#[tokio::test]
async fn a_revocation_erases_every_value_and_only_a_put_ends_it() {
    let suite = prepared().await;
    let key = &suite.operator;
    assert_eq!(reason(suite.revoke(key, "u", Kind::HarvestToken).await), Reason::CredentialMissing);
    suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    suite.put(key, "u", harvest_token("two"), None).await.unwrap();
    suite.report(key, "u", (Kind::HarvestToken, 2), Word::Accepted).await.unwrap();
    for _ in 0..2 {
        let state = suite.revoke(key, "u", Kind::HarvestToken).await.unwrap();
        assert_eq!((state.version, state.status()), (2, CredentialStatus::Revoked));
        assert!(state.kept_versions.is_empty() && state.fingerprint.is_empty());
    }
    assert_eq!(reason(roll_back(&suite, 1, None).await), Reason::CredentialRevoked);
    assert_eq!(reason(suite.ticket(key, "u", LOG_TIME).await), Reason::CredentialRevoked);
    for outcome in
        [Word::Accepted, Word::Rejected, Word::ProbeRejected, Word::ProbeRejected, Word::ProbeAccepted]
    {
        let report = suite.report(key, "u", (Kind::HarvestToken, 2), outcome).await.unwrap();
        assert_eq!((report.status(), report.probe_method.as_str()), (CredentialStatus::Revoked, ""));
    }
    let again = suite.put(key, "u", harvest_token("three"), Some(2)).await.unwrap();
    assert_eq!((again.version, again.status(), again.kept_versions), (3, CredentialStatus::Pending, vec![3]));
}

#[tokio::test]
async fn all_faults_of_a_put_are_told_at_once_and_no_value_is_repeated() {
    let suite = prepared().await;
    let request = wire::PutCredentialRequest {
        identifier: String::new(),
        credential: Some(wire::put_credential_request::Credential::HarvestToken(wire::HarvestToken {
            access_token: "canary with spaces".into(),
            account_id: 0,
        })),
        expected_version: Some(-3),
    };
    let status = suite.vaults().put_credential(with(&suite.operator, request)).await.unwrap_err();
    for field in ["identifier", "harvest_token.access_token", "harvest_token.account_id", "expected_version"]
    {
        assert!(status.message().contains(field), "{field}: {}", status.message());
    }
    assert!(!format!("{status:?}").contains("canary"));
    let request = wire::PutCredentialRequest { identifier: "u".into(), ..Default::default() };
    assert_eq!(
        reason(suite.vaults().put_credential(with(&suite.operator, request)).await),
        Reason::InvalidInput
    );
}

#[tokio::test]
async fn a_body_over_64_kib_is_refused() {
    let suite = prepared().await;
    let large = linkedin_session(&"x".repeat(70_000));
    assert_eq!(reason(suite.put(&suite.operator, "u", large, None).await), Reason::LimitExceeded);
}

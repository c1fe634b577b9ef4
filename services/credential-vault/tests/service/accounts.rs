use std::collections::HashSet;
use std::sync::Arc;

use granary_credential::Kind;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::{AccountStatus, CredentialStatus};
use granary_rpc::Reason;
use granary_store::Store;
use tokio::sync::Notify;

use crate::support::{LOG_TIME, harvest_token, reason, suite, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_callers_at_once_create_one_account() {
    let suite = Arc::new(suite().await);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let suite = Arc::clone(&suite);
        callers.spawn(async move { suite.create(&suite.operator, "user_ha_456").await });
    }
    let answers = callers.join_all().await;
    assert_eq!(answers.iter().filter(|a| a.created).count(), 1);
    let accounts: HashSet<String> = answers.iter().map(|a| format!("{:?}", a.connected_account)).collect();
    assert_eq!(accounts.len(), 1);
}

#[tokio::test]
async fn odd_identifiers_are_accounts_of_their_own() {
    let suite = suite().await;
    let names = ["../", "a/b", "K", "k", "%2e", "ключ", "a b", "*", "user_ha_456"];
    for name in names {
        assert!(suite.create(&suite.operator, name).await.created, "{name}");
    }
    for name in names {
        assert_eq!(suite.get(&suite.operator, name).await.unwrap().identifier, name);
    }
    for bad in ["", "a\nb", &"x".repeat(257)] {
        assert_eq!(reason(suite.get(&suite.operator, bad).await), Reason::InvalidInput);
    }
}

#[tokio::test]
async fn no_account_is_created_under_a_name_that_reads_as_another() {
    let suite = suite().await;
    for (name, told) in [
        ("rtl\u{202e}abc", "U+202E"),
        ("user\u{200b}", "U+200B"),
        (" user", "blank"),
        ("user\u{a0}", "blank"),
    ] {
        let request = wire::GetOrCreateConnectedAccountRequest { identifier: name.into() };
        let refused =
            suite.vaults().get_or_create_connected_account(with(&suite.operator, request)).await.unwrap_err();
        assert!(refused.message().contains(told), "{}", refused.message());
        assert_eq!(reason(Err::<(), _>(refused)), Reason::InvalidInput);
        // One that was created before they were refused is still looked for.
        assert_eq!(reason(suite.get(&suite.operator, name).await), Reason::AccountNotFound);
    }
}

#[tokio::test]
async fn an_account_is_active_while_it_holds_something_usable() {
    let suite = suite().await;
    let key = suite.operator.clone();
    let status = async |suite: &crate::support::Suite| suite.get(&key, "u").await.unwrap().status();
    let account = suite.create(&key, "u").await.connected_account.unwrap();
    assert_eq!(account.status(), AccountStatus::Pending);
    assert!(account.create_time.is_some());
    suite.put(&key, "u", harvest_token("t"), None).await.unwrap();
    assert_eq!(status(&suite).await, AccountStatus::Active);

    assert_eq!(suite.disable(&key, "u").await.status(), AccountStatus::Disabled);
    assert_eq!(status(&suite).await, AccountStatus::Disabled);
    assert_eq!(reason(suite.ticket(&key, "u", LOG_TIME).await), Reason::AccountDisabled);
    let request = wire::EnableConnectedAccountRequest { identifier: "u".into() };
    let enabled = suite.vaults().enable_connected_account(with(&key, request)).await.unwrap().into_inner();
    assert_eq!(enabled.connected_account.unwrap().status(), AccountStatus::Active);
    assert!(suite.ticket(&key, "u", LOG_TIME).await.is_ok());

    suite.revoke(&key, "u", Kind::HarvestToken).await.unwrap();
    assert_eq!(status(&suite).await, AccountStatus::Pending);
}

#[tokio::test]
async fn a_deleted_and_recreated_account_shares_nothing_with_the_old_one() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    suite.put(key, "u", harvest_token("two"), None).await.unwrap();
    suite.delete(key, "u").await.unwrap();
    assert_eq!(reason(suite.get(key, "u").await), Reason::AccountNotFound);
    assert_eq!(reason(suite.delete(key, "u").await), Reason::AccountNotFound);
    assert_eq!(reason(suite.ticket(key, "u", LOG_TIME).await), Reason::AccountNotFound);
    assert_eq!(reason(suite.put(key, "u", harvest_token("x"), None).await), Reason::AccountNotFound);
    assert_eq!(suite.names_below("accounts/acme").await, Vec::<String>::new());

    assert!(suite.create(key, "u").await.created);
    assert!(suite.get(key, "u").await.unwrap().credentials.is_empty());
    assert_eq!(reason(suite.ticket(key, "u", LOG_TIME).await), Reason::CredentialMissing);
    let state = suite.put(key, "u", harvest_token("three"), Some(0)).await.unwrap();
    assert_eq!((state.version, state.status()), (1, CredentialStatus::Pending));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_a_deletion_overtakes_leaves_nothing_behind() {
    for recreate in [false, true] {
        let suite = Arc::new(suite().await);
        let key = suite.operator.clone();
        suite.create(&key, "u").await;
        let gate = Arc::new(Notify::new());
        *suite.store.gate.lock().unwrap() = Some(Arc::clone(&gate));
        let put = tokio::spawn({
            let (suite, key) = (Arc::clone(&suite), key.clone());
            async move { suite.put(&key, "u", harvest_token("late"), None).await }
        });
        // Until the put waits at the gate, with the account in its hands.
        while Arc::strong_count(&gate) < 3 {
            tokio::task::yield_now().await;
        }
        suite.delete(&key, "u").await.unwrap();
        if recreate {
            suite.create(&key, "u").await;
        }
        *suite.store.gate.lock().unwrap() = None;
        gate.notify_one();
        assert_eq!(reason(put.await.unwrap()), Reason::AccountNotFound);
        let left = suite.names_below("accounts/acme").await;
        // In the folder of an account that lives, an empty record is left to that account's deletion.
        assert_eq!(left, if recreate { vec!["account", "harvest_token"] } else { vec![] });
        if recreate {
            assert!(suite.get(&key, "u").await.unwrap().credentials.is_empty());
            let path = format!("{}/harvest_token", crate::tickets::folder("u"));
            let record = suite.store.get(&path).await.unwrap().unwrap();
            assert!(record.data.len() < 80, "it holds no sealed value: {} bytes", record.data.len());
            assert_eq!(reason(suite.ticket(&key, "u", LOG_TIME).await), Reason::CredentialMissing);
            assert_eq!(suite.put(&key, "u", harvest_token("new"), Some(0)).await.unwrap().version, 1);
            suite.delete(&key, "u").await.unwrap();
            assert_eq!(suite.names_below("accounts/acme").await, Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_puts_and_creations_at_once_end_in_good_order() {
    let suite = Arc::new(suite().await);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..60 {
        let suite = Arc::clone(&suite);
        tasks.spawn(async move {
            let key = suite.operator.clone();
            let refused = match n % 3 {
                0 => {
                    suite.create(&key, "u").await;
                    return;
                }
                1 => suite.put(&key, "u", harvest_token("t"), None).await.map(drop).err(),
                _ => suite.delete(&key, "u").await.err(),
            };
            if let Some(status) = refused {
                assert_eq!(reason::<()>(Err(status)), Reason::AccountNotFound);
            }
        });
    }
    tasks.join_all().await;
    if suite.get(&suite.operator, "u").await.is_ok() {
        suite.delete(&suite.operator, "u").await.unwrap();
    }
    assert_eq!(suite.names_below("accounts/acme").await, Vec::<String>::new());
}

#[tokio::test]
async fn reading_an_account_decrypts_nothing() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("t"), None).await.unwrap();
    suite.put(key, "u", crate::support::apify_token("a"), None).await.unwrap();
    suite.store.reset();
    assert_eq!(suite.get(key, "u").await.unwrap().credentials.len(), 2);
    let request = wire::ListConnectedAccountsRequest::default();
    suite.vaults().list_connected_accounts(with(key, request)).await.unwrap();
    suite.disable(key, "u").await;
    assert_eq!(suite.store.opened(), vec![]);
}

//! Moving everything to the other store and back, and sealing everything anew, while calls go on.
use std::sync::Arc;
use std::time::Duration;

use granary_credential::Key;
use granary_credential_vault::store_selection::{StoreKind as Kind, StorePlaces};
use granary_credential_vault::{Config as Settings, parts};
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::{StoreKind, StorePhase, StoreProgress};
use granary_rpc::Reason;
use granary_store::hashicorp::Config;
use granary_store::{Embedded, Store};
use granary_testkit::vault::ready::{Ready, file};
use tonic::Status;

use crate::service::counting::Counting;
use crate::service::{LOG_TIME, Options, Suite, detail, harvest_token, reason, suite_on, with};

const ACCOUNTS: usize = 60;

async fn migrate(suite: &Suite, to: StoreKind) -> Result<StoreProgress, Status> {
    let request = with(&suite.operator, wire::MigrateStoreRequest { to: to.into() });
    let mut stream = suite.admin().migrate_store(request).await?.into_inner();
    let mut last = StoreProgress::default();
    while let Some(message) = stream.message().await? {
        last = message.progress.unwrap();
    }
    Ok(last)
}

/// A vault over a file, with some accounts, that knows where Vault is.
async fn filled(dir: &std::path::Path, vault: Config) -> (Suite, StorePlaces) {
    let key = Key::random();
    let path = dir.join("store.redb");
    let text = data_encoding::BASE64.encode(key.expose());
    let place =
        StorePlaces { path: path.clone(), master_key_file: Some(file(dir, "master.key", &text)), vault };
    let store = Embedded::open(&path, &key).unwrap();
    let options = Options { place: Some((Kind::Embedded, place.clone())), ..Options::default() };
    let suite = suite_on(Arc::new(Counting::new(store)), options).await;
    for n in 0..ACCOUNTS {
        let identifier = format!("user-{n}");
        suite.create(&suite.operator, &identifier).await;
        for version in 0..=(n % 3) {
            let token = harvest_token(&format!("token-{n}-{version}"));
            suite.put(&suite.operator, &identifier, token, None).await.unwrap();
        }
    }
    (suite, place)
}

async fn all_there(suite: &Suite) {
    for n in 0..ACCOUNTS {
        let identifier = format!("user-{n}");
        let found = suite.get(&suite.operator, &identifier).await.unwrap();
        assert_eq!(found.credentials[0].version, 1 + (n % 3) as i64, "{identifier}");
        suite.ticket(&suite.operator, &identifier, LOG_TIME).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_moves_to_vault_and_back_and_the_store_that_was_left_is_not_started_on() {
    let (ready, dir) = (Ready::start().await, tempfile::tempdir().unwrap());
    let (suite, place) = filled(dir.path(), ready.app_role()).await;
    all_there(&suite).await;
    let done = migrate(&suite, StoreKind::Vault).await.unwrap();
    assert_eq!(done.phase(), StorePhase::Done);
    assert!(done.done >= 2 * ACCOUNTS as i64 && done.changed == done.total, "{done:?}");
    all_there(&suite).await;
    assert_eq!(reason(migrate(&suite, StoreKind::Vault).await), Reason::AlreadyExists);
    assert!(ready.store().await.get("system/principal").await.unwrap().is_some());

    let settings = Settings {
        store_path: place.path.clone(),
        master_key_file: place.master_key_file.clone(),
        ..Settings::default()
    };
    let told = parts(&settings).await.unwrap_err().to_string();
    assert!(told.contains("moved") && told.contains("credential_vault.store"), "{told}");

    // On Vault: one account goes, one comes; then everything goes back.
    suite.delete(&suite.operator, "user-1").await.unwrap();
    suite.create(&suite.operator, "late").await;
    let done = migrate(&suite, StoreKind::Embedded).await.unwrap();
    assert!(done.changed < 12, "only what differs is copied: {done:?}");
    assert!(suite.get(&suite.operator, "late").await.is_ok());
    assert_eq!(reason(suite.get(&suite.operator, "user-1").await), Reason::AccountNotFound);
    suite.ticket(&suite.operator, "user-2", LOG_TIME).await.unwrap();
    assert!(place.path.exists());

    // What Vault knew of an account before does not come back to life there.
    suite.disable(&suite.operator, "user-2").await;
    migrate(&suite, StoreKind::Vault).await.unwrap();
    assert_eq!(reason(suite.ticket(&suite.operator, "user-2", LOG_TIME).await), Reason::AccountDisabled);
    suite.ticket(&suite.operator, "user-3", LOG_TIME).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_everything_moves_reads_go_on_and_writes_are_told_when_to_come_back() {
    use tonic_types::StatusExt;

    let (ready, dir) = (Ready::start().await, tempfile::tempdir().unwrap());
    let (suite, _) = filled(dir.path(), ready.app_role()).await;
    let request = with(&suite.operator, wire::MigrateStoreRequest { to: StoreKind::Vault.into() });
    let mut stream = suite.admin().migrate_store(request).await.unwrap().into_inner();
    let mut refused = 0;
    loop {
        let message = stream.message().await.unwrap().unwrap();
        let phase = message.progress.unwrap().phase();
        if phase == StorePhase::Done {
            break;
        }
        suite.get(&suite.operator, "user-3").await.unwrap();
        suite.ticket(&suite.operator, "user-3", LOG_TIME).await.unwrap();
        if let Err(status) = suite.put(&suite.operator, "user-3", harvest_token("late"), Some(99)).await
            && status.code() == tonic::Code::Unavailable
        {
            assert_eq!(detail(&status, "cause"), "migrating");
            assert!(status.get_details_retry_info().unwrap().retry_delay.unwrap().as_secs() >= 1);
            refused += 1;
        }
    }
    assert!(refused > 0, "no write fell into the move");
    suite.put(&suite.operator, "user-3", harvest_token("after"), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_broken_off_goes_on_from_what_is_there() {
    let (ready, dir) = (Ready::start().await, tempfile::tempdir().unwrap());
    let proxy = granary_testkit::FaultProxy::start(ready.server.address()).await;
    let (suite, _) = filled(dir.path(), ready.app_role_at(&[&proxy.address()])).await;
    let request = with(&suite.operator, wire::MigrateStoreRequest { to: StoreKind::Vault.into() });
    let mut stream = suite.admin().migrate_store(request).await.unwrap().into_inner();
    while stream.message().await.unwrap().unwrap().progress.unwrap().done < 40 {}
    proxy.link(granary_testkit::fault::Link::Refused).await;
    let broken = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it came to its end"),
            Err(status) => break status,
        }
    };
    assert_eq!(broken.code(), tonic::Code::Unavailable);
    // Everything goes on where it was, writes included.
    all_there(&suite).await;
    suite.put(&suite.operator, "user-0", harvest_token("meanwhile"), None).await.unwrap();
    suite.delete(&suite.operator, "user-59").await.unwrap();
    proxy.heal().await;
    let done = migrate(&suite, StoreKind::Vault).await.unwrap();
    assert!(done.changed < done.total, "what was copied before was not copied again: {done:?}");
    assert_eq!(suite.get(&suite.operator, "user-0").await.unwrap().credentials[0].version, 2);
    assert_eq!(reason(suite.get(&suite.operator, "user-59").await), Reason::AccountNotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rewrap_every_value_opens_and_the_old_key_version_may_go() {
    let ready = Ready::start().await;
    let store: Arc<dyn Store> = ready.store().await;
    let suite = suite_on(Arc::new(Counting::over(store)), Options::default()).await;
    let key = suite.operator.clone();
    for n in 0..20 {
        suite.create(&key, &format!("u{n}")).await;
        suite.put(&key, &format!("u{n}"), harvest_token(&format!("one-{n}")), None).await.unwrap();
    }
    let request = with(&key, wire::RewrapStoreRequest { rotate: true });
    let mut stream = suite.admin().rewrap_store(request).await.unwrap().into_inner();
    // Writers go on meanwhile.
    let writes = async {
        for n in 0..20 {
            suite.put(&key, &format!("u{n}"), harvest_token(&format!("two-{n}")), None).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let watch = async {
        let mut last = StoreProgress::default();
        while let Some(message) = stream.message().await.unwrap() {
            last = message.progress.unwrap();
        }
        last
    };
    let ((), last) = tokio::join!(writes, watch);
    assert_eq!(last.phase(), StorePhase::Done);
    assert!(last.changed >= 24, "20 credentials and 4 keys: {last:?}");
    let body = serde_json::json!({"min_decryption_version": 2});
    ready.server.api().must("POST", "granary-transit/keys/credentials/config", body).await;
    for n in 0..20 {
        suite.ticket(&key, &format!("u{n}"), LOG_TIME).await.unwrap();
    }
    // Done again without a newer key, there is nothing to write.
    let request = with(&key, wire::RewrapStoreRequest { rotate: false });
    let mut stream = suite.admin().rewrap_store(request).await.unwrap().into_inner();
    while let Some(message) = stream.message().await.unwrap() {
        assert_eq!(message.progress.unwrap().changed, 0);
    }
}

/// Two replicas on one Vault: while one moves everything, the other writes nothing, and afterwards it serves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_on_the_store_that_was_left_refuses_and_loses_no_write() {
    let (ready, dir) = (Ready::start().await, tempfile::tempdir().unwrap());
    let (first, _) = filled(dir.path(), ready.app_role()).await;
    migrate(&first, StoreKind::Vault).await.unwrap();
    let second = suite_on(Arc::new(Counting::over(ready.store().await)), Options::default()).await;
    let key = first.operator.clone();
    second.create(&key, "through-the-second").await;

    // The second creates accounts until it is refused; each that it says it has created must be there afterwards.
    let writing = tokio::spawn(async move {
        let (mut created, mut number) = (Vec::new(), 0);
        loop {
            number += 1;
            let identifier = format!("late-{number}");
            match second.try_create(&key, &identifier).await {
                Ok(_) => created.push(identifier),
                Err(status) if detail(&status, "cause") == "migrating" => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(status) => return (second, created, status),
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    migrate(&first, StoreKind::Embedded).await.unwrap();
    let (second, created, status) =
        tokio::time::timeout(Duration::from_secs(5), writing).await.unwrap().unwrap();
    assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
    assert_eq!(detail(&status, "cause"), "left", "{status:?}");
    assert!(!created.is_empty(), "nothing was written before the move");
    for identifier in created.iter().map(String::as_str).chain(["through-the-second"]) {
        first.get(&first.operator, identifier).await.unwrap_or_else(|e| panic!("{identifier} was lost: {e}"));
    }
    // It does not go on reading what may have been revoked elsewhere, and says that it does not serve.
    let told = second.vault.serves().wait_for(|serves| !serves).await.map(|_| ());
    told.unwrap();
    let read = second.get(&first.operator, "user-3").await.unwrap_err();
    assert_eq!(detail(&read, "cause"), "left", "{read:?}");

    // Once everything is back, so is it.
    migrate(&first, StoreKind::Vault).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), second.vault.serves().wait_for(|serves| *serves))
        .await
        .unwrap()
        .unwrap();
    second.get(&first.operator, "user-3").await.unwrap();
}

use granary_credential::ticket::Format;
use granary_credential::{Key, Kind};
use granary_credential_vault::{Config, rekey};
use granary_rpc::Reason;

use crate::support::{LOG_TIME, Options, harvest_token, reason, suite, suite_at};

#[tokio::test]
async fn the_first_key_is_given_out_once_and_state_survives_a_restart_under_a_new_master_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.redb");
    let (old, new) = (Key::random(), Key::random());
    let suite = suite_at(&path, &old, Options::default()).await;
    let key = suite.operator.clone();
    assert_eq!(suite.vault.init("acme").await.unwrap(), None);
    assert_eq!(suite.vault.init("another").await.unwrap(), None);
    assert!(suite.vault.init("No Name").await.is_err());
    suite.create(&key, "u").await;
    for text in ["one", "two"] {
        suite.put(&key, "u", harvest_token(text), None).await.unwrap();
    }
    let principal = suite.principal(&key).await;
    let fingerprint = suite.vault.sealing_fingerprint().await;
    suite.vault.close().await;
    assert_eq!(reason(suite.get(&key, "u").await), Reason::StoreUnavailable);

    let [old_file, new_file] = [("old", &old), ("new", &new)].map(|(name, key)| {
        let file = dir.path().join(name);
        granary_testkit::write_secret(&file, key.to_base64().as_bytes());
        file
    });
    let config = Config { store_path: path.clone(), master_key_file: Some(old_file), ..Config::default() };
    assert_eq!(rekey(&config, &new_file).await.unwrap(), 2 + 4, "two values and four keys of its own");
    let mut suite = suite_at(&path, &new, Options::default()).await;
    assert_eq!(suite.operator, "", "it was given out before");
    suite.operator = key.clone();
    assert_eq!(suite.vault.sealing_fingerprint().await, fingerprint);
    assert_eq!(suite.opened_text(LOG_TIME, "u").await, vec!["two".to_owned()]);
    let request = granary_proto::granary::internal::v1::IssueTicketRequest {
        principal_token: principal,
        identifier: "u".into(),
        method: LOG_TIME.into(),
    };
    assert!(suite.brokers().issue_ticket(request).await.is_ok(), "the principal key stayed, too");
    assert_eq!(suite.get(&key, "u").await.unwrap().credentials[0].kind(), Kind::HarvestToken);
}

#[tokio::test]
async fn of_several_that_start_at_once_all_have_the_same_keys_and_one_gives_out_the_first() {
    use granary_credential_vault::{Application, Audit, Parts};
    use granary_store::Store;
    use std::sync::Arc;

    let suite = suite().await;
    let fresh = async || {
        let parts = Parts {
            store: Arc::clone(&suite.store) as Arc<dyn Store>,
            rings: suite.rings.clone(),
            audit: Audit::none(),
            ticket_format: Format::default(),
            one_key_for_harvest: false,
            admission: Default::default(),
            place: None,
        };
        let vault = Application::new(parts).await.unwrap();
        vault.sealing_fingerprint().await
    };
    let prints = futures_util::future::join_all((0..4).map(|_| fresh())).await;
    let expected = suite.vault.sealing_fingerprint().await;
    assert!(prints.iter().all(|print| *print == expected));
}

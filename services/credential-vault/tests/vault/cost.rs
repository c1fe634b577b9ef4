//! What a call costs Vault, as Vault's own audit log has it.
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::vault::v1 as wire;
use granary_store::Store;

use crate::service::counting::Counting;
use crate::service::{
    LOG_TIME, Options, Suite, apify_token, harvest_token, harvestapi_key, reason, suite_on, with,
};
use granary_rpc::Reason;
use granary_testkit::vault::ready::{Ready, asked, lines};

const PROFILE: &str = "granary.linkedin.v1.LinkedInData/ScrapeProfile";

async fn suite(ready: &Ready) -> Suite {
    let store: Arc<dyn Store> = ready.store().await;
    let suite = suite_on(Arc::new(Counting::over(store)), Options::default()).await;
    suite.create(&suite.operator, "u").await;
    suite
}

fn reads(asked: &[String]) -> Vec<&String> {
    // The term of the store is looked at each second, whoever calls.
    let is_term = |line: &&String| line.ends_with("/store/term");
    asked.iter().filter(|line| line.starts_with("read granary/data/") && !is_term(line)).collect()
}

/// The last segments of what was read of accounts.
fn accounts(asked: &[String]) -> Vec<&str> {
    let paths = reads(asked).into_iter().filter(|line| line.contains("/accounts/"));
    paths.filter_map(|path| path.rsplit('/').next()).collect()
}

fn decrypts(asked: &[String]) -> usize {
    asked.iter().filter(|line| line.contains("granary-transit/decrypt/")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_metadata_decrypts_nothing() {
    let ready = Ready::start().await;
    let suite = suite(&ready).await;
    let key = &suite.operator;
    suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    suite.put(key, "u", apify_token("two"), None).await.unwrap();
    let audit = ready.audited().await;
    let since = lines(&audit);
    suite.get(key, "u").await.unwrap();
    let list = wire::ListConnectedAccountsRequest::default();
    let listed = suite.vaults().list_connected_accounts(with(key, list)).await.unwrap().into_inner();
    assert_eq!(listed.connected_accounts[0].credentials.len(), 2);
    let asked = asked(&audit, since);
    assert!(reads(&asked).len() >= 2 && decrypts(&asked) == 0, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_reads_and_decrypts_the_needed_kinds_and_no_other() {
    let ready = Ready::start().await;
    let suite = suite(&ready).await;
    let key = &suite.operator;
    for credential in [harvestapi_key("k"), harvest_token("t"), apify_token("a")] {
        suite.put(key, "u", credential, None).await.unwrap();
    }
    let principal_token = suite.principal(key).await;
    let audit = ready.audited().await;
    for (method, kind) in [(LOG_TIME, "harvest_token"), (PROFILE, "harvestapi_key")] {
        let since = lines(&audit);
        let request = internal::IssueTicketRequest {
            principal_token: principal_token.clone(),
            identifier: "u".to_owned(),
            method: method.to_owned(),
        };
        suite.brokers().issue_ticket(request).await.unwrap();
        let asked = asked(&audit, since);
        assert_eq!(accounts(&asked), [kind], "{asked:?}");
        assert_eq!(decrypts(&asked), 1, "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_looks_at_the_account_once_after_it_was_enabled_again() {
    let ready = Ready::start().await;
    let suite = suite(&ready).await;
    let key = &suite.operator;
    suite.put(key, "u", harvest_token("t"), None).await.unwrap();
    suite.disable(key, "u").await;
    assert_eq!(reason(suite.ticket(key, "u", LOG_TIME).await), Reason::AccountDisabled);
    let request = wire::EnableConnectedAccountRequest { identifier: "u".to_owned() };
    suite.vaults().enable_connected_account(with(key, request)).await.unwrap();
    let audit = ready.audited().await;
    for looks in [&["harvest_token", "account"][..], &["harvest_token"]] {
        let since = lines(&audit);
        suite.ticket(key, "u", LOG_TIME).await.unwrap();
        let asked = asked(&audit, since);
        assert_eq!(accounts(&asked), looks, "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_first_choice_costs_one_more_read() {
    let ready = Ready::start().await;
    let store: Arc<dyn Store> = ready.store().await;
    let options = Options { one_key_for_harvest: true, ..Options::default() };
    let suite = suite_on(Arc::new(Counting::over(store)), options).await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvestapi_key("k"), None).await.unwrap();
    let audit = ready.audited().await;
    let since = lines(&audit);
    suite.ticket(key, "u", LOG_TIME).await.unwrap();
    let asked = asked(&audit, since);
    assert_eq!(accounts(&asked), ["harvest_token", "harvestapi_key"], "{asked:?}");
    assert_eq!(decrypts(&asked), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_many_callers_for_one_account_read_it_once() {
    let ready = Ready::start().await;
    let store: Arc<dyn Store> = ready.store().await;
    let store = Arc::new(Counting::over(store));
    let suite = suite_on(store.clone(), Options::default()).await;
    suite.create(&suite.operator, "u").await;
    suite.put(&suite.operator, "u", harvest_token("t"), None).await.unwrap();
    let audit = ready.audited().await;
    let principal_token = suite.principal(&suite.operator).await;
    // All are to come while the first is under way, however busy the machine.
    store.slow_down(1000, Duration::from_secs(1));
    let since = lines(&audit);
    let tickets = (0..50).map(|_| {
        let request = internal::IssueTicketRequest {
            principal_token: principal_token.clone(),
            identifier: "u".to_owned(),
            method: LOG_TIME.to_owned(),
        };
        let mut broker = suite.brokers();
        async move { broker.issue_ticket(request).await.unwrap() }
    });
    join_all(tickets).await;
    let asked = asked(&audit, since);
    assert_eq!(reads(&asked).len(), 1, "{asked:?}");
    assert_eq!(decrypts(&asked), 1, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_is_in_vault_no_more() {
    let ready = Ready::start().await;
    let suite = suite(&ready).await;
    let key = &suite.operator;
    for n in 0..3 {
        suite.put(key, "u", harvest_token(&format!("token-{n}")), None).await.unwrap();
    }
    suite.revoke(key, "u", granary_credential::Kind::HarvestToken).await.unwrap();
    let walk = suite.names_below("accounts").await;
    assert_eq!(walk.len(), 2, "{walk:?}");
    let store = ready.store().await;
    let mut folders = vec!["accounts".to_owned()];
    while let Some(folder) = folders.pop() {
        for name in store.list(&folder, None, 1_000).await.unwrap() {
            let path = format!("{folder}/{name}");
            if let Some(record) = store.get(&path).await.unwrap() {
                let text = String::from_utf8_lossy(&record.data).into_owned();
                assert!(!text.contains("vault:v"), "{path} still holds a sealed value");
                for version in 1..record.version {
                    let old = format!("granary/data/{path}?version={version}");
                    let old = ready.server.api().request("GET", &old, serde_json::Value::Null).await;
                    assert_eq!(old.status, 404, "version {version} of {path}");
                }
            }
            folders.push(path);
        }
    }
}

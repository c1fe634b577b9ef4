//! The mark that spares a ticket the look at the account, and everything that must take it away.
use std::sync::Arc;

use granary_credential::Kind;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Reason;
use granary_store::{Expect, Store};

use crate::support::{LOG_TIME, Options, Suite, Word, harvest_token, reason, suite, suite_on, with};
use crate::tickets::folder;

impl Suite {
    async fn enable(&self, identifier: &str) {
        let request = wire::EnableConnectedAccountRequest { identifier: identifier.to_owned() };
        self.vaults().enable_connected_account(with(&self.operator, request)).await.unwrap();
    }

    /// What a ticket reads below the account's folder.
    async fn read_for_a_ticket(&self, identifier: &str) -> Vec<String> {
        self.store.reset();
        self.ticket(&self.operator, identifier, LOG_TIME).await.unwrap();
        let names = self.store.read_names().into_iter();
        names.filter(|name| name == "account" || name == "harvest_token").collect()
    }
}

/// An account with a Harvest token, and where that lies.
async fn ready() -> (Suite, String) {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    suite.put(&suite.operator, "u", harvest_token("one"), None).await.unwrap();
    (suite, format!("{}/harvest_token", folder("u")))
}

#[tokio::test]
async fn a_ticket_reads_one_record_whatever_was_done_to_the_credential_before() {
    let (suite, _) = ready().await;
    let (key, kind) = (&suite.operator, Kind::HarvestToken);
    assert_eq!(suite.read_for_a_ticket("u").await, ["harvest_token"]);
    suite.report(key, "u", (kind, 1), Word::Accepted).await.unwrap();
    assert_eq!(suite.read_for_a_ticket("u").await, ["harvest_token"]);
    suite.put(key, "u", harvest_token("two"), None).await.unwrap();
    assert_eq!(suite.read_for_a_ticket("u").await, ["harvest_token"]);
    let request = wire::RollbackCredentialRequest {
        identifier: "u".to_owned(),
        kind: kind.into(),
        version: 1,
        expected_version: None,
    };
    suite.vaults().rollback_credential(with(key, request)).await.unwrap();
    assert_eq!(suite.read_for_a_ticket("u").await, ["harvest_token"]);
    suite.disable(key, "u").await;
    suite.enable("u").await;
    assert_eq!(suite.read_for_a_ticket("u").await, ["harvest_token", "account"]);
    assert_eq!(suite.read_for_a_ticket("u").await, ["harvest_token"]);
}

#[tokio::test]
async fn a_record_that_was_moved_to_another_account_does_not_open_there() {
    let (suite, path) = ready().await;
    suite.create(&suite.operator, "v").await;
    let record = suite.store.get(&path).await.unwrap().unwrap();
    let other = format!("{}/harvest_token", folder("v"));
    let version = suite.store.put(&other, record.data, Expect::Absent).await.unwrap();
    assert_eq!(reason(suite.ticket(&suite.operator, "v", LOG_TIME).await), Reason::CredentialMissing);
    // Not even with the mark that was beside it.
    suite.store.mark(&other, record.mark.as_deref(), version).await.unwrap();
    assert_eq!(reason(suite.ticket(&suite.operator, "v", LOG_TIME).await), Reason::Internal);
}

#[tokio::test]
async fn a_mark_that_comes_late_says_nothing_of_the_account_made_again() {
    let (suite, path) = ready().await;
    let key = &suite.operator;
    let old = suite.store.get(&path).await.unwrap().unwrap();
    suite.delete(key, "u").await.unwrap();
    assert!(suite.store.mark(&path, old.mark.as_deref(), old.version).await.is_err());
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("two"), None).await.unwrap();
    let new = suite.store.get(&path).await.unwrap().unwrap();
    suite.store.mark(&path, old.mark.as_deref(), new.version).await.unwrap();
    assert_eq!(suite.read_for_a_ticket("u").await, ["harvest_token", "account"]);
    assert_eq!(suite.opened_text(LOG_TIME, "u").await, ["two"]);
    // And a whole record that comes late, mark and all, is not the new account's.
    let now = suite.store.get(&path).await.unwrap().unwrap();
    suite.store.put(&path, old.data, Expect::Version(now.version)).await.unwrap();
    assert_eq!(reason(suite.ticket(key, "u", LOG_TIME).await), Reason::CredentialMissing);
    assert!(suite.get(key, "u").await.unwrap().credentials.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_put_report_or_ticket_at_the_same_time_outlives_a_disabling() {
    let one = Arc::new(ready().await.0);
    let mut two = suite_on(Arc::clone(&one.store), Options::default()).await;
    two.operator = one.operator.clone();
    let two = Arc::new(two);
    for suite in [&one, &two] {
        suite.report(&suite.operator, "u", (Kind::HarvestToken, 1), Word::Accepted).await.unwrap();
    }
    for round in 0..40 {
        let mut others = tokio::task::JoinSet::new();
        for n in 0..6 {
            let suite = Arc::clone(if n % 2 == 0 { &one } else { &two });
            others.spawn(async move {
                let key = suite.operator.clone();
                match n {
                    0 | 1 => {
                        suite.put(&key, "u", harvest_token(&format!("t-{round}")), None).await.unwrap();
                    }
                    2 | 3 => {
                        let version = suite.get(&key, "u").await.unwrap().credentials[0].version;
                        let kind = (Kind::HarvestToken, version);
                        suite.report(&key, "u", kind, Word::Accepted).await.unwrap();
                    }
                    _ => drop(suite.ticket(&key, "u", LOG_TIME).await),
                }
            });
        }
        let disabler = if round % 2 == 0 { &one } else { &two };
        disabler.disable(&disabler.operator, "u").await;
        let early = reason(one.ticket(&one.operator, "u", LOG_TIME).await);
        others.join_all().await;
        let late = reason(two.ticket(&two.operator, "u", LOG_TIME).await);
        assert_eq!((early, late), (Reason::AccountDisabled, Reason::AccountDisabled), "round {round}");
        one.enable("u").await;
        one.ticket(&one.operator, "u", LOG_TIME).await.unwrap();
    }
}

#[tokio::test]
async fn a_disabling_that_failed_halfway_is_finished_by_the_next() {
    let (suite, _) = ready().await;
    let request = || wire::DisableConnectedAccountRequest { identifier: "u".to_owned() };
    let mut failed = 0;
    for working in 0..16 {
        suite.enable("u").await;
        suite.ticket(&suite.operator, "u", LOG_TIME).await.unwrap();
        suite.store.fail_after(working, 1);
        let disabled = suite.vaults().disable_connected_account(with(&suite.operator, request())).await;
        suite.store.fail(0);
        if disabled.is_err() {
            failed += 1;
            suite.disable(&suite.operator, "u").await;
        }
        assert_eq!(reason(suite.ticket(&suite.operator, "u", LOG_TIME).await), Reason::AccountDisabled);
    }
    assert!(failed >= 5, "only {failed} operations failed");
}

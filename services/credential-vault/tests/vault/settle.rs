//! Writes whose answer was lost: the write id in the record settles what became of them.
use std::sync::Arc;

use granary_rpc::Reason;
use granary_store::HashiCorp;
use granary_store::Store;
use granary_testkit::vault::ready::{Ready, behind};
use granary_testkit::{Fault, FaultProxy};
use serde_json::Value;

use crate::service::{Counting, Options, Suite, detail, harvest_token, reason, suite_on};

/// What the path of the record holds.
const RECORD: &str = "/harvest_token";

struct Written {
    ready: Ready,
    proxy: FaultProxy,
    suite: Suite,
}

impl Written {
    /// With one version of a credential.
    async fn once() -> Self {
        let (ready, proxy, config) = behind().await;
        let store: Arc<dyn Store> = Arc::new(HashiCorp::open(&config).await.unwrap());
        let suite = suite_on(Arc::new(Counting::over(store)), Options::default()).await;
        suite.create(&suite.operator, "u").await;
        suite.put(&suite.operator, "u", harvest_token("one"), None).await.unwrap();
        Self { ready, proxy, suite }
    }

    fn posts(&self) -> Vec<String> {
        let all = self.proxy.seen().into_iter();
        all.filter(|seen| seen.method == "POST" && seen.path.contains(RECORD)).map(|seen| seen.path).collect()
    }

    /// How often Vault has written the record. Each put that lands is written once, and marked once its account was seen.
    async fn writes(&self) -> i64 {
        let path = self.posts().pop().unwrap();
        let path = path.trim_start_matches("/v1/");
        let read = self.ready.server.api().must("GET", path, Value::Null).await;
        read["data"]["metadata"]["version"].as_i64().unwrap()
    }

    async fn kept(&self) -> Vec<i64> {
        let account = self.suite.get(&self.suite.operator, "u").await.unwrap();
        account.credentials[0].kept_versions.clone()
    }
}

/// Puts the second version while this befalls the write, which reaches Vault so often.
async fn puts_once(fault: Fault, sent: usize) {
    let written = Written::once().await;
    let before = written.posts().len();
    written.proxy.next(1, "POST", RECORD, fault.clone());
    let put = written.suite.put(&written.suite.operator, "u", harvest_token("two"), Some(1)).await;
    assert_eq!(put.unwrap().version, 2, "{fault:?}");
    assert_eq!(written.posts().len() - before, sent, "{fault:?}");
    assert_eq!(written.writes().await, 4, "{fault:?}");
    assert_eq!(written.kept().await, vec![1, 2], "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_never_reached_vault_is_sent_again() {
    puts_once(Fault::CutBefore, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_cut_off_is_found_and_not_sent_again() {
    puts_once(Fault::CutAfter, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_torn_is_found_and_not_sent_again() {
    puts_once(Fault::Truncate, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_in_which_the_leader_was_lost_is_looked_for_before_it_is_sent_again() {
    let body = r#"{"errors":["leadership lost while committing log"]}"#.to_owned();
    puts_once(Fault::Answer { status: 500, body }, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_never_answered_is_looked_for_and_sent_again() {
    puts_once(Fault::Stall, 2).await;
}

/// Vault stays away after the write; either it landed or not, and both can be gone on from.
async fn stays_away(fault: Fault, landed: bool) {
    let written = Written::once().await;
    let (suite, proxy, key) = (&written.suite, &written.proxy, &written.suite.operator);
    proxy.next(1, "GET", RECORD, Fault::Pass);
    proxy.next(1, "POST", RECORD, fault);
    proxy.next(10_000, "", RECORD, Fault::CutBefore);
    let status = suite.put(key, "u", harvest_token("two"), Some(1)).await.unwrap_err();
    assert_eq!(detail(&status, "cause"), "unreachable");
    assert_eq!(reason::<()>(Err(status)), Reason::StoreUnavailable);
    proxy.heal().await;
    let (version, writes) = if landed { (2, 3) } else { (1, 2) };
    assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].version, version);
    assert_eq!(written.writes().await, writes);
    match suite.put(key, "u", harvest_token("two"), Some(1)).await {
        Ok(state) => assert!(!landed && state.version == 2),
        Err(status) => {
            assert_eq!(detail(&status, "current_version"), "2");
            assert!(landed && reason::<()>(Err(status)) == Reason::VersionConflict);
        }
    }
    assert_eq!(written.kept().await, vec![1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_write_of_a_vault_that_stays_away_can_be_repeated() {
    stays_away(Fault::CutBefore, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_landed_write_of_a_vault_that_stays_away_is_there_when_it_is_back() {
    stays_away(Fault::CutAfter, true).await;
}

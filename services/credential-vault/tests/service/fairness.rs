//! What one tenant asks of a slow store, and what strangers do, keeps no other tenant waiting.
use std::future::Future;
use std::time::{Duration, Instant};

use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Reason;
use granary_server::admission::Settings;
use tokio::task::JoinSet;

use crate::support::{LOG_TIME, Options, Suite, harvest_token, reason, suite_with, with};

/// Reads that the store makes at a time, as the embedded one does, and how long each takes.
const READS: usize = 64;
const READ_DELAY: Duration = Duration::from_millis(50);
/// Far more than are over soon: behind all of them, a call would wait for some seconds.
const MANY: usize = 2_000;
const TIMEOUT: Duration = Duration::from_secs(2);

/// Two tenants, of which the second has an account with a token; and how many calls run at a time.
async fn two_tenants() -> (Suite, String, String) {
    let admission = Settings {
        max_in_flight: READS,
        max_in_flight_per_tenant: READS / 4,
        max_waiting_per_tenant: MANY,
        ..Settings::default()
    };
    let suite = suite_with(Options { admission, ..Options::default() }).await;
    let evil = suite.tenant("evil").await;
    let good = suite.tenant("good").await;
    suite.create(&good, "u").await;
    suite.put(&good, "u", harvest_token("t"), None).await.unwrap();
    (suite, evil, good)
}

/// Asks for a ticket to log time.
fn for_ticket(principal_token: &[u8], identifier: String) -> internal::IssueTicketRequest {
    let principal_token = principal_token.to_vec();
    internal::IssueTicketRequest { principal_token, identifier, method: LOG_TIME.to_owned() }
}

/// An account that is not there.
fn nobody(number: usize) -> String {
    format!("nobody-{number}")
}

/// The good tenant's ticket and its account come soon beside all of these.
async fn comes_soon<F>(suite: &Suite, good: &str, others: impl Iterator<Item = F>)
where
    F: Future<Output = Result<(), tonic::Status>> + Send + 'static,
{
    let principal_token = suite.principal(good).await;
    suite.store.slow_down(READS, READ_DELAY);
    let mut asking = JoinSet::new();
    for other in others {
        asking.spawn(other);
    }
    tokio::time::sleep(5 * READ_DELAY).await;
    for _ in 0..3 {
        let begun = Instant::now();
        let request = for_ticket(&principal_token, "u".to_owned());
        suite.brokers().issue_ticket(request).await.unwrap();
        suite.get(good, "u").await.unwrap();
        let took = begun.elapsed();
        assert!(took < TIMEOUT, "{took:?}");
    }
    assert!(!asking.is_empty() && asking.try_join_next().is_none_or(|ended| ended.unwrap().is_err()));
    asking.abort_all();
}

#[tokio::test]
async fn cold_tickets_of_one_tenant_hold_up_nobody_else() {
    let (suite, evil, good) = two_tenants().await;
    let principal_token = suite.principal(&evil).await;
    let others = (0..MANY).map(|number| {
        let request = for_ticket(&principal_token, nobody(number));
        let mut brokers = suite.brokers();
        async move { brokers.issue_ticket(request).await.map(drop) }
    });
    comes_soon(&suite, &good, others).await;
}

#[tokio::test]
async fn calls_of_one_tenant_at_its_own_address_hold_up_nobody_else() {
    let (suite, evil, good) = two_tenants().await;
    let others = (0..MANY).map(|number| {
        let request = with(&evil, wire::GetConnectedAccountRequest { identifier: nobody(number) });
        let mut vaults = suite.vaults();
        async move { vaults.get_connected_account(request).await.map(drop) }
    });
    comes_soon(&suite, &good, others).await;
}

#[tokio::test]
async fn keys_that_are_made_up_hold_up_no_tenant() {
    let (suite, _, good) = two_tenants().await;
    let others = (0..MANY).map(|number| {
        let api_key = format!("grn_{number:012}_{}", "b".repeat(43));
        let mut brokers = suite.brokers();
        async move { brokers.authenticate(internal::AuthenticateRequest { api_key }).await.map(drop) }
    });
    comes_soon(&suite, &good, others).await;
}

#[tokio::test]
async fn a_tenant_that_has_too_many_calls_waiting_is_told_what_is_full() {
    let admission =
        Settings { max_in_flight_per_tenant: 1, max_waiting_per_tenant: 0, ..Settings::default() };
    let suite = suite_with(Options { admission, ..Options::default() }).await;
    let principal_token = suite.principal(&suite.operator).await;
    suite.store.slow_down(1, 4 * READ_DELAY);
    let ask = |number: usize| {
        let request = for_ticket(&principal_token, nobody(number));
        let mut brokers = suite.brokers();
        async move { reason(brokers.issue_ticket(request).await) }
    };
    let (first, second) = tokio::join!(ask(1), ask(2));
    let mut both = [first, second];
    both.sort_by_key(|reason| *reason == Reason::Overloaded);
    assert_eq!(both, [Reason::AccountNotFound, Reason::Overloaded]);
}

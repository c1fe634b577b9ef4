//! What callers and health are told while Vault cannot serve, what goes on without it, and how soon all is well again.
use std::sync::Arc;
use std::time::{Duration, Instant};

use granary_credential_vault::bootstrap::{NAME, policy};
use granary_credential_vault::store::Store;
use granary_credential_vault::store::vault::{Config, Vault};
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::watch_invalidations_response::Event;
use granary_rpc::Reason;
use granary_testkit::fault::Link;
use granary_testkit::{Fault, FaultProxy};
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt;

use crate::service::{Counting, LOG_TIME, Options, Suite, detail, harvest_token, reason, suite_on};
use crate::support::{Ready, asked, behind, lines};

/// How soon health must tell of an outage, and of its end.
const SOON: Duration = Duration::from_secs(3);
/// How long a call may take that Vault does not answer.
const CALL: Duration = Duration::from_millis(5_900);

struct Serving {
    ready: Ready,
    proxy: FaultProxy,
    suite: Suite,
}

impl Serving {
    async fn start() -> Self {
        let (ready, proxy, config) = behind().await;
        let store: Arc<dyn Store> = Arc::new(Vault::open(&config).await.unwrap());
        let suite = suite_on(Arc::new(Counting::over(store)), Options::default()).await;
        suite.create(&suite.operator, "u").await;
        suite.put(&suite.operator, "u", harvest_token("one"), None).await.unwrap();
        Self { ready, proxy, suite }
    }

    /// Health says this soon.
    async fn health(&self, serves: bool) {
        let mut told = self.suite.vault.serves();
        let wait = tokio::time::timeout(SOON, told.wait_for(|now| *now == serves)).await;
        wait.unwrap_or_else(|_| panic!("after {SOON:?} health does not say {serves}")).unwrap();
    }

    /// A read, a write and an authentication fail as they must, each in time.
    async fn calls_fail(&self, cause: &str) {
        let (suite, key) = (&self.suite, &self.suite.operator);
        let mut broker = suite.brokers();
        let begun = Instant::now();
        let (get, put, caller) = tokio::join!(
            suite.get(key, "u"),
            suite.put(key, "u", harvest_token("two"), None),
            broker.authenticate(wire::AuthenticateRequest { api_key: key.clone() }),
        );
        assert!(begun.elapsed() < CALL, "{:?}", begun.elapsed());
        for status in [get.unwrap_err(), put.unwrap_err(), caller.unwrap_err()] {
            refused(status, cause);
        }
    }

    /// What needs no Vault goes on.
    async fn the_rest_goes_on(&self) {
        let mut watch = self
            .suite
            .brokers()
            .watch_invalidations(wire::WatchInvalidationsRequest {})
            .await
            .unwrap()
            .into_inner();
        for _ in 0..3 {
            let next = tokio::time::timeout(Duration::from_secs(2), watch.message()).await;
            let event = next.expect("a heartbeat").unwrap().unwrap().event;
            assert!(matches!(event, Some(Event::Heartbeat(_))), "{event:?}");
        }
        let nobody = wire::GetConnectedAccountRequest { identifier: "u".to_owned() };
        let nobody = self.suite.vaults().get_connected_account(nobody).await;
        assert_eq!(reason(nobody), Reason::ApiKeyMissing);
        assert_eq!(reason(self.suite.get("no-key", "u").await), Reason::ApiKeyInvalid);
    }

    /// The whole of an outage that has just begun, without its end.
    async fn is_out(&self, cause: &str) {
        self.health(false).await;
        self.calls_fail(cause).await;
        self.the_rest_goes_on().await;
    }

    /// Everything works, and what failed meanwhile changed nothing.
    async fn is_well(&self) {
        self.health(true).await;
        let (suite, key) = (&self.suite, &self.suite.operator);
        assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].version, 1);
        suite.ticket(key, "u", LOG_TIME).await.unwrap();
        assert_eq!(suite.put(key, "u", harvest_token("two"), Some(1)).await.unwrap().version, 2);
    }
}

fn refused(status: Status, cause: &str) {
    assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
    assert_eq!(detail(&status, "cause"), cause, "{status:?}");
    let wait = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(wait.is_some_and(|wait| !wait.is_zero()), "{status:?}");
    assert_eq!(reason::<()>(Err(status)), Reason::StoreUnavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_vault_is_told_until_it_is_unsealed() {
    let serving = Serving::start().await;
    serving.ready.server.seal().await;
    serving.is_out("sealed").await;
    serving.ready.server.unseal().await;
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_without_a_leader_or_with_too_many_callers_is_told() {
    let serving = Serving::start().await;
    let standby = r#"{"errors":["local node not active but active cluster node not found"]}"#;
    let limited = r#"{"errors":["request path \"granary\": rate limit quota exceeded"]}"#;
    for (status, body, cause) in
        [(500, standby, "standby"), (429, limited, "rate_limited"), (200, "<p>", "unreadable")]
    {
        serving.proxy.always(Fault::Answer { status, body: body.to_owned() });
        serving.is_out(cause).await;
        serving.proxy.heal().await;
        serving.health(true).await;
    }
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_gone_is_told_until_it_is_back() {
    let serving = Serving::start().await;
    serving.proxy.link(Link::Refused).await;
    serving.is_out("unreachable").await;
    serving.proxy.heal().await;
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_does_not_answer_is_told_and_one_that_takes_a_second_serves() {
    let serving = Serving::start().await;
    serving.proxy.always(Fault::Delay(Duration::from_secs(1)));
    let (suite, key) = (&serving.suite, &serving.suite.operator);
    suite.get(key, "u").await.unwrap();
    suite.ticket(key, "u", LOG_TIME).await.unwrap();
    assert!(*suite.vault.serves().borrow());
    serving.proxy.always(Fault::Stall);
    serving.is_out("slow").await;
    serving.proxy.heal().await;
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_was_taken_away_is_told_with_the_token_as_good_as_ever() {
    let serving = Serving::start().await;
    let api = serving.ready.server.api();
    let rules = policy::text(&policy::rules(&Config::default()));
    api.write_policy(NAME, "path \"auth/token/lookup-self\" { capabilities = [\"read\"] }").await;
    // What was looked up a moment ago is gone on with.
    tokio::time::sleep(Duration::from_secs(1)).await;
    serving.calls_fail("permission_denied").await;
    serving.the_rest_goes_on().await;
    api.write_policy(NAME, &rules).await;
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_died_is_replaced_though_nobody_calls() {
    let serving = Serving::start().await;
    let api = serving.ready.server.api();
    let audit = serving.ready.audited().await;
    // Logins may not follow one another within 5 s.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let since = lines(&audit);
    let accessors = api.must("LIST", "auth/token/accessors", Value::Null).await;
    for accessor in accessors["data"]["keys"].as_array().unwrap() {
        let told = api.must("POST", "auth/token/lookup-accessor", json!({"accessor": accessor})).await;
        if told["data"]["path"] == "auth/approle/login" {
            api.must("POST", "auth/token/revoke-accessor", json!({"accessor": accessor})).await;
        }
    }
    tokio::time::sleep(SOON).await;
    let logins = asked(&audit, since).iter().filter(|line| line.contains("auth/approle/login")).count();
    assert_eq!(logins, 1);
    serving.is_well().await;
}

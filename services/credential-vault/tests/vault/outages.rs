//! What callers and health are told while Vault cannot serve, what goes on without it, and how soon all is well again.
use std::sync::Arc;
use std::time::{Duration, Instant};

use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::internal::v1::watch_invalidations_response::Event;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Reason;
use granary_store::Store;
use granary_store::bootstrap::{NAME, policy};
use granary_store::hashicorp::{Config, HashiCorp};
use granary_testkit::fault::Link;
use granary_testkit::vault::ready::{Ready, asked, behind, lines};
use granary_testkit::{Fault, FaultProxy};
use serde_json::json;
use tonic::Status;
use tonic_types::StatusExt;

use crate::service::{Counting, LOG_TIME, Options, Suite, detail, harvest_token, reason, suite_on, with};

/// How soon health must tell of an outage, and of its end.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long a call may take that Vault does not answer.
const CALL_TIMEOUT: Duration = Duration::from_millis(5_900);

struct Serving {
    ready: Ready,
    proxy: FaultProxy,
    suite: Suite,
}

impl Serving {
    async fn start() -> Self {
        let (ready, proxy, config) = behind().await;
        let store: Arc<dyn Store> = Arc::new(HashiCorp::open(&config).await.unwrap());
        let suite = suite_on(Arc::new(Counting::over(store)), Options::default()).await;
        suite.create(&suite.operator, "u").await;
        suite.put(&suite.operator, "u", harvest_token("one"), None).await.unwrap();
        Self { ready, proxy, suite }
    }

    /// Health says this soon.
    async fn health(&self, serves: bool) {
        let mut told = self.suite.vault.serves();
        let wait = tokio::time::timeout(TIMEOUT, told.wait_for(|now| *now == serves)).await;
        wait.unwrap_or_else(|_| panic!("after {TIMEOUT:?} health does not say {serves}")).unwrap();
    }

    /// A read, a write and an authentication fail as they must, each in time.
    async fn calls_fail(&self, cause: &str) {
        let (suite, key) = (&self.suite, &self.suite.operator);
        let mut broker = suite.brokers();
        let begun = Instant::now();
        let (get, put, caller) = tokio::join!(
            suite.get(key, "u"),
            suite.put(key, "u", harvest_token("two"), None),
            broker.authenticate(internal::AuthenticateRequest { api_key: key.clone() }),
        );
        assert!(begun.elapsed() < CALL_TIMEOUT, "{:?}", begun.elapsed());
        for status in [get.unwrap_err(), put.unwrap_err(), caller.unwrap_err()] {
            refused(status, cause);
        }
    }

    /// What needs no Vault goes on.
    async fn the_rest_goes_on(&self) {
        let mut watch = self
            .suite
            .brokers()
            .watch_invalidations(internal::WatchInvalidationsRequest {})
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
    // Health tells of it as well, though the token is good.
    serving.health(false).await;
    serving.the_rest_goes_on().await;
    api.write_policy(NAME, &rules).await;
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_the_policy_lacks_is_named_with_its_path_until_it_is_back() {
    let serving = Serving::start().await;
    let (api, key) = (serving.ready.server.api(), serving.suite.operator.clone());
    let rules = policy::rules(&Config::default());
    for (path, lacks) in [
        ("granary-transit/encrypt/credentials", "update on granary-transit/encrypt/credentials"),
        ("granary/data/*", "create, patch, read, update on granary/data/*"),
    ] {
        let fewer: Vec<_> = rules.iter().filter(|rule| rule.path != path).cloned().collect();
        api.write_policy(NAME, &policy::text(&fewer)).await;
        let put = serving.suite.put(&key, "u", harvest_token("x"), None).await.unwrap_err();
        let (_, needed) = lacks.split_once(" on ").unwrap();
        assert!(put.message().contains(needed) && put.message().contains("bootstrap"), "{put:?}");
        refused(put, "permission_denied");
        serving.health(false).await;
        api.write_policy(NAME, &policy::text(&rules)).await;
        serving.health(true).await;
    }
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_device_that_cannot_be_written_is_told_as_that() {
    let serving = Serving::start().await;
    let server = &serving.ready.server;
    // The device is a name that leads to a file, then to where nothing fits, then to the file again.
    let (name, log) = (server.dir().join("audit"), server.dir().join("audit.log"));
    let leads_to = |target: &std::path::Path| {
        let _ = std::fs::remove_file(&name);
        std::os::unix::fs::symlink(target, &name).unwrap();
        let hangup = ["-HUP".to_owned(), server.process().id().to_string()];
        assert!(std::process::Command::new("kill").args(hangup).status().unwrap().success());
    };
    std::fs::write(&log, "").unwrap();
    std::os::unix::fs::symlink(&log, &name).unwrap();
    server.api().enable_audit(&name).await;
    leads_to(std::path::Path::new("/dev/full"));
    serving.is_out("audit_full").await;
    leads_to(&log);
    serving.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_not_ours_is_passed_over() {
    let serving = Serving::start().await;
    let (api, suite) = (serving.ready.server.api(), &serving.suite);
    let foreign = json!({"data": {"note": "hands off"}, "options": {"cas": 0}});
    for path in ["tenants/foo", "system/foo", "keys/foo", "accounts/foo/000/x/account"] {
        api.must("POST", &format!("granary/data/{path}"), foreign.clone()).await;
    }
    let request = with(&suite.operator, wire::ListTenantsRequest::default());
    let listed = suite.admin().list_tenants(request).await.unwrap().into_inner();
    assert!(listed.tenants.iter().all(|tenant| tenant.name != "foo") && !listed.tenants.is_empty());
    let request = with(&suite.operator, wire::RewrapStoreRequest { rotate: true });
    let mut stream = suite.admin().rewrap_store(request).await.unwrap().into_inner();
    let mut last = wire::StoreProgress::default();
    while let Some(message) = stream.message().await.unwrap() {
        last = message.progress.unwrap();
    }
    assert_eq!(last.phase(), wire::StorePhase::Done);
    // Where a record of ours would have to be, it is named.
    let store = serving.ready.store().await;
    let told = store.get("tenants/foo").await.unwrap_err().to_string();
    assert!(told.contains("granary/data/tenants/foo"), "{told}");
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
    api.revoke_app_role_logins().await;
    tokio::time::sleep(TIMEOUT).await;
    let logins = asked(&audit, since).iter().filter(|line| line.contains("auth/approle/login")).count();
    assert_eq!(logins, 1);
    serving.is_well().await;
}

//! Vault's user lockout: a secret id that it refused is not sent until the role is locked out, and who is locked out hears of it.
use std::time::Duration;

use granary_store::HashiCorp;
use granary_store::bootstrap::{self, NAME, Options, Outcome};
use granary_store::{Outage, Refusal, Store};
use serde_json::json;

use granary_testkit::vault::ready::{Ready, asked, file, lines, outage, root};

/// Longer than two logins are apart.
const OBSERVED_INTERVAL: Duration = Duration::from_secs(12);
/// How soon a fresh secret id must serve.
const TIMEOUT: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_secret_id_is_sent_once_and_an_exchanged_one_at_once() {
    let ready = Ready::start().await;
    let (api, config) = (ready.server.api(), ready.app_role());
    let store = HashiCorp::open(&config).await.unwrap();
    let audit = ready.audited().await;
    let role = format!("auth/approle/role/{NAME}/secret-id");
    let secret = ready.report.secret_id.as_ref().unwrap().expose();
    api.must("POST", &format!("{role}/destroy"), json!({ "secret_id": secret })).await;
    api.revoke_app_role_logins().await;
    let since = lines(&audit);
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < OBSERVED_INTERVAL {
        let _ = store.check().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let logins = asked(&audit, since).iter().filter(|line| line.contains("auth/approle/login")).count();
    assert_eq!(logins, 1, "Vault counts them");
    assert_eq!(outage(store.get("system/any").await), Outage::LoggedOut(Refusal::RoleOrSecretId));

    let fresh = api.must("POST", &role, json!({})).await;
    file(ready.server.dir(), "secret-id", fresh["data"]["secret_id"].as_str().unwrap());
    let serves = tokio::time::timeout(TIMEOUT, async {
        while store.check().await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    serves.await.expect("the fresh secret id serves");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_locked_out_is_told_as_that_and_bootstrap_sees_to_it_that_none_is() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    // A mount that bootstrap did not make, or before it knew of this.
    let usual = json!({ "user_lockout_config": { "lockout_disable": false, "lockout_threshold": "5" } });
    api.must("POST", "sys/mounts/auth/approle/tune", usual).await;
    let wrong = json!({ "role_id": ready.report.role_id, "secret_id": "wrong" });
    let guess = async |times: usize| {
        for _ in 0..times {
            let answer = api.request("POST", "auth/approle/login", wrong.clone()).await;
            assert!(answer.status >= 400, "{answer:?}");
        }
    };
    guess(6).await;
    let told = HashiCorp::open(&ready.app_role()).await.unwrap_err().to_string();
    assert!(told.contains("locked_out") && told.contains(ready.server.address()), "{told}");

    let report = bootstrap::run(&root(&ready.server), &[], &Options::default()).await.unwrap();
    let step = report.steps.iter().find(|step| step.what.contains("locked out")).unwrap();
    assert_eq!(step.outcome, Outcome::Changed);
    HashiCorp::open(&ready.app_role()).await.unwrap();
    guess(12).await;
    HashiCorp::open(&ready.app_role()).await.unwrap();
}

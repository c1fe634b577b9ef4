//! Old versions of records, which Vault keeps while `max_versions` is raised.
use std::sync::Arc;

use granary_credential::Kind;
use granary_credential_vault::TREE;
use granary_store::bootstrap::{self, Options, Outcome};
use granary_testkit::vault::ready::{Ready, root};
use serde_json::{Value, json};

use crate::service::{self, Counting, LOG_TIME, harvest_token, suite_on};

/// Raised for a while, `max_versions` keeps what was revoked: revoking again ends that, and so does bootstrap.
#[tokio::test(flavor = "multi_thread")]
async fn old_versions_of_a_revoked_value_are_destroyed() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let suite = suite_on(Arc::new(Counting::over(ready.store().await)), service::Options::default()).await;
    let key = &suite.operator;
    api.must("POST", "granary/config", json!({"max_versions": 9})).await;
    let mut paths = Vec::new();
    for user in ["revoked", "rotated"] {
        suite.create(key, user).await;
        suite.put(key, user, harvest_token("one"), None).await.unwrap();
        suite.put(key, user, harvest_token("two"), None).await.unwrap();
        let identifier = granary_rpc::Identifier::parse(user).unwrap();
        let hash = granary_credential::fingerprint::sha256(identifier.as_str().as_bytes());
        let hash = data_encoding::HEXLOWER.encode(&hash);
        paths.push(format!("accounts/{}/{}/{hash}/harvest_token", "acme", &hash[..3]));
    }
    // What can still be read of a record, by its versions.
    let readable = |path: String| async move {
        let told = api.must("GET", &format!("granary/metadata/{path}"), Value::Null).await;
        let versions = told["data"]["versions"].as_object().unwrap();
        versions.values().filter(|version| version["destroyed"] == false).cloned().collect::<Vec<_>>()
    };
    assert!(readable(paths[0].clone()).await.len() >= 2, "the fault that this is about");
    suite.revoke(key, "revoked", Kind::HarvestToken).await.unwrap();
    assert_eq!(readable(paths[0].clone()).await.len(), 1, "what it holds now, which is no value");

    assert!(readable(paths[1].clone()).await.len() >= 2);
    let steps = bootstrap::run(&root(&ready.server), &TREE, &Options::default()).await.unwrap().steps;
    assert!(
        steps.iter().any(|step| step.what.contains("destroyed") && step.outcome == Outcome::Changed),
        "{steps:?}"
    );
    assert_eq!(readable(paths[1].clone()).await.len(), 1);
    suite.ticket(key, "rotated", LOG_TIME).await.unwrap();
    // Again, where the setting was put right by hand: there is nothing left.
    let again = Options { destroy_old: true, ..Options::default() };
    let steps = bootstrap::run(&root(&ready.server), &TREE, &again).await.unwrap().steps;
    assert!(steps.iter().any(|step| step.what.contains(": 0 destroyed")), "{steps:?}");
}

//! `granary hashicorp-vault bootstrap`: idempotent, honest about what it would do, and no wider than it must be.
use std::sync::Arc;

use granary_store::bootstrap::{self, NAME, Options, Outcome, Role, policy};
use granary_store::hashicorp::{Config, HashiCorp};
use granary_store::{Context, Error, Expect, Store};
use granary_testkit::Fault;
use granary_testkit::vault::VaultServer;
use serde_json::{Value, json};

use granary_testkit::vault::ready::{Ready, behind, root, with_token};

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_that_is_cut_is_no_vault_that_is_away() {
    let (_ready, proxy, config) = behind().await;
    proxy.next(1, "", "auth/approle/login", Fault::CutBefore);
    let denied = bootstrap::run(&config, &[], &Options { dry_run: true, ..Options::default() }).await;
    let told = denied.unwrap_err().to_string();
    assert!(!told.contains("log in"), "our own role may do nothing of it, but was let in: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing_and_a_second_run_finds_all_as_it_should_be() {
    let server = VaultServer::dev().await;
    let dry = Options { dry_run: true, ..Options::default() };
    let told = bootstrap::run(&root(&server), &[], &dry).await.unwrap().steps;
    assert!(
        told.iter().all(|s| matches!(s.outcome, Outcome::WouldCreate | Outcome::WouldChange)),
        "{told:?}"
    );
    assert!(told.len() >= 7, "{told:?}");
    let mounts = server.api().must("GET", "sys/mounts", Value::Null).await;
    assert!(mounts["data"].get("granary/").is_none() && mounts["data"].get("granary-transit/").is_none());

    let done = bootstrap::run(&root(&server), &[], &Options::default()).await.unwrap().steps;
    assert_eq!(done.len(), told.len());
    assert!(done.iter().all(|s| matches!(s.outcome, Outcome::Created | Outcome::Changed)), "{done:?}");
    let again = bootstrap::run(&root(&server), &[], &Options::default()).await.unwrap().steps;
    assert!(again.iter().all(|s| s.outcome == Outcome::Present), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_by_hand_is_told_and_put_right() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    api.must("POST", "granary/config", json!({"max_versions": 10, "cas_required": false})).await;
    let refused = HashiCorp::open(&ready.app_role()).await.unwrap_err().to_string();
    assert!(
        refused.contains("max_versions = 1") && refused.contains("granary hashicorp-vault bootstrap"),
        "{refused}"
    );
    api.write_policy(NAME, "path \"*\" { capabilities = [\"sudo\"] }").await;
    let dry =
        bootstrap::run(&root(&ready.server), &[], &Options { dry_run: true, ..Options::default() }).await;
    let would: Vec<_> = dry.unwrap().steps.into_iter().filter(|s| s.outcome != Outcome::Present).collect();
    assert_eq!(would.len(), 3, "the setting, what it kept, and the policy: {would:?}");
    bootstrap::run(&root(&ready.server), &[], &Options::default()).await.unwrap();
    HashiCorp::open(&ready.app_role()).await.unwrap();
}

/// Each is refused at a start, seen while it runs, and mended, on a real Vault.
#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_loses_records_is_named_and_put_right() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let running = HashiCorp::open(&ready.app_role()).await.unwrap();
    for (path, body, named) in [
        ("granary/config", json!({"delete_version_after": "768h"}), "delete_version_after = 768h"),
        // What it kept goes, too.
        ("granary/config", json!({"max_versions": 5}), "max_versions = 1"),
        (
            "granary-transit/keys/credentials/config",
            json!({"deletion_allowed": true}),
            "deletion_allowed = true",
        ),
    ] {
        running.look().await.unwrap();
        api.must("POST", path, body).await;
        let seen = running.look().await.unwrap_err();
        assert!(seen.contains(named), "{seen}");
        let refused = HashiCorp::open(&ready.app_role()).await.unwrap_err().to_string();
        assert!(
            refused.contains(named) && refused.contains("granary hashicorp-vault bootstrap"),
            "{refused}"
        );
        let dry = Options { dry_run: true, ..Options::default() };
        let would = bootstrap::run(&root(&ready.server), &[], &dry).await.unwrap().steps;
        let changes = 1 + usize::from(named.starts_with("max_versions"));
        assert_eq!(would.iter().filter(|s| s.outcome == Outcome::WouldChange).count(), changes, "{would:?}");
        bootstrap::run(&root(&ready.server), &[], &Options::default()).await.unwrap();
        HashiCorp::open(&ready.app_role()).await.unwrap();
    }
}

/// The value is whole, and nobody must restore a snapshot for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_older_than_the_key_may_open_is_no_damaged_data() {
    let ready = Ready::start().await;
    let store: Arc<dyn Store> = Arc::new(HashiCorp::open(&ready.app_role()).await.unwrap());
    let context = Context::system("of-the-first-version");
    let sealed = store.seal(&context, b"value").await.unwrap();
    store.rotate().await.unwrap();
    let config = "granary-transit/keys/credentials/config";
    ready.server.api().must("POST", config, json!({"min_decryption_version": 2})).await;
    for outcome in
        [store.open(&context, &sealed).await.map(drop), store.rewrap(&context, &sealed).await.map(drop)]
    {
        let error = granary_rpc::Error::from(outcome.unwrap_err());
        assert_eq!(error.reason(), granary_rpc::Reason::StoreUnavailable, "{error}");
        assert_eq!(error.get("cause"), Some("key_version"));
        assert!(error.to_string().contains("min_decryption_version"), "{error}");
    }
    ready.server.api().must("POST", config, json!({"min_decryption_version": 1})).await;
    assert_eq!(store.open(&context, &sealed).await.unwrap().as_slice(), b"value");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_or_an_engine_that_is_not_ours_is_left_alone() {
    let server = VaultServer::dev().await;
    server.api().mount_transit("granary-transit").await;
    server.api().must("POST", "granary-transit/keys/credentials", json!({})).await;
    let refused = bootstrap::run(&root(&server), &[], &Options::default()).await.unwrap_err().to_string();
    assert!(refused.contains("derived"), "{refused}");
    let config = Config { mount: "granary-transit".to_owned(), ..root(&server) };
    let refused = bootstrap::run(&config, &[], &Options::default()).await.unwrap_err().to_string();
    assert!(refused.contains("another type"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_for_jwts_is_bound_to_one_subject() {
    let server = VaultServer::dev().await;
    let subject = "system:serviceaccount:granary:credential-vault".to_owned();
    let options = Options {
        role: Role::Jwt { audience: "vault".to_owned(), subject: subject.clone() },
        ..Options::default()
    };
    bootstrap::run(&root(&server), &[], &options).await.unwrap();
    let again = bootstrap::run(&root(&server), &[], &options).await.unwrap().steps;
    assert!(again.iter().all(|s| s.outcome == Outcome::Present), "{again:?}");
    let role = server.api().must("GET", &format!("auth/jwt/role/{NAME}"), Value::Null).await;
    assert_eq!(role["data"]["bound_subject"], json!(subject));
}

/// Everything that the store does to Vault, by what of the policy it needs.
async fn all_works(config: &Config) -> Result<(), Error> {
    let open = |e: granary_store::hashicorp::OpenError| Error::Denied(e.to_string());
    let store: Arc<dyn Store> = Arc::new(HashiCorp::open(config).await.map_err(open)?);
    let context = Context::system("policy-test");
    let sealed = store.seal(&context, b"value").await?;
    store.rotate().await?;
    let sealed = store.rewrap(&context, &sealed).await?.expect("a newer version of the key");
    store.open(&context, &sealed).await?;
    let path = format!("system/{:08x}", rand::random::<u32>());
    let version = store.put(&path, sealed, Expect::Absent).await?;
    let version = store.put(&path, b"two".to_vec(), Expect::Version(version)).await?;
    let version = store.mark(&path, Some("m"), version).await?;
    store.get(&path).await?;
    store.list("system", None, 10).await?;
    assert!(version > 1);
    store.destroy_old(&path).await?;
    store.delete(&path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_policy_is_needed() {
    let ready = Ready::start().await;
    let (server, api) = (&ready.server, ready.server.api());
    let rules = policy::rules(&Config::default());
    let mut cases = vec![("all of it".to_owned(), rules.clone(), true)];
    for (line, rule) in rules.iter().enumerate() {
        for without in rule.capabilities {
            let mut fewer = rules.clone();
            let left: Vec<&'static str> =
                rule.capabilities.iter().copied().filter(|c| c != without).collect();
            // Each set is built once and lives as long as the test process.
            fewer[line].capabilities = Box::leak(left.into_boxed_slice());
            if fewer[line].capabilities.is_empty() {
                fewer.remove(line);
            }
            cases.push((format!("{without} on {}", rule.path), fewer, false));
        }
    }
    for (number, (what, rules, works)) in cases.into_iter().enumerate() {
        let name = format!("fewer-{number}");
        api.write_policy(&name, &policy::text(&rules)).await;
        let token = api.create_token(&[&name], "1h").await;
        if what.ends_with("renew-self") || what.ends_with("lookup-self") {
            let path = if what.ends_with("renew-self") { "renew-self" } else { "lookup-self" };
            let method = if path == "renew-self" { "POST" } else { "GET" };
            let own = api.with_token(&token);
            assert_eq!(
                own.request(method, &format!("auth/token/{path}"), Value::Null).await.status,
                403,
                "{what}"
            );
            continue;
        }
        let outcome = all_works(&with_token(server, &token)).await;
        assert_eq!(outcome.is_ok(), works, "without {what}: {outcome:?}");
        let told = outcome.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(works || told.contains(&format!("lacks {what}")), "it is named: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_the_policy_everything_is_denied() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let token = api.create_token(&[NAME], "1h").await;
    let ours = api.with_token(&token);
    let plain = json!({"plaintext": "eA==", "context": "eA=="});
    for (method, path, body) in [
        ("GET", "secret/data/other", Value::Null),
        ("GET", "sys/mounts", Value::Null),
        ("GET", "sys/policies/acl/default", Value::Null),
        ("POST", "granary/config", json!({"max_versions": 10})),
        ("POST", "granary/undelete/tenants/acme", json!({"versions": [1]})),
        ("POST", "granary/metadata/tenants/acme", json!({"max_versions": 9})),
        ("POST", "sys/capabilities", json!({"paths": ["granary/config"], "token": token})),
        ("POST", "granary-transit/keys/other", json!({})),
        ("POST", "granary-transit/encrypt/other", plain.clone()),
        ("GET", "granary-transit/export/encryption-key/credentials", Value::Null),
        ("GET", "granary-transit/backup/credentials", Value::Null),
        ("DELETE", "granary-transit/keys/credentials", Value::Null),
        ("POST", "granary-transit/keys/credentials/config", json!({"deletion_allowed": true})),
        ("POST", "granary-transit/datakey/plaintext/credentials", json!({"context": "eA=="})),
        ("POST", "auth/token/create", json!({})),
        ("POST", &format!("auth/approle/role/{NAME}/secret-id"), json!({})),
    ] {
        assert_eq!(ours.request(method, path, body).await.status, 403, "{method} {path}");
    }
}

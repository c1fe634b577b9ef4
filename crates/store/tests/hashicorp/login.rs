//! Logging in and staying so: every method, renewal, one login for any number of callers, and the two meanings of 403.
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use granary_store::bootstrap::{self, NAME, Options, Role, SecretId};
use granary_store::hashicorp::config::{Auth, Method};
use granary_store::hashicorp::{Config, HashiCorp};
use granary_store::{Error, Expect, Outage, Store};
use granary_testkit::Fault;
use granary_testkit::vault::JwtSigner;
use serde_json::{Value, json};

use granary_testkit::vault::ready::{Ready, all_operations, asked, behind, file, lines, root, with_token};

async fn opened(config: &Config) -> Arc<dyn Store> {
    Arc::new(HashiCorp::open(config).await.unwrap())
}

async fn works(store: &Arc<dyn Store>) {
    let path = format!("system/{:032x}", rand::random::<u128>());
    store.put(&path, b"x".to_vec(), Expect::Absent).await.unwrap();
    store.delete(&path).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_an_app_role_and_a_jwt_let_us_in() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let token = api.create_token(&[NAME], "1h").await;
    works(&opened(&with_token(&ready.server, &token)).await).await;
    works(&opened(&ready.app_role()).await).await;

    let signer = JwtSigner::new();
    api.enable_auth("jwt").await;
    api.must("POST", "auth/jwt/config", json!({"jwt_validation_pubkeys": [signer.public_key()]})).await;
    let role = Role::Jwt { audience: "vault".to_owned(), subject: "pod".to_owned() };
    bootstrap::run(&root(&ready.server), &[], &Options { role, ..Options::default() }).await.unwrap();
    let jwt = |subject: &str| {
        let text = signer.token(subject, "vault", 60);
        let auth = Auth {
            method: Some(Method::Jwt),
            role: NAME.to_owned(),
            jwt_file: Some(file(ready.server.dir(), subject, &text)),
            ..Auth::default()
        };
        Config { auth, ..ready.app_role() }
    };
    works(&opened(&jwt("pod")).await).await;
    let told = |config: Config| async move { HashiCorp::open(&config).await.unwrap_err().to_string() };
    let refused = told(jwt("another-pod")).await;
    assert!(refused.contains("jwt_refused"), "the role is bound to its subject: {refused}");

    // Whoever reads the log at night need not guess which of them it was.
    let with = |change: fn(&mut Config)| {
        let mut config = jwt("pod");
        change(&mut config);
        config
    };
    let old = signer.token("pod", "vault", -600);
    let mut expired = jwt("pod");
    expired.auth.jwt_file = Some(file(ready.server.dir(), "expired", &old));
    assert!(told(expired).await.contains("jwt_expired"));
    let unknown = told(with(|config| "nobody".clone_into(&mut config.auth.role))).await;
    assert!(unknown.contains("role_unknown"), "{unknown}");
    let nowhere = told(with(|config| "elsewhere".clone_into(&mut config.auth.mount))).await;
    assert!(nowhere.contains("login_not_mounted"), "{nowhere}");
    let mut strange = ready.app_role();
    strange.auth.secret_id_file = Some(file(ready.server.dir(), "strange", "no-secret-id-of-ours"));
    let strange = told(strange).await;
    assert!(strange.contains("role_or_secret_id_unknown"), "{strange}");
}

/// Vault would take the header and pass it over: everything would be in the root namespace, unseen.
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_on_a_vault_without_namespaces_is_refused() {
    let ready = Ready::start().await;
    let config = Config { namespace: "team-a".to_owned(), ..ready.app_role() };
    let told = HashiCorp::open(&config).await.unwrap_err().to_string();
    assert!(told.contains("vault.namespace") && told.contains("team-a"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapped_secret_id_opens_once_and_a_stolen_one_is_told() {
    let ready = Ready::start().await;
    let options = Options { secret_id: Some(SecretId { wrapped: true }), ..Options::default() };
    let report = bootstrap::run(&root(&ready.server), &[], &options).await.unwrap();
    let wrapped = report.secret_id.unwrap();
    let mut config = ready.app_role();
    config.auth.secret_id_wrapped = true;
    config.auth.secret_id_file = Some(file(ready.server.dir(), "wrapped", wrapped.expose()));
    works(&opened(&config).await).await;
    let told = HashiCorp::open(&config).await.unwrap_err().to_string();
    assert!(told.contains("stolen") && !told.contains(wrapped.expose()), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapped_secret_id_outlives_a_login_that_met_an_outage() {
    let (ready, proxy, mut config) = behind().await;
    let options = Options { secret_id: Some(SecretId { wrapped: true }), ..Options::default() };
    let report = bootstrap::run(&root(&ready.server), &[], &options).await.unwrap();
    config.auth.secret_id_wrapped = true;
    config.auth.secret_id_file =
        Some(file(ready.server.dir(), "wrapped", report.secret_id.unwrap().expose()));
    let fault = |status, text: &str| Fault::Answer { status, body: format!(r#"{{"errors":["{text}"]}}"#) };
    proxy.next(1, "", "auth/approle/login", fault(503, "Vault is sealed"));
    // Nor is one spent that met an outage while it was unwrapped.
    proxy.next(1, "", "sys/wrapping/unwrap", fault(429, "request path: rate limit quota exceeded"));
    proxy.next(1, "", "sys/wrapping/lookup", fault(503, "Vault is sealed"));
    works(&opened(&config).await).await;
}

/// Vault did unwrap it, so that it is spent; but nobody has stolen it.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrapped_secret_id_whose_answer_was_lost_is_told_from_a_stolen_one() {
    let (ready, proxy, mut config) = behind().await;
    let options = Options { secret_id: Some(SecretId { wrapped: true }), ..Options::default() };
    let report = bootstrap::run(&root(&ready.server), &[], &options).await.unwrap();
    let wrapped = report.secret_id.unwrap();
    config.auth.secret_id_wrapped = true;
    config.auth.secret_id_file = Some(file(ready.server.dir(), "wrapped", wrapped.expose()));
    let lost = Fault::Answer { status: 502, body: "bad gateway".to_owned() };
    proxy.next(1, "", "sys/wrapping/unwrap", lost);
    let api = ready.server.api().with_token(wrapped.expose());
    let spent = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        api.must("POST", "sys/wrapping/unwrap", Value::Null).await;
    });
    let told = HashiCorp::open(&config).await.unwrap_err().to_string();
    spent.await.unwrap();
    assert!(told.contains("lost") && !told.contains("stolen"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_renewed_at_two_thirds_of_its_lease() {
    let ready = Ready::start().await;
    let audit = ready.audited().await;
    let token = ready.server.api().must(
        "POST",
        "auth/token/create",
        json!({"policies": [NAME], "period": "3s", "no_default_policy": true, "no_parent": true}),
    );
    let token = token.await["auth"]["client_token"].as_str().unwrap().to_owned();
    let store = opened(&with_token(&ready.server, &token)).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(7) {
        works(&store).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let renewals = asked(&audit, 0).iter().filter(|line| line.ends_with("auth/token/renew-self")).count();
    assert!((3..=5).contains(&renewals), "{renewals} renewals in 7 s of a lease of 3 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_cannot_grow_is_replaced_by_a_login_before_it_ends() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let role = format!("auth/approle/role/{NAME}");
    api.must("POST", &role, json!({"token_period": 0, "token_ttl": "4s", "token_max_ttl": "4s"})).await;
    let store = opened(&ready.app_role()).await;
    let audit = ready.audited().await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(11) {
        works(&store).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let logins = asked(&audit, 0).iter().filter(|line| line.contains("auth/approle/login")).count();
    assert!((1..=3).contains(&logins), "{logins} logins");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_is_replaced_by_one_login_for_a_hundred_callers_and_no_call_is_lost() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let store = opened(&ready.app_role()).await;
    let audit = ready.audited().await;
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
    join_all((0..100).map(|_| works(&store))).await;
    let logins = asked(&audit, since).iter().filter(|line| line.contains("auth/approle/login")).count();
    assert_eq!(logins, 1);
}

/// Only Vault Enterprise has namespaces: that each request names ours is what can be seen here.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_names_the_namespace_that_is_set() {
    let (_ready, proxy, config) = behind().await;
    let enterprise = Fault::Answer { status: 200, body: r#"{"enterprise": true}"#.to_owned() };
    for namespace in ["", "team-a"] {
        let before = proxy.seen().len();
        proxy.next(1, "", "sys/health", enterprise.clone());
        let store = opened(&Config { namespace: namespace.to_owned(), ..config.clone() }).await;
        all_operations(&store).await;
        let mut seen = proxy.seen().split_off(before);
        // That is asked of the server, and of no namespace.
        seen.retain(|seen| !seen.path.ends_with("sys/health"));
        assert!(seen.len() > 11, "{seen:?}");
        let expected = Some(namespace.to_owned()).filter(|name| !name.is_empty());
        assert!(seen.iter().all(|seen| seen.namespace == expected), "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_was_denied_is_no_reason_to_log_in() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let store = opened(&ready.app_role()).await;
    let audit = ready.audited().await;
    let rules = bootstrap::policy::text(&bootstrap::policy::rules(&Config::default()));
    api.write_policy(NAME, &rules.replace("\"create\", \"patch\", \"read\", \"update\"", "\"read\"")).await;
    let since = lines(&audit);
    let refused = store.put("system/x", b"x".to_vec(), Expect::Absent).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    let asked = asked(&audit, since);
    assert_eq!(asked.iter().filter(|line| line.ends_with("auth/token/lookup-self")).count(), 1, "{asked:?}");
    assert!(!asked.iter().any(|line| line.contains("login")), "{asked:?}");
    assert!(store.get("system/x").await.unwrap().is_none(), "what is allowed goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_gone_for_good_is_told_and_a_fresh_one_in_its_file_is_taken() {
    let ready = Ready::start().await;
    let api = ready.server.api();
    let token = api.create_token(&[NAME], "1h").await;
    let config = with_token(&ready.server, &token);
    let store = opened(&config).await;
    works(&store).await;
    api.must("POST", "auth/token/revoke", json!({"token": token})).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let refused = store.get("system/x").await;
    let logged_out = matches!(&refused, Err(Error::Unavailable { outage: Outage::LoggedOut(_), .. }));
    assert!(logged_out && !format!("{refused:?}").contains(&token), "{refused:?}");
    // As Vault Agent would.
    granary_testkit::write_secret(
        config.auth.token_file.as_ref().unwrap(),
        api.create_token(&[NAME], "1h").await,
    );
    let begun = Instant::now();
    while store.get("system/x").await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}

//! The dev server does what tests of the store and of its rights rely on.
use std::time::Duration;

use granary_testkit::vault::{Api, JwtSigner, audit_entries};
use granary_testkit::{Fault, FaultProxy, VaultServer};
use serde_json::{Value, json};

#[tokio::test]
async fn a_lost_race_is_told_by_check_and_set() {
    let vault = VaultServer::dev().await;
    let api = vault.api();
    let put = |value: &str, cas: u64| {
        let body = json!({"data": {"value": value}, "options": {"cas": cas}});
        async move { api.request("POST", "secret/data/a/b", body).await }
    };
    assert_eq!(put("first", 0).await.body["data"]["version"], json!(1));
    let lost = put("second", 0).await;
    assert_eq!(lost.status, 400);
    assert!(lost.body["errors"][0].as_str().unwrap().contains("did not match"), "{lost:?}");
    assert_eq!(put("second", 1).await.status, 200);
    let read = api.must("GET", "secret/data/a/b", Value::Null).await;
    assert_eq!(read["data"]["data"], json!({"value": "second"}));
    let listed = api.must("LIST", "secret/metadata/a", Value::Null).await;
    assert_eq!(listed["data"]["keys"], json!(["b"]));
}

#[tokio::test]
async fn the_audit_file_tells_what_was_asked_without_its_value() {
    let vault = VaultServer::dev().await;
    let path = vault.dir().join("audit.jsonl");
    vault.api().enable_audit(&path).await;
    vault.api().must("POST", "secret/data/x", json!({"data": {"value": "canary"}})).await;
    let entries = audit_entries(&path);
    let of = |kind: &str| {
        let found = entries.iter().filter(|e| e["type"] == kind && e["request"]["path"] == "secret/data/x");
        found.filter(|e| e["request"]["operation"] == "create").count()
    };
    assert_eq!((of("request"), of("response")), (1, 1), "{entries:?}");
    assert!(!std::fs::read_to_string(&path).unwrap().contains("canary"));
}

#[tokio::test]
async fn a_token_may_do_what_its_policy_says_for_as_long_as_it_lives() {
    let vault = VaultServer::dev().await;
    vault.api().write_policy("reads", r#"path "secret/data/x" { capabilities = ["read"] }"#).await;
    vault.api().must("POST", "secret/data/x", json!({"data": {"value": "v"}})).await;
    let token = vault.api().create_token(&["reads"], "3s").await;
    let reader = vault.api().with_token(&token);
    assert_eq!(reader.request("GET", "secret/data/x", Value::Null).await.status, 200);
    assert_eq!(reader.request("POST", "secret/data/x", json!({"data": {}})).await.status, 403);
    reader.until("secret/data/x", Duration::from_secs(10), |answer| answer.status == 403).await;
}

#[tokio::test]
async fn it_answers_503_while_it_is_sealed_and_has_its_data_after() {
    let vault = VaultServer::dev().await;
    vault.api().must("POST", "secret/data/x", json!({"data": {"value": "v"}})).await;
    vault.seal().await;
    assert_eq!(vault.api().request("GET", "secret/data/x", Value::Null).await.status, 503);
    vault.unseal().await;
    let read = vault.api().must("GET", "secret/data/x", Value::Null).await;
    assert_eq!(read["data"]["data"]["value"], "v");
}

#[tokio::test]
async fn a_role_logs_in_and_transit_keys_rotate() {
    let vault = VaultServer::dev().await;
    let api = vault.api();
    api.mount_transit("transit").await;
    api.must("POST", "transit/keys/k", json!({})).await;
    api.rotate_transit("transit", "k").await;
    api.write_policy("seals", r#"path "transit/encrypt/k" { capabilities = ["update"] }"#).await;
    api.enable_auth("approle").await;
    let (role_id, secret_id) = api.app_role("granary", &["seals"], "1m").await;
    let login = api.with_token("");
    let body = json!({"role_id": role_id, "secret_id": secret_id});
    let auth = login.must("POST", "auth/approle/login", body).await["auth"].clone();
    assert_eq!(auth["lease_duration"], json!(60));
    let holder = api.with_token(auth["client_token"].as_str().unwrap());
    let sealed = holder.must("POST", "transit/encrypt/k", json!({"plaintext": "YQ=="})).await;
    assert!(sealed["data"]["ciphertext"].as_str().unwrap().starts_with("vault:v2:"), "{sealed}");
}

#[tokio::test]
async fn a_workloads_token_logs_in_if_it_is_for_this_audience_signed_and_not_too_old() {
    let vault = VaultServer::dev().await;
    let api = vault.api();
    api.mount_kv("granary").await;
    api.write_policy("reads", r#"path "granary/config" { capabilities = ["read"] }"#).await;
    api.enable_auth("jwt").await;
    let signer = JwtSigner::new();
    api.jwt_role("granary", &signer.public_key(), "vault", &["reads"], "1m").await;
    let login = async |token: String| {
        let body = json!({"role": "granary", "jwt": token});
        api.with_token("").request("POST", "auth/jwt/login", body).await
    };
    let answer = login(signer.token("credential-vault", "vault", 60)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let holder = api.with_token(answer.body["auth"]["client_token"].as_str().unwrap());
    holder.must("GET", "granary/config", Value::Null).await;
    for bad in [
        signer.token("credential-vault", "another", 60),
        signer.token("credential-vault", "vault", -600),
        JwtSigner::new().token("credential-vault", "vault", 60),
    ] {
        assert_eq!(login(bad).await.status, 400);
    }
}

#[tokio::test]
async fn behind_the_proxy_a_write_whose_answer_was_cut_has_happened() {
    let vault = VaultServer::dev().await;
    let proxy = FaultProxy::start(vault.address()).await;
    let api = Api::new(&proxy.address(), vault.root_token());
    proxy.next(1, "POST", "/v1/secret/data/x", Fault::CutAfter);
    let body = json!({"data": {"value": "v"}, "options": {"cas": 0}});
    api.try_request("POST", "secret/data/x", body.clone()).await.unwrap_err();
    assert_eq!(api.must("GET", "secret/data/x", Value::Null).await["data"]["data"]["value"], "v");
    assert_eq!(api.request("POST", "secret/data/x", body).await.status, 400);
    assert_eq!(api.must("LIST", "secret/metadata/", Value::Null).await["data"]["keys"], json!(["x"]));
    proxy.next(1, "GET", "", Fault::Truncate);
    let half = api.must("GET", "secret/data/x", Value::Null).await;
    assert!(half.as_str().unwrap().starts_with('{'), "{half} is no JSON");
}

#[tokio::test]
async fn a_server_ends_with_its_test() {
    let vault = VaultServer::dev().await;
    let (address, dir) = (vault.address().to_owned(), vault.dir().to_owned());
    drop(vault);
    let api = Api::new(&address, "");
    let mut tries = 0;
    while api.try_request("GET", "sys/health", Value::Null).await.is_ok() {
        tries += 1;
        assert!(tries < 200, "it still answers");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!dir.exists());
}

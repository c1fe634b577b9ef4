//! Vault's HTTP API, as far as tests use it to set the stage.
use std::path::Path;
use std::time::Duration;

use reqwest::{Certificate, Identity, Method};
use serde_json::{Value, json};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// One server's API, with one token.
#[derive(Clone, Debug)]
pub struct Api {
    address: String,
    token: String,
    http: reqwest::Client,
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null where there is none, text where it is no JSON.
    pub body: Value,
}

impl Api {
    /// The server at `http://…`.
    pub fn new(address: &str, token: &str) -> Self {
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).build().expect("a client");
        Self { address: address.to_owned(), token: token.to_owned(), http }
    }

    /// The server at `https://…`, trusted if its certificate leads to this authority (PEM).
    pub fn with_ca(address: &str, token: &str, ca: &str) -> Self {
        let ca = Certificate::from_pem(ca.as_bytes()).expect("a certificate");
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).tls_certs_only([ca]).build();
        Self { address: address.to_owned(), token: token.to_owned(), http: http.expect("a client") }
    }

    /// The same, for a server that asks for a client certificate (PEM, with its private key).
    pub fn with_identity(address: &str, token: &str, ca: &str, identity: &str) -> Self {
        let ca = Certificate::from_pem(ca.as_bytes()).expect("a certificate");
        let identity = Identity::from_pem(identity.as_bytes()).expect("a certificate with its key");
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .tls_certs_only([ca])
            .identity(identity)
            .build();
        Self { address: address.to_owned(), token: token.to_owned(), http: http.expect("a client") }
    }

    /// The same server with another token; with "", without one.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Where the server is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request; `path` is what follows `/v1/`, and a null body none at all. Fails if no answer comes.
    pub async fn try_request(&self, method: &str, path: &str, body: Value) -> reqwest::Result<Answer> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}/v1/{path}", self.address));
        if !self.token.is_empty() {
            request = request.header("x-vault-token", &self.token);
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
        };
        Ok(Answer { status, body })
    }

    /// Sends a request that is answered, whatever the status.
    pub async fn request(&self, method: &str, path: &str, body: Value) -> Answer {
        let answer = self.try_request(method, path, body).await;
        answer.unwrap_or_else(|e| panic!("{method} {path}: {e:?}"))
    }

    /// Sends a request that succeeds, and returns the answer's body.
    pub async fn must(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.request(method, path, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        answer.body
    }

    /// Asks until the answer is as wanted. An absent answer counts as another try.
    pub async fn until(&self, path: &str, patience: Duration, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let mut last = None;
        let wait = async {
            loop {
                let answer = self.try_request("GET", path, Value::Null).await;
                match answer {
                    Ok(answer) if wanted(&answer) => return answer,
                    other => last = Some(other),
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let result = tokio::time::timeout(patience, wait).await;
        result.unwrap_or_else(|_| panic!("{path} of {}, after {patience:?}: {last:?}", self.address))
    }

    /// Mounts a KV v2 engine, and waits until it takes requests.
    pub async fn mount_kv(&self, mount: &str) {
        let body = json!({"type": "kv", "options": {"version": "2"}});
        self.must("POST", &format!("sys/mounts/{mount}"), body).await;
        let config = format!("{mount}/config");
        self.until(&config, REQUEST_TIMEOUT, |answer| answer.status == 200).await;
    }

    /// Mounts a transit engine.
    pub async fn mount_transit(&self, mount: &str) {
        self.must("POST", &format!("sys/mounts/{mount}"), json!({"type": "transit"})).await;
    }

    /// Gives a transit key its next version.
    pub async fn rotate_transit(&self, mount: &str, key: &str) {
        self.must("POST", &format!("{mount}/keys/{key}/rotate"), json!({})).await;
    }

    /// Writes every request and answer to a file, a JSON line each, with HMACs in place of values.
    pub async fn enable_audit(&self, path: &Path) {
        let body = json!({"type": "file", "options": {"file_path": path}});
        self.must("PUT", "sys/audit/file", body).await;
    }

    /// Writes a policy in HCL.
    pub async fn write_policy(&self, name: &str, rules: &str) {
        self.must("PUT", &format!("sys/policies/acl/{name}"), json!({"policy": rules})).await;
    }

    /// Creates a token; `ttl` is in Vault's form, such as "30s".
    pub async fn create_token(&self, policies: &[&str], ttl: &str) -> String {
        let body = json!({"policies": policies, "ttl": ttl, "no_default_policy": true, "no_parent": true});
        text(&self.must("POST", "auth/token/create", body).await["auth"]["client_token"])
    }

    /// Enables an authentication method under its own name: approle, jwt, cert, userpass.
    pub async fn enable_auth(&self, kind: &str) {
        self.must("POST", &format!("sys/auth/{kind}"), json!({"type": kind})).await;
    }

    /// Revokes every token that a login by AppRole has made.
    pub async fn revoke_app_role_logins(&self) {
        let accessors = self.must("LIST", "auth/token/accessors", Value::Null).await;
        for accessor in accessors["data"]["keys"].as_array().expect("accessors") {
            let accessor = json!({ "accessor": accessor });
            let told = self.must("POST", "auth/token/lookup-accessor", accessor.clone()).await;
            if told["data"]["path"] == "auth/approle/login" {
                self.must("POST", "auth/token/revoke-accessor", accessor).await;
            }
        }
    }

    /// Creates a role of `approle`; its tokens live for `ttl`. Returns the role id and a secret id.
    pub async fn app_role(&self, name: &str, policies: &[&str], ttl: &str) -> (String, String) {
        let role = format!("auth/approle/role/{name}");
        self.must("POST", &role, json!({"token_policies": policies, "token_ttl": ttl})).await;
        let role_id = self.must("GET", &format!("{role}/role-id"), Value::Null).await;
        let secret_id = self.must("POST", &format!("{role}/secret-id"), json!({})).await;
        (text(&role_id["data"]["role_id"]), text(&secret_id["data"]["secret_id"]))
    }

    /// Creates a role of `jwt` that takes tokens for one audience, signed with the key of which this is the public half
    /// (PEM); what it hands out lives for `ttl`.
    pub async fn jwt_role(&self, name: &str, public_key: &str, audience: &str, policies: &[&str], ttl: &str) {
        self.must("POST", "auth/jwt/config", json!({"jwt_validation_pubkeys": [public_key]})).await;
        let body = json!({
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_audiences": [audience],
            "token_policies": policies,
            "token_ttl": ttl,
        });
        self.must("POST", &format!("auth/jwt/role/{name}"), body).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

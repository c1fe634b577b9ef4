//! A Vault that is ready for us, and stores in it.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use granary_store::bootstrap::{self, Options, Report, SecretId};
use granary_store::hashicorp::config::{Auth, Method};
use granary_store::hashicorp::{Config, HashiCorp};
use granary_store::{Context, Error, Expect, Outage, Store};

use crate::FaultProxy;
use crate::vault::{VaultServer, audit_entries};

/// Numbers the files of tokens.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A dev server on which `granary hashicorp-vault bootstrap` was run.
#[derive(Debug)]
pub struct Ready {
    /// The server.
    pub server: VaultServer,
    /// What bootstrap made.
    pub report: Report,
}

impl Ready {
    /// Starts one, and makes a secret id that is not wrapped.
    pub async fn start() -> Self {
        let server = VaultServer::dev().await;
        let options = Options { secret_id: Some(SecretId { wrapped: false }), ..Options::default() };
        let report = bootstrap::run(&root(&server), &[], &options).await.unwrap();
        Self { server, report }
    }

    /// Settings that log in by the AppRole.
    pub fn app_role(&self) -> Config {
        self.app_role_at(&[self.server.address()])
    }

    /// The same through other addresses.
    pub fn app_role_at(&self, addresses: &[&str]) -> Config {
        let secret = self.report.secret_id.as_ref().unwrap().expose();
        let auth = Auth {
            method: Some(Method::Approle),
            role_id: self.report.role_id.clone().unwrap(),
            secret_id_file: Some(file(self.server.dir(), "secret-id", secret)),
            ..Auth::default()
        };
        Config { addresses: addresses.iter().map(|a| (*a).to_owned()).collect(), auth, ..Config::default() }
    }

    /// A store in it.
    pub async fn store(&self) -> Arc<dyn Store> {
        Arc::new(HashiCorp::open(&self.app_role()).await.unwrap())
    }

    /// Starts writing the audit log, and says where.
    pub async fn audited(&self) -> PathBuf {
        let path = self.server.dir().join("audit.log");
        self.server.api().enable_audit(&path).await;
        path
    }
}

/// Settings with the token that may do everything.
pub fn root(server: &VaultServer) -> Config {
    with_token(server, server.root_token())
}

/// Settings with this token.
pub fn with_token(server: &VaultServer, token: &str) -> Config {
    let name = format!("token-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let auth = Auth {
        method: Some(Method::Token),
        token_file: Some(file(server.dir(), &name, token)),
        ..Auth::default()
    };
    Config { addresses: vec![server.address().to_owned()], auth, ..Config::default() }
}

/// Writes a file, and says where.
pub fn file(dir: &Path, name: &str, text: &str) -> PathBuf {
    let path = dir.join(name);
    crate::write_secret(&path, text);
    path
}

/// What was asked of Vault since the log had so many lines: "operation path" of each request.
pub fn asked(audit: &Path, since: usize) -> Vec<String> {
    let entries = audit_entries(audit);
    let requests = entries.iter().skip(since).filter(|entry| entry["type"] == "request");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    requests
        .map(|e| format!("{} {}", text(&e["request"]["operation"]), text(&e["request"]["path"])))
        .collect()
}

/// How many lines the log has.
pub fn lines(audit: &Path) -> usize {
    audit_entries(audit).len()
}

/// A Vault with a proxy before it that a test can break, and settings that lead through it.
pub async fn behind() -> (Ready, FaultProxy, Config) {
    let ready = Ready::start().await;
    let proxy = FaultProxy::start(ready.server.address()).await;
    let config = ready.app_role_at(&[&proxy.address()]);
    (ready, proxy, config)
}

/// What each operation of a store comes to, all of them at the same time.
pub async fn all_operations(store: &Arc<dyn Store>) -> Vec<(&'static str, Result<(), Error>)> {
    let context = Context::system("all-operations");
    let path = "system/all-operations";
    let (get, put, mark, delete, list, seal, open, rewrap, rotate, check) = tokio::join!(
        store.get(path),
        store.put(path, b"x".to_vec(), Expect::Absent),
        store.mark(path, Some("m"), 1),
        store.delete(path),
        store.list("system", None, 10),
        store.seal(&context, b"x"),
        store.open(&context, b"vault:v1:AAAA"),
        store.rewrap(&context, b"vault:v1:AAAA"),
        store.rotate(),
        store.check(),
    );
    vec![
        ("get", get.map(drop)),
        ("put", put.map(drop)),
        ("mark", mark.map(drop)),
        ("delete", delete),
        ("list", list.map(drop)),
        ("seal", seal.map(drop)),
        ("open", open.map(drop)),
        ("rewrap", rewrap.map(drop)),
        ("rotate", rotate),
        ("check", check),
    ]
}

/// What kind of outage it was.
pub fn outage<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Outage {
    match outcome {
        Err(Error::Unavailable { outage, retry, .. }) if !retry.is_zero() => outage,
        other => panic!("no outage: {other:?}"),
    }
}

//! A real Vault server: `-dev`, in memory, unsealed, with a KV v2 engine at `secret/`.
mod api;
mod binary;
mod certificates;
mod cluster;
mod jwt;
pub mod ready;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ports::free_ports;
use crate::process::Process;

pub use api::{Answer, Api};
pub use binary::binary;
pub use cluster::{NODES, VaultCluster};
pub use jwt::JwtSigner;

/// How long a server may take to start, or to change from sealed to unsealed. It mostly takes a second.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running `vault server -dev`.
#[derive(Debug)]
pub struct VaultServer {
    process: Process,
    api: Api,
    dir: TempDir,
}

impl VaultServer {
    /// Starts one on a free port, and waits until it is unsealed and its KV engine answers.
    pub async fn dev() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for _ in 0..3 {
            // The next one is taken by the dev server, too, for its cluster.
            let port = free_ports(2);
            let address = format!("127.0.0.1:{port}");
            // Not the same everywhere, so that a search for it in logs finds this server's alone.
            let token = format!("granary-dev-root-{}-{port}", std::process::id());
            let args = [
                "server",
                "-dev",
                "-dev-no-store-token",
                &format!("-dev-root-token-id={token}"),
                &format!("-dev-listen-address={address}"),
            ]
            .map(str::to_owned);
            let mut process = Process::run(&binary(), dir.path(), &format!("vault-{port}"), &args);
            let api = Api::new(&format!("http://{address}"), &token);
            if started(&mut process, &api).await {
                return Self { process, api, dir };
            }
        }
        panic!("three ports in a row were taken by others before Vault had them");
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.api.address()
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> &str {
        self.api.token()
    }

    /// Its HTTP API with the root token.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// A directory that ends with it, for files of the test.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Seals it: from now on it answers 503 to everything.
    pub async fn seal(&self) {
        self.api.must("PUT", "sys/seal", Value::Null).await;
    }

    /// Unseals it with the key that it printed at its start, and waits until it serves.
    pub async fn unseal(&self) {
        let log = self.process.log_text();
        let key = log.lines().find_map(|line| line.strip_prefix("Unseal Key: ")).expect("the key is printed");
        self.api.must("PUT", "sys/unseal", json!({"key": key.trim()})).await;
        self.api.until("sys/health", START_TIMEOUT, |answer| answer.status == 200).await;
    }
}

/// The entries of an audit file: two for each request, of `type` "request" and "response". Vault writes them before it
/// answers.
pub fn audit_entries(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("an audit file");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"))).collect()
}

/// Waits until it serves; false if its port was taken.
async fn started(process: &mut Process, api: &Api) -> bool {
    let wait = async {
        loop {
            if process.has_ended() {
                let log = process.log_text();
                assert!(log.contains("address already in use"), "Vault ended:\n{log}");
                return false;
            }
            // Answers once the server is unsealed, knows the root token, and has the engine.
            let answer = api.try_request("GET", "secret/config", Value::Null).await;
            if answer.is_ok_and(|a| a.status == 200) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let result = tokio::time::timeout(START_TIMEOUT, wait).await;
    result.unwrap_or_else(|_| panic!("Vault did not start in {START_TIMEOUT:?}:\n{}", process.log_text()))
}

//! Three Vault nodes with integrated Raft storage and TLS, of which a test may take some away.
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::{Answer, Api};
use super::binary::binary;
use super::certificates;
use crate::ports::free_port;
use crate::process::Process;

/// How many nodes there are.
pub const NODES: usize = 3;

/// How long the cluster may take to start or to elect a leader. It mostly takes 15 s.
const CLUSTER_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a node may take to say whether it leads; one that is paused never does.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a node that took the key may take to join the others.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Three running nodes.
#[derive(Debug)]
pub struct VaultCluster {
    nodes: Vec<Node>,
    unseal_key: String,
    dir: TempDir,
}

#[derive(Debug)]
struct Node {
    process: Option<Process>,
    config: PathBuf,
    api: Api,
}

impl VaultCluster {
    /// Starts and unseals three nodes, and waits until each has a vote.
    pub async fn start() -> Self {
        Self::begin(false).await
    }

    /// The same, of nodes that take connections from holders of a certificate of their authority alone.
    pub async fn start_mutual() -> Self {
        Self::begin(true).await
    }

    async fn begin(mutual: bool) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let ca = certificates::write(dir.path());
        let ports = [(); NODES].map(|()| (free_port(), free_port()));
        let mut nodes: Vec<Node> = Vec::new();
        for (number, (port, _)) in ports.iter().enumerate() {
            let config = dir.path().join(format!("node-{number}.json"));
            std::fs::create_dir(dir.path().join(format!("raft-{number}"))).expect("a directory");
            std::fs::write(&config, configuration(&dir, &ports, number, mutual).to_string()).expect("a file");
            let address = format!("https://127.0.0.1:{port}");
            let api = if mutual {
                let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect("a file");
                let identity = read(certificates::CLIENT) + &read(certificates::CLIENT_KEY);
                Api::with_identity(&address, "", &ca, &identity)
            } else {
                Api::with_ca(&address, "", &ca)
            };
            nodes.push(Node { process: None, config, api });
        }
        let mut cluster = Self { nodes, unseal_key: String::new(), dir };
        cluster.initialize().await;
        for number in 1..NODES {
            cluster.restart(number).await;
        }
        cluster.voters(NODES).await;
        cluster
    }

    /// The address of a node: `https://127.0.0.1:PORT`.
    pub fn address(&self, number: usize) -> &str {
        self.nodes[number].api.address()
    }

    /// A node's HTTP API with the root token.
    pub fn api(&self, number: usize) -> &Api {
        &self.nodes[number].api
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> &str {
        self.nodes[0].api.token()
    }

    /// A directory that ends with it, for files of the test.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs `vault` with the root token at a node, and returns what it printed.
    pub async fn command(&self, number: usize, args: &[&str]) -> String {
        let mut command = tokio::process::Command::new(binary());
        command.args(args).env("VAULT_ADDR", self.address(number)).env("VAULT_TOKEN", self.root_token());
        let done =
            command.env("VAULT_CACERT", self.ca_file()).env("TMPDIR", self.dir()).kill_on_drop(true).output();
        let done =
            tokio::time::timeout(CLUSTER_TIMEOUT, done).await.expect("it ends in time").expect("it runs");
        assert!(done.status.success(), "vault {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// The authority that the nodes' certificates lead to, in PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.path().join(certificates::CA)
    }

    /// The certificate and the private key of a client, in PEM, from the same authority.
    pub fn client_files(&self) -> (PathBuf, PathBuf) {
        (self.dir.path().join(certificates::CLIENT), self.dir.path().join(certificates::CLIENT_KEY))
    }

    /// What a node has logged.
    pub fn log_text(&self, number: usize) -> String {
        self.nodes[number].process.as_ref().map(Process::log_text).unwrap_or_default()
    }

    /// The node that leads, once there is one.
    pub async fn leader(&self) -> usize {
        let wait = async {
            loop {
                for (number, node) in self.nodes.iter().enumerate().filter(|(_, n)| n.process.is_some()) {
                    // 200 is the leader's alone; a standby answers 429.
                    let answer = node.api.try_request("GET", "sys/health", Value::Null);
                    if matches!(tokio::time::timeout(CHECK_TIMEOUT, answer).await, Ok(Ok(a)) if a.status == 200)
                    {
                        return number;
                    }
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        let found = tokio::time::timeout(CLUSTER_TIMEOUT, wait).await;
        found.unwrap_or_else(|_| panic!("no node leads after {CLUSTER_TIMEOUT:?}:\n{}", self.logs()))
    }

    /// Waits until this many nodes have a vote. What is killed keeps its own.
    pub async fn voters(&self, count: usize) {
        let leader = &self.nodes[self.leader().await].api;
        let votes = |answer: &Value| {
            let servers = answer["data"]["config"]["servers"].as_array();
            servers.map_or(0, |all| all.iter().filter(|s| s["voter"] == true).count())
        };
        leader.until("sys/storage/raft/configuration", CLUSTER_TIMEOUT, |a| votes(&a.body) == count).await;
    }

    /// Kills a node.
    pub async fn kill(&mut self, number: usize) {
        self.nodes[number].process.take().expect("it runs").kill().await;
    }

    /// Ends a node in an orderly way.
    pub async fn stop(&mut self, number: usize) {
        self.nodes[number].process.take().expect("it runs").stop().await;
    }

    /// Sends all nodes SIGHUP: they open their audit files and certificates anew.
    pub async fn hang_up(&self) {
        for process in self.nodes.iter().filter_map(|node| node.process.as_ref()) {
            process.signal("HUP").await;
        }
    }

    /// Seals the node that leads, and says which.
    pub async fn seal_leader(&self) -> usize {
        let leader = self.leader().await;
        self.nodes[leader].api.must("PUT", "sys/seal", Value::Null).await;
        leader
    }

    /// Unseals a node, and waits until it serves.
    pub async fn unseal(&self, number: usize) {
        self.nodes[number].api.must("PUT", "sys/unseal", json!({"key": self.unseal_key})).await;
        self.serves(number).await;
    }

    /// Starts a node that was killed or ended, unseals it, and waits until it serves.
    pub async fn restart(&mut self, number: usize) {
        self.run(number);
        let api = &self.nodes[number].api;
        let wait = async {
            // Refused until it has found the others. A node that took the key while it joins must not get it again: it
            // would unseal twice, and from then on not notice the loss of its leadership.
            let key = json!({"key": self.unseal_key});
            loop {
                let taken = match api.try_request("PUT", "sys/unseal", key.clone()).await {
                    Ok(answer) => answer.status == 200,
                    Err(e) => e.is_timeout(),
                };
                // On a machine that is too busy the others may let it down, and then it takes the key once more.
                if taken && tokio::time::timeout(JOIN_TIMEOUT, unsealed(api)).await.is_ok() {
                    break;
                }
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        let taken = tokio::time::timeout(CLUSTER_TIMEOUT, wait).await;
        taken.unwrap_or_else(|_| panic!("node {number} took no key:\n{}", self.log_text(number)));
        self.serves(number).await;
    }

    /// Waits until a node leads, or follows a leader that answers: until then it answers 500 to most requests.
    pub async fn serves(&self, number: usize) {
        let served = |answer: &Answer| answer.status == 200;
        // Standbys hand this on to the leader.
        self.nodes[number].api.until("auth/token/lookup-self", CLUSTER_TIMEOUT, served).await;
    }

    /// Stops a node from running without ending it: its connections stay, and nothing answers.
    pub async fn pause(&self, number: usize) {
        self.nodes[number].process.as_ref().expect("it runs").signal("STOP").await;
    }

    /// Lets a paused node run on.
    pub async fn resume(&self, number: usize) {
        self.nodes[number].process.as_ref().expect("it runs").signal("CONT").await;
    }

    /// Makes the leader give up its place, and waits until it has. It does not stand for election for 10 s.
    pub async fn step_down(&self) {
        let leader = &self.nodes[self.leader().await].api;
        leader.must("PUT", "sys/step-down", Value::Null).await;
        leader.until("sys/health", CLUSTER_TIMEOUT, |answer| answer.status == 429).await;
    }

    /// Starts the first node and makes it the cluster's.
    async fn initialize(&mut self) {
        self.run(0);
        let body = json!({"secret_shares": 1, "secret_threshold": 1});
        let first = &self.nodes[0].api;
        first.until("sys/seal-status", CLUSTER_TIMEOUT, |answer| answer.status == 200).await;
        let keys = first.must("PUT", "sys/init", body).await;
        self.unseal_key = text(&keys["keys_base64"][0]);
        for node in &mut self.nodes {
            node.api = node.api.with_token(&text(&keys["root_token"]));
        }
        let first = &self.nodes[0].api;
        first.must("PUT", "sys/unseal", json!({"key": self.unseal_key})).await;
        first.until("sys/health", CLUSTER_TIMEOUT, |answer| answer.status == 200).await;
        // How long a new node must have been well before it gets a vote; Vault's default is 10 s.
        let body = json!({"server_stabilization_time": "2s"});
        first.must("POST", "sys/storage/raft/autopilot/configuration", body).await;
    }

    fn run(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        assert!(node.process.is_none(), "node {number} runs already");
        let args = ["server".to_owned(), format!("-config={}", node.config.display())];
        node.process = Some(Process::run(&binary(), self.dir.path(), &format!("node-{number}"), &args));
    }

    fn logs(&self) -> String {
        (0..NODES).map(|number| format!("node {number}:\n{}\n", self.log_text(number))).collect()
    }
}

/// A node's configuration; `ports` has the API's and the cluster's of each.
fn configuration(dir: &TempDir, ports: &[(u16, u16)], number: usize, mutual: bool) -> Value {
    let file = |name: &str| dir.path().join(name);
    let url = |port: u16| format!("https://127.0.0.1:{port}");
    let others: Vec<Value> = ports
        .iter()
        .map(|(port, _)| {
            json!({
                "leader_api_addr": url(*port),
                "leader_ca_cert_file": file(certificates::CA),
                "leader_client_cert_file": file(certificates::CLIENT),
                "leader_client_key_file": file(certificates::CLIENT_KEY),
            })
        })
        .collect();
    let (port, cluster_port) = ports[number];
    json!({
        "storage": {"raft": {
            "path": file(&format!("raft-{number}")),
            "node_id": format!("node-{number}"),
            // The shortest timeouts that Vault offers, as in production.
            "performance_multiplier": "1",
            "retry_join": others,
        }},
        "listener": [{"tcp": {
            "address": format!("127.0.0.1:{port}"),
            "cluster_address": format!("127.0.0.1:{cluster_port}"),
            "tls_cert_file": file(certificates::CERTIFICATE),
            "tls_key_file": file(certificates::KEY),
            "tls_client_ca_file": file(certificates::CA),
            "tls_require_and_verify_client_cert": mutual,
        }}],
        "api_addr": url(port),
        "cluster_addr": url(cluster_port),
        "disable_mlock": true,
    })
}

async fn unsealed(api: &Api) {
    api.until("sys/seal-status", CLUSTER_TIMEOUT, |answer| answer.body["sealed"] == false).await;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

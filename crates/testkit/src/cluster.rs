//! The services as processes of their own, each with its part of one configuration file.
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::client::{Client, channel};
use crate::process::Process;
use crate::sandbox::Sandbox;
use crate::vault::{NODES, VaultCluster, VaultServer};

mod replicas;
mod settings;

/// The services, in an order in which they may start.
pub const SERVICES: [&str; 4] = ["credential-vault", "harvest-time", "linkedin-data", "gateway"];

/// Services as processes of their own.
#[derive(Debug)]
pub struct Cluster {
    dir: TempDir,
    processes: HashMap<String, Process>,
    ports: HashMap<String, u16>,
    sandbox: String,
    api_key: String,
    settings: Vec<String>,
}

impl Cluster {
    /// Prepares keys, configuration and the store, and starts the simulator; no service yet. `extra` is added to the
    /// configuration file.
    pub async fn prepare(extra: &str) -> Self {
        Self::prepared("", extra).await
    }

    /// Prepares the services over HashiCorp Vault, on which `granary hashicorp-vault bootstrap` is run first.
    pub async fn prepare_on(vault: &VaultServer) -> Self {
        Self::prepare_at(&[vault.address()], vault.root_token(), vault.dir(), None).await
    }

    /// The same over three nodes of it.
    pub async fn prepare_on_nodes(vault: &VaultCluster) -> Self {
        let addresses: Vec<&str> = (0..NODES).map(|number| vault.address(number)).collect();
        Self::prepare_at(&addresses, vault.root_token(), vault.dir(), Some(&vault.ca_file())).await
    }

    async fn prepare_at(addresses: &[&str], root: &str, dir: &Path, ca_file: Option<&Path>) -> Self {
        let token = dir.join("operator-token");
        crate::write_secret(&token, root);
        let secret_id = dir.join("secret-id");
        let set = |key: &str, value: &str| format!("--set=credential_vault.vault.{key}={value}");
        let mut args = ["hashicorp-vault", "bootstrap", "--output", "json"].map(str::to_owned).to_vec();
        args.extend(["--secret-id-file".to_owned(), secret_id.display().to_string()]);
        args.push(set("addresses", &format!("{addresses:?}")));
        args.push(set("auth.token_file", &token.display().to_string()));
        args.extend(ca_file.map(|ca| set("ca_file", &ca.display().to_string())));
        let mut bootstrap = Process::start(dir, "bootstrap", &args, &[]);
        let told: Value = serde_json::from_str(&bootstrap.all().await).expect("what was done");
        let role_id = told["role_id"].as_str().expect("a role id");
        let trusted = ca_file.map(|ca| format!("ca_file = \"{}\", ", ca.display())).unwrap_or_default();
        let own = format!(
            "store = \"vault\"\nvault = {{ addresses = {addresses:?}, {trusted}auth = {{ method = \"approle\", \
             role_id = \"{role_id}\", secret_id_file = \"{}\" }} }}\n",
            secret_id.display()
        );
        Self::prepared(&own, "").await
    }

    /// `vault` is added to the settings of credential-vault, `extra` to all.
    async fn prepared(vault: &str, extra: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut sandbox =
            Process::start(dir.path(), "sandbox", &["sandbox".into(), "--port".into(), "0".into()], &[]);
        let line = sandbox.line().await;
        std::fs::write(dir.path().join("sandbox.json"), &line).expect("a file");
        let urls: Value = serde_json::from_str(&line).expect("the simulator's addresses");
        let names = [
            "vault",
            "broker",
            "harvest-time",
            "linkedin-data",
            "gateway",
            "gateway-2",
            "vault-2",
            "broker-2",
            "harvest-time-2",
            "linkedin-data-2",
            "linkedin-data-3",
            "metrics-1",
            "metrics-2",
            "metrics-3",
        ];
        let ports: HashMap<String, u16> =
            names.into_iter().map(|name| (name.to_owned(), crate::ports::free_port())).collect();
        let text = settings::configuration(dir.path(), &ports, &urls);
        let text = text.replace("[credential_vault]\n", &format!("[credential_vault]\n{vault}"));
        std::fs::write(dir.path().join("granary.toml"), text + extra).expect("a file");
        let mut cluster = Self {
            processes: HashMap::from([("sandbox".to_owned(), sandbox)]),
            sandbox: urls["control"].as_str().expect("an address").to_owned(),
            ports,
            api_key: String::new(),
            settings: Vec::new(),
            dir,
        };
        let args = ["credential-vault", "--config", &cluster.config(), "init"].map(str::to_owned);
        let mut init = Process::start(cluster.dir.path(), "init", &args, &[]);
        init.line().await.trim().clone_into(&mut cluster.api_key);
        assert!(init.ended().await.success(), "{}", init.log_text());
        cluster
    }

    /// Prepares and starts everything, and waits until the gateway serves.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Prepares and starts everything with these settings, each `KEY=VALUE`, and waits until the gateway serves.
    pub async fn start_with(settings: &[&str]) -> Self {
        let mut cluster = Self::prepare("").await;
        cluster.set(settings);
        for service in SERVICES {
            cluster.run(service);
        }
        cluster.ready("gateway").await;
        cluster
    }

    /// Starts one service, or starts it again.
    pub fn run(&mut self, service: &str) {
        self.run_with(service, service, &[]);
    }

    /// Starts a service under another name with further flags.
    pub fn run_with(&mut self, name: &str, service: &str, flags: &[String]) {
        let process = Process::start(self.dir.path(), name, &self.arguments(service, flags), &[]);
        self.add(name, process);
    }

    fn arguments(&self, service: &str, flags: &[String]) -> Vec<String> {
        let mut args = vec![service.to_owned(), "--config".to_owned(), self.config()];
        args.extend(self.settings.iter().chain(flags).cloned());
        args
    }

    fn add(&mut self, name: &str, process: Process) {
        assert!(self.processes.insert(name.to_owned(), process).is_none(), "{name} runs already");
    }

    /// Where gateways find two replicas of credential-vault.
    pub fn both_replicas(&self) -> [String; 2] {
        let both = |one, two| format!("{},{}", self.address(one), self.address(two));
        [
            format!("--set=gateway.credential_vault.address={}", both("vault", "vault-2")),
            format!("--set=gateway.broker.address={}", both("broker", "broker-2")),
        ]
    }

    /// Starts a second replica of credential-vault, with an audit log of its own.
    pub fn run_second_vault(&mut self) {
        let flags = [
            format!("--set=credential_vault.public.listen.address={}", self.address("vault-2")),
            format!("--set=credential_vault.broker.listen.address={}", self.address("broker-2")),
            format!("--set=credential_vault.audit_file={}", self.dir().join("audit-2.jsonl").display()),
        ];
        self.run_with("credential-vault-2", "credential-vault", &flags);
    }

    /// Starts a second gateway.
    pub async fn run_second_gateway(&mut self) -> String {
        let address = self.address("gateway-2");
        self.run_with("gateway-2", "gateway", &[format!("--set=gateway.listen.address={address}")]);
        self.ready("gateway-2").await;
        address
    }

    /// Waits until a service takes connections, where the gateway's word on it says nothing: somebody else may answer beside it.
    pub async fn listens(&self, service: &str) {
        let mut tries = 0;
        while TcpStream::connect(self.address(service)).await.is_err() {
            tries += 1;
            assert!(tries < 400, "{service} does not listen: {}", self.process(service).log_text());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a gateway says that it and everything behind it serve.
    pub async fn ready(&self, gateway: &str) {
        for service in [
            "",
            "granary.vault.v1.CredentialVault",
            "granary.harvest.v1.HarvestTime",
            "granary.linkedin.v1.LinkedInData",
        ] {
            let mut tries = 0;
            while !self.serves(gateway, service).await {
                tries += 1;
                assert!(tries < 400, "{service} does not serve: {}", self.process(gateway).log_text());
                let ended = self.processes.iter().find(|(_, process)| !process.runs());
                assert!(
                    ended.is_none(),
                    "{ended:?} has ended: {}",
                    ended.map(|e| e.1.log_text()).unwrap_or_default()
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Waits until the gateway's health says that a service that was stopped is away, and that the others still serve.
    pub async fn away(&self, stopped: &str) {
        let behind = [
            ("credential-vault", "granary.vault.v1.CredentialVault"),
            ("harvest-time", "granary.harvest.v1.HarvestTime"),
            ("linkedin-data", "granary.linkedin.v1.LinkedInData"),
        ];
        for (name, service) in behind.into_iter().filter(|_| stopped != "gateway") {
            let mut tries = 0;
            while self.serves("gateway", service).await == (name == stopped) {
                tries += 1;
                assert!(tries < 100, "health of {name} while {stopped} is away");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// What a gateway's health says of a service.
    pub async fn serves(&self, gateway: &str, service: &str) -> bool {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = HealthClient::new(channel(&self.address(gateway))).check(request).await;
        answer.is_ok_and(|a| a.into_inner().status() == ServingStatus::Serving)
    }

    /// Ends a service in an orderly way.
    pub async fn stop(&mut self, name: &str) {
        let status = self.processes.remove(name).expect("it runs").stop().await;
        assert!(status.success(), "{name} ended with {status}");
    }

    /// Kills a service.
    pub async fn kill(&mut self, name: &str) {
        self.processes.remove(name).expect("it runs").kill().await;
    }

    /// A running process.
    pub fn process(&self, name: &str) -> &Process {
        &self.processes[name]
    }

    /// The address of a service's listener.
    pub fn address(&self, name: &str) -> String {
        format!("127.0.0.1:{}", self.ports[name])
    }

    /// The configuration file.
    pub fn config(&self) -> String {
        self.dir.path().join("granary.toml").display().to_string()
    }

    /// Where everything lies.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A client with the operator key.
    pub fn client(&self) -> Client {
        Client::new(&self.address("gateway"), &self.address("vault"), &self.api_key)
    }

    /// The simulator.
    pub fn sandbox(&self) -> Sandbox {
        Sandbox::new(&self.sandbox)
    }
}

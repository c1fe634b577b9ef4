//! Good callers of a tenant of their own: what they lose while somebody else misbehaves.
mod calls;
mod report;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use granary_credential::{Credential, Secret};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};

use crate::client::Client;
use crate::sandbox::{Call, Sandbox};
pub use calls::{DEADLINE, Good, call, told};
pub use report::{Answered, Report};

/// Good callers, not yet calling.
#[derive(Clone, Debug)]
pub struct Neighbours {
    client: Client,
    account: String,
    token: String,
    sandbox: Sandbox,
    gateways: Vec<String>,
    connections: usize,
    rate: u32,
    calls: Vec<Good>,
}

/// Good callers that call until they are stopped.
#[derive(Debug)]
pub struct Calling {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Report>,
}

/// An account that the simulator knows, with a Harvest token and a HarvestAPI key; their texts begin with its identifier.
/// Returns the token.
pub async fn settle(client: &Client, sandbox: &Sandbox, identifier: &str) -> String {
    let (token, key) = (format!("{identifier}-token-0123456789"), key_of(identifier));
    let (_, account_id) = sandbox.harvest_token(0).await;
    sandbox.set(json!({"access_token": token, "account_id": account_id})).await;
    sandbox.set(json!({"harvestapi_key": key})).await;
    client.account(identifier).await;
    let secret = |text: &str| Secret::new(text.to_owned());
    let credentials = [
        Credential::HarvestToken { access_token: secret(&token), account_id },
        Credential::HarvestapiKey { api_key: secret(&key) },
    ];
    for credential in &credentials {
        client.put_sealed(identifier, credential).await.expect("a credential");
    }
    token
}

/// The HarvestAPI key that an account was settled with.
pub fn key_of(identifier: &str) -> String {
    format!("{identifier}-key-0123456789")
}

impl Neighbours {
    /// Callers with a tenant and an account of their own, at a gateway: 80 reads and writes of harvest-time a second on
    /// four connections.
    pub async fn new(operator: &Client, sandbox: &Sandbox, gateway: &str) -> Self {
        let client = operator.tenant("good").await;
        let account = "good-user".to_owned();
        let token = settle(&client, sandbox, &account).await;
        Self {
            client,
            account,
            token,
            sandbox: sandbox.clone(),
            gateways: vec![gateway.to_owned()],
            connections: 4,
            rate: 80,
            calls: vec![Good::Company, Good::Company, Good::TimeEntry],
        }
    }

    /// At these addresses, a connection at a time at each.
    pub fn at(mut self, gateways: &[&str]) -> Self {
        self.gateways = gateways.iter().map(|&address| address.to_owned()).collect();
        self
    }

    /// So many calls a second.
    pub fn rate(mut self, rate: u32) -> Self {
        self.rate = rate;
        self
    }

    /// On so many connections.
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// These calls, one after the other and again from the first.
    pub fn calls(mut self, calls: &[Good]) -> Self {
        self.calls = calls.to_vec();
        self
    }

    /// The caller that they are.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Their account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Their Harvest token, by which a fault of the simulator can tell them from others.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Makes one call of each kind on each connection, and begins.
    pub async fn start(&self) -> Calling {
        let clients: Vec<Client> = (0..self.connections)
            .map(|number| self.client.at(&self.gateways[number % self.gateways.len()]))
            .collect();
        for client in &clients {
            for good in &self.calls {
                let made = call(client, &self.account, *good).await;
                made.unwrap_or_else(|e| panic!("{good:?} before anybody misbehaves: {e:?}"));
            }
        }
        let before = self.sandbox.newest().await;
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(self.clone(), clients, before, stop.clone()));
        Calling { stop, task }
    }

    /// Calls for so long while nobody misbehaves, or whoever does was started before.
    pub async fn call_for(&self, time: Duration) -> Report {
        let calling = self.start().await;
        tokio::time::sleep(time).await;
        calling.stop().await
    }
}

impl Calling {
    /// Begins no further call, waits for those under way, and tells what came of all.
    pub async fn stop(self) -> Report {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.expect("the good callers' task")
    }
}

async fn run(all: Neighbours, clients: Vec<Client>, before: u64, stop: Arc<AtomicBool>) -> Report {
    let mut tick = tokio::time::interval(Duration::from_secs(1) / all.rate);
    let (mut calls, mut report) = (JoinSet::new(), Report::default());
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        tick.tick().await;
        let (client, account) = (clients[number % clients.len()].clone(), all.account.clone());
        // Each kind goes over each connection in turn.
        let good = all.calls[(number / clients.len()) % all.calls.len()];
        number += 1;
        calls.spawn(async move {
            let begun = Instant::now();
            let answer = call(&client, &account, good).await;
            (good, begun, answer)
        });
        while let Some(done) = calls.try_join_next() {
            report.add(done.expect("a good caller"));
        }
    }
    while let Some(done) = calls.join_next().await {
        report.add(done.expect("a good caller"));
    }
    let journal = all.sandbox.journal(before).await;
    let own = |secret: &str, method: &str, path: &str| {
        let made = |call: &&Call| call.method == method && call.path.starts_with(path);
        journal.iter().filter(made).filter(|call| call.credentials.iter().any(|c| c == secret)).count()
    };
    report.writes_at_vendor = own(&all.token, "POST", "/v2/time_entries");
    report.charges_at_vendor = own(&key_of(&all.account), "GET", "/linkedin/profile");
    report
}

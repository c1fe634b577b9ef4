//! The service in front of the simulator.
use std::time::Duration;

use granary_credential::{Credential, Secret};
use granary_simulator::{Config, Sandbox};
use serde_json::{Value, json};
use tonic::Status;

use crate::wire::{Answered, Service};
use crate::{path, service_for};

pub(crate) const ACCOUNT: i64 = 910_001;
pub(crate) const PROJECT: i64 = 12_345_678;
pub(crate) const TASK: i64 = 87_654_321;

pub(crate) struct Harness {
    pub(crate) service: Service,
    sandbox: Sandbox,
    http: reqwest::Client,
}

impl Harness {
    pub(crate) async fn open() -> Self {
        Self::open_for(Duration::from_secs(20)).await
    }

    /// The same, with this much time for each call.
    pub(crate) async fn open_for(time: Duration) -> Self {
        let sandbox = granary_simulator::start(Config::default()).await.unwrap();
        let service = service_for(time, sandbox.harvest_url()).await;
        Self { service, sandbox, http: reqwest::Client::new() }
    }

    /// A token for the first account, which nobody else uses.
    pub(crate) async fn token(&self, name: &str, role: &str) -> Credential {
        let access_token = format!("canary-{name}-4d1c9e77b2");
        self.set(&json!({"access_token": access_token, "account_id": ACCOUNT, "role": role})).await;
        Credential::HarvestToken { access_token: Secret::new(access_token), account_id: ACCOUNT }
    }

    /// Sets properties of a credential.
    pub(crate) async fn set(&self, properties: &Value) {
        self.post("credentials", properties).await;
    }

    pub(crate) async fn fault(&self, fault: &Value) {
        self.post("faults", fault).await;
    }

    pub(crate) async fn call(
        &self,
        rpc: &str,
        credential: &Credential,
        input: Value,
    ) -> Result<Answered, Status> {
        self.service.call(&path(rpc), credential, &input).await
    }

    /// Everything that arrived, as "GET /v2/company 200".
    pub(crate) async fn journal(&self) -> Vec<String> {
        let url = format!("{}/journal", self.sandbox.control_url());
        let calls = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let calls: Vec<Value> = serde_json::from_str(&calls).unwrap();
        let text = |call: &Value, key: &str| call[key].as_str().unwrap_or_default().to_owned();
        calls.iter().map(|c| format!("{} {} {}", text(c, "method"), text(c, "path"), c["status"])).collect()
    }

    async fn post(&self, what: &str, body: &Value) {
        let url = format!("{}/{what}", self.sandbox.control_url());
        let response = self.http.post(url).body(body.to_string()).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    }
}

/// A valid entry to log, with these fields besides.
pub(crate) fn entry(more: Value) -> Value {
    let mut entry = json!({"project_id": PROJECT, "task_id": TASK, "spent_date": "2026-03-31"});
    if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
        entry.extend(more);
    }
    entry
}

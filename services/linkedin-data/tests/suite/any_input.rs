//! Any JSON in any field of any tool: either the simulator's journal holds what was meant, by the table in `meant`, or the call
//! is refused, nothing was sent, and nothing is charged.
mod meant;
mod runs;
mod values;

use std::sync::Mutex;

use granary_linkedin_data::Config;
use granary_proto::Method;
use granary_proto::granary::policy::v1::{Api, CredentialKind};
use granary_proto::options::message_rule;
use granary_rpc::{Reason, error::reason_of, metadata};
use granary_simulator::Sandbox;
use granary_testkit::trial::{Ended, try_values};
use prost_reflect::FieldDescriptor;
use serde_json::{Map, Value, json};
use tonic::Status;

use crate::tools::{good, methods};
use crate::wire::{Answered, Service};
use crate::{key, service_with, session};

const KEY: &str = "canary-any-input-61f0a7";
/// How many inputs are tried; a few seconds.
const TRIED: u32 = 1_200;

struct Harness {
    service: Service,
    sandbox: Sandbox,
    http: reqwest::Client,
    /// The number of the last call in the journal.
    last: Mutex<u64>,
}

impl Harness {
    async fn open() -> Self {
        let sandbox = granary_simulator::start(granary_simulator::Config::default()).await.unwrap();
        let mut config = Config::default();
        config.harvestapi.base_url = sandbox.harvestapi_url().to_owned();
        config.apify.base_url = sandbox.apify_url().to_owned();
        let harness = Self {
            service: service_with(&config).await,
            sandbox,
            http: reqwest::Client::new(),
            last: Mutex::new(0),
        };
        let credential = json!({"harvestapi_key": KEY, "tier": "business", "balance": "100000"});
        let url = format!("{}/credentials", harness.sandbox.control_url());
        let response = harness.http.post(url).body(credential.to_string()).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
        harness
    }

    /// The targets of the calls since the last look.
    async fn journal(&self) -> Vec<String> {
        let after = *self.last.lock().unwrap();
        let url = format!("{}/journal?after={after}", self.sandbox.control_url());
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let calls: Vec<Value> = serde_json::from_str(&text).unwrap();
        if let Some(number) = calls.last().and_then(|call| call["number"].as_u64()) {
            *self.last.lock().unwrap() = number;
        }
        calls.iter().map(|call| call["path"].as_str().unwrap().to_owned()).collect()
    }

    async fn call(&self, method: &Method, input: &Value) -> Result<Answered, Status> {
        let held: Vec<_> = method
            .needs
            .iter()
            .map(|need| if need[0] == CredentialKind::LinkedinSession { session() } else { key(KEY) })
            .collect();
        self.service.call_as(&method.path, &held, input).await
    }
}

/// Whether a refusal says that it cost something.
fn is_charged(status: &Status) -> bool {
    status.metadata().get(metadata::CHARGE_MICROS).is_some_and(|charge| charge != "0")
}

/// The tools that one vendor answers, each with one of its fields.
fn fields(api: Api) -> Vec<(&'static Method, FieldDescriptor)> {
    let own = |m: &&Method| m.upstream.as_ref().is_some_and(|upstream| upstream.api() == api);
    let fields = |m: &'static Method| m.descriptor.input().fields().map(move |f| (m, f)).collect::<Vec<_>>();
    methods().into_iter().filter(own).flat_map(fields).collect()
}

/// An input that is taken, with a value in that field, and without what may not stand beside it.
fn input(method: &Method, field: &FieldDescriptor, value: &Value) -> Map<String, Value> {
    let Value::Object(mut input) = good(&method.tool) else { panic!("an object") };
    for groups in message_rule(&method.descriptor.input()).at_most_one {
        let groups: Vec<Vec<&str>> = groups.split(',').map(|group| group.split('+').collect()).collect();
        if groups.iter().any(|group| group.contains(&field.name())) {
            let others = groups.iter().filter(|group| !group.contains(&field.name()));
            others.flatten().for_each(|other| drop(input.remove(*other)));
        }
    }
    input.insert(field.name().to_owned(), value.clone());
    input
}

#[test]
fn what_goes_upstream_is_what_was_meant_or_nothing_goes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let harness = runtime.block_on(Harness::open());
    let fields = fields(Api::Harvestapi);
    let values = fields.iter().map(|(_, field)| values::of(field)).collect();
    try_values(TRIED, values, |at, value| {
        let (method, field) = &fields[at];
        let input = input(method, field, &value);
        let given = Value::Object(input.clone());
        let (outcome, journal) = runtime.block_on(async {
            let outcome = harness.call(method, &given).await;
            (outcome, harness.journal().await)
        });
        let (ended, wrong) = match &outcome {
            Err(status) if reason_of(status) == Some(Reason::InvalidInput) => {
                let wrong = !journal.is_empty() || is_charged(status);
                (Ended::Refused, wrong.then(|| format!("refused after {journal:?}: {status:?}")))
            }
            _ => {
                let first = journal.first().cloned().unwrap_or_default();
                (Ended::Taken, meant::difference(method, &input, &first))
            }
        };
        (ended, wrong.map(|wrong| format!("{} {given}: {wrong}", method.tool)))
    });
}

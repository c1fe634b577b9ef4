//! Profiles and wallets, against the simulator, with its faults.
use granary_rpc::{Reason, metadata};
use granary_simulator::{Config, Sandbox};
use serde_json::{Value, json};
use tonic::Status;

use crate::wire::{Answered, Service, detail, reason};
use crate::{key, path, service};

const KEY: &str = "canary-wallet-20b9cf6e1d";
const PROFILE: &str = "/linkedin/profile";

struct Harness {
    service: Service,
    sandbox: Sandbox,
    http: reqwest::Client,
}

impl Harness {
    async fn open(properties: Value) -> Self {
        let sandbox = granary_simulator::start(Config::default()).await.unwrap();
        let service = service(sandbox.harvestapi_url()).await;
        let harness = Self { service, sandbox, http: reqwest::Client::new() };
        let mut credential = json!({"harvestapi_key": KEY, "tier": "starter"});
        if let (Value::Object(credential), Value::Object(properties)) = (&mut credential, properties) {
            credential.extend(properties);
        }
        harness.post("credentials", &credential).await;
        harness
    }

    async fn post(&self, what: &str, body: &Value) {
        let url = format!("{}/{what}", self.sandbox.control_url());
        let response = self.http.post(url).body(body.to_string()).send().await.unwrap();
        assert!(response.status().is_success(), "{}", response.text().await.unwrap());
    }

    async fn fault(&self, path: &str, effect: Value) {
        let mut fault = json!({"api": "harvestapi", "path": path, "count": 1});
        if let (Value::Object(fault), Value::Object(effect)) = (&mut fault, effect) {
            fault.extend(effect);
        }
        self.post("faults", &fault).await;
    }

    async fn scrape(&self, input: Value) -> Result<Answered, Status> {
        self.service.call(&path("ScrapeProfile"), &key(KEY), &input).await
    }

    async fn balance(&self) -> String {
        let answered = self.service.call(&path("GetMyApiUser"), &key(KEY), &json!({})).await.unwrap();
        answered.json["api_user"]["usage"]["balance"].to_string()
    }
}

#[tokio::test]
async fn what_a_call_costs_is_what_the_wallet_loses() {
    let harness = Harness::open(json!({"balance": "1.0000"})).await;
    let by_url = json!({"profile_url": "https://www.linkedin.com/in/jeffweiner08"});
    let answered = harness.scrape(by_url).await.unwrap();
    assert_eq!(answered.json["element"]["public_identifier"], "jeffweiner08");
    assert_eq!(answered.json["charge"]["cost_micros"], 6_400);
    assert_eq!(answered.metadata.get(metadata::CHARGE_MICROS).unwrap(), "6400");
    assert!(answered.json["extra"]["user"].is_object(), "{}", answered.json["extra"]);

    let main = json!({"public_identifier": "avery-sampleton-fx0001", "main": true});
    assert_eq!(harness.scrape(main).await.unwrap().json["charge"]["cost_micros"], 4_000);
    let email = json!({"public_identifier": "avery-sampleton-fx0001", "find_email": true});
    let answered = harness.scrape(email).await.unwrap();
    assert_eq!(answered.json["charge"]["cost_micros"], 20_000);
    assert!(!answered.json["element"]["emails"].as_array().unwrap().is_empty());

    let missing = harness.scrape(json!({"public_identifier": "nobody-at-all-here"})).await;
    assert_eq!(reason(&missing), Reason::UpstreamNotFound);
    let status = missing.unwrap_err();
    assert_eq!(detail(&status, "charge_micros").as_deref(), Some("4000"));
    assert_eq!(status.metadata().get(metadata::CHARGE_MICROS).unwrap(), "4000");
    assert_eq!(harness.balance().await.parse::<f64>().unwrap(), 0.965_6);
}

#[tokio::test]
async fn a_large_profile_arrives_whole() {
    let harness = Harness::open(json!({})).await;
    let answered = harness.scrape(json!({"public_identifier": "sixty-kilobytes"})).await.unwrap();
    assert!(answered.json.to_string().len() > 40_000);
}

#[tokio::test]
async fn an_empty_wallet_and_a_refused_key_are_the_users() {
    let harness = Harness::open(json!({"balance": "0.001"})).await;
    let outcome = harness.scrape(json!({"public_identifier": "person-0001"})).await;
    assert_eq!(reason(&outcome), Reason::OutOfCredit);
    let probe = path("ProbeHarvestapiKey");
    assert_eq!(harness.service.call(&probe, &key(KEY), &json!({})).await.unwrap().json["accepted"], true);

    harness.post("credentials", &json!({"harvestapi_key": KEY, "state": "revoked"})).await;
    let outcome = harness.scrape(json!({"public_identifier": "person-0001"})).await;
    assert_eq!(reason(&outcome), Reason::CredentialRejected);
    let outcome = crate::wire::outcome(outcome.unwrap_err().metadata());
    assert_eq!(outcome.unwrap(), "harvestapi_key;3;rejected");
    assert_eq!(harness.service.call(&probe, &key(KEY), &json!({})).await.unwrap().json["accepted"], false);
    harness.fault("/users/my-api-user", json!({"status": 404})).await;
    let outcome = harness.service.call(&probe, &key(KEY), &json!({})).await;
    assert_eq!(reason(&outcome), Reason::UpstreamNotFound);
}

#[tokio::test]
async fn faults_become_reasons_and_what_was_billed_is_told() {
    let harness = Harness::open(json!({})).await;
    let person = json!({"public_identifier": "person-0002"});
    for (effect, expected) in [
        (json!({"body": "garbage"}), Reason::UpstreamMalformed),
        (json!({"body": "html"}), Reason::UpstreamMalformed),
        (json!({"body": "empty"}), Reason::UpstreamMalformed),
        (json!({"body": "huge"}), Reason::UpstreamMalformed),
        (json!({"body": {"json": []}}), Reason::UpstreamMalformed),
        (json!({"redirect": "https://elsewhere.example"}), Reason::UpstreamMalformed),
        (json!({"status": 402}), Reason::OutOfCredit),
        (json!({"status": 429, "retry_after": 40}), Reason::UpstreamThrottled),
        (json!({"body_status": 400}), Reason::UpstreamInvalidInput),
        (json!({"body_status": 429}), Reason::UpstreamThrottled),
        (json!({"body_status": 500}), Reason::UpstreamUnavailable),
    ] {
        harness.fault(PROFILE, effect.clone()).await;
        let outcome = harness.scrape(person.clone()).await;
        assert_eq!(reason(&outcome), expected, "{effect}");
    }
    harness.fault(PROFILE, json!({"body_status": 404, "cost": "0.004"})).await;
    let status = harness.scrape(person).await.unwrap_err();
    assert_eq!(detail(&status, "charge_micros").as_deref(), Some("4000"));
}

#[tokio::test]
async fn odd_answers_are_kept_whole_and_a_key_in_them_is_masked() {
    let harness = Harness::open(json!({})).await;
    let person = json!({"public_identifier": "person-0003"});
    harness.fault(PROFILE, json!({"unknown_fields": true})).await;
    let answered = harness.scrape(person.clone()).await.unwrap();
    assert!(answered.json["element"]["extra"].is_object(), "{}", answered.json["element"]);
    harness.fault(PROFILE, json!({"body": "wrong_types"})).await;
    let outcome = harness.scrape(person.clone()).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    for echo in ["plain", "json", "url", "base64", "header"] {
        harness.fault(PROFILE, json!({"echo": echo})).await;
        let answered = harness.scrape(person.clone()).await.unwrap();
        assert!(!answered.json.to_string().contains(KEY), "{echo}");
        assert_eq!(answered.json["warnings"][0]["code"], "SECRET_REDACTED", "{echo}");
        harness.fault(PROFILE, json!({"echo": echo, "status": 422})).await;
        let status = harness.scrape(person.clone()).await.unwrap_err();
        assert!(!format!("{status:?}").contains(KEY), "{echo}");
    }
}

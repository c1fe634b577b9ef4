//! The simulator's control port.
use serde_json::{Value, json};

/// The simulator, as a test controls it.
#[derive(Clone, Debug)]
pub struct Sandbox {
    control: String,
    http: reqwest::Client,
}

/// One call that reached the simulator.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number, counted from 1.
    pub number: u64,
    /// harvest, harvestapi or apify.
    pub api: String,
    /// The HTTP method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The status that it was answered with.
    pub status: u64,
    /// Every credential value that arrived.
    pub credentials: Vec<String>,
}

impl Sandbox {
    /// The simulator at a control address.
    pub fn new(control: &str) -> Self {
        Self { control: control.to_owned(), http: reqwest::Client::new() }
    }

    /// A Harvest token with its account id that it knows from the start.
    pub async fn harvest_token(&self, number: usize) -> (String, i64) {
        let all = self.get("/credentials").await;
        let pair = &all["harvest_tokens"][number];
        (text(&pair["access_token"]), pair["account_id"].as_i64().expect("an account id"))
    }

    /// A HarvestAPI key that it knows from the start.
    pub async fn harvestapi_key(&self, number: usize) -> String {
        text(&self.get("/credentials").await["harvestapi_keys"][number])
    }

    /// Sets properties of one credential, making it known where it is not.
    pub async fn set(&self, properties: Value) {
        self.post("/credentials", properties).await;
    }

    /// What a HarvestAPI key has left, in micro-dollars.
    pub async fn balance(&self, harvestapi_key: &str) -> i64 {
        let shown = self.post("/credentials", json!({"harvestapi_key": harvestapi_key})).await;
        let dollars = shown["balance"].to_string();
        let (whole, part) = dollars.split_once('.').unwrap_or((&dollars, ""));
        format!("{whole}{part:0<6}").parse().expect("dollars with at most six decimals")
    }

    /// Makes the coming calls that match go wrong.
    pub async fn fault(&self, fault: Value) {
        self.post("/faults", fault).await;
    }

    /// Ends all faults.
    pub async fn clear_faults(&self) {
        let answer = self.http.delete(format!("{}/faults", self.control)).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Forgets all calls and faults, and returns to the seed.
    pub async fn reset(&self) {
        self.post("/reset", json!({})).await;
    }

    /// Every call after a number.
    pub async fn journal(&self, after: u64) -> Vec<Call> {
        let all = self.get(&format!("/journal?after={after}")).await;
        let calls = all.as_array().expect("an array");
        calls
            .iter()
            .map(|c| Call {
                number: c["number"].as_u64().expect("a number"),
                api: text(&c["api"]),
                method: text(&c["method"]),
                path: text(&c["path"]),
                status: c["status"].as_u64().expect("a status"),
                credentials: c["credentials"].as_array().expect("values").iter().map(text).collect(),
            })
            .collect()
    }

    /// The number of the newest call.
    pub async fn newest(&self) -> u64 {
        self.journal(0).await.last().map_or(0, |c| c.number)
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.control)).send().await.expect("an answer");
        serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request =
            self.http.post(format!("{}{path}", self.control)).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.expect("an answer");
        let status = answer.status();
        let told = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "{path} {body}: {status} {told}");
        serde_json::from_str(&told).expect("JSON")
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

//! Apify: runs, their rows and their charges.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

mod access;
mod charges;
mod datasets;
mod employees;
mod ends;
mod late;
mod runs;

const PROFILES: &str = "/v2/acts/harvestapi~linkedin-profile-scraper";
const EMPLOYEES: &str = "/v2/actors/harvestapi~linkedin-company-employees";
const WITH_EMAIL: &str = "Profile details + email search ($10 per 1k)";

impl World {
    /// A call of Apify with the first token.
    async fn apify(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.apify_as(&self.apify, method, path, body).await
    }

    async fn apify_as(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let url = format!("{}{path}", self.sandbox.apify_url());
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// Starts a run and answers it as it was then.
    async fn start(&self, path: &str, body: Value) -> Value {
        let answer = self.apify(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["data"].clone()
    }

    /// Starts a run and answers it with its rows once it has ended.
    async fn run(&self, path: &str, body: Value) -> (Value, Vec<Value>) {
        let run = self.start(path, body).await;
        let run = self.ended(&run).await;
        let rows = self.rows(&run).await;
        (run, rows)
    }

    async fn look(&self, run: &Value) -> Value {
        let answer = self.apify(Method::GET, &format!("/v2/actor-runs/{}", id(run)), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["data"].clone()
    }

    async fn ended(&self, run: &Value) -> Value {
        let path = format!("/v2/actor-runs/{}?waitForFinish=20", id(run));
        let run = self.apify(Method::GET, &path, None).await.json()["data"].clone();
        assert!(run["finishedAt"].is_string(), "{run}");
        run
    }

    async fn rows(&self, run: &Value) -> Vec<Value> {
        let path = format!("/v2/datasets/{}/items?format=json", run["defaultDatasetId"].as_str().unwrap());
        let answer = self.apify(Method::GET, &path, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json().as_array().unwrap().clone()
    }

    async fn tune(&self, mut properties: Value) -> Value {
        properties["apify_token"] = json!(self.apify);
        self.set(properties).await
    }

    /// Dollars left, as they are written.
    async fn balance(&self) -> String {
        self.tune(json!({})).await["balance"].to_string()
    }
}

fn id(run: &Value) -> &str {
    run["id"].as_str().unwrap()
}

fn url(slug: &str) -> String {
    format!("https://www.linkedin.com/in/{slug}")
}

/// The first so many of the people.
fn people(count: usize) -> Vec<String> {
    (1..=count).map(|n| url(&format!("person-{n:04}"))).collect()
}

fn outcome(run: &Value) -> (&str, &str) {
    (run["status"].as_str().unwrap(), run["statusMessage"].as_str().unwrap())
}

/// What an answer says is wrong.
fn kind(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    (answer.status, body["error"]["type"].as_str().unwrap().to_owned())
}

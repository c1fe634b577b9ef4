//! A sandbox for each test, and how tests call it.

use std::collections::HashSet;
use std::path::Path;

use granary_simulator::{Config, Sandbox, start};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// A sandbox of its own for each test, and the first credential of each kind.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
    pub(crate) token: String,
    pub(crate) account: u64,
    pub(crate) key: String,
    pub(crate) apify: String,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn kept_in(folder: &Path) -> Self {
        Self::with(Config { state_dir: Some(folder.to_owned()), ..Config::default() }).await
    }

    async fn with(config: Config) -> Self {
        let sandbox = start(config).await.unwrap();
        let client =
            Client::builder().no_proxy().user_agent("granary-test (test@example.com)").build().unwrap();
        let listing = client.get(format!("{}/credentials", sandbox.control_url())).send().await.unwrap();
        let listing: Value = serde_json::from_str(&listing.text().await.unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            token: text(&listing["harvest_tokens"][0]["access_token"]),
            account: listing["harvest_tokens"][0]["account_id"].as_u64().unwrap(),
            key: text(&listing["harvestapi_keys"][0]),
            apify: text(&listing["apify_tokens"][0]),
            sandbox,
            client,
        }
    }

    /// Where the service of that name answers.
    pub(crate) fn origin(&self, api: &str) -> &str {
        match api {
            "harvest" => self.sandbox.harvest_url(),
            "harvestapi" => self.sandbox.harvestapi_url(),
            "apify" => self.sandbox.apify_url(),
            other => panic!("there is no {other}"),
        }
    }

    /// A Harvest call as the first token.
    pub(crate) async fn harvest(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.harvest_as(&self.token, self.account, method, path, body).await
    }

    pub(crate) async fn harvest_as(
        &self,
        token: &str,
        account: u64,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.sandbox.harvest_url())
        };
        let mut request = self
            .client
            .request(method, url)
            .bearer_auth(token)
            .header("Harvest-Account-Id", account.to_string());
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.harvest(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// A HarvestAPI call with the first key.
    pub(crate) async fn linkedin(&self, path: &str) -> Answer {
        self.linkedin_as(&self.key, path).await
    }

    pub(crate) async fn linkedin_as(&self, key: &str, path: &str) -> Answer {
        let url = format!("{}{path}", self.sandbox.harvestapi_url());
        Answer::of(self.client.get(url).header("X-API-Key", key).send().await.unwrap()).await
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.client.request(method, format!("{}{path}", self.sandbox.control_url()));
        let request = request.body(body.map(|body| body.to_string()).unwrap_or_default());
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn set(&self, properties: Value) -> Value {
        let answer = self.control(Method::POST, "/credentials", Some(properties)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        let answer = self.control(Method::POST, "/faults", Some(fault)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    pub(crate) async fn journal(&self, after: u64) -> Vec<Value> {
        let answer = self.control(Method::GET, &format!("/journal?after={after}"), None).await;
        answer.json().as_array().unwrap().clone()
    }

    /// Logs an entry on the first project and answers it.
    pub(crate) async fn log(&self, extra: Value) -> Value {
        let mut body = json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let answer = self.harvest(Method::POST, "/v2/time_entries", Some(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// Follows `links.next` to the end; every id must come once.
    pub(crate) async fn walk(&self, path: &str, key: &str) -> Vec<Value> {
        let mut url = format!("{}{path}", self.sandbox.harvest_url());
        let (mut rows, mut ids) = (Vec::new(), HashSet::new());
        loop {
            let page = self.get(&url).await;
            for row in page[key].as_array().unwrap() {
                assert!(ids.insert(row["id"].as_u64().unwrap()), "{row} came twice");
                rows.push(row.clone());
            }
            match page["links"]["next"].as_str() {
                Some(next) => next.clone_into(&mut url),
                None => return rows,
            }
        }
    }
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

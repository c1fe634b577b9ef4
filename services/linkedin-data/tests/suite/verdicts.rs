//! Promise 12: whatever bytes come in a vendor's place, a credential counts as refused only by a 401 in the vendor's own form.
use granary_linkedin_data::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::stub::{Canned, Stub};
use crate::tools::{good, held};
use crate::wire::outcome;
use crate::{door_with, path};

const RUNS: &str = "/v2/acts/harvestapi~linkedin-profile-scraper/runs";

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![2 => Just(401), 1 => Just(403), 2 => Just(200), 1 => prop::sample::select(vec![400, 402, 404, 407, 429, 500, 503])]
}

fn value() -> impl Strategy<Value = Value> {
    let word =
        prop::sample::select(vec!["Invalid API key", "invalid-token", "token-not-provided", "Forbidden", ""]);
    let number = prop::sample::select(vec![200, 401, 403, 404]);
    prop_oneof![
        word.clone().prop_map(|word| json!({"error": {"error": word}})),
        word.clone().prop_map(|word| json!({"error": {"type": word, "message": word}})),
        (number, word.clone())
            .prop_map(|(status, word)| json!({"status": status, "error": word, "element": null})),
        word.clone().prop_map(|word| json!({"message": word})),
        word.prop_map(|word| json!([word])),
    ]
}

fn json_text() -> impl Strategy<Value = Vec<u8>> {
    value().prop_map(|value| value.to_string().into_bytes())
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        5 => json_text(),
        1 => json_text().prop_map(|body| [b"<html>".as_slice(), body.as_slice()].concat()),
        1 => json_text().prop_map(|body| body[..body.len() / 2].to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ]
}

/// What the reference says of HarvestAPI and of Apify, written a second time.
fn is_own_refusal(apify: bool, http: u16, body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if apify {
        let types = ["invalid-token", "token-not-provided", "user-or-token-not-found"];
        return http == 401 && body["error"]["type"].as_str().is_some_and(|kind| types.contains(&kind));
    }
    let told = body["status"].as_u64();
    let effective = if http == 200 { told.unwrap_or(200) } else { u64::from(http) };
    effective == 401 && (told == Some(401) || body["error"]["error"].is_string())
}

#[test]
fn only_a_401_in_the_vendors_form_refuses_a_credential() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig { cases: 160, ..ProptestConfig::default() };
    proptest!(config, |(status in status(), body in body(), apify in any::<bool>())| {
        let told = runtime.block_on(async {
            let (method, answered) = if apify { ("POST", RUNS) } else { ("GET", "/linkedin/profile") };
            let canned = Canned::new(method, answered, status, body.clone()).header("content-type", "text/html");
            let upstream = Stub::start(vec![canned; 4]).await;
            let mut config = Config::default();
            config.harvestapi.base_url.clone_from(&upstream.url);
            config.apify.base_url.clone_from(&upstream.url);
            let tool = if apify { "bulk_scrape_profiles" } else { "scrape_profile" };
            let method = granary_proto::policy_table().unwrap().tool(tool).unwrap();
            let rpc = if apify { "BulkScrapeProfiles" } else { "ScrapeProfile" };
            let credential = held(method).remove(0);
            match door_with(&config).await.call(&path(rpc), &credential, &good(tool)).await {
                Ok(_) => false,
                Err(failed) => outcome(failed.metadata()).is_some(),
            }
        });
        prop_assert_eq!(told, is_own_refusal(apify, status, &body), "{} {:?}", status, String::from_utf8_lossy(&body));
    });
}

//! Promise 12: whatever bytes come in Harvest's place, a token counts as refused only by a 401 in Harvest's own form, and as
//! taken only by what was asked for.
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use crate::stub::{Canned, Stub};
use crate::wire::outcome;
use crate::{path, service, token};

/// The methods, each with its path: one item with an id, one without, a list, and the probe.
const METHODS: [(&str, &str); 4] = [
    ("GetUser", "/v2/users/me"),
    ("GetCompany", "/v2/company"),
    ("ListUsers", "/v2/users"),
    ("ProbeHarvestToken", "/v2/users/me"),
];

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        2 => Just(401),
        1 => Just(403),
        2 => Just(200),
        2 => prop::sample::select(vec![201, 400, 402, 404, 407, 422, 429, 500, 502, 503])
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let word =
        prop_oneof![Just("invalid_token".to_owned()), Just("Invalid_Token".to_owned()), "[a-z_]{0,14}"];
    let object = (word.clone(), prop::sample::select(vec!["error", "Error", "message", "errors"]))
        .prop_map(|(word, key)| json!({key: word, "error_description": "no"}).to_string().into_bytes());
    let nested = word.prop_map(|word| json!({"error": {"error": word}}).to_string().into_bytes());
    prop_oneof![
        3 => object.clone(),
        1 => nested,
        1 => object.prop_map(|body| [b"<html>".as_slice(), &body].concat()),
        4 => success().prop_map(|body| body.to_string().into_bytes()),
        2 => prop::collection::vec(any::<u8>(), 0..60),
        1 => Just(br#"{"error":"invalid_tok"#.to_vec()),
        1 => Just(br#"["invalid_token"]"#.to_vec()),
    ]
}

/// What is a success for one method, and something else for another or for all.
fn success() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"id": 7, "first_name": "Ann"}),
        json!({"id": 7, "error": "invalid_token"}),
        json!({"id": null, "error": "account_inactive"}),
        json!({"user": {"id": 7}}),
        json!({"name": "Acme", "wants_timestamp_timers": true}),
        json!({"users": [], "per_page": 100}),
        json!({"users": [{"id": 7}]}),
        json!({"users": [], "message": "log in"}),
        json!({"name": "Acme", "success": false}),
        json!({"users": "none"}),
        json!({"type": "about:blank", "title": "Unauthorized", "status": 401}),
        json!({"status": 401, "error": "Unauthorized", "path": "/v2/company"}),
        json!({"success": false}),
        json!({}),
        json!([]),
    ])
}

/// What the reference says, written a second time: whether the token was taken or refused, where that is known.
fn expected(rpc: &str, status: u16, body: &[u8]) -> Option<&'static str> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    if status == 401 && body.is_object() && body["error"].as_str() == Some("invalid_token") {
        return Some("harvest_token;3;rejected");
    }
    let came = match rpc {
        "GetCompany" => body["name"].is_string(),
        "ListUsers" => body["users"].is_array(),
        _ => body["id"].is_number(),
    };
    let word = |key: &str| body[key].as_str().is_some_and(|word| !word.trim().is_empty());
    let is_denied = body["success"] == false || body["error"].is_object() || word("error") || word("message");
    (came && !is_denied && (200..300).contains(&status)).then_some("harvest_token;3;accepted")
}

#[test]
fn only_harvests_own_form_refuses_a_token_and_only_what_was_asked_for_proves_one() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig { cases: 240, ..ProptestConfig::default() };
    let method = prop::sample::select(METHODS.to_vec());
    proptest!(config, |(status in status(), body in body(), (rpc, at) in method)| {
        let told = runtime.block_on(async {
            // The same answer at every path that may be asked.
            let canned = [at, "/v2/users/me"].into_iter();
            let canned = canned.flat_map(|path| vec![Canned::new("GET", path, status, body.clone()).header("content-type", "text/html"); 4]);
            let upstream = Stub::start(canned.collect()).await;
            let input = if rpc == "GetUser" { json!({"user_id": "me"}) } else { json!({}) };
            match service(&upstream.url).await.call(&path(rpc), &token(), &input).await {
                Ok(answered) if rpc == "ProbeHarvestToken" => {
                    let word = if answered.json["accepted"] == true { "accepted" } else { "rejected" };
                    Some(format!("harvest_token;3;{word}"))
                }
                Ok(answered) => outcome(&answered.metadata),
                Err(failed) => outcome(failed.metadata()),
            }
        });
        let shown = String::from_utf8_lossy(&body);
        prop_assert_eq!(told.as_deref(), expected(rpc, status, &body), "{} {} {:?}", rpc, status, shown);
    });
}

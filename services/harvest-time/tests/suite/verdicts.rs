//! Promise 12: whatever bytes come in Harvest's place, a token counts as refused only by a 401 in Harvest's own form.
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use crate::stub::{Canned, Stub};
use crate::wire::outcome;
use crate::{door, path, token};

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        Just(401),
        Just(403),
        prop::sample::select(vec![200, 201, 400, 402, 404, 407, 422, 429, 500, 502, 503])
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
        2 => prop::collection::vec(any::<u8>(), 0..60),
        1 => Just(br#"{"error":"invalid_tok"#.to_vec()),
        1 => Just(br#"["invalid_token"]"#.to_vec()),
    ]
}

/// What the reference says, written a second time.
fn is_own_refusal(status: u16, body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    status == 401 && body.is_object() && body["error"].as_str() == Some("invalid_token")
}

#[test]
fn only_a_401_in_harvests_form_refuses_a_token() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig { cases: 96, ..ProptestConfig::default() };
    proptest!(config, |(status in status(), body in body(), probes in any::<bool>())| {
        let told = runtime.block_on(async {
            // The same answer at every path that may be asked.
            let canned = ["/v2/company", "/v2/users/me"].into_iter();
            let canned = canned.flat_map(|path| vec![Canned::new("GET", path, status, body.clone()).header("content-type", "text/html"); 4]);
            let upstream = Stub::start(canned.collect()).await;
            let method = if probes { "ProbeHarvestToken" } else { "GetCompany" };
            match door(&upstream.url).await.call(&path(method), &token(), &json!({})).await {
                Ok(answered) => probes && answered.json["accepted"] == false,
                Err(failed) => outcome(failed.metadata()).is_some(),
            }
        });
        prop_assert_eq!(told, is_own_refusal(status, &body), "{} {:?}", status, String::from_utf8_lossy(&body));
    });
}

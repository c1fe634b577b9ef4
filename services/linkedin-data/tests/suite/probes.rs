//! The probes of a key and of a token say yes or no only in the vendor's own form, whatever else comes in its place.
use granary_linkedin_data::Config;
use granary_rpc::Reason;
use serde_json::json;

use crate::bulk::token;
use crate::stub::{Canned, Stub};
use crate::wire::{outcome, reason};
use crate::{KEY, key, path, service_with};

/// What comes from anybody, whatever was asked.
const ANYBODY: [&str; 15] = [
    "",
    "<html><body>Sign in</body></html>",
    "ok",
    "null",
    "[]",
    "{}",
    r#"{"status":"ok"}"#,
    r#"{"message":"Unauthorized"}"#,
    r#"{"error":"Unauthorized","success":false}"#,
    r#"{"status":401,"error":"Unauthorized"}"#,
    r#"{"type":"about:blank","title":"Unauthorized","status":401}"#,
    r#"{"timestamp":"2026-03-31T08:00:00.000+00:00","status":401,"error":"Unauthorized","path":"/","requestId":"5f0c-1"}"#,
    r#"{"error":{"code":401,"message":"No valid session","status":"UNAUTHENTICATED"}}"#,
    r#"{"error":{"error":"proxy login required"}}"#,
    r#"{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}"#,
];
const STATUSES: [u16; 9] = [200, 400, 401, 403, 404, 407, 429, 500, 503];

/// What a probe says of a credential where it is answered like this; nothing where it fails.
async fn said(rpc: &str, status: u16, body: &str) -> Option<bool> {
    let (credential, at) = match rpc {
        "ProbeApifyToken" => (token(), "/v2/users/me"),
        _ => (key(KEY), "/users/my-api-user"),
    };
    let upstream = Stub::start(vec![Canned::new("GET", at, status, body.to_owned())]).await;
    let mut config = Config::default();
    for vendor in [&mut config.harvestapi, &mut config.apify] {
        vendor.base_url.clone_from(&upstream.url);
        vendor.retries = 0;
    }
    let told = service_with(&config).await.call(&path(rpc), &credential, &json!({})).await;
    match told {
        Ok(answered) => Some(answered.json["accepted"] == true),
        Err(_) => {
            assert_ne!(reason(&told), Reason::CredentialRejected, "{rpc} {status} {body}");
            assert_eq!(outcome(told.unwrap_err().metadata()), None, "{rpc} {status} {body}");
            None
        }
    }
}

#[tokio::test]
async fn what_comes_from_anybody_says_nothing_of_a_credential() {
    for rpc in ["ProbeHarvestapiKey", "ProbeApifyToken"] {
        for status in STATUSES {
            for body in ANYBODY {
                assert_eq!(said(rpc, status, body).await, None, "{rpc} {status} {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_probe_of_a_key_says_yes_for_an_owner_and_no_in_the_two_forms_of_a_refusal() {
    let bad = r#"{"error":{"error":"Invalid API key"}}"#;
    let envelope = r#"{"entityId":null,"requestId":"r","status":401,"error":"This key is not known"}"#;
    let rows = r#"{"elements":[],"status":"401"}"#;
    for (status, body, expected) in [
        (200, r#"{"user":{"id":"x"}}"#, Some(true)),
        (200, r#"{"user":{"membershipTier":"free"},"usage":{}}"#, Some(true)),
        (200, r#"{"usage":{"balance":"0"}}"#, Some(true)),
        (200, "\u{feff}{\"usage\":{\"balance\":3}}", Some(true)),
        (200, r#"{"user":{},"usage":{}}"#, None),
        (200, r#"{"user":{"id":" "}}"#, None),
        (200, r#"{"user":{"id":"x"},"error":"account_inactive"}"#, None),
        (200, r#"{"user":{"id":"x"},"success":false}"#, None),
        (200, r#"{"user":{"id":"x"#, None),
        (403, r#"{"user":{"id":"x"}}"#, None),
        (401, bad, Some(false)),
        (401, envelope, Some(false)),
        (200, envelope, Some(false)),
        (401, rows, Some(false)),
        (200, bad, None),
        (403, bad, None),
        (401, &bad[..bad.len() - 2], None),
        (401, r#"{"error":"Invalid API key"}"#, None),
        (401, r#"{"error":{"error":"Invalid API key for this proxy"}}"#, None),
        (403, envelope, None),
        (401, r#"{"entityId":null,"status":403,"error":"no"}"#, None),
        (200, r#"{"element":null,"status":403,"error":"no"}"#, None),
    ] {
        assert_eq!(said("ProbeHarvestapiKey", status, body).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_probe_of_a_token_says_yes_for_a_user_and_no_for_the_types_of_a_refusal() {
    let invalid = r#"{"error":{"type":"invalid-token","message":"no"}}"#;
    for (status, body, expected) in [
        (200, r#"{"data":{"id":"x"}}"#, Some(true)),
        (200, r#"{"data":{"id":" "}}"#, None),
        (200, r#"{"data":{"username":"x"}}"#, None),
        (200, r#"{"id":"x"}"#, None),
        (200, r#"{"data":{"id":"x""#, None),
        (200, r#"{"data":{},"error":{"type":"invalid-token","message":"no"}}"#, None),
        (401, invalid, Some(false)),
        (401, r#"{"error":{"type":"token-not-provided","message":"no"}}"#, Some(false)),
        (401, r#"{"error":{"type":"user-or-token-not-found","message":"no"}}"#, Some(false)),
        (200, invalid, None),
        (403, invalid, None),
        (401, &invalid[..invalid.len() - 2], None),
        (401, r#"{"type":"invalid-token"}"#, None),
        (401, r#"{"error":"invalid-token"}"#, None),
        (401, r#"{"error":{"type":"authentication_error","message":"no"}}"#, None),
        (403, r#"{"error":{"type":"insufficient-permissions","message":"no"}}"#, None),
    ] {
        assert_eq!(said("ProbeApifyToken", status, body).await, expected, "{status} {body}");
    }
}

//! Which credential goes where, and what a probe says of it.
use granary_credential::{Credential, Secret};
use granary_harvest_time::Config;
use granary_rpc::Reason;
use serde_json::json;

use crate::stub::{Canned, Stub};
use crate::wire::{Service, detail, outcome, reason};
use crate::{path, service, token};

fn key() -> Credential {
    Credential::HarvestapiKey { api_key: Secret::new("canary-key-55aa".to_owned()) }
}

#[tokio::test]
async fn a_key_of_another_vendor_is_sent_nowhere_unless_that_is_configured() {
    let upstream = Stub::start(vec![]).await;
    let outcome = service(&upstream.url).await.call(&path("GetCompany"), &key(), &json!({})).await;
    assert_eq!(reason(&outcome), Reason::CredentialMissing);
    assert_eq!(detail(&outcome.unwrap_err(), "kind").as_deref(), Some("harvest_token"));
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_key_goes_to_its_own_address_where_one_is_configured() {
    let harvest = Stub::start(vec![Canned::new("GET", "/v2/company", 200, r#"{"name":"x"}"#)]).await;
    let one_key = Stub::start(vec![
        Canned::new("GET", "/v2/company", 200, r#"{"name":"Through one key"}"#),
        Canned::new("GET", "/v2/company", 401, r#"{"error":"invalid_token"}"#),
    ])
    .await;
    let mut config = Config::default();
    config.harvest.base_url.clone_from(&harvest.url);
    config.one_key = Some(granary_upstream::Config { base_url: one_key.url.clone(), ..Default::default() });
    let service = Service::open(|ring| granary_harvest_time::routes(&config, ring)).await;

    let answered = service.call(&path("GetCompany"), &key(), &json!({})).await.unwrap();
    assert_eq!(answered.json["company"]["name"], "Through one key");
    let seen = &one_key.seen()[0];
    assert_eq!(seen.headers["x-api-key"], "canary-key-55aa");
    assert!(!seen.headers.contains_key("authorization") && !seen.headers.contains_key("harvest-account-id"));

    let status = service.call(&path("GetCompany"), &key(), &json!({})).await.unwrap_err();
    assert_eq!(outcome(status.metadata()).unwrap(), "harvestapi_key;3;rejected");

    service.call(&path("GetCompany"), &token(), &json!({})).await.unwrap();
    assert_eq!((harvest.seen().len(), one_key.seen().len()), (1, 2));
}

#[tokio::test]
async fn a_company_is_that_of_the_tokens_own_account_and_of_no_other() {
    let company = || Canned::new("GET", "/v2/company", 200, r#"{"name":"x"}"#);
    let upstream = Stub::start(vec![company(), company()]).await;
    let service = service(&upstream.url).await;
    let Credential::HarvestToken { account_id: own, .. } = token() else { panic!("a token") };
    for meant in [json!({}), json!({"account_id": own})] {
        let answered = service.call(&path("GetCompany"), &token(), &meant).await.unwrap();
        assert_eq!(answered.json["company"]["name"], "x");
    }
    assert!(upstream.seen().iter().all(|request| request.query.is_empty()), "it is not sent");
    for meant in [own + 1, 0] {
        let outcome = service.call(&path("GetCompany"), &token(), &json!({"account_id": meant})).await;
        assert_eq!(reason(&outcome), Reason::InvalidInput, "{meant}");
    }
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn a_probe_says_yes_or_no_only_where_harvest_does() {
    for (status, body, accepted) in [(200, r#"{"id":1}"#, true), (401, r#"{"error":"invalid_token"}"#, false)]
    {
        let upstream = Stub::start(vec![Canned::new("GET", "/v2/users/me", status, body)]).await;
        let service = service(&upstream.url).await;
        let answered = service.call(&path("ProbeHarvestToken"), &token(), &json!({})).await.unwrap();
        assert_eq!(answered.json["accepted"], accepted, "{status}");
    }
    for (status, body) in [
        (200, "<html>"),
        (200, r#"{"error":"account_inactive"}"#),
        (200, ""),
        (200, "{}"),
        (200, "[]"),
        (200, r#"{"id":null,"first_name":"x"}"#),
        (200, r#"{"id":"1"}"#),
        (200, r#"{"id":1"#),
        (200, r#"{"user":{"id":1}}"#),
        (200, r#"{"message":"sign in","success":false}"#),
        (401, "{}"),
        (401, r#"["invalid_token"]"#),
        (401, r#"{"error":"invalid_tok"#),
        (401, r#"{"error":"Invalid_Token"}"#),
        (401, r#"{"error":{"error":"invalid_token"}}"#),
        (401, r#"{"type":"about:blank","title":"Unauthorized","status":401}"#),
        (401, r#"{"status":401,"error":"Unauthorized","path":"/v2/users/me"}"#),
        (401, "<html>"),
        (401, ""),
        (401, r#"{"message":"Unauthorized"}"#),
        (403, r#"{"error":"invalid_token"}"#),
        (403, ""),
        (404, ""),
        (500, ""),
        (429, ""),
    ] {
        let canned = vec![Canned::new("GET", "/v2/users/me", status, body); 3];
        let upstream = Stub::start(canned).await;
        let service = service(&upstream.url).await;
        let outcome = service.call(&path("ProbeHarvestToken"), &token(), &json!({})).await;
        assert_ne!(reason(&outcome), Reason::CredentialRejected, "{status} {body}");
        assert_eq!(crate::wire::outcome(outcome.unwrap_err().metadata()), None, "{status} {body}");
    }
}

#[test]
fn faults_of_the_settings_are_all_told() {
    assert!(Config::default().validate().is_empty());
    let mut config = Config::default();
    config.harvest.base_url = "ftp://user:hunter2@example.com".to_owned();
    config.one_key = Some(granary_upstream::Config::default());
    let faults = config.validate();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(!faults.join(" ").contains("hunter2"));
    config.user_agent = "line\nbreak".to_owned();
    assert!(!config.validate().is_empty());
}

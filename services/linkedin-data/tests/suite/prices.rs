//! The caller's cap: what could cost more is refused before anything is sent.
use granary_linkedin_data::Config;
use granary_rpc::{Reason, metadata::MAX_COST};
use serde_json::json;

use crate::stub::{Canned, Stub};
use crate::wire::{detail, reason};
use crate::{KEY, key, path, service_with};

fn config(url: &str) -> Config {
    let mut config = Config::default();
    config.harvestapi.base_url = url.to_owned();
    config
}

#[tokio::test]
async fn a_call_that_could_cost_more_than_the_cap_is_not_sent() {
    let upstream = Stub::start(vec![]).await;
    let service = service_with(&config(&upstream.url)).await;
    for (input, cap, quote, micros) in [
        (json!({}), "0.0063", "6400", "6300"),
        (json!({}), "0", "6400", "0"),
        (json!({}), "0.00639999", "6400", "6399"),
        (json!({"main": true}), "0.003999", "4000", "3999"),
        (json!({"find_email": true}), "0.0199", "20000", "19900"),
    ] {
        let mut input = input;
        input["public_identifier"] = json!("someone");
        let outcome = service.call_with(&path("ScrapeProfile"), &key(KEY), &input, &[(MAX_COST, cap)]).await;
        assert_eq!(reason(&outcome), Reason::CostCapExceeded, "{input} {cap}");
        let status = outcome.unwrap_err();
        assert_eq!(detail(&status, "quote_micros").as_deref(), Some(quote));
        assert_eq!(detail(&status, "cap_micros").as_deref(), Some(micros));
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_call_that_fits_the_cap_is_sent() {
    let body = json!({"status": 200, "cost": 0.004, "element": {"id": "x"}});
    let upstream = Stub::start(vec![Canned::json("GET", "/linkedin/profile", 200, &body); 3]).await;
    let mut config = config(&upstream.url);
    config.prices.remove("profile");
    config.prices.insert("profile_main".to_owned(), "0.001".to_owned());
    let service = service_with(&config).await;
    for (input, cap) in [
        (json!({"public_identifier": "x"}), "0.0064"),
        (json!({"public_identifier": "x", "main": true}), "0.001"),
        (json!({"public_identifier": "x", "main": false, "find_email": true}), "1"),
    ] {
        service.call_with(&path("ScrapeProfile"), &key(KEY), &input, &[(MAX_COST, cap)]).await.unwrap();
    }
    let owner = r#"{"usage": {"balance": 3}}"#;
    let free = Stub::start(vec![Canned::new("GET", "/users/my-api-user", 200, owner)]).await;
    let service = crate::service(&free.url).await;
    service.call_with(&path("GetMyApiUser"), &key(KEY), &json!({}), &[(MAX_COST, "0")]).await.unwrap();
}

#[tokio::test]
async fn a_cap_that_cannot_be_read_is_a_fault_of_the_input() {
    let upstream = Stub::start(vec![]).await;
    let service = service_with(&config(&upstream.url)).await;
    let input = json!({"public_identifier": "x"});
    for cap in ["", "-1", "one", "1e3", "0,01", "$1", "NaN", "1.2.3", "99999999999999999999"] {
        let outcome = service.call_with(&path("ScrapeProfile"), &key(KEY), &input, &[(MAX_COST, cap)]).await;
        assert_eq!(reason(&outcome), Reason::InvalidInput, "{cap}");
    }
    let twice = [(MAX_COST, "1"), (MAX_COST, "2")];
    let outcome = service.call_with(&path("ScrapeProfile"), &key(KEY), &input, &twice).await;
    assert_eq!(reason(&outcome), Reason::InvalidInput);
    assert!(upstream.seen().is_empty());
}

#[test]
fn faults_of_the_settings_are_all_told() {
    assert!(Config::default().validate().is_empty());
    let mut config = config("not a url");
    config.prices.insert("profile".to_owned(), "cheap".to_owned());
    config.prices.insert("other".to_owned(), "-1".to_owned());
    assert_eq!(config.validate().len(), 3, "{:?}", config.validate());
}

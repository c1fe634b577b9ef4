//! Bulk runs: started once with a cap, followed, matched to the request, and ended where nobody waits for them.
use std::time::Duration;

use granary_credential::Credential;
use granary_linkedin_data::Config;
use granary_rpc::{Reason, metadata};
use serde_json::{Value, json};

use crate::stub::{Canned, SILENT, Seen, Stub};
use crate::tools::held;
use crate::wire::{Answered, Service, detail, reason};
use crate::{path, service_with};

pub(crate) const RUNS: &str = "/v2/acts/harvestapi~linkedin-profile-scraper/runs";
const RUN: &str = "/v2/actor-runs/runInvented01";
const ITEMS: &str = "/v2/datasets/setInvented01/items";
const ABORT: &str = "/v2/actor-runs/runInvented01/abort";

pub(crate) fn token() -> Credential {
    held(granary_proto::policy_table().unwrap().tool("bulk_scrape_profiles").unwrap()).remove(0)
}

pub(crate) fn url(slug: &str) -> String {
    format!("https://www.linkedin.com/in/{slug}")
}

fn run(status: &str, cost: &Value) -> Value {
    json!({"data": {
        "id": "runInvented01", "actId": "actorInvented", "status": status, "statusMessage": "said so",
        "startedAt": "2026-03-31T10:00:00.000Z", "finishedAt": null, "defaultDatasetId": "setInvented01",
        "usageTotalUsd": cost, "chargedEventCounts": {"profile": 2, "profile_with_email": 0}, "exitCode": 0
    }})
}

fn row(slug: &str) -> Value {
    json!({"id": slug, "firstName": slug, "originalQuery": {"url": url(slug)}, "emails": [format!("{slug}@x.example")]})
}

fn started() -> Canned {
    Canned::json("POST", RUNS, 201, &run("READY", &json!(0)))
}

fn now(status: &str) -> Canned {
    Canned::json("GET", RUN, 200, &run(status, &json!(0.008)))
}

fn items(rows: &[Value]) -> Canned {
    Canned::json("GET", ITEMS, 200, &json!(rows))
}

fn config(upstream: &Stub) -> Config {
    let mut config = Config::default();
    config.apify.base_url.clone_from(&upstream.url);
    config
}

pub(crate) async fn service(upstream: &Stub) -> Service {
    service_with(&config(upstream)).await
}

pub(crate) async fn scrape(service: &Service, input: Value) -> Result<Answered, tonic::Status> {
    service.call(&path("BulkScrapeProfiles"), &token(), &input).await
}

async fn asked(upstream: &Stub, wanted: &str) -> Vec<Seen> {
    for _ in 0..100 {
        let seen: Vec<Seen> = upstream.seen().into_iter().filter(|seen| seen.path == wanted).collect();
        if !seen.is_empty() {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Vec::new()
}

#[tokio::test]
async fn profiles_come_in_the_order_of_the_request_and_repeats_are_billed_once() {
    let miss = json!({"status": 404, "element": null, "error": "nobody", "originalQuery": {"url": url("c")}});
    let rows = [row("b"), miss, row("a"), json!({"id": "stray", "originalQuery": {"url": url("z")}})];
    let upstream = Stub::start(vec![started(), now("RUNNING"), now("SUCCEEDED"), items(&rows)]).await;
    let urls = [url("a"), url("b"), url("a"), url("c"), url("d")];
    let answered = scrape(&service(&upstream).await, json!({"urls": urls})).await.unwrap();
    let elements = answered.json["elements"].as_array().unwrap();
    let told: Vec<Value> = elements
        .iter()
        .map(|e| json!([e["url"], e["index"], e["profile"]["id"], e["error"]["reason"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            [url("a"), 0, "a", null],
            [url("b"), 1, "b", null],
            [url("a"), 2, "a", null],
            [url("c"), 3, null, "UPSTREAM_NOT_FOUND"],
            [url("d"), 4, null, "NO_RESULT"],
        ])
    );
    assert_eq!(elements[0]["profile"]["emails"][0]["email"], "a@x.example");
    assert_eq!(answered.json["charge"]["cost_micros"], 8_000);
    assert_eq!(answered.json["charge"]["payment_codes"], json!(["profile"]));
    assert_eq!(answered.metadata.get(metadata::CHARGE_MICROS).unwrap(), "8000");
    assert_eq!(answered.json["run"]["id"], "runInvented01");
    assert_eq!(answered.json["run"]["charged_event_counts"]["profile"], 2);
    assert_eq!(answered.json["extra"]["rows"][0]["id"], "stray");

    let seen = upstream.seen();
    assert!(seen[0].query.contains("maxTotalChargeUsd=0.016"), "{}", seen[0].query);
    assert_eq!(seen[0].body["urls"], json!([url("a"), url("b"), url("c"), url("d")]));
    assert_eq!(seen[0].body["profileScraperMode"], "Profile details no email ($4 per 1k)");
    assert_eq!(seen.iter().filter(|seen| seen.method == "POST").count(), 1, "started once, and not ended");
    assert!(seen.iter().all(|seen| !seen.path.contains("run-sync")));
}

#[tokio::test]
async fn an_email_search_costs_more_and_the_cap_of_the_caller_counts_first() {
    let upstream = Stub::start(vec![started(), now("SUCCEEDED"), items(&[row("a")])]).await;
    let service = service(&upstream).await;
    let input = json!({"urls": [url("a"), url("b")], "find_email": true});
    let (bulk, cap) = (path("BulkScrapeProfiles"), [(metadata::MAX_COST, "0.019")]);
    let outcome = service.call_with(&bulk, &token(), &input, &cap).await;
    assert_eq!(reason(&outcome), Reason::CostCapExceeded);
    assert_eq!(detail(&outcome.unwrap_err(), "quote_micros").as_deref(), Some("20000"));
    assert!(upstream.seen().is_empty());
    scrape(&service, input).await.unwrap();
    assert!(upstream.seen()[0].query.contains("maxTotalChargeUsd=0.02&"), "{}", upstream.seen()[0].query);
    assert_eq!(upstream.seen()[0].body["profileScraperMode"], "Profile details + email search ($10 per 1k)");
}

#[tokio::test]
async fn two_spellings_of_one_person_are_one_url_and_one_price() {
    let spellings =
        [url("j%C3%BCrgen-x"), url("jürgen-x"), "http://linkedin.com/in/J%C3%BCrgen-X)".to_owned()];
    let upstream = Stub::start(vec![started(), now("SUCCEEDED"), items(&[row("j%C3%BCrgen-x")])]).await;
    let service = service(&upstream).await;
    let cap = [(metadata::MAX_COST, "0.004")];
    let input = json!({"urls": spellings});
    let answered = service.call_with(&path("BulkScrapeProfiles"), &token(), &input, &cap).await.unwrap();
    let seen = upstream.seen();
    assert_eq!(seen[0].body["urls"], json!([url("jürgen-x")]));
    assert!(seen[0].query.contains("maxTotalChargeUsd=0.004&"), "{}", seen[0].query);
    for (place, given) in spellings.iter().enumerate() {
        let element = &answered.json["elements"][place];
        assert_eq!((&element["url"], &element["profile"]["id"]), (&json!(given), &json!("j%C3%BCrgen-x")));
    }
}

#[tokio::test]
async fn rows_come_page_by_page() {
    let slugs: Vec<String> = (0..45).map(|n| format!("p{n}")).collect();
    let rows: Vec<Value> = slugs.iter().map(|slug| row(slug)).collect();
    let pages = rows.chunks(20).map(items);
    let upstream = Stub::start([started(), now("SUCCEEDED")].into_iter().chain(pages).collect()).await;
    let urls: Vec<String> = slugs.iter().map(|slug| url(slug)).collect();
    let answered = scrape(&service(&upstream).await, json!({"urls": urls})).await.unwrap();
    assert!(answered.json["elements"].as_array().unwrap().iter().all(|e| e["profile"].is_object()));
    let offsets: Vec<String> = asked(&upstream, ITEMS).await.into_iter().map(|seen| seen.query).collect();
    assert_eq!(offsets.len(), 3);
    assert!(offsets[2].contains("offset=40"), "{offsets:?}");
}

#[tokio::test]
async fn what_a_run_gave_before_it_failed_is_delivered() {
    for status in ["FAILED", "TIMED-OUT", "ABORTED"] {
        let upstream = Stub::start(vec![started(), now(status), items(&[row("a")])]).await;
        let answered =
            scrape(&service(&upstream).await, json!({"urls": [url("a"), url("b")]})).await.unwrap();
        assert_eq!(answered.json["elements"][0]["profile"]["id"], "a");
        assert_eq!(answered.json["elements"][1]["error"]["reason"], "NO_RESULT");
        assert_eq!(answered.json["warnings"][0]["code"], "RUN_CUT_SHORT");
        let upstream = Stub::start(vec![started(), now(status), items(&[])]).await;
        let outcome = scrape(&service(&upstream).await, json!({"urls": [url("a")]})).await;
        assert_eq!(reason(&outcome), Reason::UpstreamUnavailable);
        let failed = outcome.unwrap_err();
        assert_eq!(detail(&failed, "run_id").as_deref(), Some("runInvented01"));
        assert_eq!(detail(&failed, "charge_micros").as_deref(), Some("8000"));
    }
}

#[tokio::test]
async fn a_run_that_takes_too_long_goes_on_and_is_named() {
    let mut canned = vec![started()];
    canned.extend(std::iter::repeat_n(now("RUNNING"), 4_000));
    let upstream = Stub::start(canned).await;
    let config = config(&upstream);
    let service =
        Service::open_for(Duration::from_secs(2), |ring| granary_linkedin_data::routes(&config, ring)).await;
    let outcome = scrape(&service, json!({"urls": [url("a")]})).await;
    assert_eq!(reason(&outcome), Reason::DeadlineExceeded);
    let late = outcome.unwrap_err();
    assert_eq!(detail(&late, "run_id").as_deref(), Some("runInvented01"));
    assert_eq!(detail(&late, "dataset_id").as_deref(), Some("setInvented01"));
    assert_eq!(detail(&late, "collect_with").as_deref(), Some("get_bulk_run"));
    assert!(late.message().contains("get_bulk_run"), "{late:?}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(upstream.seen().iter().all(|seen| seen.path != ABORT));
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_is_ended() {
    let hang = Canned::new("GET", RUN, SILENT, "");
    let upstream =
        Stub::start(vec![started(), hang, Canned::json("POST", ABORT, 200, &run("ABORTING", &json!(0)))])
            .await;
    let service = service(&upstream).await;
    let input = json!({"urls": [url("a")]});
    let call = scrape(&service, input);
    assert!(tokio::time::timeout(Duration::from_millis(1_500), call).await.is_err());
    let ended = asked(&upstream, ABORT).await;
    assert_eq!(ended.len(), 1, "{:?}", upstream.seen());
    assert!(ended[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn profiles_are_streamed_as_they_come() {
    let upstream = Stub::start(vec![
        started(),
        now("RUNNING"),
        items(&[row("b")]),
        now("SUCCEEDED"),
        items(&[row("a")]),
    ])
    .await;
    let service = service(&upstream).await;
    let input = json!({"urls": [url("a"), url("b"), url("c"), url("b")]});
    let (events, failed) = service.stream(&path("StreamBulkScrapeProfiles"), &token(), &input, &[]).await;
    assert!(failed.is_none(), "{failed:?}");
    let at: Vec<&Value> = events.iter().filter_map(|event| event.get("element")).collect();
    assert_eq!(at.iter().map(|e| e["index"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 3, 0, 2]);
    assert_eq!(at[3]["error"]["reason"], "NO_RESULT");
    assert_eq!(events[0]["progress"]["asked"], 3);
    assert!(events.iter().any(|event| event["progress"]["done"] == 1), "{events:?}");
    assert_eq!(events.last().unwrap()["end"]["charge"]["cost_micros"], 8_000);
    assert!(asked(&upstream, ITEMS).await[1].query.contains("offset=1"));
}

#[tokio::test]
async fn employees_are_fetched_under_a_cap() {
    let runs = "/v2/acts/harvestapi~linkedin-company-employees/runs";
    let upstream = Stub::start(vec![
        Canned::json("POST", runs, 201, &run("READY", &json!(0))),
        now("SUCCEEDED"),
        items(&[json!({"id": "1", "firstName": "Tove"})]),
    ])
    .await;
    let service = service(&upstream).await;
    let input = json!({
        "companies": ["beacon-works-invented"], "max_items": 10, "full": true, "locations": "Port Imaginary, Germany"
    });
    let answered = service.call(&path("BulkScrapeCompanyEmployees"), &token(), &input).await.unwrap();
    assert_eq!(answered.json["elements"][0]["first_name"], "Tove");
    let start = &upstream.seen()[0];
    assert!(start.query.contains("maxTotalChargeUsd=0.1&"), "{}", start.query);
    assert_eq!(start.body["profileScraperMode"], "Full ($8 per 1k)");
    assert_eq!(start.body["locations"], json!(["Port Imaginary, Germany"]));
}

#[tokio::test]
async fn a_run_is_collected_by_its_id_also_while_it_goes_on() {
    let miss = json!({"element": null, "status": 404, "error": "nobody", "originalQuery": {"url": url("b")}});
    let upstream =
        Stub::start(vec![now("RUNNING"), items(&[row("a")]), now("SUCCEEDED"), items(&[row("a"), miss])])
            .await;
    let service = service(&upstream).await;
    let collect = async || {
        service.call(&path("GetBulkRun"), &token(), &json!({"run_id": "runInvented01"})).await.unwrap().json
    };
    let early = collect().await;
    assert_eq!(
        (&early["run"]["status"], early["elements"].as_array().unwrap().len()),
        (&json!("RUNNING"), 1)
    );
    let all = collect().await;
    assert_eq!(all["elements"][0]["profile"]["first_name"], "a");
    assert_eq!(all["elements"][1]["error"]["reason"], "UPSTREAM_NOT_FOUND");
    assert_eq!(
        (&all["elements"][1]["url"], &all["charge"]["cost_micros"]),
        (&json!(url("b")), &json!(8_000))
    );
    assert!(upstream.seen().iter().all(|seen| seen.method == "GET"), "nothing is ended, and nothing begun");
    for bad in ["", "a/b", "a?b", "%2e"] {
        let outcome = service.call(&path("GetBulkRun"), &token(), &json!({"run_id": bad})).await;
        assert_eq!(reason(&outcome), Reason::InvalidInput, "{bad}");
    }
}

#[tokio::test]
async fn rows_that_come_late_are_looked_for_and_nothing_charged_is_called_free() {
    let upstream =
        Stub::start(vec![started(), now("SUCCEEDED"), items(&[row("a")]), items(&[]), items(&[row("b")])])
            .await;
    let answered = scrape(&service(&upstream).await, json!({"urls": [url("a"), url("b")]})).await.unwrap();
    assert_eq!(answered.json["elements"][1]["profile"]["first_name"], "b", "{}", answered.json);
    assert!(
        answered.json.get("warnings").is_none_or(|w| w.as_array().is_none_or(Vec::is_empty)),
        "{}",
        answered.json
    );
}

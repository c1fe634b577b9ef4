//! The same for the tools that begin a run of Apify, which may cost most, or read one. The body holds what was meant, by the table
//! in `meant`, and besides:
//!
//! | Written | Sent |
//! |---|---|
//! | several addresses of one person | the first |
//! | what to fetch of each | the actor's own words |
//! | how many, and what of each | the cap: what that costs at most, and no more |
//! | the id of a run | a segment of the path |
use granary_linkedin_data::Config;
use granary_proto::Method;
use granary_proto::granary::policy::v1::Api;
use granary_rpc::{Reason, error::reason_of};
use granary_testkit::trial::{Ended, try_values};
use serde_json::{Map, Value, json};
use tonic::Status;

use super::meant::{address, blank, items, text, words};
use super::{fields, input, is_charged, values};
use crate::bulk::token;
use crate::service_with;
use crate::stub::{Canned, Seen, Stub};
use crate::wire::Answered;

const TRIED: u32 = 500;
const RUN: &str = "/v2/actor-runs/runInvented01";
const ROWS: &str = "/v2/datasets/setInvented01/items";

/// What became of a call, and what Apify was sent.
async fn call(method: &Method, input: &Value) -> (Result<Answered, Status>, Vec<Seen>) {
    let run =
        json!({"data": {"id": "runInvented01", "defaultDatasetId": "setInvented01", "status": "SUCCEEDED"}});
    let start = |actor| format!("/v2/acts/harvestapi~linkedin-{actor}/runs");
    let upstream = Stub::start(vec![
        Canned::json("POST", &start("profile-scraper"), 201, &run),
        Canned::json("POST", &start("company-employees"), 201, &run),
        Canned::json("GET", RUN, 200, &run),
        Canned::new("GET", ROWS, 200, "[]"),
    ])
    .await;
    let mut config = Config::default();
    config.apify.base_url.clone_from(&upstream.url);
    config.apify.retries = 0;
    let outcome = service_with(&config).await.call(&method.path, &token(), input).await;
    (outcome, upstream.seen())
}

/// Where the first call says something else than the input.
fn difference(method: &Method, input: &Map<String, Value>, call: &Seen) -> Option<String> {
    let given = |name: &str| {
        let field = method.descriptor.input().get_field_by_name(name)?;
        Some(items(&field, input.get(name)?))
    };
    let one = |name: &str| given(name)?.first().and_then(text);
    if method.tool == "get_bulk_run" {
        let expected = format!("/v2/actor-runs/{}", one("run_id").unwrap_or_default());
        return (call.path != expected).then(|| format!("{} was asked for", call.path));
    }
    let is_on = |name: &str| one(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let mut sent = call.body.as_object().cloned().unwrap_or_default();
    let mut list = |name: &str, upstream: &str| -> (Vec<String>, Vec<String>) {
        // Between commas, and beside them, there may be nothing.
        let given = given(name).unwrap_or_default();
        let given = given.iter().filter(|item| !blank(item)).filter_map(text).collect();
        let texts = sent.remove(upstream).unwrap_or_default();
        let texts = texts.as_array().into_iter().flatten();
        (given, texts.map(|text| text.as_str().unwrap_or_default().to_owned()).collect())
    };
    let (many, mode, price) = if method.tool == "bulk_scrape_profiles" {
        let (given, urls) = list("urls", "urls");
        let people = different(given.iter().map(|url| person(url)));
        if urls.iter().map(|url| person(url)).collect::<Vec<_>>() != people {
            return Some(format!("{urls:?} was sent for {people:?}"));
        }
        match is_on("find_email") {
            true => (people.len(), "Profile details + email search ($10 per 1k)", 10_000),
            false => (people.len(), "Profile details no email ($4 per 1k)", 4_000),
        }
    } else {
        for (name, upstream) in
            [("companies", "companies"), ("job_titles", "jobTitles"), ("locations", "locations")]
        {
            let (given, texts) = list(name, upstream);
            let plain = |text: &String| if name == "companies" { address(text) } else { text.clone() };
            let meant = given.iter().map(plain).collect::<Vec<_>>();
            if words(&texts.join(" ")) != words(&meant.join(" ")) {
                return Some(format!("{texts:?} was sent for {name}"));
            }
        }
        let most = one("max_items").and_then(|text| text.trim_end_matches(".0").parse::<usize>().ok());
        let told = sent.remove("maxItems").and_then(|most| most.as_u64()?.try_into().ok());
        if most.is_none() || told != most {
            return Some(format!("{told:?} were asked for"));
        }
        let most = most.unwrap_or_default();
        match (is_on("find_email"), is_on("full")) {
            (true, _) => (most, "Full + email search ($12 per 1k)", 12_000),
            (false, true) => (most, "Full ($8 per 1k)", 8_000),
            (false, false) => (most, "Short ($4 per 1k)", 4_000),
        }
    };
    if sent.remove("profileScraperMode") != Some(json!(mode)) || !sent.is_empty() {
        return Some(format!("{} was sent, and not {mode}", call.body));
    }
    // A run of the employees costs 0.02 to begin, and takes no cap below 0.03.
    let (start, least) = if method.tool == "bulk_scrape_profiles" { (0, 0) } else { (20_000, 30_000) };
    let cap = call.query.split('&').find_map(|pair| pair.strip_prefix("maxTotalChargeUsd="));
    let most = (price * many + start).max(least);
    (cap.and_then(micros) != Some(most)).then(|| format!("the cap is {cap:?}, and not {most} micro-dollars"))
}

/// What the spellings of one person's address have in common.
fn person(text: &str) -> String {
    let address = address(text).to_lowercase();
    let path = address.split('?').next().unwrap_or_default();
    path.split_once("linkedin.com/").map_or(path, |(_, path)| path).trim_end_matches('/').to_owned()
}

fn different(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut different = Vec::new();
    for one in all {
        if !different.contains(&one) {
            different.push(one);
        }
    }
    different
}

/// Micro-dollars of a decimal text.
fn micros(text: &str) -> Option<usize> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<6}").parse().ok()
}

#[test]
fn what_a_run_is_asked_for_is_what_was_meant_at_no_more_than_its_price_or_none_begins() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fields = fields(Api::Apify);
    let values = fields.iter().map(|(_, field)| values::of(field)).collect();
    try_values(TRIED, values, |at, value| {
        let (method, field) = &fields[at];
        let input = input(method, field, &value);
        let given = Value::Object(input.clone());
        let (outcome, seen) = runtime.block_on(call(method, &given));
        let (ended, wrong) = match (&outcome, seen.first()) {
            (Err(status), first) if reason_of(status) == Some(Reason::InvalidInput) => {
                let wrong = first.is_some() || is_charged(status);
                (Ended::Refused, wrong.then(|| format!("refused after {first:?}: {status:?}")))
            }
            (_, Some(first)) => (Ended::Taken, difference(method, &input, first)),
            (outcome, None) => {
                (Ended::Taken, Some(format!("nothing was sent, and nothing refused: {outcome:?}")))
            }
        };
        (ended, wrong.map(|wrong| format!("{} {given}: {wrong}", method.tool)))
    });
}

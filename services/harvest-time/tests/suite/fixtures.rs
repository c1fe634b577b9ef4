//! Every shape of answer that is documented or was seen: given that answer, this comes out of the method.
use std::collections::BTreeMap;
use std::path::Path;

use granary_rpc::{metadata, reason};
use serde_json::Value;
use tonic_types::StatusExt;

use crate::stub::{Canned, Seen, Stub};
use crate::wire::{Answered, detail, difference, outcome};
use crate::{TOKEN, door, path, token};

#[tokio::test]
async fn each_recorded_shape_becomes_its_answer_or_its_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut faults = Vec::new();
    let mut cases = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let fixture: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        cases += 1;
        if let Err(fault) = run(&fixture).await {
            faults.push(format!("{}: {fault}", file.file_stem().unwrap().display()));
        }
    }
    assert!(cases >= 40, "only {cases} fixtures were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

async fn run(fixture: &Value) -> Result<(), String> {
    let canned = fixture["upstream"].as_array().unwrap().iter().map(Canned::from_fixture).collect();
    let upstream = Stub::start(canned).await;
    let service = door(&upstream.url).await;
    let outcome = service.call(&path(fixture["rpc"].as_str().unwrap()), &token(), &fixture["input"]).await;
    let seen = upstream.seen();
    for call in &seen {
        let header = |name: &str| call.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if header("authorization") != format!("Bearer {TOKEN}") || header("harvest-account-id") != "910077" {
            return Err(format!("{} {} came without the credential", call.method, call.path));
        }
        if header("user-agent") != granary_harvest_time::Config::default().user_agent {
            return Err(format!("the user agent was {:?}", header("user-agent")));
        }
    }
    asked(&seen, &fixture["asked"])?;
    match (outcome, fixture.get("answer"), fixture.get("error")) {
        (Ok(answered), Some(expected), _) => answer(&answered, expected, &fixture["absent"]),
        (Err(status), _, Some(expected)) => failure(&status, expected),
        (outcome, ..) => Err(format!("came out as {outcome:?}")),
    }
}

fn asked(seen: &[Seen], expected: &Value) -> Result<(), String> {
    let Some(expected) = expected.as_array() else { return Ok(()) };
    if seen.len() != expected.len() {
        return Err(format!("asked {seen:?}"));
    }
    for (seen, expected) in seen.iter().zip(expected) {
        let query: BTreeMap<&str, String> = seen
            .query
            .split('&')
            .filter_map(|p| p.split_once('='))
            .map(|(k, v)| (k, v.replace("%3A", ":")))
            .collect();
        let wanted = |key: &str, actual: Value| expected.get(key).is_none_or(|wanted| *wanted == actual);
        let fits = wanted("method", seen.method.clone().into())
            && wanted("path", seen.path.clone().into())
            && wanted("query", serde_json::to_value(&query).unwrap())
            && wanted("body", seen.body.clone());
        if !fits {
            return Err(format!("asked {seen:?} and not {expected}"));
        }
    }
    Ok(())
}

fn answer(answered: &Answered, expected: &Value, absent: &Value) -> Result<(), String> {
    for path in absent.as_array().into_iter().flatten().filter_map(Value::as_str) {
        if path.split('.').try_fold(&answered.json, |value, key| value.get(key)).is_some() {
            return Err(format!("{path} is there: {}", answered.json));
        }
    }
    if answered.metadata.contains_key(metadata::CHARGE_MICROS) {
        return Err("a charge is told, and Harvest bills none".to_owned());
    }
    difference(&answered.json, expected).map_or(Ok(()), Err)
}

fn failure(status: &tonic::Status, expected: &Value) -> Result<(), String> {
    let got = granary_rpc::error::reason_of(status).map(reason::name);
    if got != expected["reason"].as_str() {
        return Err(format!("failed with {status:?}"));
    }
    for (key, value) in expected["metadata"].as_object().into_iter().flatten() {
        if detail(status, key).as_deref() != value.as_str() {
            return Err(format!("metadata {key} is {:?}", detail(status, key)));
        }
    }
    if !status.message().contains(expected["message"].as_str().unwrap_or_default()) {
        return Err(format!("the message is {:?}", status.message()));
    }
    let outcome = outcome(status.metadata());
    if outcome.as_deref() != expected["outcome"].as_str() {
        return Err(format!("the credential's outcome is {outcome:?}"));
    }
    let wait = status.get_details_retry_info().and_then(|info| info.retry_delay).map(|wait| wait.as_secs());
    if wait != expected["retry_seconds"].as_u64() {
        return Err(format!("the wait is {wait:?}"));
    }
    let all = format!("{status:?}");
    if all.contains(TOKEN) { Err("the secret is shown".to_owned()) } else { Ok(()) }
}

//! Recorded shapes of an upstream's answers: given that answer, this comes out of the method.
//!
//! A fixture is a JSON file: `rpc` and `input` of the call, `upstream` (what it answers, call by call), and either `answer` (which
//! must lie in ours, with `absent` paths that must not, and `raw` digits) or `error` (`reason`, `metadata`, `message`, `outcome`,
//! `retry_seconds`); `asked`, what upstream must have been asked, and `charge_micros`, what must be told of the cost.
use std::collections::BTreeMap;
use std::path::Path;

use granary_rpc::{metadata, reason};
use serde_json::Value;
use tonic::Status;
use tonic::metadata::MetadataMap;
use tonic_types::StatusExt;

use crate::stub::{Canned, Seen, Stub};
use crate::wire::{Answered, detail, difference, outcome};

/// Runs every fixture of a folder by `call`, which is given the upstream, the RPC's name and the input, and shows each call that
/// upstream saw to `credential`, which says what is wrong with the credential in it. No failure may show one of `secrets`.
///
/// Panics with all that came out otherwise, and where there are fewer than `least` fixtures.
pub async fn run_all(
    folder: &Path,
    least: usize,
    call: impl AsyncFn(&Stub, &str, &Value) -> Result<Answered, Status>,
    credential: impl Fn(&Seen) -> Result<(), String>,
    secrets: &[&str],
) {
    let mut faults = Vec::new();
    let mut cases = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let fixture: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        cases += 1;
        let canned = fixture["upstream"].as_array().unwrap().iter().map(Canned::from_fixture).collect();
        let upstream = Stub::start(canned).await;
        let outcome = call(&upstream, fixture["rpc"].as_str().unwrap(), &fixture["input"]).await;
        let found = check(&fixture, outcome, &upstream.seen(), &credential, secrets);
        faults.extend(found.err().map(|fault| format!("{}: {fault}", file.file_stem().unwrap().display())));
    }
    assert!(cases >= least, "only {cases} fixtures were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn check(
    fixture: &Value,
    outcome: Result<Answered, Status>,
    seen: &[Seen],
    credential: impl Fn(&Seen) -> Result<(), String>,
    secrets: &[&str],
) -> Result<(), String> {
    seen.iter().try_for_each(credential)?;
    asked(seen, &fixture["asked"])?;
    match (outcome, fixture.get("answer"), fixture.get("error")) {
        (Ok(answered), Some(expected), _) => {
            charge(&answered.metadata, fixture)?;
            answer(&answered, expected, fixture)
        }
        (Err(status), _, Some(expected)) => {
            charge(status.metadata(), fixture)?;
            failure(&status, expected)?;
            let all = format!("{status:?}");
            if secrets.iter().any(|secret| all.contains(secret)) {
                return Err("the secret is shown".to_owned());
            }
            Ok(())
        }
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
            .map(|(k, v)| (k, percent_encoding::percent_decode_str(v).decode_utf8_lossy().into_owned()))
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

/// What was billed stands in the metadata too, exactly where upstream said it.
fn charge(map: &MetadataMap, fixture: &Value) -> Result<(), String> {
    let told = map.get(metadata::CHARGE_MICROS).map(|value| value.to_str().unwrap_or_default());
    if told == fixture["charge_micros"].as_str() { Ok(()) } else { Err(format!("the charge is {told:?}")) }
}

fn answer(answered: &Answered, expected: &Value, fixture: &Value) -> Result<(), String> {
    let at = |path: &str| path.split('.').try_fold(&answered.json, |value, key| value.get(key));
    for path in fixture["absent"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if at(path).is_some() {
            return Err(format!("{path} is there: {}", answered.json));
        }
    }
    for (path, digits) in fixture["raw"].as_object().into_iter().flatten() {
        if at(path).map(Value::to_string).as_deref() != digits.as_str() {
            return Err(format!("{path} is {:?}", at(path)));
        }
    }
    difference(&answered.json, expected).map_or(Ok(()), Err)
}

fn failure(status: &Status, expected: &Value) -> Result<(), String> {
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
    Ok(())
}

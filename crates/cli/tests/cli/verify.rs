//! Whether vendors take credentials now, one or all of them, and what asking costs.
use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::CredentialStatus;
use serde_json::json;

use crate::fake::Fake;
use crate::run::{command, run};

#[tokio::test(flavor = "multi_thread")]
async fn one_credential_is_asked_about_within_the_cap_and_the_charge_is_told() {
    let fake = Fake::start().await;
    let arguments = ["credentials", "verify", "--account", "u", "linkedin-session", "--max-cost", "0.01"];
    let done = run(command(&fake.address, &[&arguments[..], &["--output", "json"]].concat()), "").await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    let row = &done.document()["credentials"][0];
    assert_eq!((&row["status"], &row["fresh"], &row["version"]), (&json!("active"), &json!(true), &json!(3)));
    assert_eq!(row["cost_micros"], json!(4_000));
    let seen = fake.seen.lock().unwrap();
    let (request, metadata) = &seen.verified[0];
    assert_eq!((request.identifier.as_str(), request.kind()), ("u", CredentialKind::LinkedinSession));
    assert_eq!(metadata.get("granary-max-cost").unwrap(), "0.01");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_credentials_one_that_cannot_be_asked_about_stands_among_the_others() {
    let fake = Fake::start().await;
    let done =
        run(command(&fake.address, &["credentials", "verify", "--account", "full", "--all"]), "").await;
    assert_eq!(done.code, 6, "{}", done.stderr);
    let rows: Vec<&str> = done.stdout.lines().skip(1).collect();
    assert_eq!(rows.len(), 3, "what was revoked is not asked about: {}", done.stdout);
    for (row, words) in rows.iter().zip(["the vendor takes it", "asked a moment ago", "the vendor is away"]) {
        assert!(row.contains(words), "{row}");
    }
    assert!(rows[2].contains("unknown"), "{}", rows[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_the_vendor_refuses_is_the_users_to_renew() {
    for status in [CredentialStatus::Suspect, CredentialStatus::Expired] {
        let fake = Fake::start().await;
        fake.seen.lock().unwrap().verdict = Some(status);
        let done =
            run(command(&fake.address, &["credentials", "verify", "--account", "full", "--all"]), "").await;
        assert_eq!(done.code, 5, "{}", done.stdout);
        assert!(done.stdout.contains("the vendor refuses it"), "{}", done.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_that_is_no_sum_of_dollars_is_refused_before_anything_is_asked() {
    let fake = Fake::start().await;
    for cap in ["1e3", "-1", "$1", "lots"] {
        let arguments =
            ["credentials", "verify", "--account", "u", "harvest-token", &format!("--max-cost={cap}")];
        let done = run(command(&fake.address, &arguments), "").await;
        assert_eq!(done.code, 2, "{cap}: {}", done.stderr);
        assert!(done.stderr.contains("US dollars"), "{cap}: {}", done.stderr);
    }
    assert!(fake.seen.lock().unwrap().verified.is_empty());
}

/// A run of Apify takes minutes; a client that gives up before leaves it to be collected.
#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_waits_for_a_run_is_waited_for() {
    let fake = Fake::start().await;
    for tool in ["bulk_scrape_profiles", "get_company"] {
        let done = run(command(&fake.address, &["call", tool, "--account", "u"]), "").await;
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
    let seen = fake.seen.lock().unwrap();
    let seconds: Vec<u64> = seen.calls.iter().map(|(_, metadata)| seconds(metadata)).collect();
    assert!((590..=600).contains(&seconds[0]) && seconds[1] <= 120, "{seconds:?}");
}

/// The deadline that a call was given, in whole seconds.
fn seconds(metadata: &tonic::metadata::MetadataMap) -> u64 {
    let text = metadata.get("grpc-timeout").unwrap().to_str().unwrap();
    let (number, unit) = text.split_at(text.len() - 1);
    let number: u64 = number.parse().unwrap();
    match unit {
        "S" => number,
        "m" => number / 1_000,
        "u" => number / 1_000_000,
        "n" => number / 1_000_000_000,
        unit => panic!("{unit}"),
    }
}

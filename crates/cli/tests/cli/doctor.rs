//! What `granary doctor` finds, and `granary explain` tells of it.
use serde_json::{Value, json};

use crate::run::{command, run};
use crate::up::{Folder, Up};

fn levels(document: &Value) -> Vec<(String, String)> {
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|finding| (text(finding, "check"), text(finding, "level"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_in_order_is_fine_in_every_look() {
    let folder = Folder::new("doctor");
    let up = Up::start(&["--port", "0", "--state-dir", &folder.state("a")]);
    let text = |key: &str| up.line[key].as_str().unwrap();
    let doctor = |flags: &[&str]| {
        let mut doctor = command(text("gateway"), &[&["doctor", "--output", "json"], flags].concat());
        doctor.env("GRANARY_VAULT_ADDR", text("vault")).env("GRANARY_API_KEY", text("api_key"));
        doctor
    };
    let done = run(doctor(&["--set", "gateway.threads=1"]), "").await;
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert_eq!(done.document()["worst"], "ok", "{}", done.stdout);
    let looks = [
        "settings",
        "wire",
        "gateway",
        "version",
        "admission",
        "store",
        "harvest-time",
        "linkedin-data",
        "sealing key",
        "clock",
        "accounts",
    ];
    assert_eq!(levels(&done.document()), looks.map(|look| (look.to_owned(), "ok".to_owned())));

    let wrong = "0".repeat(64);
    let done = run(doctor(&["--fingerprint", &wrong]), "").await;
    assert_eq!(done.code, 3, "{}", done.stdout);
    assert!(levels(&done.document()).contains(&("sealing key".to_owned(), "fault".to_owned())));

    let mut stranger = doctor(&[]);
    stranger.env("GRANARY_API_KEY", "grn_testtesttest_secret");
    let done = run(stranger, "").await;
    assert_eq!(done.code, 4, "{}", done.stdout);
    assert!(done.stdout.contains("granary explain API_KEY_INVALID"), "{}", done.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_the_worst_that_is_found() {
    let done = run(command("127.0.0.1:1", &["doctor", "--output", "json"]), "").await;
    assert_eq!((done.code, &done.document()["worst"]), (7, &json!("fault")), "{}", done.stdout);
    let mut without_key = command("127.0.0.1:1", &["doctor"]);
    without_key.env_remove("GRANARY_API_KEY");
    let done = run(without_key, "").await;
    assert_eq!(done.code, 3, "{}", done.stdout);
    assert!(done.stdout.starts_with("fault") && done.stdout.contains("GRANARY_API_KEY"), "{}", done.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_explained_without_a_server() {
    let mut explain = command("127.0.0.1:1", &["explain", "unreachable", "--output", "json"]);
    explain.env_remove("GRANARY_API_KEY");
    let done = run(explain, "").await;
    assert_eq!((done.code, &done.document()["family"]), (0, &json!("operator")), "{}", done.stderr);
    let done = run(command("127.0.0.1:1", &["explain", "UNREACHABEL"]), "").await;
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("did you mean UNREACHABLE?"), "{}", done.stderr);
}

//! Every failure tells by exit code and reason who must act, and never shows the key.
use std::process::Stdio;
use std::time::Duration;

use granary_rpc::{Error, Reason};
use serde_json::json;

use crate::fake::Fake;
use crate::run::{KEY, command, run};

#[tokio::test(flavor = "multi_thread")]
async fn each_family_has_its_exit_code_and_reason() {
    let fake = Fake::start().await;
    for (reason, code) in [
        (Reason::ScopeMissing, 4),
        (Reason::UpstreamNotFound, 4),
        (Reason::CredentialMissing, 5),
        (Reason::UpstreamThrottled, 6),
        (Reason::StoreUnavailable, 7),
    ] {
        let error =
            Error::new(reason, "words").with("kind", "harvest_token").retry_after(Duration::from_secs(3));
        fake.seen.lock().unwrap().fail = Some(error);
        let arguments = ["--output", "json", "call", "a_tool", "--account", "u"];
        let done = run(command(&fake.address, &arguments), "").await;
        assert_eq!(done.code, code);
        assert_eq!(done.stdout, "");
        let error = done.error();
        assert_eq!(error["reason"], granary_rpc::reason::name(reason));
        assert_eq!(error["message"], "words");
        assert_eq!(error["metadata"]["kind"], "harvest_token");
        assert_eq!(error["retry_after_seconds"], json!(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_the_same_in_words() {
    let fake = Fake::start().await;
    let done = run(command(&fake.address, &["accounts", "get", "u"]), "").await;
    assert_eq!(done.code, 4);
    assert_eq!(done.stderr, "error: no such account\n  reason: ACCOUNT_NOT_FOUND (yours to fix)\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_away_is_told_once_and_in_the_form_that_was_asked_for() {
    let mut bootstrap = command("127.0.0.1:1", &["vault", "bootstrap", "--dry-run", "--output", "json"]);
    bootstrap.env("VAULT_ADDR", "http://127.0.0.1:1").env("VAULT_TOKEN", "hvs.canary");
    let done = run(bootstrap, "").await;
    assert_eq!((done.code, &done.error()["reason"]), (3, &json!("CONFIGURATION")));
    assert!(done.error()["message"].as_str().unwrap().contains("unreachable"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_no_client_could_open_is_a_fault_of_the_configuration() {
    for command_line in [&["harvest-time"][..], &["up", "--state-dir", "/nonexistent/granary"]] {
        let arguments = ["--set", "docs_base_url=docs", "--check-config", "--output", "json"];
        let done = run(command("127.0.0.1:1", &[command_line, &arguments].concat()), "").await;
        assert_eq!(done.code, 3, "{}", done.stderr);
        assert!(done.stderr.contains("docs_base_url"), "{}", done.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_usage_and_an_absent_server_are_told_apart() {
    let mut without_key = command("127.0.0.1:1", &["tools", "list", "--output", "json"]);
    without_key.env_remove("GRANARY_API_KEY");
    let done = run(without_key, "").await;
    assert_eq!((done.code, &done.error()["reason"]), (3, &json!("CONFIGURATION")));

    let done = run(command("no address", &["tools", "list"]), "").await;
    assert_eq!(done.code, 3, "{}", done.stderr);

    let done = run(command("127.0.0.1:1", &["tools", "lost", "--output", "json"]), "").await;
    assert_eq!((done.code, &done.error()["reason"]), (2, &json!("USAGE")));

    let done = run(command("127.0.0.1:1", &["tools", "list", "--output", "json"]), "").await;
    assert_eq!((done.code, &done.error()["reason"]), (7, &json!("UNREACHABLE")));
    assert!(done.error()["message"].as_str().unwrap().contains("granary up"));
    assert!(!done.stderr.contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_is_no_failure() {
    let mut command = command("127.0.0.1:1", &["completions", "bash"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stderr, b"");
}

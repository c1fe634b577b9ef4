//! Every failure tells by exit code and reason who must act, and never shows the key.
use std::process::Stdio;
use std::time::{Duration, Instant};

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
        (Reason::OutOfCredit, 5),
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
    let mut bootstrap =
        command("127.0.0.1:1", &["hashicorp-vault", "bootstrap", "--dry-run", "--output", "json"]);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_every_fault_by_the_name_of_its_setting() {
    let check = ["gateway", "--check-config", "--output", "json"];
    let flags =
        ["--set", "gateway.threads=x", "--set", "broker.peer_key_file=x", "--set", "gateway.max_tickets=0"];
    let mut command = command("127.0.0.1:1", &[&check[..], &flags].concat());
    command.env("GRANARY_METRICS_ADDRESS", "nowhere");
    let done = run(command, "").await;
    assert_eq!((done.code, &done.error()["reason"]), (3, &json!("CONFIGURATION")));
    let error = done.error();
    let fields: Vec<&str> =
        error["violations"].as_array().unwrap().iter().map(|v| v["field"].as_str().unwrap()).collect();
    for field in [
        "gateway.threads",
        "broker.peer_key_file",
        "gateway.max_tickets",
        "gateway.broker",
        "gateway.harvest_time",
        "gateway.linkedin_data",
        "metrics_address",
    ] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
    assert!(!done.stderr.contains('`'), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_secrets_in_plain_text_and_two_listeners_at_one_address() {
    let set = |setting: &str| format!("--set=credential_vault.{setting}");
    let base = ["credential-vault", "--check-config", "--output", "json"].map(str::to_owned);
    for (more, names) in [
        (
            vec![set("store=vault"), set("vault.addresses=[\"http://vault.internal:8200\"]")],
            "insecure_transport",
        ),
        (vec![set("public.listen.address=127.0.0.1:7102")], "credential_vault.broker.listen.address"),
    ] {
        let all: Vec<&str> = base.iter().chain(&more).map(String::as_str).collect();
        let mut check = command("127.0.0.1:1", &all);
        check.env("VAULT_TOKEN", "hvs.canary");
        let done = run(check, "").await;
        assert!(done.code == 3 && done.stderr.contains(names), "{}", done.stderr);
    }
    // The operator's own command is checked as what it does.
    let bootstrap = ["hashicorp-vault", "bootstrap", "--check-config", "--output", "json"];
    for (address, token, names) in [
        ("http://vault.internal:8200", "hvs.canary", "credential_vault.vault.addresses"),
        ("http://127.0.0.1:1", "", "credential_vault.vault.auth"),
    ] {
        let mut check = command("127.0.0.1:1", &bootstrap);
        check.env("VAULT_ADDR", address).env("VAULT_TOKEN", token);
        let done = run(check, "").await;
        assert!(done.code == 3 && done.stderr.contains(names), "{}", done.stderr);
    }
    // Nothing is said of what a file may set that cannot be read.
    let done =
        run(command("127.0.0.1:1", &["gateway", "--config", "/nonexistent.toml", "--check-config"]), "")
            .await;
    assert!(done.code == 3 && !done.stderr.contains("peer_key_file"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_waits_for_its_store_ends_by_a_signal() {
    let store = [
        "--set=credential_vault.vault.addresses=[\"http://127.0.0.1:1\"]",
        "--set=credential_vault.store=vault",
    ];
    let folder = crate::up::Folder::new("waiting");
    let state = folder.state("a");
    let mut start =
        command("127.0.0.1:1", &[&["up", "--port", "0", "--state-dir", &state], &store[..]].concat());
    start.env("VAULT_TOKEN", "hvs.canary").stderr(Stdio::null()).stdout(Stdio::null());
    let mut child = start.spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(child.try_wait().unwrap().is_none(), "it waits for a minute");
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_without_a_fault_says_so_in_the_form_that_was_asked_for_and_does_nothing_else() {
    let file = std::env::temp_dir().join(format!("granary-secret-id-{}", std::process::id()));
    let bootstrap = ["hashicorp-vault", "bootstrap", "--secret-id-file", file.to_str().unwrap()];
    for command_line in
        [&bootstrap[..], &["hashicorp-vault", "policy"], &["up", "--state-dir", "/nonexistent/granary"]]
    {
        let mut check =
            command("127.0.0.1:1", &[command_line, &["--check-config", "--output", "json"]].concat());
        check.env("VAULT_ADDR", "http://127.0.0.1:1").env("VAULT_TOKEN", "hvs.canary");
        let done = run(check, "").await;
        assert_eq!((done.code, done.stdout.trim()), (0, r#"{"violations":[]}"#), "{}", done.stderr);
    }
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_destroys_is_not_done_unasked() {
    let fake = Fake::start().await;
    for arguments in [
        &["accounts", "delete", "u"][..],
        &["credentials", "revoke", "--account", "u", "harvest-token"],
        &["keys", "revoke", "Ab3dEf6hIj9k"],
    ] {
        let done = run(command(&fake.address, arguments), "y\n").await;
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{}", done.stderr);
        assert!(done.stderr.contains("nothing was done") && done.stderr.contains("--yes"), "{}", done.stderr);
    }
    let done = run(command(&fake.address, &["accounts", "delete", "u", "--yes"]), "").await;
    assert_eq!((done.code, done.stdout.as_str()), (0, "deleted u\n"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_flag_is_the_command_lines_and_a_bad_variable_the_environments() {
    let put = ["credentials", "put", "--account", "u", "apify-token"];
    let done = run(command("127.0.0.1:1", &[&put[..], &["--fingerprint", "abcd"]].concat()), "x").await;
    assert_eq!(done.code, 2, "{}", done.stderr);
    let mut by_variable = command("127.0.0.1:1", &put);
    by_variable.env("GRANARY_SEALING_FINGERPRINT", "abcd");
    assert_eq!(run(by_variable, "x").await.code, 3);
    assert_eq!(run(command("127.0.0.1:1", &["tools", "list", "--addr", "nowhere"]), "").await.code, 2);
    // Files and directories that cannot be used are this machine's, however they are named.
    let missing = [&put[..], &["--from-file", "/nowhere/at/all"]].concat();
    assert_eq!(run(command("127.0.0.1:1", &missing), "").await.code, 3);
    let up = ["up", "--port", "0", "--state-dir", "/dev/null"];
    assert_eq!(run(command("127.0.0.1:1", &up), "").await.code, 3);
}

/// The simulator speaks HTTP/2, too, but no gRPC.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_or_a_scheme_that_is_wrong_is_told_as_what_it_is() {
    let sandbox = granary_simulator::start(granary_simulator::Config {
        ports: granary_simulator::Ports { harvest: 0, harvestapi: 0, apify: 0, control: 0 },
        ..granary_simulator::Config::default()
    })
    .await
    .unwrap();
    let told = async |address: &str| {
        let done = run(command(address, &["accounts", "list", "--output", "json"]), "").await;
        assert_eq!((done.code, &done.error()["reason"]), (7, &json!("UNREACHABLE")), "{}", done.stderr);
        done.error()["message"].as_str().unwrap().to_owned()
    };
    let other = told(sandbox.harvest_url().trim_start_matches("http://")).await;
    assert!(other.contains("is not gRPC"), "{other}");
    sandbox.shutdown().await;
    let fake = Fake::start().await;
    let secure = told(&format!("https://{}", fake.address)).await;
    assert!(secure.contains(&format!("speaks plain text: write http://{}", fake.address)), "{secure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_goes_to_another_machine_in_plain_text() {
    // Of an address that is for documents, to which nothing is sent.
    let far = "192.0.2.1:7100";
    let list = ["accounts", "list", "--output", "json", "--timeout", "1s"];
    let done = run(command(far, &list), "").await;
    assert_eq!((done.code, &done.error()["reason"]), (3, &json!("CONFIGURATION")), "{}", done.stderr);
    assert!(
        done.stderr.contains("GRANARY_ADDR") && done.stderr.contains("--insecure-transport"),
        "{}",
        done.stderr
    );
    let keys = ["keys", "list", "--vault-addr", "http://vault.example:7101"];
    let done = run(command("127.0.0.1:1", &keys), "").await;
    assert!(done.code == 2 && done.stderr.contains("vault.example:7101, another machine"), "{}", done.stderr);

    // The same holds between the services.
    for (peer, is_fine) in [("vault.example:7102", false), ("localhost:7102,127.0.0.1:7102", true)] {
        let set = format!("--set=gateway.broker.address=\"{peer}\"");
        let check = ["gateway", "--check-config", "--output", "json", &set];
        let done = run(command("127.0.0.1:1", &check), "").await;
        assert_eq!(!done.stderr.contains("not this machine and has no TLS"), is_fine, "{}", done.stderr);
        let allowed = [&check[..], &["--set=gateway.broker.insecure_transport=true"]].concat();
        let done = run(command("127.0.0.1:1", &allowed), "").await;
        assert!(!done.stderr.contains("not this machine"), "{}", done.stderr);
    }
}

//! Secrets go in by a pipe or a file, sealed, and nothing of them is shown.
use granary_proto::granary::vault::v1::sealed_credential::Credential;
use granary_proto::granary::vault::v1::sealed_for::Caller;

use crate::fake::Fake;
use crate::run::{command, run};

const SECRET: &str = "canary-value-1";

#[tokio::test(flavor = "multi_thread")]
async fn a_piped_credential_arrives_sealed_and_is_never_shown() {
    let fake = Fake::start().await;
    let arguments = ["credentials", "put", "--account", "user ü", "harvest-token", "--account-id", "42"];
    let done = run(command(&fake.address, &arguments), &format!("{SECRET}\n")).await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!done.stdout.contains(SECRET) && !done.stderr.contains(SECRET));
    let seen = fake.seen.lock().unwrap();
    let opened = &seen.opened[0];
    let sealed_for = opened.sealed_for.as_ref().and_then(|sealed_for| sealed_for.caller.clone());
    assert_eq!(
        sealed_for,
        Some(Caller::ApiKeyId("testtesttest".into())),
        "by what the command knows by itself"
    );
    assert_eq!(opened.identifier, "user ü");
    let Some(Credential::HarvestToken(token)) = &opened.credential else { panic!("another kind") };
    assert_eq!((token.access_token.as_str(), token.account_id), (SECRET, 42));
    assert!(!seen.boxes[0].windows(SECRET.len()).any(|w| w == SECRET.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_hold_a_session_with_its_proxy() {
    let fake = Fake::start().await;
    let file = std::env::temp_dir().join(format!("granary-session-{}", std::process::id()));
    std::fs::write(&file, "cookie\nhttp://u:p@proxy:1\n").unwrap();
    let path = file.to_str().unwrap();
    let arguments = ["credentials", "put", "--account", "u", "linkedin-session", "--from-file", path];
    let mut command = command(&fake.address, &arguments);
    // With a fingerprint, only the gateway is needed.
    command.env("GRANARY_SEALING_FINGERPRINT", Fake::fingerprint()).env("GRANARY_VAULT_ADDR", "127.0.0.1:1");
    let done = run(command, "").await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(done.code, 0, "{}", done.stderr);
    let seen = fake.seen.lock().unwrap();
    let Some(Credential::LinkedinSession(session)) = &seen.opened[0].credential else {
        panic!("another kind")
    };
    assert_eq!((session.li_at.as_str(), session.proxy.as_str()), ("cookie", "http://u:p@proxy:1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealing_key_of_another_fingerprint_gets_nothing() {
    let fake = Fake::start().await;
    let wrong = "0".repeat(64);
    let arguments = ["credentials", "put", "--account", "u", "apify-token", "--fingerprint", &wrong];
    let done = run(command(&fake.address, &arguments), SECRET).await;
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.stderr.contains(&Fake::fingerprint()));
    assert!(fake.seen.lock().unwrap().opened.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_not_taken_as_an_argument() {
    let fake = Fake::start().await;
    let arguments = ["credentials", "put", "--account", "u", "apify-token", SECRET];
    assert_eq!(run(command(&fake.address, &arguments), "").await.code, 2);
    let arguments = ["credentials", "put", "--account", "u", "harvest_token"];
    assert_eq!(run(command(&fake.address, &arguments), SECRET).await.code, 2, "--account-id is needed");
    assert!(fake.seen.lock().unwrap().opened.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sealing_keys_fingerprint_is_reckoned_not_believed() {
    let fake = Fake::start().await;
    let done = run(command(&fake.address, &["keys", "sealing", "--output", "json"]), "").await;
    assert_eq!(done.document()["fingerprint"], Fake::fingerprint());
}

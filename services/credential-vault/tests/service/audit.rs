use granary_credential::Kind;
use granary_credential_vault::{Audit, Rotation};
use granary_proto::granary::policy::v1::Scope;
use serde_json::Value;

use crate::support::{LOG_TIME, Options, harvest_token, suite_with};

#[tokio::test]
async fn changes_tickets_and_refusals_are_written_down_and_no_secret_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let options =
        Options { audit: Audit::to_file(&path, Rotation::default()).unwrap(), ..Options::default() };
    let suite = suite_with(options).await;
    let key = suite.operator.clone();
    let reader = suite.key("acme", &[Scope::AccountsRead], &["a*"]).await;
    suite.create(&key, "u").await;
    suite.put(&key, "u", harvest_token("canary-one"), None).await.unwrap();
    suite.put(&key, "u", harvest_token("canary-two"), Some(7)).await.unwrap_err();
    suite.ticket(&key, "u", LOG_TIME).await.unwrap();
    suite.get(&key, "u").await.unwrap();
    suite.get(&reader, "u").await.unwrap_err();
    suite.delete(&reader, "u").await.unwrap_err();
    suite.get("canary-key", "u").await.unwrap_err();
    suite.revoke(&key, "u", Kind::HarvestToken).await.unwrap();
    suite.vault.flush().await;

    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("canary") && !text.contains(&key[17..]), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (sums, lines): (Vec<Value>, Vec<Value>) =
        lines.into_iter().partition(|line| line.get("attempts").is_some());
    let of = |line: &Value| {
        let action = line["action"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        (action, line["outcome"].as_str().unwrap().to_owned())
    };
    let seen: Vec<(String, String)> = lines.iter().map(of).collect();
    let expected = [
        ("CreateApiKey", "OK"),
        ("GetOrCreateConnectedAccount", "OK"),
        ("PutCredential", "OK"),
        ("PutCredential", "VERSION_CONFLICT"),
        ("IssueTicket", "OK"),
        ("GetConnectedAccount", "ACCOUNT_NOT_ALLOWED"),
        ("DeleteConnectedAccount", "SCOPE_MISSING"),
        ("RevokeCredential", "OK"),
    ];
    assert_eq!(seen, expected.map(|(a, o)| (a.to_owned(), o.to_owned())));
    assert_eq!(sums.len(), 1, "of callers who are not known, only a sum is written");
    assert_eq!((sums[0]["outcome"].as_str(), &sums[0]["attempts"]), (Some("API_KEY_INVALID"), &1.into()));
    let put = &lines[2];
    assert_eq!((&put["tenant"], &put["account"]), (&"acme".into(), &"u".into()));
    assert_eq!(put["key_id"], key[4..16]);
    assert_eq!(put["credentials"], serde_json::json!([{"kind": "harvest_token", "version": 1}]));
    assert_eq!(lines[4]["subject"], LOG_TIME);
    assert!(put["time"].as_str().unwrap().ends_with('Z'));
}

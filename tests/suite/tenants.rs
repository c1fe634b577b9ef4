//! Tenants, by the command line.
use std::process::Output;

use granary_testkit::Up;
use granary_testkit::process::binary;
use serde_json::{Value, json};
use tokio::process::Command;

/// Runs `granary` with the operator key.
async fn granary(up: &Up, args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(args).env("GRANARY_VAULT_ADDR", up.vault()).env("GRANARY_API_KEY", up.api_key());
    command.output().await.unwrap()
}

async fn limits(up: &Up, flags: &[&str]) -> Value {
    let args = [&["tenants", "limits", "acme", "--output", "json"], flags].concat();
    let output = granary(up, &args).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["tenant"]["name"], "acme");
    document["tenant"]["limits"].clone()
}

#[tokio::test]
async fn a_limit_that_no_flag_names_stays_as_it_is() {
    let up = Up::start().await;
    up.client().tenant("acme").await;
    assert_eq!(limits(&up, &[]).await, Value::Null);
    let set = limits(&up, &["--max-calls", "200", "--max-streams", "4"]).await;
    assert_eq!(set, json!({"max_calls": 200, "max_streams": 4}));
    let set = limits(&up, &["--max-calls-per-key", "50", "--unset", "max-streams"]).await;
    assert_eq!(set, json!({"max_calls": 200, "max_calls_per_key": 50}));
    assert_eq!(limits(&up, &[]).await, set, "without a flag they are shown");
    let output = granary(&up, &["tenants", "list"]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let acme: Vec<&str> = text.lines().find(|l| l.starts_with("acme ")).unwrap().split_whitespace().collect();
    assert_eq!((acme[0], &acme[2..]), ("acme", ["200", "50", "-"].as_slice()));
    let unset = ["--unset", "max-calls", "--unset", "max-calls-per-key"];
    assert_eq!(limits(&up, &unset).await, Value::Null);

    for (bad, code) in [
        (&["--max-calls", "0"][..], 2),
        (&["--max-calls", "1000001"], 2),
        (&["--unset", "max-calls", "--max-calls", "1"], 2),
    ] {
        let output = granary(&up, &[&["tenants", "limits", "acme"], bad].concat()).await;
        assert_eq!(output.status.code(), Some(code), "{bad:?}");
    }
    let output = granary(&up, &["tenants", "limits", "nowhere"]).await;
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("NOT_FOUND"));
}

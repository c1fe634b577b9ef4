//! The whole house with everything in HashiCorp Vault.
use std::process::Command;

use granary_testkit::Up;
use granary_testkit::process::binary;
use granary_testkit::vault::VaultServer;
use serde_json::Value;

use crate::job::main_job;

const STORE: [&str; 2] = ["--store", "vault"];

/// Runs a command to its end, and returns what it printed.
fn granary(args: &[&str], env: &[(&str, String)]) -> String {
    let mut command = Command::new(binary());
    let done = command.args(args).envs(env.iter().map(|(name, value)| (*name, value))).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// Makes a server ready by the command, and returns the variables by which Granary logs in.
fn bootstrapped(server: &VaultServer) -> Vec<(&'static str, String)> {
    let address = ("VAULT_ADDR", server.address().to_owned());
    let file = server.dir().join("secret-id");
    let path = file.display().to_string();
    let args = ["--output", "json", "vault", "bootstrap", "--secret-id-file", &path];
    let operator = [address.clone(), ("VAULT_TOKEN", server.root_token().to_owned())];
    let report: Value = serde_json::from_str(&granary(&args, &operator)).unwrap();
    let role_id = report["role_id"].as_str().unwrap().to_owned();
    let secret_id = std::fs::read_to_string(file).unwrap().trim().to_owned();
    // Not even by accident may the operator's own token be at hand.
    vec![address, ("VAULT_TOKEN", String::new()), ("VAULT_ROLE_ID", role_id), ("VAULT_SECRET_ID", secret_id)]
}

#[tokio::test]
async fn the_main_job_runs_on_vault() {
    let server = VaultServer::dev().await;
    let up = Up::start_in(bootstrapped(&server), &STORE).await;
    main_job(&up).await;
    assert!(!up.dir().join("state/store.redb").exists(), "nothing is kept beside Vault");
    let up = up.restart(&STORE).await;
    assert_eq!(up.client().get("user_ha_456").await.unwrap().credentials.len(), 2);
    up.client().call("user_ha_456", "get_company", "{}").await.unwrap();
}

#[tokio::test]
async fn who_joins_a_vault_in_use_gets_a_key_from_whoever_can_open_it() {
    let server = VaultServer::dev().await;
    let env = bootstrapped(&server);
    let first = Up::start_in(env.clone(), &STORE).await;
    main_job(&first).await;
    let mut opens = env.clone();
    opens.push(("GRANARY_CREDENTIAL_VAULT__STORE", "vault".to_owned()));
    let key = granary(&["credential-vault", "operator-key"], &opens);
    assert_ne!(key, first.api_key());
    let second = Up::join(env, &STORE, &key).await;
    assert_eq!(second.client().get("user_ha_456").await.unwrap().credentials.len(), 2);
    second.client().call("user_ha_456", "get_company", "{}").await.unwrap();
}

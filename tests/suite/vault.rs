//! The whole deployment with everything in HashiCorp Vault.
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
    let args = ["--output", "json", "hashicorp-vault", "bootstrap", "--secret-id-file", &path];
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

#[tokio::test]
async fn the_first_commands_leave_a_wrapped_secret_id_to_the_start() {
    let server = VaultServer::dev().await;
    let address = ("VAULT_ADDR", server.address().to_owned());
    let root = ("VAULT_TOKEN", server.root_token().to_owned());
    let file = server.dir().join("wrapped").display().to_string();
    let args = ["--output", "json", "hashicorp-vault", "bootstrap", "--secret-id-file", &file, "--wrap"];
    let report: Value = serde_json::from_str(&granary(&args, &[address.clone(), root.clone()])).unwrap();
    let auth = |name: &str| format!("--set=credential_vault.vault.auth.{name}");
    let wrapped = [
        "--set=credential_vault.store=vault".to_owned(),
        auth(&format!("role_id={}", report["role_id"].as_str().unwrap())),
        auth(&format!("secret_id_file={file}")),
        auth("secret_id_wrapped=true"),
    ];
    let command = |last: &'static str| {
        ["credential-vault"].into_iter().chain(wrapped.iter().map(String::as_str)).chain([last]).collect()
    };
    let init: Vec<&str> = command("init");
    // Without another way to log in, it says so and spends nothing.
    let done =
        Command::new(binary()).args(&init).env(address.0, &address.1).env_remove("VAULT_TOKEN").output();
    let done = done.unwrap();
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && told.contains("VAULT_TOKEN") && told.contains("spend"), "{told}");
    let env = [address.clone(), root];
    let key = granary(&init, &env);
    let another: Vec<&str> = command("operator-key");
    assert_ne!(granary(&another, &env), key);

    // `up` starts on it, as a service of its own would.
    let start: Vec<&str> = STORE.into_iter().chain(wrapped.iter().map(String::as_str)).collect();
    let up = Up::join(vec![address, ("VAULT_TOKEN", String::new())], &start, &key).await;
    main_job(&up).await;
}

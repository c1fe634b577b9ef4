//! Runs the command with an environment of its own.
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The API key of every run.
pub(crate) const KEY: &str = "grn_testtesttest_secretsecretsecretsecretsecretsecretsecret0";

/// What a run left behind.
pub(crate) struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    /// Stdout as one JSON document.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.stdout, self.stderr))
    }

    /// Stderr as one JSON document.
    pub(crate) fn error(&self) -> Value {
        serde_json::from_str::<Value>(&self.stderr).unwrap_or_else(|e| panic!("{e}: {}", self.stderr))["error"]
            .clone()
    }
}

/// The command, with gateway and credential-vault at one address.
pub(crate) fn command(address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_granary"));
    command.env_clear().args(arguments);
    command.env("GRANARY_ADDR", address).env("GRANARY_VAULT_ADDR", address).env("GRANARY_API_KEY", KEY);
    command
}

/// Runs a command to its end, with a text on stdin.
pub(crate) async fn run(mut command: Command, stdin: &str) -> Done {
    let stdin = stdin.to_owned();
    let run = move || {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that needs no input may be gone before it is written.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Done {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

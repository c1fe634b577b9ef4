//! `granary up` as a user starts it, in a state directory of its own.
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use crate::process::Process;
use crate::sandbox::Sandbox;

/// A running `granary up`.
#[derive(Debug)]
pub struct Up {
    process: Process,
    dir: TempDir,
    line: Value,
    api_key: String,
    env: Vec<(&'static str, String)>,
}

impl Up {
    /// Starts it in a fresh directory.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts it in a fresh directory with further flags.
    pub async fn start_with(flags: &[&str]) -> Self {
        Self::start_in(Vec::new(), flags).await
    }

    /// Starts it in a fresh directory with further variables, which later starts have too, and flags.
    pub async fn start_in(env: Vec<(&'static str, String)>, flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (process, line) = launch(dir.path(), &env, flags).await;
        let api_key = line["api_key"].as_str().expect("the first start tells the key").to_owned();
        Self { process, dir, line, api_key, env }
    }

    /// Starts it in a fresh directory over a store that was used before, with an API key of that store.
    pub async fn join(env: Vec<(&'static str, String)>, flags: &[&str], api_key: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (process, line) = launch(dir.path(), &env, flags).await;
        assert!(line.get("api_key").is_none(), "the key is told once");
        Self { process, dir, line, api_key: api_key.to_owned(), env }
    }

    /// Stops it and starts it again in the same directory.
    pub async fn restart(self, flags: &[&str]) -> Self {
        let Self { process, dir, api_key, env, .. } = self;
        let status = process.stop().await;
        assert!(status.success(), "it ended with {status}");
        let (process, line) = launch(dir.path(), &env, flags).await;
        assert!(line.get("api_key").is_none(), "the key is told once");
        Self { process, dir, line, api_key, env }
    }

    /// Kills it and starts it again in the same directory.
    pub async fn crash(self) -> Self {
        let Self { process, dir, api_key, env, .. } = self;
        process.kill().await;
        let (process, line) = launch(dir.path(), &env, &[]).await;
        Self { process, dir, line, api_key, env }
    }

    /// The line that it printed.
    pub fn line(&self) -> &Value {
        &self.line
    }

    /// The gateway's address.
    pub fn gateway(&self) -> &str {
        self.line["gateway"].as_str().expect("an address")
    }

    /// Credential-vault's own address.
    pub fn vault(&self) -> &str {
        self.line["vault"].as_str().expect("an address")
    }

    /// The first API key.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The process, to be ended by the test itself.
    pub fn into_process(self) -> (Process, TempDir) {
        (self.process, self.dir)
    }

    /// Its state directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A client with the first API key.
    pub fn client(&self) -> Client {
        self.client_with(&self.api_key)
    }

    /// A client with another API key.
    pub fn client_with(&self, key: &str) -> Client {
        Client::new(self.gateway(), self.vault(), key)
    }

    /// The simulator.
    pub fn sandbox(&self) -> Sandbox {
        Sandbox::new(self.line["sandbox"]["control"].as_str().expect("an address"))
    }
}

async fn launch(dir: &Path, env: &[(&str, String)], flags: &[&str]) -> (Process, Value) {
    let state = dir.join("state");
    let mut args: Vec<String> =
        ["up", "--port", "0", "--output", "json", "--state-dir"].map(str::to_owned).to_vec();
    args.push(state.display().to_string());
    args.extend(flags.iter().map(|f| (*f).to_owned()));
    let mut process = Process::start(dir, "up", &args, env);
    let line = process.line().await;
    let line = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line}"));
    (process, line)
}

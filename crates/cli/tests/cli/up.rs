//! `granary up` really runs: what it takes for itself nobody else gets, and a lost key has its way back.
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::run::{Done, command, run};

/// A directory that goes away with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("granary-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn state(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A `granary up` that is ended with the test.
pub(crate) struct Up {
    child: Child,
    pub(crate) line: Value,
}

impl Up {
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut child = up(flags).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, line: serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}")) }
    }

    fn port(&self) -> String {
        self.line["gateway"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned()
    }

    fn end(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn up(flags: &[&str]) -> Command {
    let mut command = command("127.0.0.1:1", &["up", "--output", "json"]);
    command.args(flags);
    command
}

async fn refused(flags: &[&str]) -> Done {
    let done = run(up(flags), "").await;
    assert_eq!((done.code, done.stdout.as_str()), (3, ""), "{}", done.stderr);
    done
}

/// The system would let two gateways share a port, each with a part of the connections.
#[tokio::test(flavor = "multi_thread")]
async fn a_port_and_a_state_directory_belong_to_one_of_them() {
    let folder = Folder::new("up-twice");
    let first = Up::start(&["--port", "0", "--state-dir", &folder.state("a")]);
    let port = first.port();

    let done = refused(&["--port", &port, "--state-dir", &folder.state("b")]).await;
    assert!(
        done.error()["message"].as_str().unwrap().contains("is taken by another process"),
        "{}",
        done.stderr
    );
    assert!(!Path::new(&folder.state("b")).exists(), "nothing is made for one that does not start");

    let done = refused(&["--port", "0", "--state-dir", &folder.state("a")]).await;
    let who = format!("another `granary up` (process {})", first.child.id());
    assert!(done.error()["message"].as_str().unwrap().contains(&who), "{}", done.stderr);

    let store = format!("credential_vault.store_path={}/store.redb", folder.state("a"));
    let key = format!("credential_vault.master_key_file={}/keys/master.key", folder.state("a"));
    let flags = ["credential-vault", "operator-key", "--output", "json", "--set", &store, "--set", &key];
    let done = run(command("127.0.0.1:1", &flags), "").await;
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.error()["message"].as_str().unwrap().contains(&who), "{}", done.stderr);
    first.end();

    let done = run(command("127.0.0.1:1", &flags), "").await;
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "the key alone is printed");
    assert!(done.stdout.starts_with("grn_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_by_itself_shares_its_port_with_nobody_either() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Folder::new("gateway-twice");
    let key = folder.0.join("peer.key");
    std::fs::write(&key, "k".repeat(32)).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut flags = vec!["gateway".to_owned(), "--output".into(), "json".into()];
    for peer in ["broker", "harvest_time", "linkedin_data"] {
        flags.extend(["--set".into(), format!("gateway.{peer}.peer_key_file={}", key.display())]);
        flags.extend(["--set".into(), format!("gateway.{peer}.address=127.0.0.1:1")]);
    }
    flags.extend(["--set".into(), format!("gateway.listen.address={}", taken.local_addr().unwrap())]);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let done = run(command("127.0.0.1:1", &flags), "").await;
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.error()["message"].as_str().unwrap().contains("gateway.listen.address"), "{}", done.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_is_replaced_at_a_start() {
    let folder = Folder::new("up-new-key");
    let flags = ["--port", "0", "--state-dir", &folder.state("a")];
    let first = Up::start(&flags);
    let lost = first.line["api_key"].as_str().unwrap().to_owned();
    first.end();

    let again = Up::start(&flags);
    assert_eq!(again.line.get("api_key"), None);
    again.end();

    let with = Up::start(&[&flags[..], &["--new-key"]].concat());
    let key = with.line["api_key"].as_str().unwrap();
    assert_ne!(key, lost);
    let mut list = command(with.line["gateway"].as_str().unwrap(), &["accounts", "list"]);
    list.env("GRANARY_API_KEY", key);
    assert_eq!(run(list, "").await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_touches_nothing() {
    let folder = Folder::new("up-check");
    let flags = ["--port", "0", "--check-config", "--state-dir", &folder.state("a")];
    let done = run(up(&flags), "").await;
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!Path::new(&folder.state("a")).exists());
}

//! The audit log of a running credential-vault.
use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use granary_rpc::Reason;
use granary_testkit::{Client, Cluster};
use serde_json::Value;

use crate::support::reason;

async fn vault(flags: &[&str]) -> Cluster {
    let mut cluster = Cluster::prepare("").await;
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    cluster.run_with("credential-vault", "credential-vault", &flags);
    let began = Instant::now();
    while !cluster.serves("vault", "granary.vault.v1.CredentialVault").await {
        assert!(began.elapsed() < Duration::from_secs(10), "credential-vault does not serve");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cluster
}

/// A client that has no gateway.
fn client(cluster: &Cluster) -> Client {
    cluster.client().at(&cluster.address("vault"))
}

/// The lines of every file whose name begins so, with the largest file's size.
fn lines(dir: &Path) -> (Vec<Value>, u64) {
    let (mut all, mut largest) = (Vec::new(), 0);
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("audit.jsonl") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            largest = largest.max(text.len() as u64);
            all.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
    }
    (all, largest)
}

#[tokio::test]
async fn no_line_is_lost_while_files_are_rotated_by_size_and_by_others() {
    let flags = ["--set=credential_vault.audit_max_bytes=8192", "--set=credential_vault.audit_files=1000"];
    let mut cluster = vault(&flags).await;
    let client = client(&cluster);
    let file = cluster.dir().join("audit.jsonl");
    let mut moved = 0;
    for round in 0..10 {
        let creates = (0..60).map(|n| {
            let client = client.clone();
            async move { client.account(&format!("u{round}-{n}")).await }
        });
        let moves = async {
            // As logrotate does it: the file is moved, then the process is told.
            tokio::time::sleep(Duration::from_millis(5)).await;
            if std::fs::rename(&file, cluster.dir().join(format!("audit.jsonl-moved-{round}"))).is_ok() {
                moved += 1;
            }
            cluster.process("credential-vault").signal("HUP").await;
        };
        tokio::join!(join_all(creates), moves);
    }
    cluster.stop("credential-vault").await;
    let (lines, largest) = lines(cluster.dir());
    let mut of: HashMap<&str, usize> = HashMap::new();
    for line in lines.iter().filter(|line| line["outcome"] == "OK") {
        *of.entry(line["account"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!((of.len(), of.values().max()), (600, Some(&1)), "one line for each account");
    assert!(moved > 0 && largest <= 8_192, "{moved} were moved, the largest has {largest} bytes");
}

#[tokio::test]
async fn who_is_not_known_makes_a_line_a_second_at_most_and_every_attempt_is_counted() {
    let mut cluster = vault(&[]).await;
    let began = Instant::now();
    let mut sent: u64 = 0;
    while began.elapsed() < Duration::from_millis(2_500) {
        let client = client(&cluster);
        let calls = (0..50).map(|n| {
            let key = format!("grn_{:012}_{}", sent + n, "y".repeat(43));
            let stranger = client.with_key(&key);
            async move { assert_eq!(reason(stranger.get("u").await), Reason::ApiKeyInvalid) }
        });
        join_all(calls).await;
        sent += 50;
    }
    let seconds = began.elapsed().as_secs_f64();
    cluster.stop("credential-vault").await;
    let (lines, _) = lines(cluster.dir());
    assert!(
        lines.iter().all(|line| line["outcome"] == "API_KEY_INVALID" && line.get("request_id").is_none())
    );
    assert!(lines.len() as f64 <= seconds + 2.0, "{} lines in {seconds} s", lines.len());
    let counted: u64 = lines.iter().map(|line| line["attempts"].as_u64().unwrap()).sum();
    assert_eq!(counted, sent);
}

//! A full disk: what cannot be written is refused at once, nothing that was answered is lost, and it ends by itself.
use std::time::{Duration, Instant};

use granary_proto::granary::vault::v1::{
    GetOrCreateConnectedAccountRequest, GetOrCreateConnectedAccountResponse,
};
use granary_rpc::Reason;
use granary_testkit::cluster::SERVICES;
use granary_testkit::{Client, Cluster, SmallDisk};
use serde_json::Value;
use tonic::{Response, Status};
use tonic_types::StatusExt;

use crate::support::{apify, ready_account, reason};

const VAULT: &str = "granary.vault.v1.CredentialVault";
/// Longest time in which a refusal comes that is known beforehand.
const AT_ONCE_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest time in which things go on once there is room.
const TIMEOUT: Duration = Duration::from_secs(8);

/// Runs everything, credential-vault with this flag.
async fn run(cluster: &mut Cluster, flag: &str) {
    for service in SERVICES {
        let flags = if service == "credential-vault" { vec![flag.to_owned()] } else { Vec::new() };
        cluster.run_with(service, service, &flags);
    }
    cluster.ready("gateway").await;
}

async fn create(
    client: &Client,
    identifier: &str,
) -> Result<Response<GetOrCreateConnectedAccountResponse>, Status> {
    let request = GetOrCreateConnectedAccountRequest { identifier: identifier.to_owned() };
    client.accounts().get_or_create_connected_account(request).await
}

/// Checks that a failure is what a full disk is answered with, and returns what it says about the place.
fn full(status: &Status, key: &str) -> String {
    assert_eq!(reason::<()>(Err(status.clone())), Reason::StoreUnavailable, "{status:?}");
    assert!(status.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()), "{status:?}");
    status.get_details_error_info().unwrap().metadata.get(key).cloned().unwrap_or_default()
}

/// Waits until both the gateway and credential-vault's own listener say so of its service.
async fn health(cluster: &Cluster, serves: bool) {
    let began = Instant::now();
    while cluster.serves("gateway", VAULT).await != serves || cluster.serves("vault", VAULT).await != serves {
        assert!(began.elapsed() < TIMEOUT, "health never said that it serves: {serves}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn without_room_for_the_audit_log_what_needs_a_line_is_refused_and_no_answered_call_lacks_its_line() {
    let disk = SmallDisk::new(1 << 20);
    let file = disk.path().join("audit.jsonl");
    let mut cluster = Cluster::prepare("").await;
    run(&mut cluster, &format!("--set=credential_vault.audit_file={}", file.display())).await;
    let (client, sandbox) = (cluster.client(), cluster.sandbox());
    ready_account(&client, &sandbox, "ready").await;
    ready_account(&client, &sandbox, "cold").await;

    disk.fill_but(0);
    // The rest of the file's last page takes some lines more.
    let (mut answered, mut refused) = (Vec::new(), None);
    while refused.is_none() {
        let identifier = format!("u{}", answered.len());
        match create(&client, &identifier).await {
            Ok(_) => answered.push(identifier),
            Err(status) => refused = Some(status),
        }
        assert!(answered.len() < 100, "the disk is full");
    }
    assert_eq!(full(&refused.unwrap(), "cause"), "audit");
    for n in 0..10 {
        let began = Instant::now();
        let status = create(&client, &format!("never{n}")).await.unwrap_err();
        assert_eq!((full(&status, "cause"), full(&status, "audit")), ("audit".into(), "disk_full".into()));
        assert!(began.elapsed() < AT_ONCE_TIMEOUT, "{:?}", began.elapsed());
    }
    let began = Instant::now();
    let cold = client.call("cold", "get_company", "{}").await.unwrap_err();
    assert_eq!(full(&cold, "cause"), "audit", "a ticket needs a line");
    assert!(began.elapsed() < AT_ONCE_TIMEOUT, "{:?}", began.elapsed());
    health(&cluster, false).await;
    // What needs no line goes on, and who is not known waits for none.
    client.get("ready").await.unwrap();
    assert_eq!(reason(client.get("never0").await), Reason::AccountNotFound, "what was refused was not done");
    let stranger = client.with_key(&format!("grn_{}_{}", "x".repeat(12), "y".repeat(43)));
    assert_eq!(reason(stranger.get("ready").await), Reason::ApiKeyInvalid);

    disk.free();
    health(&cluster, true).await;
    client.call("cold", "get_company", "{}").await.unwrap();
    answered.push("after".to_owned());
    create(&client, "after").await.unwrap();
    cluster.stop("credential-vault").await;
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let written = |identifier: &String| {
        let line = |line: &&Value| line["account"] == **identifier && line["outcome"] == "OK";
        lines.iter().filter(line).count() == 1
    };
    assert!(answered.iter().all(written), "{answered:?} in {text}");
}

#[tokio::test]
async fn without_room_for_the_store_changes_are_refused_at_once_and_nothing_that_was_acknowledged_is_lost() {
    let disk = SmallDisk::new(8 << 20);
    let path = disk.path().join("store.redb");
    let mut cluster = Cluster::prepare("").await;
    std::fs::copy(cluster.dir().join("store.redb"), &path).unwrap();
    let flag = format!("--set=credential_vault.store_path={}", path.display());
    run(&mut cluster, &flag).await;
    let client = cluster.client();
    client.account("u").await;
    disk.fill_but(64 << 10);
    let value = |n: i64| apify(&format!("{n}{}", "t".repeat(4_000)));
    let (mut version, mut refused) = (0, None);
    while refused.is_none() {
        let began = Instant::now();
        match client.put("u", &value(version + 1)).await {
            Ok(state) => {
                assert_eq!(state.version, version + 1);
                version = state.version;
            }
            Err(status) => refused = Some(status),
        }
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(version < 5_000, "the disk is full");
    }
    assert_eq!(full(&refused.unwrap(), "cause"), "disk_full");
    for _ in 0..10 {
        let began = Instant::now();
        assert_eq!(full(&client.put("u", &value(0)).await.unwrap_err(), "cause"), "disk_full");
        assert!(began.elapsed() < AT_ONCE_TIMEOUT, "{:?}", began.elapsed());
    }
    health(&cluster, false).await;
    // What is stored can be read, as soon as the file is open again.
    let kept = async || client.get("u").await.map(|account| account.credentials[0].version);
    let began = Instant::now();
    while kept().await.is_err() {
        assert!(began.elapsed() < TIMEOUT, "{:?}", kept().await);
    }
    assert!(kept().await.unwrap() >= version);

    disk.free();
    let began = Instant::now();
    let after = loop {
        match client.put("u", &value(0)).await {
            Ok(state) => break state.version,
            Err(status) => assert_eq!(full(&status, "cause"), "disk_full"),
        }
        assert!(began.elapsed() < TIMEOUT, "it never served again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(after > version, "{after} after {version}");
    health(&cluster, true).await;
    cluster.kill("credential-vault").await;
    cluster.away("credential-vault").await;
    cluster.run_with("credential-vault", "credential-vault", &[flag]);
    cluster.ready("gateway").await;
    assert_eq!(kept().await.unwrap(), after);
}

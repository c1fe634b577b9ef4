//! A full disk, and whoever would fill it: who needs no room loses no call, and who does is told so at once.
use std::time::{Duration, Instant};

use granary_rpc::{Reason, error};
use granary_testkit::cluster::SERVICES;
use granary_testkit::hostile::{EMPTY, Ended};
use granary_testkit::neighbours::{self, Good};
use granary_testkit::{Cluster, Hostile, SmallDisk};
use tokio::task::JoinSet;
use tonic_types::StatusExt as _;

use super::{COMPANY, Deployment, GET_ACCOUNT, attack_time};

/// Longest time in which a refusal comes that is known beforehand.
const AT_ONCE_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest time in which things go on once there is room.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The services, with credential-vault's audit log on a disk of a megabyte.
async fn on(disk: &SmallDisk) -> Deployment {
    let mut cluster = Cluster::prepare("").await;
    let file = disk.path().join("audit.jsonl");
    cluster.set(&[&format!("credential_vault.audit_file={}", file.display())]);
    for service in SERVICES {
        cluster.run(service);
    }
    cluster.ready("gateway").await;
    Deployment::around(cluster).await
}

/// Strangers who try keys of their own at the gateway and at credential-vault, for as long as an attack goes on. Returns how
/// many were told that their key is none.
async fn strangers(deployment: &Deployment) -> JoinSet<usize> {
    let mut all = JoinSet::new();
    for (listener, path) in [("gateway", COMPANY), ("gateway", COMPANY), ("vault", GET_ACCOUNT)] {
        let caller = Hostile::new(&deployment.cluster.address(listener)).with_account("x");
        all.spawn(async move {
            let (begun, mut refused) = (Instant::now(), 0);
            let mut connection = caller.connect().await;
            while begun.elapsed() < attack_time() {
                let mut calls = Vec::new();
                for _ in 0..20 {
                    let key =
                        format!("grn_{:012}_{}", rand::random_range(0..1_000_000_000u64), "y".repeat(43));
                    connection.becomes(&caller.clone().with_key(&key));
                    calls.push(connection.call(path, EMPTY).await.expect("a call"));
                }
                for call in calls {
                    let ended: Ended = call.end(TIMEOUT).await;
                    assert_eq!(ended.reason(), Some(Reason::ApiKeyInvalid), "{ended}");
                    refused += 1;
                }
            }
            refused
        });
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_and_a_flood_of_strangers_cost_no_caller_with_a_ticket_a_call() {
    let disk = SmallDisk::new(1 << 20);
    let deployment = on(&disk).await;
    let (client, sandbox) = (deployment.good.client(), &deployment.sandbox);
    neighbours::settle(client, sandbox, "cold").await;
    let warm = [Good::Company, Good::TimeEntry, Good::Profile, Good::Account];
    let calling = deployment.good.clone().calls(&warm).start().await;
    // That its credentials are seen to work for the first time is a change, too. A second later tickets are used for long.
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    disk.fill_but(0);
    let flood = strangers(&deployment).await;
    // The rest of the file's last page takes some lines more.
    let mut refused = None;
    for number in 0..100 {
        let request = granary_proto::granary::vault::v1::GetOrCreateConnectedAccountRequest {
            identifier: format!("u{number}"),
        };
        if let Err(status) = client.accounts().get_or_create_connected_account(request).await {
            refused = Some(status);
            break;
        }
    }
    let refused = refused.expect("the disk is full");
    assert_eq!(error::reason_of(&refused), Some(Reason::StoreUnavailable), "{refused:?}");
    // Who has no ticket yet is told so, and when to try again.
    for good in [Good::Company, Good::TimeEntry, Good::Profile] {
        let begun = Instant::now();
        let status = neighbours::call(client, "cold", good).await.expect_err("a ticket needs a line");
        assert_eq!(error::reason_of(&status), Some(Reason::StoreUnavailable), "{good:?}: {status:?}");
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        assert!(
            retry.is_some() && begun.elapsed() < AT_ONCE_TIMEOUT,
            "{good:?}, {:?}: {status:?}",
            begun.elapsed()
        );
    }
    let refused: usize = flood.join_all().await.into_iter().sum();
    println!("{refused} strangers were refused meanwhile");
    let report = calling.stop().await;
    disk.free();
    let begun = Instant::now();
    while let Err(status) = neighbours::call(client, "cold", Good::Company).await {
        assert!(begun.elapsed() < TIMEOUT, "{}", neighbours::told(&status));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    report.assert_unhurt(Duration::from_secs(1));
    assert!(refused > 100, "{refused} strangers were refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_fill_no_disk_and_callers_with_and_without_a_ticket_lose_no_call() {
    let disk = SmallDisk::new(1 << 20);
    let deployment = on(&disk).await;
    let client = deployment.good.client();
    let accounts: Vec<String> = (0..10).map(|number| format!("cold-{number}")).collect();
    for account in &accounts {
        neighbours::settle(client, &deployment.sandbox, account).await;
    }
    // What takes 1,024 lines of strangers at most.
    disk.fill_but(256 << 10);
    let calling =
        deployment.good.clone().calls(&[Good::Company, Good::TimeEntry, Good::Account]).start().await;
    let flood = strangers(&deployment).await;
    for account in &accounts {
        tokio::time::sleep(attack_time() / 12).await;
        let begun = Instant::now();
        let answer = neighbours::call(client, account, Good::Company).await;
        answer.unwrap_or_else(|e| panic!("{account} has no ticket yet: {}", neighbours::told(&e)));
        assert!(begun.elapsed() < Duration::from_secs(1), "{account}: {:?}", begun.elapsed());
    }
    let refused: usize = flood.join_all().await.into_iter().sum();
    println!("{refused} strangers were refused meanwhile");
    calling.stop().await.assert_unhurt(Duration::from_secs(1));
    assert!(refused > 1_500, "{refused} strangers were refused: with a line each the disk would have held");
}

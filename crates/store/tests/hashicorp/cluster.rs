//! Three nodes with TLS: whatever becomes of their leader, what was acknowledged stays.
use std::sync::Arc;
use std::time::{Duration, Instant};

use granary_store::bootstrap::{self, Options, SecretId};
use granary_store::hashicorp::config::{Auth, Method};
use granary_store::hashicorp::{Config, HashiCorp};
use granary_store::{CALL_TIMEOUT, Error, Expect, Outage, Store};
use granary_testkit::fault::Link;
use granary_testkit::vault::NODES;
use granary_testkit::vault::ready::file;
use granary_testkit::{FaultProxy, VaultCluster};
use rcgen::{CertificateParams, KeyPair};

use crate::load::Load;

/// How soon all must be well after a leader was lost.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the nodes cannot be reached.
const PARTITION_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it must be well for us to say so.
const STEADY: u32 = 20;

/// Waits until the store takes writes one after the other, and tells how long that took.
async fn well(store: &Arc<dyn Store>, what: &str) -> String {
    let begun = Instant::now();
    let mut row = 0;
    while row < STEADY {
        assert!(begun.elapsed() < RECOVERY_TIMEOUT, "{what}: not well after {RECOVERY_TIMEOUT:?}");
        let path = format!("system/probe-{:016x}", rand::random::<u64>());
        let put = store.put(&path, b"x".to_vec(), Expect::Absent).await;
        row = if put.is_ok() { row + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    format!("{what}: well after {:?}", begun.elapsed())
}

/// Settings that lead through the proxies, with an AppRole that was made through them, too.
async fn prepared(cluster: &VaultCluster, proxies: &[FaultProxy], dir: &std::path::Path) -> Config {
    let (cert, key) = cluster.client_files();
    let auth = Auth {
        method: Some(Method::Token),
        token_file: Some(file(dir, "root", cluster.root_token())),
        ..Auth::default()
    };
    let root = Config {
        addresses: proxies.iter().map(FaultProxy::address).collect(),
        ca_file: Some(cluster.ca_file()),
        client_cert_file: Some(cert),
        client_key_file: Some(key),
        auth,
        ..Config::default()
    };
    let options = Options { secret_id: Some(SecretId { wrapped: false }), ..Options::default() };
    let report = bootstrap::run(&root, &[], &options).await.unwrap();
    let auth = Auth {
        method: Some(Method::Approle),
        role_id: report.role_id.unwrap(),
        secret_id_file: Some(file(dir, "secret-id", report.secret_id.unwrap().expose())),
        ..Auth::default()
    };
    Config { auth, ..root }
}

/// A server that we do not trust, and one that does not trust us, are not spoken to.
async fn strangers_are_refused(config: &Config, dir: &std::path::Path) {
    let another = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let another = another.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let another = Some(file(dir, "another-ca.pem", &another.pem()));
    for (what, strange) in [
        ("another authority", Config { ca_file: another, ..config.clone() }),
        ("the system's authorities", Config { ca_file: None, ..config.clone() }),
        (
            "no certificate of ours",
            Config { client_cert_file: None, client_key_file: None, ..config.clone() },
        ),
    ] {
        let refused = bootstrap::run(&strange, &[], &Options { dry_run: true, ..Options::default() }).await;
        let told = refused.unwrap_err().to_string();
        assert!(told.contains("untrusted_certificate"), "{what}: {told}");
        let began = tokio::time::Instant::now();
        let told = HashiCorp::open(&strange).await.unwrap_err().to_string();
        assert!(told.contains("vault.ca_file") && told.contains("client_cert_file"), "{what}: {told}");
        assert!(began.elapsed() < Duration::from_secs(20), "{what}: nothing is gained by waiting");
    }
    HashiCorp::open(config).await.unwrap();
}

/// The authority changes while the service runs: its file is read again, and nothing is started anew.
async fn another_authority_is_taken_while_it_runs(config: &Config, dir: &std::path::Path) {
    let ours = std::fs::read_to_string(config.ca_file.as_ref().unwrap()).unwrap();
    let another = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let another = another.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    let changing = Config { ca_file: Some(file(dir, "changing-ca.pem", &ours)), ..config.clone() };
    let store = HashiCorp::open(&changing).await.unwrap();
    store.get("system/any").await.unwrap();
    file(dir, "changing-ca.pem", &another);
    outage(&store, Outage::Untrusted).await;
    // What cannot be used is not taken.
    file(dir, "changing-ca.pem", "no certificate");
    tokio::time::sleep(Duration::from_secs(2)).await;
    outage(&store, Outage::Untrusted).await;
    file(dir, "changing-ca.pem", &format!("{another}{ours}"));
    tokio::time::timeout(RECOVERY_TIMEOUT, async {
        while store.get("system/any").await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("the bundle is taken");
}

/// Waits until the store says that it is out for this reason.
async fn outage(store: &dyn Store, expected: Outage) {
    let begun = Instant::now();
    loop {
        match store.check().await {
            Err(Error::Unavailable { outage, .. }) if outage == expected => return,
            other => assert!(begun.elapsed() < RECOVERY_TIMEOUT, "{other:?} and not {expected:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_and_no_read_goes_back_whatever_becomes_of_the_leader() {
    let dir = tempfile::tempdir().unwrap();
    let mut cluster = VaultCluster::start_mutual().await;
    let mut proxies = Vec::new();
    for number in 0..NODES {
        proxies.push(FaultProxy::start(cluster.address(number)).await);
    }
    let config = prepared(&cluster, &proxies, dir.path()).await;
    strangers_are_refused(&config, dir.path()).await;
    another_authority_is_taken_while_it_runs(&config, dir.path()).await;
    let store: Arc<dyn Store> = Arc::new(HashiCorp::open(&config).await.unwrap());
    let (load, workers) = Load::start(Arc::clone(&store));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let calm = load.counts();
    assert!(calm.0 > 200 && calm.1 == 0, "{calm:?}");

    let mut told = Vec::new();
    let leader = cluster.leader().await;
    cluster.kill(leader).await;
    told.push(well(&store, "killed").await);
    cluster.restart(leader).await;

    cluster.step_down().await;
    told.push(well(&store, "stepped down").await);

    let leader = cluster.leader().await;
    cluster.pause(leader).await;
    told.push(well(&store, "paused").await);
    cluster.resume(leader).await;
    cluster.serves(leader).await;

    for proxy in &proxies {
        proxy.link(Link::Partitioned).await;
    }
    tokio::time::sleep(PARTITION_TIMEOUT).await;
    for proxy in &proxies {
        proxy.heal().await;
    }
    told.push(well(&store, "partitioned").await);

    let wrong = load.finish(workers).await;
    let (done, failed, slowest) = load.counts();
    let told = format!("{told:?}; {done} succeeded, {failed} failed, the slowest took {slowest:?}");
    assert_eq!(wrong, Vec::<String>::new(), "{told}");
    assert!(failed > 0 && done > 2_000, "{told}");
    assert!(slowest < CALL_TIMEOUT + Duration::from_secs(1), "{told}");

    // Two of three gone is no leader that is being chosen: someone must start or unseal them.
    let leader = cluster.leader().await;
    cluster.kill(leader).await;
    cluster.kill((leader + 1) % NODES).await;
    outage(store.as_ref(), Outage::QuorumLost).await;
}

//! A change that a gateway could not hear of takes effect once it hears again.
use std::time::{Duration, Instant};

use granary_rpc::{Reason, error};
use granary_testkit::{Cluster, FaultProxy, Link};

use super::streams::{endless_pages, failure, follow, follower, pages, revoke_key};

/// How long after the link is back what was revoked may go on: the gateway connects again, drops what it knows, and asks.
const HEARD_TIMEOUT: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_revoked_while_credential_vault_could_not_be_reached_ends_once_it_can() {
    revoked_meanwhile(Link::Refused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_revoked_while_credential_vault_said_nothing_ends_once_it_does() {
    revoked_meanwhile(Link::Partitioned).await;
}

/// Of two streams, one is revoked during a gap.
async fn revoked_meanwhile(link: Link) {
    let mut cluster = Cluster::prepare("").await;
    let proxy = FaultProxy::start(&cluster.address("broker")).await;
    cluster.set(&[&format!("gateway.broker.address={}", proxy.address())]);
    for service in granary_testkit::cluster::SERVICES {
        cluster.run(service);
    }
    cluster.ready("gateway").await;
    let (operator, sandbox) = (cluster.client(), cluster.sandbox());
    endless_pages(&sandbox, 100).await;
    let (revoked, key_id) = follower(&operator, &sandbox, "revoked").await;
    let (kept, _) = follower(&operator, &sandbox, "kept").await;
    let mut ends = follow(&revoked, "revoked").await;
    let mut stays = follow(&kept, "kept").await;
    pages(&mut ends, 2).await;

    proxy.link(link).await;
    revoke_key(&operator, key_id).await;
    // Longer than a heartbeat, and than three.
    tokio::time::sleep(Duration::from_millis(1_900)).await;
    pages(&mut ends, 5).await;
    proxy.heal().await;
    let since = Instant::now();
    let status =
        failure(&mut ends, since, HEARD_TIMEOUT).await.unwrap_or_else(|told| panic!("{link:?}: {told}"));
    println!("{link:?}: ended {:?} after the gap", since.elapsed());
    assert_eq!(error::reason_of(&status), Some(Reason::ApiKeyInvalid), "{link:?}: {status:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Those of the gap, and some that came after it.
    pages(&mut stays, 20).await;
    pages(&mut stays, 3).await;
}

//! A server of Vault that takes requests and answers none, beside one that is well: who notices it, and for how long.
use std::sync::Arc;
use std::time::{Duration, Instant};

use granary_store::HashiCorp;
use granary_store::{CALL_TIMEOUT, Expect, Outage, Store};
use granary_testkit::{Fault, FaultProxy};

use granary_testkit::vault::ready::{Ready, outage};

/// What a call may take that met the server which holds it: half of its time, and what a busy machine adds.
const HALF_TIMEOUT: Duration = Duration::from_millis(3_500);
/// What a call may take that goes to the other at once.
const AT_ONCE_TIMEOUT: Duration = Duration::from_secs(1);

/// A store that asks the first proxy first, and both.
async fn two_servers() -> (Ready, [FaultProxy; 2], Arc<dyn Store>) {
    let ready = Ready::start().await;
    let proxies =
        [FaultProxy::start(ready.server.address()).await, FaultProxy::start(ready.server.address()).await];
    let config = ready.app_role_at(&[&proxies[0].address(), &proxies[1].address()]);
    let store: Arc<dyn Store> = Arc::new(HashiCorp::open(&config).await.unwrap());
    (ready, proxies, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_a_server_holds_is_answered_by_the_next_and_later_ones_do_not_meet_it() {
    let (_ready, proxies, store) = two_servers().await;
    store.put("system/held", b"x".to_vec(), Expect::Absent).await.unwrap();
    proxies[0].always(Fault::Stall);
    // As many as come before anybody knows of it.
    let begun = Instant::now();
    let reads = (0..20).map(|_| store.get("system/held"));
    for read in futures_util::future::join_all(reads).await {
        assert_eq!(read.unwrap().unwrap().data, b"x");
    }
    assert!(begun.elapsed() < HALF_TIMEOUT, "{:?}", begun.elapsed());
    let begun = Instant::now();
    store.get("system/held").await.unwrap();
    store.put("system/other", b"y".to_vec(), Expect::Absent).await.unwrap();
    store.check().await.unwrap();
    assert!(begun.elapsed() < AT_ONCE_TIMEOUT, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_a_server_holds_is_sent_once_and_others_go_elsewhere_before_it_ends() {
    let (_ready, proxies, store) = two_servers().await;
    proxies[0].always(Fault::Stall);
    let begun = Instant::now();
    let held = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.put("system/held", b"x".to_vec(), Expect::Absent).await }
    });
    tokio::time::sleep(CALL_TIMEOUT / 2 + Duration::from_millis(300)).await;
    let second = Instant::now();
    store.put("system/other", b"y".to_vec(), Expect::Absent).await.unwrap();
    assert!(second.elapsed() < AT_ONCE_TIMEOUT, "{:?}", second.elapsed());
    assert!(!held.is_finished(), "it is not known what became of it, so it is waited for");
    assert_eq!(outage(held.await.unwrap()), Outage::Slow);
    assert!(begun.elapsed() < CALL_TIMEOUT + AT_ONCE_TIMEOUT, "{:?}", begun.elapsed());
    assert!(store.get("system/held").await.unwrap().is_none(), "it was not sent to the other as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_not_kept_by_a_server_that_holds_it() {
    let (ready, proxies, store) = two_servers().await;
    proxies[0].always(Fault::Stall);
    let config = ready.app_role_at(&[&proxies[0].address(), &proxies[1].address()]);
    let begun = Instant::now();
    let second = HashiCorp::open(&config).await.unwrap();
    assert!(begun.elapsed() < CALL_TIMEOUT + HALF_TIMEOUT, "{:?}", begun.elapsed());
    second.check().await.unwrap();
    drop(store);
}

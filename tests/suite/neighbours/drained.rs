//! An orderly end loses no call and waits for nobody who owes an answer.
use std::time::{Duration, Instant};

use granary_testkit::hostile::{EMPTY, How, Raw, frame_of};
use granary_testkit::neighbours::Good;
use granary_testkit::{Cluster, Envoy, Hostile};

use super::{Deployment, HEALTH, LIST_SERVICES, REFLECTION, WATCH, attack_time, sized};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_of_gateways_behind_a_balancer_loses_no_call() {
    let mut cluster = Cluster::start_with(&["gateway.limits.lame_duck_ms=1500"]).await;
    let second = cluster.run_second_gateway().await;
    let mut deployment = Deployment::around(cluster).await;
    let interval = Duration::from_millis(300);
    let envoy = Envoy::before(&[&deployment.gateway(), &second], interval).await;
    let good = deployment.good.clone().at(&[&envoy.address()]);
    let calling = good.calls(&[Good::Company, Good::TimeEntry, Good::Account]).rate(200).start().await;
    for _ in 0..sized(1, 3) {
        deployment.cluster.stop("gateway").await;
        deployment.cluster.run("gateway");
        deployment.cluster.ready("gateway").await;
        // The balancer has to see it before the other one goes.
        tokio::time::sleep(3 * interval).await;
        deployment.cluster.stop("gateway-2").await;
        deployment.cluster.run_second_gateway().await;
        tokio::time::sleep(3 * interval).await;
    }
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_turned_over_for_its_age_loses_no_call() {
    let deployment = Deployment::open(&["gateway.limits.max_connection_age_ms=700"]).await;
    deployment.slow_vendor(200).await;
    let idle = Hostile::new(&deployment.gateway()).connect().await;
    let calls = [Good::Company, Good::TimeEntry, Good::Account];
    deployment.good.clone().calls(&calls).call_for(attack_time()).await.assert_unharmed();
    assert_eq!(idle.ended(Duration::ZERO).await, How::Closed, "an old connection is closed with a word");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_peer_and_a_watch_of_health_delay_no_end() {
    const LAME_DUCK: u64 = 500;
    let listeners = [
        "gateway",
        "harvest_time.server",
        "linkedin_data.server",
        "credential_vault.public",
        "credential_vault.broker",
    ];
    let settings = listeners.map(|listener| format!("{listener}.limits.lame_duck_ms={LAME_DUCK}"));
    let mut cluster = Cluster::start_with(&settings.each_ref().map(String::as_str)).await;
    for (service, listener) in [
        ("gateway", "gateway"),
        ("harvest-time", "harvest-time"),
        ("linkedin-data", "linkedin-data"),
        ("credential-vault", "vault"),
    ] {
        let address = cluster.address(listener);
        let mut connection = Hostile::new(&address).with_timeout("100S").connect().await;
        let watch = connection.call(WATCH, EMPTY).await.expect("a call");
        let watch = tokio::spawn(watch.end(Duration::from_secs(30)));
        // One peer never answers a ping again, and another has not even begun.
        let mut silent = Raw::http2(&address).await;
        while silent.next(Duration::from_millis(100)).await.is_some() {}
        silent.silent();
        let frozen = Hostile::new(&address).connect().await;
        frozen.freeze();
        let _dumb = Raw::connect(&address).await;
        // Nor do calls that need no key and never end: a question that is not finished, a conversation that goes on, and a
        // watch whose answers find no room.
        let mut stranger = Hostile::new(&address).connect().await;
        let mut unfinished = stranger.begin(HEALTH).await.expect("a call");
        assert!(unfinished.send(&EMPTY[..2], false));
        let mut conversation = stranger.begin(REFLECTION).await.expect("a call");
        // Listeners inside the deployment refuse it, be it before this or after.
        let _ = conversation.send(frame_of(&LIST_SERVICES), false);
        let mut narrow = Hostile::new(&address).with_window(0).connect().await;
        let unread = narrow.call(WATCH, EMPTY).await.expect("a call");
        tokio::time::sleep(Duration::from_millis(200)).await;

        let begun = Instant::now();
        let mut process = cluster.terminate(service).await;
        let status = process.ended().await;
        let took = begun.elapsed();
        let watch = watch.await.expect("the watch's task");
        println!("{service} ended after {took:?}; its watch: {watch}");
        assert!(status.success(), "{service} ended with {status}");
        assert!(took < Duration::from_millis(LAME_DUCK + 1_000), "{service} took {took:?} to end");
        assert_ne!(watch.how, How::Open, "{watch}");
        assert!(watch.bytes > EMPTY.len(), "the watch was told something: {watch}");
        assert!(watch.status.is_some(), "the watch ends with a status: {watch}");
        for call in [unfinished, conversation, unread] {
            let ended = call.end(Duration::ZERO).await;
            assert!(!ended.is_ok(), "{service} ended in the middle of it: {ended}");
        }
    }
}

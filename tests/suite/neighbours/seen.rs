//! What hostile peers do is seen: in metrics, and in the logs of whatever a call passes through.
use std::time::{Duration, Instant};

use bytes::Bytes;
use granary_testkit::hostile::{EMPTY, Frame, Raw};
use granary_testkit::{Cluster, Hostile};
use serde_json::json;
use tokio::time::sleep;

use super::{COMPANY, Deployment, HEALTH, PROFILE, WATCH, profile};

const TIMEOUT: Duration = Duration::from_secs(3);

/// Starts everything, with the gateway's metrics under 1.
async fn deployment(settings: &[&str]) -> Deployment {
    let mut cluster = Cluster::prepare("").await;
    cluster.set(settings);
    for service in ["credential-vault", "harvest-time", "linkedin-data"] {
        cluster.run(service);
    }
    let metrics = format!("--set={}", cluster.metrics(1));
    cluster.run_with("gateway", "gateway", &[metrics]);
    cluster.ready("gateway").await;
    Deployment::around(cluster).await
}

impl Deployment {
    async fn measured(&self, name: &str, labels: &[&str]) -> u64 {
        self.cluster.measured(1, name, labels).await
    }

    /// Waits until so many are counted at least, and gives what is counted then.
    async fn measured_at_least(&self, least: u64, name: &str, labels: &[&str]) -> u64 {
        let begun = Instant::now();
        loop {
            let count = self.measured(name, labels).await;
            if count >= least {
                return count;
            }
            assert!(begun.elapsed() < TIMEOUT, "{name}{labels:?}: {count} of {least}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_peers_do_is_counted_under_the_name_of_its_limit() {
    let deployment =
        deployment(&["gateway.limits.max_connections=60", "gateway.max_calls_per_tenant=5"]).await;
    deployment.answer_evil("/v2/company*", 1_000, None).await;
    let stranger = Hostile::new(&deployment.gateway());

    // Connections and calls under way, as many as there are.
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(stranger.connect().await);
    }
    let watch = held[0].call(WATCH, EMPTY).await.expect("a call");
    deployment.measured_at_least(20, "granary_connections{", &["side=\"server\""]).await;
    deployment.measured_at_least(1, "granary_streams ", &[]).await;
    for _ in 0..80 {
        held.extend(stranger.try_connect().await);
    }
    deployment.measured_at_least(20, "granary_connections_refused_total{", &["limit=\"connections\""]).await;
    watch.cancel();
    drop(held);
    // Whoever connects before they are let go of is refused as well.
    let begun = Instant::now();
    while deployment.measured("granary_connections{", &["side=\"server\""]).await >= 20 {
        assert!(begun.elapsed() < TIMEOUT, "connections that were closed are still counted");
        sleep(Duration::from_millis(50)).await;
    }

    // Calls that are refused at a limit, and those that are taken back.
    let large = stranger.clone().with_large_headers(20_000);
    large.connect().await.call(HEALTH, EMPTY).await.expect("a call").end(TIMEOUT).await;
    let other = stranger.clone().without("content-type").with("content-type", "text/html");
    other.connect().await.call(HEALTH, EMPTY).await.expect("a call").end(TIMEOUT).await;
    let packed = stranger.clone().with("grpc-encoding", "zstd");
    packed.connect().await.call(HEALTH, EMPTY).await.expect("a call").end(TIMEOUT).await;
    let mut connection = deployment.evil.connect().await;
    let mut calls = Vec::new();
    for _ in 0..10 {
        calls.push(connection.call(COMPANY, EMPTY).await.expect("a call"));
    }
    sleep(Duration::from_millis(300)).await;
    calls.into_iter().for_each(granary_testkit::hostile::Call::cancel);
    for (limit, least) in [("header_bytes", 1), ("content_type", 1), ("encoding", 1), ("calls_per_tenant", 5)]
    {
        let label = format!("limit=\"{limit}\"");
        deployment.measured_at_least(least, "granary_refusals_total{", &[&label]).await;
    }
    deployment.measured_at_least(5, "granary_streams_reset_total ", &[]).await;

    // A connection that is ended for its frames.
    let mut raw = Raw::http2(&deployment.gateway()).await;
    raw.send(&Frame::new(Frame::SETTINGS, 0, 0, Bytes::new()).bytes().repeat(100)).await;
    while raw.next(Duration::from_millis(500)).await.is_some() {}
    for (name, labels) in [
        ("granary_goaways_total{", ["direction=\"sent\"", "ENHANCE_YOUR_CALM"]),
        ("granary_connections_closed_total{", ["side=\"server\"", "frames"]),
    ] {
        assert_eq!(deployment.measured_at_least(1, name, &labels).await, 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_and_connections_that_are_turned_over_are_counted() {
    let deployment =
        deployment(&["gateway.limits.idle_timeout_ms=500", "gateway.max_unread_bytes_per_tenant=100000"])
            .await;
    let evil = deployment.evil.clone().with_window(0).with_timeout("2S");
    let mut connection = evil.connect().await;
    let mut calls = Vec::new();
    for _ in 0..6 {
        calls.push(connection.call(PROFILE, profile()).await.expect("a call"));
    }
    sleep(Duration::from_millis(800)).await;
    let unread = deployment.measured("granary_unread_bytes ", &[]).await;
    assert!((10_000..400_000).contains(&unread), "{unread} bytes wait for their reader");
    for call in calls {
        call.end(TIMEOUT).await;
    }
    deployment.measured_at_least(1, "granary_stalls_total ", &[]).await;
    deployment.measured_at_least(1, "granary_stalls_ended_total ", &[]).await;
    let idle = Hostile::new(&deployment.gateway()).connect().await;
    idle.ended(TIMEOUT).await;
    deployment.measured_at_least(1, "granary_connections_closed_total{", &["idle"]).await;
    deployment.measured_at_least(1, "granary_goaways_total{", &["direction=\"sent\"", "NO_ERROR"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_and_a_request_id_join_the_logs_of_whatever_a_call_passes_through() {
    let deployment = Deployment::open(&["logging.form=json"]).await;
    let (trace, id) = ("0af7651916cd43dd8448eb211c80319c", "order-4711");
    let traced = deployment
        .evil
        .clone()
        .with("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"))
        .with("tracestate", "vendor=1")
        .with("baggage", "shop=7")
        .with("x-request-id", id);
    let ended = traced.connect().await.call(COMPANY, EMPTY).await.expect("a call").end(TIMEOUT).await;
    assert!(ended.is_ok(), "{ended}");
    let forged = deployment.evil.clone().with("traceparent", "00-nonsense");
    forged.connect().await.call(COMPANY, EMPTY).await.expect("a call").end(TIMEOUT).await;
    sleep(Duration::from_millis(200)).await;
    for service in ["gateway", "harvest-time"] {
        let log = deployment.cluster.process(service).log_text();
        let lines: Vec<serde_json::Value> =
            log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let joined: Vec<_> = lines.iter().filter(|line| line["trace_id"] == trace).collect();
        assert_eq!(joined.len(), 1, "{service}: {log}");
        assert_eq!(
            (&joined[0]["request_id"], &joined[0]["tenant"]),
            (&json!(id), &json!("evil")),
            "{service}"
        );
        assert!(!log.contains("nonsense"), "{service}: {log}");
    }
}

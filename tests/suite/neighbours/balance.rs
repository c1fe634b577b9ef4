//! Replicas share the work, one that comes later is found, and one that is slow gets less of it.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use granary_testkit::neighbours::{self, Good};
use granary_testkit::{Client, Cluster, Fault, FaultProxy, Sandbox};
use serde_json::json;
use tokio::task::JoinSet;

use super::sized;

/// Calls that one replica takes at a time, and how long the vendor takes for each: 200 calls a second for a replica.
const IN_FLIGHT: &str = "linkedin_data.admission.max_in_flight=10";
const VENDOR: u64 = 50;
const METHOD: &str = "GetMyApiUser";
/// How often two replicas may be measured.
const LOOKS: usize = 5;
const FIND_TIMEOUT: Duration = Duration::from_secs(5);

/// Callers of several tenants that call again as soon as they are answered.
struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    callers: JoinSet<Vec<String>>,
}

impl Load {
    async fn start(cluster: &Cluster, tenants: usize, callers: usize) -> Self {
        let (operator, sandbox) = (cluster.client(), cluster.sandbox());
        let mut load = Self { stop: Arc::default(), answered: Arc::default(), callers: JoinSet::new() };
        for tenant in 0..tenants {
            let client = operator.tenant(&format!("tenant-{tenant}")).await;
            let account = format!("user-{tenant}");
            neighbours::settle(&client, &sandbox, &account).await;
            for _ in 0..callers {
                load.call(client.at(&cluster.address("gateway")), account.clone());
            }
        }
        load
    }

    fn call(&mut self, client: Client, account: String) {
        let (stop, answered) = (self.stop.clone(), self.answered.clone());
        self.callers.spawn(async move {
            let mut failures = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                match neighbours::call(&client, &account, Good::ApiUser).await {
                    Ok(_) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                    Err(status) => failures.push(neighbours::told(&status)),
                }
            }
            failures
        });
    }

    /// Calls a second over some time.
    async fn rate(&self) -> f64 {
        let (before, begun) = (self.answered.load(Ordering::Relaxed), Instant::now());
        tokio::time::sleep(Duration::from_millis(sized(1_500, 10_000))).await;
        let made = self.answered.load(Ordering::Relaxed) - before;
        f64::from(u32::try_from(made).unwrap()) / begun.elapsed().as_secs_f64()
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let failures = self.callers.join_all().await.concat();
        assert!(failures.is_empty(), "{} failed, the first by {}", failures.len(), failures[0]);
    }
}

async fn slow(sandbox: &Sandbox) {
    let fault = json!({"api": "harvestapi", "path": "/users/*", "count": 0, "delay_ms": VENDOR});
    sandbox.fault(fault).await;
}

/// Starts everything but replicas, with the first one's metrics under 1.
async fn one_replica() -> Cluster {
    let mut cluster = Cluster::prepare("").await;
    cluster.set(&[IN_FLIGHT]);
    cluster.expect_replicas();
    for service in ["credential-vault", "harvest-time", "gateway"] {
        cluster.run(service);
    }
    let metrics = format!("--set={}", cluster.metrics(1));
    cluster.run_with("linkedin-data", "linkedin-data", &[metrics]);
    cluster.ready("gateway").await;
    slow(&cluster.sandbox()).await;
    cluster
}

/// Waits until a replica that was just started gets calls.
async fn found(cluster: &Cluster, number: u32) {
    let begun = Instant::now();
    while cluster.answered(number, METHOD).await == 0 {
        assert!(begun.elapsed() < FIND_TIMEOUT, "replica {number} gets no call after {FIND_TIMEOUT:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("replica {number} gets calls after {:?}", begun.elapsed());
}

/// How many calls each of two replicas answers over some time.
async fn shares(cluster: &Cluster, load: &Load) -> ([u64; 2], f64) {
    let before = [cluster.answered(1, METHOD).await, cluster.answered(2, METHOD).await];
    let rate = load.rate().await;
    let after = [cluster.answered(1, METHOD).await, cluster.answered(2, METHOD).await];
    ([after[0] - before[0], after[1] - before[1]], rate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_serve_nearly_twice_the_calls_of_one_and_a_third_is_found() {
    let mut cluster = one_replica().await;
    let load = Load::start(&cluster, 4, 20).await;
    let one = load.rate().await;

    cluster.run_replica("linkedin-data-2", &[cluster.metrics(2)]);
    found(&cluster, 2).await;
    // Calls that wait for the first one are not moved; they are few.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (mut first, mut second, mut two) = (0, 0, 0.0);
    // On a busy machine it may take more than one look.
    for _ in 0..LOOKS {
        ([first, second], two) = shares(&cluster, &load).await;
        println!("{one:.0} calls a second by one replica, {two:.0} by two: {first} and {second}");
        if two >= 1.8 * one {
            break;
        }
    }
    assert!(two >= 1.8 * one, "{one:.0} calls a second by one replica, {two:.0} by two");
    let all = first + second;
    for share in [first, second] {
        assert!((all * 40..=all * 60).contains(&(share * 100)), "{first} and {second} calls");
    }

    cluster.run_replica("linkedin-data-3", &[cluster.metrics(3)]);
    found(&cluster, 3).await;
    load.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_replica_gets_less_than_half_of_the_calls() {
    let mut cluster = one_replica().await;
    let proxy = FaultProxy::start(&cluster.vendor("harvestapi")).await;
    proxy.always(Fault::Delay(Duration::from_millis(300)));
    let base = format!("linkedin_data.harvestapi.base_url={}", proxy.address());
    cluster.run_replica("linkedin-data-2", &[cluster.metrics(2), base]);
    let load = Load::start(&cluster, 3, 8).await;
    found(&cluster, 2).await;
    let ([fast, slow], _) = shares(&cluster, &load).await;
    load.end().await;
    println!("{fast} calls by the fast one, {slow} by the slow one");
    assert!(slow > 0 && slow * 2 < fast + slow, "{fast} calls by the fast one, {slow} by the slow one");
}

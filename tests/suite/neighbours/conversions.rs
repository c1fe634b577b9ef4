//! A large conversion leaves the thread on which others are served.
use std::time::{Duration, Instant};

use granary_testkit::neighbours::Good;
use granary_testkit::{Cluster, Fault, FaultProxy};
use tokio::task::JoinSet;

use super::{Deployment, attack_time};

/// A page of entries with many keys that are not modelled, some megabytes of them.
fn large_page() -> String {
    let unmodelled: String = (0..40)
        .map(|key| format!(r#","unmodelled_{key}":{{"a":[1,2,3],"b":"text of some length","c":null}}"#))
        .collect();
    let row = |id: usize| {
        format!(r#"{{"id":{id},"hours":1.5,"spent_date":"2026-03-31","notes":"some notes"{unmodelled}}}"#)
    };
    let rows: Vec<String> = (1..=1_200).map(row).collect();
    format!(r#"{{"time_entries":[{}],"page":1}}"#, rows.join(","))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversions_of_megabytes_keep_nobody_waiting_on_the_same_thread() {
    let mut cluster = Cluster::prepare("").await;
    let vendor = FaultProxy::start(&cluster.vendor("harvest")).await;
    vendor.always(Fault::Answer { status: 200, body: large_page() });
    let base = format!("harvest_time.harvest.base_url={}", vendor.address());
    cluster.set(&[&base, "gateway.threads=1"]);
    for service in granary_testkit::cluster::SERVICES {
        cluster.run(service);
    }
    cluster.ready("gateway").await;
    let deployment = Deployment::around(cluster).await;
    let gateway = deployment.cluster.process("gateway");
    // They need the gateway's one thread, and no service that prepares the pages.
    let good = deployment.good.clone().calls(&[Good::Account]);
    good.call_for(Duration::from_millis(300)).await.assert_unharmed();
    let (begun, serving, all) = (Instant::now(), gateway.cpu_of("gateway-0"), gateway.cpu());
    let mut workers = JoinSet::new();
    for _ in 0..2 {
        let client = deployment.evil_client.clone();
        workers.spawn(async move {
            let (mut made, mut bytes) = (0_u32, 0);
            while begun.elapsed() < attack_time() {
                let (_, answer) = client.call("evil-user", "list_time_entries", "{}").await.expect("a page");
                made += 1;
                bytes = prost::Message::encoded_len(&answer);
            }
            (made, bytes)
        });
    }
    let calling = good.start().await;
    let made = workers.join_all().await;
    let report = calling.stop().await;
    let serving = gateway.cpu_of("gateway-0") - serving;
    let beside = (gateway.cpu() - all).saturating_sub(serving);
    println!("{made:?}: {serving:?} on the serving thread, {beside:?} beside it");
    assert!(made.iter().all(|(made, bytes)| *made > 0 && *bytes > 3 << 20), "{made:?}");
    report.assert_unharmed();
    // Its share is measured, and not how long a good caller waits: that depends on whoever else has the machine.
    assert!(serving < beside, "the serving thread took {serving:?}, what is beside it {beside:?}");
}
